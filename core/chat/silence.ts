import type { Clock } from '../clock.ts'
import type { Timeouts } from './timeouts.ts'

export type SilenceClock = 'transport' | 'output'

export interface Silence {
  /** A read has begun: from now on it is the upstream that is silent. */
  waiting: () => void
  /** Bytes came. */
  arrived: () => void
  /** They carried output. */
  output: () => void
  stop: () => void
}

interface Listeners {
  stalled: (clock: SilenceClock, silentMs: number) => void
  flowing: (clock: SilenceClock, silentMs: number) => void
  expired: (clock: SilenceClock) => void
}

/** A stream is called stalled after so long, or half its limit, ms. */
const STALLED_MS = 10_000

/**
 * The two clocks of a flowing answer: is the transport alive (any byte), does the answer go on (output).
 *
 * Its duties:
 * - only the upstream's silence counts, not the time in which the page does not read
 * - nothing is armed per chunk: one timer looks again when the earliest limit could have passed
 */
export function watchSilence(
  clock: Clock,
  limits: Pick<Timeouts, 'transportIdleMs' | 'outputIdleMs'>,
  on: Listeners,
): Silence {
  const transport = {
    name: 'transport' as const,
    limitMs: limits.transportIdleMs,
    silentMs: 0,
    stalled: false,
  }
  const output = { name: 'output' as const, limitMs: limits.outputIdleMs, silentMs: 0, stalled: false }
  let waitingSince: number | undefined
  let cancelTimer: (() => void) | undefined
  let stopped = false

  const look = () => {
    cancelTimer = undefined
    if (waitingSince === undefined) return // The next `waiting` arms it again.
    const now = clock.now()
    let nextMs = Infinity
    for (const each of [transport, output]) {
      const silentMs = each.silentMs + now - waitingSince
      if (silentMs >= each.limitMs) return on.expired(each.name)
      const stalledMs = Math.min(STALLED_MS, each.limitMs / 2)
      const isStalled = silentMs >= stalledMs
      // Where no byte comes, that no output comes is no news.
      if (isStalled && !transport.stalled && !output.stalled) {
        each.stalled = true
        on.stalled(each.name, silentMs)
      }
      nextMs = Math.min(nextMs, (isStalled ? each.limitMs : stalledMs) - silentMs)
    }
    if (!stopped) cancelTimer = clock.timer(nextMs, look)
  }

  const end = (each: typeof transport | typeof output) => {
    if (each.stalled) on.flowing(each.name, each.silentMs)
    each.stalled = false
    each.silentMs = 0
  }

  return {
    waiting: () => {
      waitingSince = clock.now()
      if (!cancelTimer && !stopped) look()
    },
    arrived: () => {
      const waitedMs = waitingSince === undefined ? 0 : clock.now() - waitingSince
      waitingSince = undefined
      for (const each of [transport, output]) each.silentMs += waitedMs
      end(transport)
    },
    output: () => end(output),
    stop: () => {
      stopped = true
      cancelTimer?.()
    },
  }
}
