import { type Clock, pause, systemClock } from '../../core/clock.ts'
import { isOurs, type ToWorker } from '../../core/messages/message.ts'
import { ifIdle } from './activity-lock.ts'
import { worker } from '../worker.ts'

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

  const tryToTake = async (looks: number) => {
    await lookUntilIdle(clock, () => worker.skipWaiting(), looks)
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

/**
 * Resolves when no version of this worker reads a response or sends a message, however long that takes: the moment to
 * skip waiting. Best in a `message` event, for an `install` that takes over 300 s has failed:
 *
 *     event.waitUntil(whenIdle().then(() => self.skipWaiting()))
 */
export async function whenIdle(): Promise<void> {
  await lookUntilIdle(systemClock, () => {}, Infinity)
}

async function lookUntilIdle(clock: Clock, action: () => unknown, looks: number): Promise<void> {
  const { scope } = worker.registration
  for (let look = 0; look < looks && !(await ifIdle(navigator.locks, scope, action)); look++) {
    await pause(clock, LOOK_MS)
  }
}
