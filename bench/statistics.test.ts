import { expect, test } from 'vitest'
import { meanInterval, median, percentile, shareInterval } from './statistics.ts'

test('median() takes the middle, or the mean of two', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(median([])).toBeNaN()
})

test('percentile() takes a value that was measured', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index)
  expect(percentile(values, 50)).toBe(50)
  expect(percentile(values, 99)).toBe(99)
  expect(percentile([7], 99)).toBe(7)
  expect(percentile([], 50)).toBeNaN()
})

test('meanInterval() is Student’s: ten values, by the book', () => {
  const { value, halfWidth } = meanInterval([10, 12, 9, 11, 13, 10, 8, 12, 11, 14])
  expect(value).toBeCloseTo(11)
  // s = 1.826, t = 2.26, √10
  expect(halfWidth).toBeCloseTo(1.305, 3)
})

test('shareInterval() counts by size, and is wide where the places differ', () => {
  const alike = shareInterval([
    [5, 10],
    [50, 100],
  ])
  expect(alike).toEqual({ value: 0.5, halfWidth: 0 })
  const apart = shareInterval([
    [0, 10],
    [10, 10],
  ])
  expect(apart.value).toBe(0.5)
  expect(apart.halfWidth).toBeGreaterThan(0.5)
})

test('a single value has no known error', () => {
  expect(meanInterval([7])).toEqual({ value: 7, halfWidth: Number.NaN })
})
