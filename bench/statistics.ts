/** The smallest value that at least `percent` of all values do not exceed. `NaN` of no values. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length))
  return sorted[rank - 1] ?? Number.NaN
}

/** The middle value; of two in the middle their mean. `NaN` of no values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2
}

/** A value, and how far to either side of it the truth lies with 95 % chance. */
export interface Interval {
  value: number
  halfWidth: number
}

/** Student's t for 95 %, by degrees of freedom from 1 on. */
const T95 = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.2, 2.18, 2.16, 2.14, 2.13]

/** The mean of values that were drawn apart. Of a single one nobody knows how far it is off: `NaN`. */
export function meanInterval(values: readonly number[]): Interval {
  return shareInterval(values.map((value) => [value, 1]))
}

/** A share, `some` of `all`, that was counted in several places apart; those with more count for more. */
export function shareInterval(counts: readonly (readonly [some: number, all: number])[]): Interval {
  const n = counts.length
  const all = counts.reduce((sum, [, each]) => sum + each, 0)
  const value = counts.reduce((sum, [some]) => sum + some, 0) / all
  const squares = counts.reduce((sum, [some, of]) => sum + (some - value * of) ** 2, 0)
  const t = T95[Math.min(n - 1, T95.length) - 1] ?? Number.NaN
  return { value, halfWidth: (t * Math.sqrt((n / (n - 1)) * squares)) / all }
}
