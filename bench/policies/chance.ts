import type { Random } from '../../core/clock.ts'

/** Numbers in [0, 1) that look like chance, and are the same for the same keys whatever else was drawn before. */
export function chanceOf(...keys: readonly number[]): Random {
  let state = 0x9e3779b9
  for (const key of keys) state = scramble((state + Math.imul(key + 1, 0x85ebca6b)) >>> 0)
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    return scramble(state) / 2 ** 32
  }
}

function scramble(number: number): number {
  let mixed = Math.imul(number ^ (number >>> 15), number | 1)
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
  return (mixed ^ (mixed >>> 14)) >>> 0
}

/** Half of the values lie below the median. */
export function logNormal(random: Random, median: number, sigma: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  return median * Math.exp(sigma * normal)
}

export function lastsFor(random: Random, { medianMs, sigma }: { medianMs: number; sigma: number }): number {
  return logNormal(random, medianMs, sigma)
}

export function between(random: Random, from: number, to: number): number {
  return from + random() * (to - from)
}

/** As many values between 1 and 10 as between 10 and 100. */
export function betweenLog(random: Random, from: number, to: number): number {
  return from * (to / from) ** random()
}
