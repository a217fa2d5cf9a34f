import type { Clock } from '../clock.ts'

/** The time of one request for everything before its first output: attempts and waits together. */
export interface Total {
  /** The time left, ms. */
  leftMs: () => number
  /** An upstream that has accepted the request shows that it is alive: the full time starts again, within bounds. */
  extend: () => void
  /** Gives back time that the machine slept, ms. */
  giveBack: (ms: number) => void
}

/** @param maxMs how far signs of life can extend it, from the start */
export function createTotal(clock: Clock, totalMs: number, maxMs: number): Total {
  let endAt = clock.monotonic() + totalMs
  let maxAt = clock.monotonic() + Math.max(totalMs, maxMs)
  return {
    leftMs: () => endAt - clock.monotonic(),
    extend: () => {
      endAt = Math.max(endAt, Math.min(clock.monotonic() + totalMs, maxAt))
    },
    giveBack: (ms) => {
      endAt += ms
      maxAt += ms
    },
  }
}
