import { type Clock, pause } from '../../core/clock.ts'
import type { OutboxCounts, ToPage, Unseen } from '../../core/messages/message.ts'
import type { RequestStatus, Status, NewStatus } from '../../core/messages/status.ts'
import { worker } from '../worker.ts'

export interface StatusEmitter {
  /**
   * Sends a status to every page of the scope; never throws, never awaited. `clientId`: the page whose request it is;
   * `isPrivate`: no other page gets it.
   */
  emit: (status: NewStatus<Status>, clientId: string, isPrivate?: boolean) => void
  /**
   * Sends every page of the scope the counts of unseen chats and saved messages, as they are at that moment; never
   * rejects.
   */
  emitCounts: (countUnseen: () => Promise<Unseen>) => Promise<void>
  /** Forgets the open requests, which are another user's. */
  forget: () => void
  /** The last status of every request that is still open, as one page sees it. */
  openRequests: (clientId: string) => Status[]
  /** Statuses that a page that came later should get all the same. */
  notices: () => Status[]
}

interface PendingStatus {
  status: NewStatus<Status> & { at: number }
  clientId: string
  isPrivate: boolean
}

/** Statuses wait this long for others to go with them, ms: no person notices, and the bytes they are about go first. */
const BATCH_MS = 50

/**
 * Posts statuses to the pages in scope, in order and in batches.
 *
 * @param track counts the posting as work: a version that takes over stops this worker, with the statuses that it has
 *   still to post
 */
export function createStatusEmitter(
  scope: string,
  clock: Clock,
  counts: () => Promise<OutboxCounts>,
  track: (posting: Promise<void>) => void,
  debug: boolean,
): StatusEmitter {
  const open = new Map<string, PendingStatus>()
  let restored: Status | undefined
  let posting: Promise<void> = Promise.resolve()
  let unposted: PendingStatus[] = []

  const pages = async () => {
    const all = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true })
    return all.filter(({ url }) => url.startsWith(scope))
  }

  const post = async () => {
    await pause(clock, BATCH_MS)
    const batch = unposted
    unposted = []
    // Counting looks at every entry: once is enough.
    let lastSave: PendingStatus | undefined
    for (const pending of batch) if ('entryId' in pending.status) lastSave = pending
    const outbox = lastSave && (await counts())
    for (const page of await pages()) {
      for (const pending of batch) {
        if (pending.isPrivate && page.id !== pending.clientId) continue
        page.postMessage({
          streamkeeper: 1,
          type: 'status',
          status: { ...pending.status, own: page.id === pending.clientId } as Status,
          ...(pending === lastSave && outbox ? { outbox } : {}),
        } satisfies ToPage)
      }
    }
  }

  return {
    emit: (news, clientId, isPrivate = false) => {
      const status = { ...news, at: clock.now() }
      if (debug) console.debug('[streamkeeper]', status)
      if (isOfRequest(news)) {
        const { requestId } = news
        if (ENDS.has(news.status)) open.delete(requestId)
        else open.set(requestId, { status, clientId, isPrivate })
      }
      if (status.status === 'outbox_restored') restored = { ...status, own: false }
      // If a page is going away, or the browser is closing, there is nobody to report it to.
      if (unposted.push({ status, clientId, isPrivate }) > 1) return
      posting = posting.then(post).catch(() => {})
      track(posting)
    },
    emitCounts: async (countUnseen) => {
      const all = await pages().catch(() => []) // As above.
      const unseen = await countUnseen()
      const outbox = await counts()
      const status = { status: 'counts' } as const
      const message: ToPage = { streamkeeper: 1, type: 'counts', unseen, outbox, status }
      for (const page of all) page.postMessage(message)
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

function isOfRequest(status: NewStatus<Status>): status is NewStatus<RequestStatus> {
  return 'requestId' in status && status.requestId !== undefined && status.status !== 'storage_degraded'
}
