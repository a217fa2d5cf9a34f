import { createFakeClock, type FakeClock } from '../../core/testing/fake-clock.ts'

/** How many turns in a row nothing may be under way, before it counts as quiet. */
const QUIET_TURNS = 4

let encrypting = 0

/**
 * Waits until storage and encryption, which take real turns, have nothing under way. Without that, moving the clock
 * on would let every store's deadline pass while the store is working.
 */
export async function quiet(): Promise<void> {
  for (let turns = 0; turns < QUIET_TURNS; turns++) {
    await new Promise((resolve) => setImmediate(resolve))
    if (encrypting > 0 || process.getActiveResourcesInfo().includes('Immediate')) turns = -1
  }
}

/** A fake clock whose timers fire only when the stores are quiet. */
export function createQuietClock(): FakeClock {
  const clock = createFakeClock()
  const timers = new Set<{ at: number }>()
  return {
    ...clock,
    timer: (ms, callback) => {
      const timer = { at: clock.monotonic() + Math.max(ms, 0) }
      timers.add(timer)
      const stop = clock.timer(ms, () => {
        timers.delete(timer)
        callback()
      })
      return () => {
        timers.delete(timer)
        stop()
      }
    },
    advance: async (ms) => {
      const until = clock.monotonic() + ms
      for (;;) {
        await quiet()
        const next = Math.min(...Array.from(timers, ({ at }) => at))
        if (next > until) break
        await clock.advance(next - clock.monotonic())
      }
      await clock.advance(until - clock.monotonic())
      await quiet()
    },
  }
}

// Encryption runs on threads of its own, which no list of what is under way names.
const { subtle } = crypto
for (const name of ['generateKey', 'encrypt', 'decrypt', 'digest'] as const) {
  const task = subtle[name].bind(subtle) as (...args: unknown[]) => Promise<unknown>
  Object.defineProperty(subtle, name, {
    configurable: true,
    value: async (...args: unknown[]) => {
      encrypting++
      try {
        return await task(...args)
      } finally {
        encrypting--
      }
    },
  })
}
