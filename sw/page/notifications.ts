import { type Clock, waitAtMost } from '../../core/clock.ts'
import type { NotificationWords } from '../../core/options/options.ts'
import type { PrincipalId } from './principal.ts'

/** The `data.streamkeeper` of our notifications, by which a worker's own listeners recognise them. */
export interface NotificationMark {
  requestId: string
  conversation?: string | undefined
  /** The page that asked, and its URL if that is known. */
  clientId: string
  url?: string | undefined
  principal: PrincipalId
}

export interface NotificationsContext {
  clock: Clock
  scope: string
  /** Safari has neither method in a site that is not installed. */
  registration: Partial<Pick<ServiceWorkerRegistration, 'showNotification' | 'getNotifications'>>
  /** True if the user has granted notifications. */
  isGranted: () => boolean
  openWindow: Clients['openWindow']
  /** The pages of the scope, the one in front first. */
  pages: () => Promise<readonly WindowClient[]>
}

/** The notifications of this worker. None of its methods rejects. */
export interface Notifications {
  /** `isWanted` is called at the moment when it is shown. */
  show: (
    words: NotificationWords & { body?: string | undefined },
    mark: NotificationMark,
    isWanted: () => boolean,
  ) => Promise<void>
  /** Closes those that are shown: all, or all but this principal's. */
  close: (except?: { principal: PrincipalId | undefined }) => Promise<unknown>
  /** Handles a click; `undefined` if the notification is not ours. */
  clicked: (notification: Notification) => Promise<void> | undefined
}

/** The longest wait for the browser to show one, ms. */
const SHOW_MS = 3_000

export function createNotifications({
  clock,
  scope,
  registration,
  isGranted,
  openWindow,
  pages,
}: NotificationsContext): Notifications {
  // If Chromium is asked for its notifications while one is being shown, it never lists that one.
  let showing: Promise<unknown> = Promise.resolve()
  let closing: Promise<unknown> = Promise.resolve()

  const closeAll = async (except?: { principal: PrincipalId | undefined }) => {
    await showing
    const shown = await registration.getNotifications?.().catch(() => [])
    for (const notification of shown ?? []) {
      const mark = markOf(notification)
      if (mark && !(except && mark.principal === except.principal)) notification.close()
    }
  }

  const open = async ({ clientId, url }: NotificationMark) => {
    const all = await pages()
    const page = all.find(({ id }) => id === clientId) ?? all.find((each) => each.url === url) ?? all[0]
    // The page may go at that very moment.
    const focused = await page?.focus().catch(() => undefined)
    if (!focused) await openWindow(url ?? scope)
  }

  return {
    show: async ({ title, body }, mark, isWanted) => {
      await closing
      if (!isGranted() || !isWanted()) return
      const options: NotificationOptions = {
        tag: mark.conversation ?? mark.requestId,
        data: { streamkeeper: mark },
        ...(body ? { body } : {}),
      }
      // If the permission was revoked a moment ago, there is nobody to notify.
      const shown = Promise.resolve(registration.showNotification?.(title, options)).catch(() => {})
      await (showing = Promise.all([showing, waitAtMost(clock, SHOW_MS, shown)]))
    },
    close: (except) => (closing = Promise.all([closing, closeAll(except)])),
    clicked: (notification) => {
      const mark = markOf(notification)
      if (!mark) return undefined
      notification.close()
      return open(mark).catch(() => {}) // The browser wants no window now: the user has ways of their own.
    },
  }
}

function markOf({ data }: Notification): NotificationMark | undefined {
  return (data as { streamkeeper?: NotificationMark } | null)?.streamkeeper
}
