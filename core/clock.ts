/** The one doorway for time: everything that waits or measures asks this, never the globals. */
export interface Clock {
  /** Epoch ms. */
  now: () => number
  /** Runs `callback` once after `ms` (capped, never at once by overflow); the returned function cancels it. */
  timer: (ms: number, callback: () => void) => () => void
}

/** The one doorway for chance: a number in [0, 1). */
export type Random = () => number

/** `setTimeout` takes a signed 32-bit number and fires at once beyond it. */
export const MAX_TIMER_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  timer: (ms, callback) => {
    const handle = setTimeout(callback, Math.min(Math.max(ms, 0), MAX_TIMER_MS))
    return () => clearTimeout(handle)
  },
}

/** Waits for work, but no longer than so; rejects when it does. */
export async function waitAtMost(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  let stop = () => {}
  const late = new Promise<void>((resolve) => (stop = clock.timer(ms, resolve)))
  try {
    await Promise.race([work, late])
  } finally {
    stop()
  }
}

/** Waits, whatever happens. */
export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.timer(ms, resolve))
}

/** Waits, or rejects with the signal's reason as soon as it aborts. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const onAbort = () => {
      stop()
      reject(signal.reason)
    }
    const stop = clock.timer(ms, () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
