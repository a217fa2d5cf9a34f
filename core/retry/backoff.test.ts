import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { backoff, jitter } from './backoff.ts'

test('backoff() doubles from its base to its maximum', () => {
  expect([0, 1, 2, 3, 4, 5, 6].map((n) => backoff(n, 500, 5_000))).toEqual([
    500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000,
  ])
  expect([0, 1, 2, 3, 4, 5].map((n) => backoff(n, 2_000, 20_000))).toEqual([
    2_000, 4_000, 8_000, 16_000, 20_000, 20_000,
  ])
})

test('backoff() never passes its maximum, after however many waits', () => {
  fc.assert(
    fc.property(fc.nat(5_000), fc.nat(10_000), fc.nat(100_000), (n, baseMs, maxMs) => {
      expect(backoff(n, baseMs, maxMs)).toBeLessThanOrEqual(maxMs)
      expect(backoff(n + 1, baseMs, maxMs)).toBeGreaterThanOrEqual(backoff(n, baseMs, maxMs))
    }),
  )
})

test('jitter() is a whole number from 0 to its limit, both reached', () => {
  expect(jitter(250, () => 0)).toBe(0)
  expect(jitter(250, () => 1 - Number.EPSILON)).toBe(250)
  expect(jitter(0, () => 0.999)).toBe(0)
  fc.assert(
    fc.property(
      fc.nat(10_000),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (limit, chance) => {
        const ms = jitter(limit, () => chance)
        expect(Number.isInteger(ms) && ms >= 0 && ms <= limit).toBe(true)
      },
    ),
  )
})
