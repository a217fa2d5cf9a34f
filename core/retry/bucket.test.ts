import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bucket, type BucketPolicy, takeRetry } from './bucket.ts'

const NOW = 1_800_000_000_000
const POLICY: BucketPolicy = { capacity: 10, refillPerMinute: 10 }

/** How many retries are granted at these instants (ms after the start). */
function granted(instants: readonly number[], policy = POLICY, start?: Bucket): number {
  let bucket = start
  return instants.filter((at) => {
    const next = takeRetry(bucket, policy, NOW + at)
    bucket = next ?? bucket
    return next !== undefined
  }).length
}

describe('takeRetry()', () => {
  test('grants what the bucket holds and one for free, then refuses', () => {
    expect(granted(Array(50).fill(0))).toBe(11)
  })

  test('refills with time, up to its capacity', () => {
    const spent = Array<number>(50).fill(0)
    expect(granted([...spent, 5_999])).toBe(11)
    expect(granted([...spent, 6_000])).toBe(12)
    expect(granted([...spent, ...Array<number>(50).fill(3_600_000)])).toBe(22)
  })

  test('one retry in ten seconds is free, whatever the policy', () => {
    const none = { capacity: 0, refillPerMinute: 0 }
    expect(granted([0, 1, 9_999, 10_000, 10_001, 25_000], none)).toBe(3)
  })

  test('retries that are far enough apart never spend a token', () => {
    let bucket: Bucket | undefined
    for (let n = 0; n < 100; n++) bucket = takeRetry(bucket, POLICY, NOW + n * 10_000)
    expect(bucket).toMatchObject({ tokens: 10 })
  })

  test('whoever asks and whenever, no more is granted than capacity, refill and the free ones', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(120_000), { maxLength: 300 }),
        fc.record({ capacity: fc.nat(20), refillPerMinute: fc.nat(30) }),
        (instants, policy) => {
          const sorted = [...instants].sort((a, b) => a - b)
          const tookMs = (sorted.at(-1) ?? 0) - (sorted[0] ?? 0)
          const bound =
            policy.capacity + (tookMs / 60_000) * policy.refillPerMinute + Math.floor(tookMs / 10_000) + 1
          expect(granted(sorted, policy)).toBeLessThanOrEqual(bound)
        },
      ),
    )
  })
})
