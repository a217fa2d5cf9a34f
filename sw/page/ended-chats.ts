import { type Clock, pause, waitAtMost } from '../../core/clock.ts'
import type { NotificationsOptions } from '../../core/options/options.ts'
import type { Clearing, Unseen } from '../../core/messages/message.ts'
import { type Principal, type PrincipalId, principalOf } from './principal.ts'
import type { Notifications } from './notifications.ts'
import type { UnseenStore } from './unseen.ts'

/** A chat that has finished or failed; not one that was stopped. */
export interface EndedChat {
  requestId: string
  clientId: string
  /** A digest of method, URL and body. */
  digest: string
  /** The user it belongs to; `undefined`: not known. */
  principal: PrincipalId | undefined
  conversation?: string | undefined
  isFailed: boolean
  /** The URL of the page that asked, if it was a page. */
  pageUrl?: Promise<string | undefined> | undefined
  /** The first words of the response, at most this many characters. */
  firstWords?: (limit: number) => Promise<string>
}

export interface EndedChatsContext {
  clock: Clock
  options: NotificationsOptions | undefined
  principal: Pick<Principal, 'current' | 'known'>
  store: UnseenStore
  notifications: Notifications
  pages: () => Promise<readonly WindowClient[]>
  /** Sends all pages the unseen counts, as they are at that moment. Never rejects. */
  emit: (countUnseen: () => Promise<Unseen>) => Promise<void>
}

/** Marks and notifications for chats that end while no page is visible. */
export interface EndedChats {
  /** A chat is requested: if the same one failed a moment ago, this is its retry. */
  asked: (chat: Pick<EndedChat, 'clientId' | 'digest'>) => void
  /** Never rejects. */
  ended: (chat: EndedChat) => Promise<void>
  /** Resolves when no end waits to be reported. */
  settled: () => Promise<void>
  /** Unseen responses of the user who is signed in; none if the storage refuses. */
  unseen: () => Promise<Unseen>
  /** Marks a conversation as seen. Rejects if the storage refuses. */
  seen: (conversation: string) => Promise<void>
  /** Deletes the unseen counts, and closes all notifications. Rejects if the storage refuses. */
  clear: (clearing?: Clearing) => Promise<void>
  /** Another user may be signed in now. */
  principalChanged: () => void
}

/** A page that reloads is gone for a moment: only a longer absence counts. ms */
const AWAY_MS = 2_000

/** The longest wait for counts, ms. */
const COUNT_MS = 1_000

/** The most of a response's first words, characters. */
const MAX_WORDS = 120

/**
 *     ended ─▶ a page is visible? ─no─▶ 2 s later, still none? ─no─▶ unseen + 1, notification
 */
export function createEndedChats(context: EndedChatsContext): EndedChats {
  const { clock, options = {}, principal, store, notifications, pages } = context
  const pending = new Set<Promise<void>>()
  /** Requests that failed a moment ago: the latest id, by page and digest. */
  const failed = new Map<string, string>()
  /** Counts `clear()`: what ended before it is forgotten with it. */
  let clears = 0

  const isLookedAt = async () => (await pages()).some(({ visibilityState }) => visibilityState === 'visible')

  const unseen = async () => {
    let counts: Unseen = {}
    const count = async () => {
      const whose = await principal.known()
      const found = await store.counts(whose)
      if (whose === principal.current()) counts = found
    }
    await waitAtMost(clock, COUNT_MS, count()).catch(() => {}) // Without storage there are no marks.
    return counts
  }

  const emitUnseen = () => context.emit(unseen)

  const take = async (chat: EndedChat) => {
    const { requestId, clientId, principal: whose, conversation, isFailed } = chat
    const wanted = isFailed ? options.failed : options.finished
    if (whose === undefined || (conversation === undefined && !wanted) || (await isLookedAt())) return
    const before = clears
    const words = wanted?.body === 'text' ? chat.firstWords?.(MAX_WORDS) : wanted?.body
    const key = keyOf(chat)
    if (isFailed) failed.set(key, requestId)
    await pause(clock, AWAY_MS)
    if (isFailed && failed.get(key) !== requestId) return
    if (isFailed) failed.delete(key)
    const isCurrent = () => clears === before && whose === principal.current()
    if (!isCurrent() || (await isLookedAt())) return
    if (conversation !== undefined) {
      await store.add(whose, conversation).catch(() => {}) // Without storage there is no mark.
      void emitUnseen()
    }
    if (!wanted) return
    const url = await chat.pageUrl
    const body = await words
    await notifications.show(
      { title: wanted.title, ...(body ? { body } : {}) },
      { requestId, conversation, clientId, url, principal: whose },
      isCurrent,
    )
  }

  return {
    asked: (chat) => void failed.delete(keyOf(chat)),
    ended: (chat) => {
      const taking = take(chat)
        .catch(() => {}) // The browser cannot list its pages: it is closing.
        .finally(() => pending.delete(taking))
      pending.add(taking)
      return taking
    },
    settled: async () => {
      await Promise.all(pending)
    },
    unseen,
    seen: async (conversation) => {
      await store.remove(await principal.known(), conversation)
      await emitUnseen()
    },
    clear: async (clearing = {}) => {
      clears++
      await Promise.all([notifications.close(), principalOf(principal, clearing).then(store.clear)])
      await emitUnseen()
    },
    principalChanged: () => {
      void notifications.close({ principal: principal.current() })
      void emitUnseen()
    },
  }
}

function keyOf({ clientId, digest }: Pick<EndedChat, 'clientId' | 'digest'>): string {
  return `${clientId} ${digest}`
}
