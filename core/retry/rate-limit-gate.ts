import { type Clock, type Random, STEP_MS, throwIfAborted, wasHeldUp } from '../clock.ts'
import { jitter } from './backoff.ts'

/** The options of one attempt's wait. All instants here are those of the monotonic clock. */
export interface WaitOptions {
  /** The attempt does not go earlier, because of its own backoff. */
  notBefore: number
  /** The attempt gives up rather than wait longer. */
  notAfter: number
  /** The jitter that separates it from the others when the gate opens. */
  jitterMs: number
  /** Ends the wait. */
  signal: AbortSignal
  /** Called when it is held back beyond its `notBefore`, and again when that lasts longer. */
  delayed: (until: number) => void
}

/**
 * `go`: send it now; the machine slept for `sleptMs` of the wait. `rejected`: the gate is known to stay shut beyond
 * `notAfter`.
 */
export type Admission = { kind: 'go'; sleptMs: number } | { kind: 'rejected'; until: number }

/** One request at the gate; first come, first served, even when it comes back for its next attempt. */
export interface Ticket {
  /** Waits for its turn; rejects with the signal's reason. */
  enter: (waitOptions: WaitOptions) => Promise<Admission>
  /** 2xx headers came: the upstream accepts requests. */
  accepted: () => void
  /**
   * It and all others must wait until then; `isGuess`: no server named that time, and a request with less time may go
   * before.
   */
  refused: (until: number, isGuess?: boolean) => void
  /** Its attempt ended in a way that says nothing about the limit. */
  ended: () => void
}

export interface RateLimitGate {
  visit: () => Ticket
  /** Shuts it at least until then; a probe goes first. */
  shut: (until: number, isGuess?: boolean) => void
  /** Absent when open. */
  shutUntil: () => number | undefined
}

export interface RateLimitGateContext {
  clock: Clock
  random: Random
  /** Called when it was shut or opened. */
  changed: () => void
}

/** A response that takes longer is not a refusal: refusals come immediately, ms. */
const PROBE_MS = 5_000

/** A server may ask for days; after this one request probes it. ms */
const MAX_SHUT_MS = 600_000

interface Waiting {
  place: number
  waitOptions: WaitOptions
  /** When it may go through the open gate. */
  dueAt: number
  emittedUntil: number
  sleptMs: number
  settle: (admission: Admission) => void
}

/**
 * Holds back all requests of one upstream, model and credential while a limit is known, and probes with a single one
 * whether it is over.
 *
 *     open ── refused ──▶ shut ── time is up: the first in line ──▶ probing
 *      ▲                   ▲                                           │
 *      │                   └───────────── refused, or lost ────────────┤
 *      └─────────────── 2xx headers, or 5 s without a refusal ─────────┘
 *
 * Its duties:
 * - no request goes before the time that the server named
 * - a probe that is cancelled or lost makes room for the next one
 * - no request gives up because of a time that is only our guess: its last attempt comes when its own time is up
 * - jitter comes on top: whoever shuts the gate adds it to `until`, and those behind the probe get their own
 */
