import type { Clock, Random } from '../../core/clock.ts'
import { MAX_TIMER_MS } from '../../core/max-timer.ts'

/** Gives packages that ask the platform for time and chance those of the simulation, until it is disposed of. */
export function useVirtualGlobals(clock: Clock, random: Random): Disposable {
  const { setTimeout, clearTimeout } = globalThis
  const { now } = Date
  const { random: platformRandom } = Math
  const timers = new Map<number, () => void>()
  let nextId = 1

  const set = (callback: (...values: unknown[]) => void, ms = 0, ...values: unknown[]) => {
    const id = nextId++
    // Beyond what a platform's timer takes it fires at once.
    const waitMs = ms > MAX_TIMER_MS ? 1 : ms
    timers.set(
      id,
      clock.timer(waitMs, () => {
        timers.delete(id)
        callback(...values)
      }),
    )
    return id
  }
  const clear = (id: unknown) => {
    timers.get(id as number)?.()
    timers.delete(id as number)
  }
  Object.assign(globalThis, { setTimeout: set, clearTimeout: clear })
  Date.now = clock.now
  Math.random = random
  return {
    [Symbol.dispose]: () => {
      Object.assign(globalThis, { setTimeout, clearTimeout })
      Date.now = now
      Math.random = platformRandom
    },
  }
}
