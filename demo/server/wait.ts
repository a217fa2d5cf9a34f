import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

/** Waits; rejects with an AbortError as soon as the signal aborts, also when it already has. */
export async function wait(ms: number | 'forever', signal: AbortSignal): Promise<void> {
  if (ms === 'forever') {
    signal.throwIfAborted()
    await once(signal, 'abort')
    signal.throwIfAborted()
  } else if (ms > 0) {
    await sleep(ms, undefined, { signal })
  }
}
