import type { Random } from '../clock.ts'

/** Wait number `n` (the first is 0) without jitter: `base·2ⁿ`, at most `max`, ms. */
export function backoff(n: number, baseMs: number, maxMs: number): number {
  // Beyond 2³⁰ nothing changes any more, and `0 · ∞` would be NaN.
  return Math.min(baseMs * 2 ** Math.min(n, 30), maxMs)
}

/** The jitter that is added to every wait, so that twenty tabs do not wake in the same millisecond: 0 to `jitterMs`. */
export function jitter(jitterMs: number, random: Random): number {
  return Math.floor(random() * (jitterMs + 1))
}
