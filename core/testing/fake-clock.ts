import type { Clock } from '../clock.ts'

export interface FakeClock extends Clock {
  /** Moves time on, running each timer at its own moment and letting what it started settle. */
  advance: (ms: number) => Promise<void>
  /**
   * The machine sleeps: no timer runs, the wall clock moves on. Where the monotonic clock counts a sleep, what is due
   * fires late; where it stands still, the timers go on with what they had left.
   */
  sleep: (ms: number, monotonic: 'counts' | 'stands still') => Promise<void>
  /** The page or worker is frozen: both clocks move on, and its timers run late. */
  freeze: (ms: number) => Promise<void>
  /** Somebody sets the wall clock, forward or (below 0) back. */
  jump: (ms: number) => void
}

/**
 * A clock that stands still until it is told to go on. Starts at `startMs` (epoch ms); its monotonic clock starts
 * elsewhere, so that whoever mixes the two is far out.
 */
export function createFakeClock(startMs = 1_800_000_000_000): FakeClock {
  let monotonic = 1_000
  /** What the wall clock is ahead of the monotonic one. */
  let ahead = startMs - monotonic
  let nextId = 0
  const timers = new Map<number, { at: number; callback: () => void }>()

  const settle = async () => {
    // Streams and fetch stand-ins take several turns; a macrotask lets all of them pass.
    for (let admission = 0; admission < 3; admission++) await new Promise((resolve) => setImmediate(resolve))
  }

  const advance = async (ms: number) => {
    const until = monotonic + ms
    await settle()
    for (;;) {
      const due = [...timers]
        .filter(([, { at }]) => at <= until)
        .sort(([a, x], [b, y]) => x.at - y.at || a - b)[0]
      if (!due) break
      const [id, { at, callback }] = due
      timers.delete(id)
      monotonic = Math.max(monotonic, at) // What should have run in a sleep runs now.
      callback()
      await settle()
    }
    monotonic = until
    await settle()
  }

  const freeze = async (ms: number) => {
    await settle()
    monotonic += ms
    await advance(0)
  }

  return {
    now: () => monotonic + ahead,
    monotonic: () => monotonic,
    timer: (ms, callback) => {
      const id = nextId++
      timers.set(id, { at: monotonic + Math.max(ms, 0), callback })
      return () => void timers.delete(id)
    },
    advance,
    sleep: async (ms, how) => {
      if (how === 'counts') return freeze(ms)
      await settle()
      ahead += ms
    },
    freeze,
    jump: (ms) => void (ahead += ms),
  }
}
