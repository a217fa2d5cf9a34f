import { type Clock, sleep } from '../core/clock.ts'
import { isOurs, type ToWorker } from '../core/protocol/message.ts'
import { workLock } from './work.ts'
import { worker } from './worker.ts'

/** A moment without work may come soon; after so many looks, a page will ask again. */
const LOOKS = 10
const LOOK_MS = 1_000

/**
 * Lets this version, where it waits for its turn, replace the active one when a page says so and that one has no work:
 * no stream is cut, no message is sent twice, no page is reloaded. For the ready-made worker only.
 */
export function takeOverWhenIdle(clock: Clock): void {
  let taking: Promise<void> | undefined

  /** Whether nothing is under way, in this version or the active one. */
  const take = () =>
    navigator.locks.request(workLock(worker.registration.scope), { ifAvailable: true }, async (lock) => {
      if (lock) await worker.skipWaiting()
      return lock !== null
    })

  const tryToTake = async () => {
    // Waiting in the lock's queue would keep the next stream's claim behind us, and then cut that stream.
    for (let look = 0; look < LOOKS && !(await take()); look++) {
      await sleep(clock, LOOK_MS, new AbortController().signal)
    }
    taking = undefined
  }

  worker.addEventListener('message', (event) => {
    const message: unknown = event.data
    if (!isOurs<ToWorker>(message) || message.type !== 'takeover') return
    taking ??= tryToTake()
    event.waitUntil(taking)
  })
}
