import { type Clock, type Random, STEP_MS, wasHeldUp } from '../clock.ts'
import { jitter } from './backoff.ts'

/** What one attempt asks of the gate. All instants here are those of the monotonic clock. */
export interface Wish {
  /** It will not go earlier, for reasons of its own: its backoff. */
  notBefore: number
  /** It would rather give up than be held back until later. */
  notAfter: number
  /** What separates it from the others when the gate opens. */
  jitterMs: number
  /** Ends the wait. */
  signal: AbortSignal
  /** Told when it is held back beyond its `notBefore`, and again when that lasts longer. */
  held: (until: number) => void
}

/** `go`: send it now; of the wait, `sleptMs` were the machine's sleep. `held`: the gate is known to stay shut beyond `notAfter`. */
export type Turn = { kind: 'go'; sleptMs: number } | { kind: 'held'; until: number }

/** One request in front of the gate; first come, first served, also when it comes back for its next attempt. */
export interface Visitor {
  /** Waits for its turn; rejects with the signal's reason. */
  enter: (wish: Wish) => Promise<Turn>
  /** 2xx headers came: the upstream takes requests. */
  accepted: () => void
  /** It must wait until then, and so must all; `isGuess`: nobody was told so, and who has less time may go before. */
  refused: (until: number, isGuess?: boolean) => void
  /** Its attempt ended, however: says nothing about the limit. */
  ended: () => void
}

export interface Gate {
  visit: () => Visitor
  /** Shuts it until then, at least; a probe goes first. */
  shut: (until: number, isGuess?: boolean) => void
  /** Absent when open. */
  shutUntil: () => number | undefined
}

export interface GateContext {
  clock: Clock
  random: Random
  /** It was shut, or opened. */
  changed: () => void
}

/** An answer that takes longer is no refusal: these come at once, ms. */
const PROBE_MS = 5_000

/** A server may ask for days; what it is asked again after this is one request. ms. */
const MAX_SHUT_MS = 600_000

interface Waiting {
  place: number
  wish: Wish
  /** When it may go through the open gate. */
  dueAt: number
  toldUntil: number
  sleptMs: number
  settle: (turn: Turn) => void
}

/**
 * Holds back all requests of one upstream, model and credential while a limit is known, and finds out with a single
 * one whether it is over.
 *
 *     open ── refused ──▶ shut ── time is up: the first in line ──▶ probing
 *      ▲                   ▲                                           │
 *      │                   └───────────── refused, or lost ────────────┤
 *      └─────────────── 2xx headers, or 5 s without a refusal ─────────┘
 *
 * Its duties:
 * - nobody goes before the time that the server named
 * - a probe that is cancelled or lost makes room for the next one
 * - nobody gives up for a time that is only a guess of ours: its last try comes when its own time is up
 * - jitter comes on top: whoever shuts the gate adds it to `until`, and those behind the probe get their own
 */
export function createGate({ clock, random, changed }: GateContext): Gate {
  let shutUntil: number | undefined
  /** No server has named `shutUntil`. */
  let isGuess = false
  let probe: { by: Visitor; until: number } | undefined
  let places = 0
  let line: Waiting[] = []
  let disarm = () => {}
  /** When the timer is due; a call that comes much later shows that the machine slept. */
  let lookAt = Infinity
  /** A sleep has been forgiven since it was open last. */
  let isRenewed = false

  /** Lets go whoever may, and comes back when the next one may. */
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

  /** A sleep counts as nobody's wait, and a probe whose refusal may be unread gets its time again. */
  const forgiveSleep = () => {
    const lateMs = clock.monotonic() - lookAt
    if (!wasHeldUp(lateMs, isRenewed)) return
    isRenewed = true
    lookAt = Infinity
    for (const each of line) {
      each.sleptMs += lateMs
      each.wish.notAfter += lateMs
    }
    if (probe) probe.until = clock.monotonic() + PROBE_MS
  }

  const dueOf = ({ dueAt, wish }: Waiting) =>
    probe ? Infinity : Math.max(wish.notBefore, shutUntil === undefined ? dueAt : latestFor(wish, shutUntil))

  const latestFor = ({ notAfter }: Wish, until: number) => (isGuess ? Math.min(until, notAfter) : until)

  const leave = (waiting: Waiting, turn: Turn) => {
    line = line.filter((each) => each !== waiting)
    waiting.settle(turn)
  }

  const hold = (waiting: Waiting) => {
    const { wish, toldUntil } = waiting
    const until = probe?.until ?? latestFor(wish, shutUntil ?? -Infinity)
    if (until <= Math.max(wish.notBefore, toldUntil, clock.monotonic())) return
    if (until > wish.notAfter && !isGuess) return leave(waiting, { kind: 'held', until })
    waiting.toldUntil = until
    wish.held(until)
  }

  const open = () => {
    shutUntil = undefined
    probe = undefined
    isRenewed = false
    const now = clock.monotonic()
    const delays = line.map(({ wish }) => jitter(wish.jitterMs, random)).sort((a, b) => a - b)
    line.forEach((each, index) => (each.dueAt = now + (delays[index] ?? 0)))
    changed()
    look()
  }

  const shut = (until: number, guessed = false) => {
    forgiveSleep()
    if (shutUntil === undefined || until >= shutUntil) isGuess = guessed
    shutUntil = Math.max(shutUntil ?? -Infinity, Math.min(until, clock.monotonic() + MAX_SHUT_MS))
    probe = undefined
    for (const each of line) hold(each)
    changed()
    look()
  }

  const visit = (): Visitor => {
    const place = places++
    const visitor: Visitor = {
      enter: ({ signal, ...rest }) =>
        new Promise((resolve, reject) => {
          if (signal.aborted) return reject(signal.reason)
          forgiveSleep()
          const settle = (turn: Turn) => {
            signal.removeEventListener('abort', onAbort)
            if (turn.kind === 'go' && shutUntil !== undefined) {
              probe = { by: visitor, until: clock.monotonic() + PROBE_MS }
            }
            resolve(turn)
          }
          const waiting = {
            place,
            wish: { signal, ...rest },
            dueAt: -Infinity,
            toldUntil: -Infinity,
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
          hold(waiting)
          look()
        }),
      accepted: () => {
        if (probe?.by === visitor) open()
      },
      refused: shut,
      ended: () => {
        if (probe?.by !== visitor) return
        probe = undefined
        look()
      },
    }
    return visitor
  }

  return { visit, shut, shutUntil: () => shutUntil }
}
