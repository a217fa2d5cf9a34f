import { type Clock, pause, systemClock } from '../../core/clock.ts'
import { isOurs, type ToWorker } from '../../core/messages/message.ts'
import { ifIdle } from './activity-lock.ts'
import { worker } from '../worker.ts'

/** A moment without work may come soon; after this many looks, a page will ask again. */
const LOOKS = 10
const LOOK_MS = 1_000

/** The looks without a page that asks: an event must not take the browser's 300 s. */
const UNASKED_LOOKS = 240

/**
 * Lets this version, if it is waiting, replace the active one when a page asks for it and there is no work: no stream
 * is cut, no message is sent twice, no page is reloaded. For the ready-made worker only.
 *
 * @param how.unasked also by itself, while it is being installed
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
      event.waitUntil(taking.catch(() => {})) // Locks are refused in private modes: then pages must be closed first.
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
 * skip waiting. Best in a `message` event, because an `install` that takes over 300 s fails:
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
