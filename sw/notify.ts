import { type Clock, pause } from '../core/clock.ts'
import type { OutboxCounts, ToPage, Unseen } from '../core/protocol/message.ts'
import type { RequestStatus, Status, Untold } from '../core/protocol/status.ts'
import { worker } from './worker.ts'

export interface Notify {
  /**
   * Tells every page of the scope; never throws, never awaited. `clientId`: whose request it is; `isPrivate`: no other
   * page is told.
   */
  report: (status: Untold<Status>, clientId: string, isPrivate?: boolean) => void
  /** Tells every page of the scope what is unseen; never throws, never awaited. */
  tellUnseen: (unseen: Unseen) => void
  /** What is open is another person's. */
  forget: () => void
  /** The last status of every request that is still open, as one page sees it. */
  openRequests: (clientId: string) => Status[]
  /** What a page that came later should know all the same. */
  notices: () => Status[]
}

interface Told {
  status: Untold<Status> & { at: number }
  clientId: string
  isPrivate: boolean
}

/** Statuses wait so long for others to go with them, ms: no person sees it, and what they tell of goes first. */
const BATCH_MS = 50

/** Posts statuses to the pages in scope, in order and in batches. */
export function createNotify(
  scope: string,
  clock: Clock,
  counts: () => Promise<OutboxCounts>,
  debug: boolean,
): Notify {
  const open = new Map<string, Told>()
  let restored: Status | undefined
  let queue: Promise<void> = Promise.resolve()
  let unposted: Told[] = []

  const pages = async () => {
    const all = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true })
    return all.filter(({ url }) => url.startsWith(scope))
  }

  const post = async () => {
    await pause(clock, BATCH_MS)
    const batch = unposted
    unposted = []
    // Counting looks at every entry: once is enough.
    let lastSave: Told | undefined
    for (const told of batch) if ('entryId' in told.status) lastSave = told
    const outbox = lastSave && (await counts())
    for (const page of await pages()) {
      for (const told of batch) {
        if (told.isPrivate && page.id !== told.clientId) continue
        page.postMessage({
          streamkeeper: 1,
          type: 'status',
          status: { ...told.status, own: page.id === told.clientId } as Status,
          ...(told === lastSave && outbox ? { outbox } : {}),
        } satisfies ToPage)
      }
    }
  }

  return {
    report: (untold, clientId, isPrivate = false) => {
      const status = { ...untold, at: clock.now() }
      if (debug) console.debug('[streamkeeper]', status)
      if (isOfRequest(untold)) {
        const { requestId } = untold
        if (ENDS.has(untold.status)) open.delete(requestId)
        else open.set(requestId, { status, clientId, isPrivate })
      }
      if (status.status === 'outbox_restored') restored = { ...status, own: false }
      // A page that is going away, or a browser that is closing, is no fault to tell anyone.
      if (unposted.push({ status, clientId, isPrivate }) === 1) queue = queue.then(post).catch(() => {})
    },
    tellUnseen: (unseen) => {
      const message: ToPage = { streamkeeper: 1, type: 'unseen', unseen, status: { status: 'unseen' } }
      pages().then(
        (all) => all.forEach((page) => page.postMessage(message)),
        () => {}, // As above.
      )
    },
    notices: () => (restored ? [restored] : []),
    forget: () => open.clear(),
    openRequests: (clientId) => {
      const seen = Array.from(open.values()).filter((each) => !each.isPrivate || each.clientId === clientId)
      return Array.from(seen, (each) => ({ ...each.status, own: each.clientId === clientId }) as Status)
    },
  }
}

const ENDS = new Set(['request_finished', 'request_failed', 'request_cancelled'])

function isOfRequest(status: Untold<Status>): status is Untold<RequestStatus> {
  return 'requestId' in status && status.requestId !== undefined && status.status !== 'storage_degraded'
}