export function createRateLimitGate({ clock, random, changed }: RateLimitGateContext): RateLimitGate {
  let shutUntil: number | undefined
  /** The latest time that a server has named; `shutUntil` may be a later guess of ours. */
  let namedUntil = -Infinity
  let probe: { by: Ticket; until: number } | undefined
  let places = 0
  let line: Waiting[] = []
  let disarm = () => {}
  /** When the timer is due; a call that comes much later shows that the machine slept. */
  let lookAt = Infinity
  /** True if a sleep has been forgiven since it was last open. */
  let isRenewed = false

  /** Admits every request that may go, and runs again when the next one may. */
  const look = () => {
    forgiveSleep()
    disarm()
    const now = clock.monotonic()
    if (probe && probe.until <= now) return open()
    for (const each of line) {
      if (dueOf(each) <= now) leave(each, { kind: 'go', sleptMs: each.sleptMs })
    }
    const next = Math.min(...line.map(dueOf), probe?.until ?? Infinity)
    lookAt = next < Infinity ? Math.min(next, now + STEP_MS) : next
    if (next < Infinity) disarm = clock.timer(lookAt - now, look)
  }

  /** A sleep counts as no request's wait, and a probe whose refusal may be unread gets its time again. */
  const forgiveSleep = () => {
    const lateMs = clock.monotonic() - lookAt
    if (!wasHeldUp(lateMs, isRenewed)) return
    isRenewed = true
    lookAt = Infinity
    for (const each of line) {
      each.sleptMs += lateMs
      each.waitOptions.notAfter += lateMs
    }
    if (probe) probe.until = clock.monotonic() + PROBE_MS
  }

  const dueOf = ({ dueAt, waitOptions }: Waiting) =>
    probe
      ? Infinity
      : Math.max(waitOptions.notBefore, shutUntil === undefined ? dueAt : latestFor(waitOptions, shutUntil))

  const latestFor = ({ notAfter }: WaitOptions, until: number) =>
    Math.max(namedUntil, Math.min(until, notAfter))

  const leave = (waiting: Waiting, admission: Admission) => {
    line = line.filter((each) => each !== waiting)
    waiting.settle(admission)
  }

  const delay = (waiting: Waiting) => {
    const { waitOptions, emittedUntil } = waiting
    const until = probe?.until ?? latestFor(waitOptions, shutUntil ?? -Infinity)
    if (until <= Math.max(waitOptions.notBefore, emittedUntil, clock.monotonic())) return
    const isGuess = shutUntil !== namedUntil
    if (until > waitOptions.notAfter && !(probe && isGuess))
      return leave(waiting, { kind: 'rejected', until })
    waiting.emittedUntil = until
    waitOptions.delayed(until)
  }

  const open = () => {
    shutUntil = undefined
    namedUntil = -Infinity
    probe = undefined
    isRenewed = false
    const now = clock.monotonic()
    const delays = line.map(({ waitOptions }) => jitter(waitOptions.jitterMs, random)).sort((a, b) => a - b)
    line.forEach((each, index) => (each.dueAt = now + (delays[index] ?? 0)))
    changed()
    look()
  }

  const shut = (until: number, guessed = false) => {
    forgiveSleep()
    const bounded = Math.min(until, clock.monotonic() + MAX_SHUT_MS)
    if (!guessed) namedUntil = Math.max(namedUntil, bounded)
    shutUntil = Math.max(shutUntil ?? -Infinity, bounded)
    probe = undefined
    for (const each of line) delay(each)
    changed()
    look()
  }

  const visit = (): Ticket => {
    const place = places++
    const ticket: Ticket = {
      enter: ({ signal, ...rest }) =>
        new Promise((resolve, reject) => {
          throwIfAborted(signal)
          forgiveSleep()
          const settle = (admission: Admission) => {
            signal.removeEventListener('abort', onAbort)
            if (admission.kind === 'go' && shutUntil !== undefined) {
              probe = { by: ticket, until: clock.monotonic() + PROBE_MS }
            }
            resolve(admission)
          }
          const waiting = {
            place,
            waitOptions: { signal, ...rest },
            dueAt: -Infinity,
            emittedUntil: -Infinity,
            sleptMs: 0,
            settle,
          }
          const onAbort = () => {
            line = line.filter((each) => each !== waiting)
            reject(signal.reason)
            look()
          }
          signal.addEventListener('abort', onAbort)
          line = [...line, waiting].sort((a, b) => a.place - b.place)
          delay(waiting)
          look()
        }),
      accepted: () => {
        if (probe?.by === ticket) open()
      },
      refused: shut,
      ended: () => {
        if (probe?.by !== ticket) return
        probe = undefined
        look()
      },
    }
    return ticket
  }

  return { visit, shut, shutUntil: () => shutUntil }
}
