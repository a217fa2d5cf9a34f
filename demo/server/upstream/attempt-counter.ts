/** Counts attempts per key; never one count for all, or parallel tests would take each other's faults. */
export interface AttemptCounter {
  /** The number of this attempt; the first is 1. */
  next: (key: string) => number
  /** Begins again at 1, for some keys or for all. */
  reset: (keys?: readonly string[]) => void
}

const KEPT = 10_000

/** Remembers the last 10 000 keys. */
export function createAttemptCounter(): AttemptCounter {
  const counts = new Map<string, number>()
  return {
    next: (key) => {
      const attempt = (counts.get(key) ?? 0) + 1
      // Set anew, so that the map's order is that of last use.
      counts.delete(key)
      counts.set(key, attempt)
      const [oldest] = counts.keys()
      if (counts.size > KEPT && oldest !== undefined) counts.delete(oldest)
      return attempt
    },
    reset: (keys) => {
      if (!keys?.length) counts.clear()
      else for (const key of keys) counts.delete(key)
    },
  }
}
