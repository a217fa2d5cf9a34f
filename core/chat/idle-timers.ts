import { type Clock, STEP_MS, wasHeldUp } from '../clock.ts'
import type { Glance } from '../providers/inspection/inspection.ts'
import { type Timeouts, WORKING_MS } from './timeouts.ts'

export type IdleClock = 'transport' | 'output'

export interface IdleTimers {
  /** A read has begun: from now on silence is the upstream's. */
  waiting: () => void
  /** Bytes came. */
  arrived: () => void
  stop: () => void
}

interface Listeners {
  stalled: (clock: IdleClock, silentMs: number) => void
  flowing: (clock: IdleClock, silentMs: number) => void
  expired: (clock: IdleClock) => void
  /** Nothing but keep-alives has come for `FINISHED_MS` since the finish: the response is over. */
  finished: () => void
}

/** A stream counts as stalled after this long, or half its limit if that is less, ms. */
const STALLED_MS = 10_000

/** The rest of a response after its finish (mostly usage) arrives within this time, ms. */
const FINISHED_MS = 10_000

/** New bytes are inspected when the transport has been quiet for this long, so never more often. ms */
const QUIET_MS = 1_000

/** While bytes keep flowing, they are inspected this often, ms. */
const FLOWING_MS = 3_000

/**
 * The timers of a flowing response: is the transport alive (any byte), does the response make progress (output), and is
 * it finished although its connection stays open?
 *
 * Its duties:
 * - only the upstream's silence counts, not the time in which the page does not read
 * - a chunk causes neither a read nor a new timer: a look reads everything since the last one
 * - after a sleep nothing is judged: every silence restarts, and bytes that came meanwhile are read first
 *
 * @param look reads the bytes since its last call; called only if there are any
 */
export function createIdleTimers(
  clock: Clock,
  limits: Pick<Timeouts, 'transportIdleMs' | 'outputIdleMs'>,
  look: () => Glance,
  on: Listeners,
): IdleTimers {
  const transport = {
    name: 'transport' as const,
    limitMs: limits.transportIdleMs,
    silentMs: 0,
    stalled: false,
  }
  const output = { name: 'output' as const, limitMs: limits.outputIdleMs, silentMs: 0, stalled: false }
  let waitingSince: number | undefined
  let glance: Glance = { output: false, working: false, finished: false }
  let lookedAt = -Infinity
  /** True if bytes came that no look has read; those before the first output count. */
  let isUnread = true
  let cancelTimer: (() => void) | undefined
  let dueAt = Infinity
  let isRenewed = false
  let isOver = false

  return {
    waiting: () => {
      if (isOver) return
      waitingSince = clock.monotonic()
      if (!cancelTimer) arm()
    },
    arrived: () => {
      if (isOver) return
      countProgress()
      waitingSince = undefined
      isRenewed = false
      goesOn(transport, 0)
      // The timer may be set to the end of a long silence; a look is due sooner.
      const isFirst = !isUnread
      isUnread = true
      if (isFirst && cancelTimer) arm()
    },
    stop,
  }

  /** Adds the wait until now to all silences. */
  function countProgress() {
    if (waitingSince === undefined) return
    const now = clock.monotonic()
    forgiveSleep(now)
    transport.silentMs += now - waitingSince
    output.silentMs += now - waitingSince
    waitingSince = now
  }

  /** After a sleep every silence restarts. */
  function forgiveSleep(now: number) {
    if (!cancelTimer || !wasHeldUp(now - dueAt, isRenewed)) return
    isRenewed = true
    dueAt = Infinity
    for (const each of [transport, output]) each.silentMs = 0
    if (waitingSince !== undefined) waitingSince = now
  }

  function goesOn(each: typeof transport | typeof output, silentMs: number) {
    if (each.stalled) on.flowing(each.name, each.silentMs)
    each.stalled = false
    each.silentMs = silentMs
  }

  function tick() {
    countProgress()
    cancelTimer = undefined
    if (waitingSince === undefined) return // The next `waiting` arms it again.
    const isQuiet = transport.silentMs >= QUIET_MS
    if (isUnread && (isQuiet || clock.monotonic() - lookedAt >= FLOWING_MS)) read()
    judge()
    if (!isOver) arm()
  }

  function read() {
    const before = glance
    glance = look()
    isUnread = false
    lookedAt = clock.monotonic()
    // Which of the bytes were output is unknown: assume the last ones.
    if (glance.output || (glance.finished && !before.finished)) goesOn(output, transport.silentMs)
  }

  function judge() {
    if (isUnread) return
    const expired = clocks().find((each) => each.silentMs >= limitOf(each))
    if (glance.finished && (expired || output.silentMs >= FINISHED_MS)) {
      stop()
      return on.finished()
    }
    if (expired) {
      stop()
      return on.expired(expired.name)
    }
    for (const each of clocks()) {
      // If no byte comes, it is no news that no output comes; nor is it after the finish.
      if (transport.stalled || output.stalled || glance.finished) return
      each.stalled = each.silentMs >= stalledAfter(each)
      if (each.stalled) on.stalled(each.name, each.silentMs)
    }
  }

  /** Sets the one timer to the next moment at which there is something to do. */
  function arm() {
    cancelTimer?.()
    const waitMs = isUnread ? QUIET_MS : Math.min(STEP_MS, ...clocks().map(leftMs))
    dueAt = clock.monotonic() + waitMs
    cancelTimer = clock.timer(waitMs, tick)
  }

  /** Time until this silence reaches its next threshold, ms. */
  function leftMs(each: typeof transport | typeof output) {
    const atMs = glance.finished
      ? FINISHED_MS
      : transport.stalled || output.stalled
        ? limitOf(each)
        : stalledAfter(each)
    return Math.min(atMs, limitOf(each)) - each.silentMs
  }

  /** A stream without an output limit has no output clock until it is finished. */
  function clocks() {
    return output.limitMs < Infinity || glance.finished ? [transport, output] : [transport]
  }

  function limitOf({ limitMs }: { limitMs: number }) {
    return glance.working ? Math.max(limitMs, WORKING_MS) : limitMs
  }

  function stalledAfter(each: typeof transport | typeof output) {
    return Math.min(STALLED_MS, limitOf(each) / 2)
  }

  function stop() {
    isOver = true
    cancelTimer?.()
    cancelTimer = undefined
  }
}
