import { MAX_TIMER_MS } from './max-timer.ts'

/** The only access to time: everything that waits or measures uses this, never the globals. */
export interface Clock {
  /** The wall clock, epoch ms: for instants that pages and servers see, and for what is stored. It can jump. */
  now: () => number
  /** A clock that only goes forward, ms since some moment: for durations. Platforms differ in whether it counts a sleep. */
  monotonic: () => number
  /**
   * Runs `callback` once after `ms` (capped, so that no overflow fires it immediately); the returned function cancels
   * it.
   */
  timer: (ms: number, callback: () => void) => () => void
}

/** The only source of randomness: a number in [0, 1). */
export type Random = () => number

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => Math.floor(performance.now()),
  timer: (ms, callback) => {
    const handle = setTimeout(callback, Math.min(Math.max(ms, 0), MAX_TIMER_MS))
    return () => clearTimeout(handle)
  },
}

/** Waits for a task, but no longer than `ms`; rejects if the task does. */
export async function waitAtMost(clock: Clock, ms: number, task: Promise<unknown>): Promise<void> {
  let stop = () => {}
  const late = new Promise<void>((resolve) => (stop = deadline(clock, ms, resolve)))
  try {
    await Promise.race([task, late])
  } finally {
    stop()
  }
}

/** Waits; cannot be aborted. */
export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.timer(ms, resolve))
}

/** `AbortSignal.throwIfAborted`, which Chromium has from 100 on, and `reason` from 98. */
export function throwIfAborted({ aborted, reason }: AbortSignal): void {
  if (aborted) throw reason ?? new DOMException('This operation was aborted', 'AbortError')
}

/** Waits, or rejects with the signal's reason as soon as it aborts. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    throwIfAborted(signal)
    const onAbort = () => {
      stop()
      reject(signal.reason)
    }
    const stop = clock.timer(ms, () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
    signal.addEventListener('abort', onAbort)
  })
}

/**
 * A timer that is later than this was held up. Hidden pages run theirs once a second, and a worker that is busy for
 * longer has not read what came meanwhile either. ms
 */
const LATE_MS = 2_000

/** Chromium runs the timers of a page that has been hidden for long once a minute: later than this is a sleep. ms */
const THROTTLED_MS = 90_000

/** Longer waits are made in steps of this length, so that a sleep in the middle of one is noticed, too. ms */
export const STEP_MS = 10_000

/**
 * True if a timer that fires this late was held up: the machine slept, or the page was frozen. It must judge nothing
 * then, because data that came meanwhile has not been read yet.
 *
 * @param isRenewed it was late before, and got a fresh allowance: then throttling is no excuse any more, or a hidden
 *   page would wait forever
 */
export function wasHeldUp(lateMs: number, isRenewed = false): boolean {
  return lateMs > (isRenewed ? THROTTLED_MS : LATE_MS)
}

interface DeadlineOptions {
  /** The allowance after the machine slept, ms; default the full time. */
  freshMs?: number
  /** Called after a sleep with the time since the allowance began, which should not count. */
  renewed?: (elapsedMs: number) => void
}

/**
 * A timer that judges: runs `callback` after `ms` unless it is cancelled. If it fires far too late, it starts again
 * with a fresh allowance.
 *
 * @returns a function that cancels it; a sleep that was not noticed yet is reported first
 */
export function deadline(
  clock: Clock,
  ms: number,
  callback: () => void,
  { freshMs = ms, renewed = () => {} }: DeadlineOptions = {},
): () => void {
  let isOver = false
  let isRenewed = false
  let cancelTimer = () => {}
  let since = 0
  let until = 0
  let stepUntil = 0

  const start = (allowanceMs: number) => {
    since = clock.monotonic()
    until = since + allowanceMs
    step()
  }

  const step = () => {
    const now = clock.monotonic()
    stepUntil = Math.min(until, now + STEP_MS)
    cancelTimer = clock.timer(stepUntil - now, fire)
  }

  /** True if the machine slept; reports the sleep. */
  const slept = () => {
    const now = clock.monotonic()
    if (!wasHeldUp(now - stepUntil, isRenewed)) return false
    renewed(now - since)
    return true
  }

  const fire = () => {
    if (slept()) {
      isRenewed = true
      return start(freshMs)
    }
    if (stepUntil < until) return step()
    isOver = true
    callback()
  }

  start(ms)
  return () => {
    if (isOver) return
    isOver = true
    slept()
    cancelTimer()
  }
}
