/** Epoch ms with fractions: the same clock as the page's `performance.timeOrigin + performance.now()`. */
export function now(): number {
  return performance.timeOrigin + performance.now()
}
