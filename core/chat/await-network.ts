import { type Clock, deadline, throwIfAborted } from '../clock.ts'
import { deferred } from '../deferred.ts'
import type { Network } from '../network.ts'
import { orAborted } from './or-aborted.ts'

/**
 * Waits until the browser is online again, at most `atMostMs`; rejects with the signal's reason.
 *
 * @returns how long the machine slept meanwhile, ms; a sleep restarts the wait
 */
export async function awaitNetwork(
  network: Network,
  clock: Clock,
  atMostMs: number,
  signal: AbortSignal,
): Promise<number> {
  throwIfAborted(signal)
  if (network.isOnline()) return 0
  let sleptMs = 0
  const over = deferred<void>()
  const disarm = deadline(clock, atMostMs, over.resolve, { renewed: (ms) => (sleptMs += ms) })
  const unhear = network.onOnline(over.resolve)
  try {
    await orAborted(signal, over.promise)
  } finally {
    disarm()
    unhear()
  }
  return sleptMs
}
