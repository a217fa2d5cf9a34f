import { type Clock, waitAtMost } from '../../core/clock.ts'
import type { Outbox } from '../outbox/outbox.ts'
import { worker } from '../worker.ts'

/** At 180 s the browser kills a worker that handles a Background Sync, and counts that as a try. ms */
const SYNC_MS = 150_000

/** [spec] https://wicg.github.io/background-sync/spec/#sync-event */
type SyncEvent = ExtendableEvent & { tag: string; lastChance: boolean }

/** Asks for a Background Sync if the browser has it; elsewhere pages and the worker's start are the triggers. */
export function requestSync(scope: string): void {
  const { sync } = worker.registration as { sync?: { register: (tag: string) => Promise<void> } }
  // Refused without a page, or by the user: the other triggers remain.
  sync?.register(tagOf(scope)).catch(() => {})
}

/** Sends queued messages when the browser reports that the network is back. */
export function serveSync(
  scope: string,
  clock: Clock,
  { drain, counts }: Pick<Outbox, 'drain' | 'counts'>,
): void {
  /** @throws {Error} when something is left: then the browser tries again, unless this was the last of its tries. */
  const sendAll = async (isLast: boolean) => {
    // It also comes for each message that is stored while online: that is no reason to try those that wait for a page.
    await waitAtMost(clock, SYNC_MS, drain('online'))
    const { queued } = await counts()
    if (queued === 0) return
    if (isLast) requestSync(scope)
    throw new Error(`${queued} saved messages could not be sent`)
  }

  worker.addEventListener('sync', (event) => {
    const sync = event as SyncEvent
    if (sync.tag === tagOf(scope)) sync.waitUntil(sendAll(sync.lastChance))
  })
}

function tagOf(scope: string): string {
  return `streamkeeper ${scope}`
}
