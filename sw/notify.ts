import type { OutboxCounts, ToPage } from '../core/protocol/message.ts'
import type { RequestStatus, Status, Untold } from '../core/protocol/status.ts'
import { worker } from './worker.ts'

export interface Notify {
  /** Tells every page of the scope; never throws, never awaited. `clientId`: whose request it is. */
  report: (status: Untold<Status>, clientId: string) => void
  /** What is open is another person's. */
  forget: () => void
  /** The last status of every request that is still open, as one page sees it. */
  openRequests: (clientId: string) => Status[]
  /** What a page that came later should know all the same. */
  notices: () => Status[]
}

/** Posts statuses to the pages in scope, in order. */
export function createNotify(scope: string, counts: () => Promise<OutboxCounts>, debug: boolean): Notify {
  const open = new Map<string, { status: Untold<Status> & { at: number }; clientId: string }>()
  let restored: Status | undefined
  let queue: Promise<void> = Promise.resolve()
  /** Save statuses that wait to be posted: only the last of them has the counts, which cost a look at every entry. */
  let saves = 0

  const post = async (status: Untold<Status> & { at: number }, clientId: string) => {
    const outbox = 'entryId' in status && --saves === 0 ? await counts() : undefined
    const pages = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true })
    for (const page of pages) {
      if (!page.url.startsWith(scope)) continue
      const told = { ...status, own: page.id === clientId } as Status
      page.postMessage({
        streamkeeper: 1,
        type: 'status',
        status: told,
        ...(outbox ? { outbox } : {}),
      } satisfies ToPage)
    }
  }

  return {
    report: (untold, clientId) => {
      const status = { ...untold, at: Date.now() }
      if (debug) console.debug('[streamkeeper]', status)
      if (isOfRequest(untold)) {
        const { requestId } = untold
        if (ENDS.has(untold.status)) open.delete(requestId)
        else open.set(requestId, { status, clientId })
      }
      if (status.status === 'outbox_restored') restored = { ...status, own: false }
      if ('entryId' in status) saves++
      // A page that is going away, or a browser that is closing, is no fault to tell anyone.
      queue = queue.then(() => post(status, clientId)).catch(() => {})
    },
    notices: () => (restored ? [restored] : []),
    forget: () => open.clear(),
    openRequests: (clientId) =>
      Array.from(open.values(), (each) => ({ ...each.status, own: each.clientId === clientId }) as Status),
  }
}

const ENDS = new Set(['request_finished', 'request_failed', 'request_cancelled'])

function isOfRequest(status: Untold<Status>): status is Untold<RequestStatus> {
  return 'requestId' in status && status.requestId !== undefined && status.status !== 'storage_degraded'
}
