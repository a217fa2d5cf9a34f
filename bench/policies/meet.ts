import type { Random } from '../../core/clock.ts'
import { between, chanceOf, lastsFor } from './chance.ts'
import type { Chat } from './chats.ts'
import { MIX } from './mix.ts'
import { type Outage, outageAt } from './outages.ts'

/** The provider's reaction to one attempt. Durations in ms from its arrival; `Infinity`: never. */
export type Meeting =
  | { kind: 'network_error'; afterMs: number; why: 'offline' | 'reset' }
  | { kind: 'refusal'; afterMs: number; status: number; why: Why; retryAfterMs?: number }
  /** Nothing, until a gateway answers 504. */
  | { kind: 'hang'; gatewayMs: number; worksMs: number; why: 'hang' | Outage['kind'] }
  | Accepted

type Why = 'limit' | 'quota' | 'server_error' | Outage['kind']

export interface Accepted {
  kind: 'accepted'
  headersMs: number
  /** When the model begins to work. */
  worksMs: number
  /** The first word, be it a thought. */
  outputMs: number
  /** The last one. */
  lastMs: number
  /** Comments before the first output come so often; 0: none. */
  keepAliveMs: number
  /** Its outcome: `whole`, or broken off at `atMs`. */
  end:
    | { kind: 'whole' }
    | { kind: 'reset' | 'cut' | 'error_event'; atMs: number }
    /** Silence from then on, until a gateway resets it. */
    | { kind: 'stall'; atMs: number; gatewayMs: number }
  isSlow: boolean
}

/**
 * The provider's reaction to attempt number `attempt` of a chat that arrives `at` (ms after the beginning). Pure: the same for every
 * policy that sends it then.
 */
export function meet(
  seed: number,
  outages: readonly Outage[],
  chat: Chat,
  attempt: number,
  at: number,
): Meeting {
  const random = chanceOf(seed, 3, chat.id, attempt)
  const { session } = chat
  const refusalMs = lastsFor(random, MIX.refusal)
  const serverError = (why: Why): Meeting => ({
    kind: 'refusal',
    afterMs: refusalMs,
    status: [500, 502, 503][Math.floor(random() * 3)] ?? 500,
    why,
  })

  if (isIn(session.offline, at)) return { kind: 'network_error', afterMs: refusalMs, why: 'offline' }
  const outage = outageAt(outages, at)
  if (outage) {
    const { partial, overloaded, hanging } = MIX.outages
    const share = { down: 1, blip: 1, partial, overloaded, hanging }[outage.kind]
    if (random() < share) {
      if (outage.kind === 'hanging') return hang(random, outage.kind)
      if (outage.kind !== 'overloaded') return serverError(outage.kind)
      return { kind: 'refusal', afterMs: refusalMs, status: random() < 0.5 ? 429 : 503, why: 'overloaded' }
    }
  }
  if (session.quotaSpent) return { kind: 'refusal', afterMs: refusalMs, status: 429, why: 'quota' }
  const limit = isIn(session.limits, at)
  if (limit) {
    const retryAfterMs = Math.max(limit.until - at - refusalMs, 0)
    return { kind: 'refusal', afterMs: refusalMs, status: 429, why: 'limit', retryAfterMs }
  }

  const { fault } = MIX
  const fate = drawFate(random)
  if (fate === 'serverError') return serverError('server_error')
  if (fate === 'reset') return { kind: 'network_error', afterMs: refusalMs, why: 'reset' }
  if (fate === 'hang') return hang(random, 'hang', random() < fault.hangWorks)
  const answer = planAnswer(seed, random, chat, attempt)
  return { ...answer, end: endOf(random, fate, answer) }
}

type Fate = Exclude<keyof typeof MIX.fault, 'hangWorks'>

