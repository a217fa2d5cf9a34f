import type { Clock } from '../clock.ts'

export interface FakeClock extends Clock {
  /** Moves time on, running each timer at its own moment and letting what it started settle. */
  advance: (ms: number) => Promise<void>
}

/** A clock that stands still until it is told to go on. Starts at `startMs` (epoch ms). */
export function createFakeClock(startMs = 1_800_000_000_000): FakeClock {
  let now = startMs
  let nextId = 0
  const timers = new Map<number, { at: number; callback: () => void }>()

  const settle = async () => {
    // Streams and fetch stand-ins take several turns; a macrotask lets all of them pass.
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
  }

  return {
    now: () => now,
    timer: (ms, callback) => {
      const id = nextId++
      timers.set(id, { at: now + Math.max(ms, 0), callback })
      return () => void timers.delete(id)
    },
    advance: async (ms) => {
      const until = now + ms
      await settle()
      for (;;) {
        const due = [...timers]
          .filter(([, { at }]) => at <= until)
          .sort(([a, x], [b, y]) => x.at - y.at || a - b)[0]
        if (!due) break
        const [id, { at, callback }] = due
        timers.delete(id)
        now = at
        callback()
        await settle()
      }
      now = until
      await settle()
    },
  }
}
