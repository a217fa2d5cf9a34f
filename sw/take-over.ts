import { type Clock, sleep } from '../core/clock.ts'
import { isOurs, type ToWorker } from '../core/protocol/message.ts'
import { workLock } from './work.ts'
import { worker } from './worker.ts'

/** A moment without work may come soon; after so many looks, a page will ask again. */
const LOOKS = 10
const LOOK_MS = 1_000

/** Without a page that asks. Nothing that a worker waits for may take the browser's 300 s. */
const UNASKED_LOOKS = 240

/**
 * Lets this version, where it waits for its turn, replace the active one when a page says so and that one has no work:
 * no stream is cut, no message is sent twice, no page is reloaded. For the ready-made worker only.
 *
 * @param how.unasked it does so of itself while it is installed, too
 */
export function takeOverWhenIdle(clock: Clock, how: { unasked: boolean } = { unasked: false }): void {
  let taking: Promise<void> | undefined

  /** Whether nothing is under way, in this version or the active one. */
  const take = () =>
    navigator.locks.request(workLock(worker.registration.scope), { ifAvailable: true }, async (lock) => {
      if (lock) await worker.skipWaiting()
      return lock !== null
    })

  const tryToTake = async (looks: number) => {
    // Waiting in the lock's queue would keep the next stream's claim behind us, and then cut that stream.
    for (let look = 0; look < looks && !(await take()); look++) {
      await sleep(clock, LOOK_MS, new AbortController().signal)
    }
    taking = undefined
  }

  if (how.unasked) {
    worker.addEventListener('install', (event) => {
      taking = tryToTake(UNASKED_LOOKS)
      event.waitUntil(taking.catch(() => {})) // Locks are refused in private modes: then pages must go first.
    })
  }
  worker.addEventListener('message', (event) => {
    const message: unknown = event.data
    if (!isOurs<ToWorker>(message) || message.type !== 'takeover') return
    taking ??= tryToTake(LOOKS)
    event.waitUntil(taking)
  })
}
