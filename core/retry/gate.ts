import type { Clock, Random } from '../clock.ts'
import { jitter } from './backoff.ts'

/** What one attempt asks of the gate. Instants in epoch ms. */
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

/** `go`: send it now. `held`: the gate is known to stay shut beyond `notAfter`. */
export type Turn = { kind: 'go' } | { kind: 'held'; until: number }

/** One request in front of the gate; first come, first served, also when it comes back for its next attempt. */
export interface Visitor {
  /** Waits for its turn; rejects with the signal's reason. */
  enter: (wish: Wish) => Promise<Turn>
  /** 2xx headers came: the upstream takes requests. */
  accepted: () => void
  /** It was told to wait until then, and so must all. */
  refused: (until: number) => void
  /** Its attempt ended, however: says nothing about the limit. */
  ended: () => void
}

export interface Gate {
  visit: () => Visitor
  /** Shuts it until then, at least; a probe goes first. */
  shut: (until: number) => void
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
 * - jitter comes on top: whoever shuts the gate adds it to `until`, and those behind the probe get their own
 */
export function createGate({ clock, random, changed }: GateContext): Gate {
  let shutUntil: number | undefined
  let probe: { by: Visitor; until: number } | undefined
  let places = 0
  let line: Waiting[] = []
  let disarm = () => {}

  /** Lets go whoever may, and comes back when the next one may. */
  const look = () => {
    disarm()
    const now = clock.now()
    if (probe && probe.until <= now) return open()
    for (const each of line) {
      if (dueOf(each) <= now) leave(each, { kind: 'go' })
    }
    const next = Math.min(...line.map(dueOf), probe?.until ?? Infinity)
    if (next < Infinity) disarm = clock.timer(next - now, look)
  }

  const dueOf = ({ dueAt, wish }: Waiting) =>
    probe ? Infinity : Math.max(wish.notBefore, shutUntil ?? dueAt)

  const leave = (waiting: Waiting, turn: Turn) => {
    line = line.filter((each) => each !== waiting)
    waiting.settle(turn)
  }

  const hold = (waiting: Waiting) => {
    const { wish, toldUntil } = waiting
    const until = probe?.until ?? shutUntil ?? 0
    if (until <= Math.max(wish.notBefore, toldUntil, clock.now())) return
    if (until > wish.notAfter) return leave(waiting, { kind: 'held', until })
    waiting.toldUntil = until
    wish.held(until)
  }

  const open = () => {
    shutUntil = undefined
    probe = undefined
    const now = clock.now()
    const delays = line.map(({ wish }) => jitter(wish.jitterMs, random)).sort((a, b) => a - b)
    line.forEach((each, index) => (each.dueAt = now + (delays[index] ?? 0)))
    changed()
    look()
  }

  const shut = (until: number) => {
    shutUntil = Math.max(shutUntil ?? 0, Math.min(until, clock.now() + MAX_SHUT_MS))
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
          const settle = (turn: Turn) => {
            signal.removeEventListener('abort', onAbort)
            if (turn.kind === 'go' && shutUntil !== undefined) {
              probe = { by: visitor, until: clock.now() + PROBE_MS }
            }
            resolve(turn)
          }
          const waiting = { place, wish: { signal, ...rest }, dueAt: 0, toldUntil: 0, settle }
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
