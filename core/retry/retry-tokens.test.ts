import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type RetryTokens, type RetryTokensPolicy, takeRetry } from './retry-tokens.ts'

const NOW = 1_800_000_000_000
const POLICY: RetryTokensPolicy = { capacity: 10, refillPerMinute: 10 }

/** When retries may go that ask at these instants; all in ms after the start. */
function granted(instants: readonly number[], policy = POLICY): number[] {
  let bucket: RetryTokens | undefined
  return instants.map((at) => {
    const retry = takeRetry(bucket, policy, NOW + at)
    bucket = retry.left
    return retry.at - NOW
  })
}

/** How many of them go at once. */
function atOnce(instants: readonly number[], policy = POLICY): number {
  return granted(instants, policy).filter((at, index) => at === instants[index]).length
}

describe('takeRetry()', () => {
  test('grants what the bucket holds and one for free, then each next one when its token is there', () => {
    const when = granted(Array(16).fill(0))
    expect(when.slice(0, 11)).toEqual(Array(11).fill(0))
    // A token every 6 s, and one that is free every 10 s.
    expect(when.slice(11)).toEqual([6_000, 10_000, 12_000, 18_000, 20_000])
  })

  test('refills with time, up to its capacity', () => {
    const spent = Array<number>(11).fill(0)
    expect(atOnce([...spent, 5_999])).toBe(11)
    expect(atOnce([...spent, 6_000])).toBe(12)
    expect(atOnce([...spent, ...Array<number>(50).fill(3_600_000)])).toBe(22)
  })

  test('whoever waits for a token has it: one that comes later waits for the next', () => {
    expect(granted([...Array<number>(12).fill(0), 5_000, 6_000]).slice(11)).toEqual([6_000, 10_000, 12_000])
  })

  test('a bucket of a single token gives it, and the next one when it is there', () => {
    expect(granted([0, 0, 0], { capacity: 1, refillPerMinute: 60 })).toEqual([0, 0, 1_000])
    expect(granted([0, 0, 0], { capacity: 1, refillPerMinute: 0 })).toEqual([0, 0, 10_000])
  })

  test('one retry in ten seconds is free, whatever the policy', () => {
    const none = { capacity: 0, refillPerMinute: 0 }
    expect(granted([0, 1, 9_999, 25_000], none)).toEqual([0, 10_000, 20_000, 30_000])
    const noWhole = { capacity: 0.5, refillPerMinute: 600 }
    expect(granted([0, 0], noWhole)).toEqual([0, 10_000])
  })

  test('retries that are far enough apart never spend a token', () => {
    let bucket: RetryTokens | undefined
    for (let n = 0; n < 100; n++) bucket = takeRetry(bucket, POLICY, NOW + n * 10_000).left
    expect(bucket).toMatchObject({ tokens: 10 })
  })

  test('whoever asks and whenever, no more is granted than capacity, refill and the free ones', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(120_000), { maxLength: 300 }),
        fc.record({ capacity: fc.nat(20), refillPerMinute: fc.nat(30) }),
        (instants, policy) => {
          const sorted = [...instants].sort((a, b) => a - b)
          const when = granted(sorted, policy).toSorted((a, b) => a - b)
          when.forEach((at, index) => {
            const tookMs = at - (sorted[0] ?? 0)
            const bound =
              policy.capacity + (tookMs / 60_000) * policy.refillPerMinute + Math.floor(tookMs / 10_000) + 1
            expect(index + 1).toBeLessThanOrEqual(bound + 1e-6)
          })
        },
      ),
    )
  })
})