function drawFate(random: Random): Fate | undefined {
  const { hangWorks: _, ...faults } = MIX.fault
  let left = random()
  for (const [name, share] of Object.entries(faults)) {
    left -= share
    if (left < 0) return name as Fate
  }
  return undefined
}

function hang(random: Random, why: 'hang' | 'hanging', works = false): Meeting {
  return { kind: 'hang', gatewayMs: gatewayFor(random), worksMs: works ? 500 : Infinity, why }
}

function gatewayFor(random: Random): number {
  const { share, fromMs, toMs } = MIX.gateway
  const ms = between(random, fromMs, toMs)
  return random() < share ? ms : Infinity
}

function planAnswer(seed: number, random: Random, chat: Chat, attempt: number): Omit<Accepted, 'end'> {
  const { plain } = MIX
  const usualMs = lastsFor(random, plain.firstOutput)
  // Headers a little before the first word: that a request was taken is known sooner than what it says.
  const quick = {
    kind: 'accepted' as const,
    headersMs: 0.6 * usualMs,
    worksMs: 0.3 * usualMs,
    keepAliveMs: 0,
  }
  if (chat.reasoning) {
    const { visible, lateHeaders, thinkingMs } = chat.reasoning
    // The same question, thought through anew.
    const thoughtMs = usualMs + thinkingMs * between(random, 0.8, 1.2)
    return {
      ...quick,
      headersMs: !visible && lateHeaders ? thoughtMs - 0.4 * usualMs : quick.headersMs,
      outputMs: visible ? usualMs : thoughtMs,
      lastMs: thoughtMs + chat.streamMs,
      isSlow: false,
    }
  }
  const queueMs = queueFor(seed, chat, attempt)
  const outputMs = usualMs + queueMs
  const isKeptAlive = queueMs > 0 && random() < plain.slowKeptAlive
  return {
    ...quick,
    headersMs: quick.headersMs + (isKeptAlive ? 0 : queueMs),
    worksMs: quick.worksMs + queueMs,
    keepAliveMs: isKeptAlive ? 10_000 : 0,
    outputMs,
    lastMs: outputMs + chat.streamMs,
    isSlow: queueMs > 0,
  }
}

/** How long an attempt is queued: whether it is depends on whether the one before it was. */
function queueFor(seed: number, chat: Chat, attempt: number): number {
  const { slow, slowAgain, queue } = MIX.plain
  const random = chanceOf(seed, 4, chat.id, attempt)
  const chance = attempt > 1 && queueFor(seed, chat, attempt - 1) > 0 ? slowAgain : slow
  return random() < chance ? lastsFor(random, queue) : 0
}

function endOf(random: Random, fate: Fate | undefined, answer: Omit<Accepted, 'end'>): Accepted['end'] {
  const { headersMs, outputMs, lastMs } = answer
  const before = between(random, headersMs, outputMs)
  // Between the first and the last word: both have been said, or neither is missing.
  const amid = between(random, outputMs + 1, lastMs)
  const gatewayMs = gatewayFor(random)
  switch (fate) {
    case 'hangAfterHeaders':
      return { kind: 'stall', atMs: before, gatewayMs }
    case 'errorBeforeOutput':
      return { kind: 'error_event', atMs: before }
    case 'resetBeforeOutput':
      return { kind: 'reset', atMs: before }
    case 'resetAfterOutput':
      return { kind: 'reset', atMs: amid }
    case 'cutAfterOutput':
      return { kind: 'cut', atMs: amid }
    case 'errorAfterOutput':
      return { kind: 'error_event', atMs: amid }
    case 'stallAfterOutput':
      return { kind: 'stall', atMs: amid, gatewayMs }
    case 'serverError':
    case 'reset':
    case 'hang':
    case undefined:
      return { kind: 'whole' }
  }
}

function isIn<Spell extends { from: number; until: number }>(
  spells: readonly Spell[],
  at: number,
): Spell | undefined {
  return spells.find(({ from, until }) => from <= at && at < until)
}
