import type { Random } from '../../core/clock.ts'
import { between, betweenLog, chanceOf, lastsFor, logNormal } from './chance.ts'
import { MIX } from './mix.ts'

/** A time of one browser or its key. Instants in ms after the beginning. */
interface Spell {
  from: number
  until: number
}

/** One browser: its tabs share a key, a network, and what a worker knows of limits. */
export interface Session {
  id: number
  /** The part of a 429 that its pages can read. */
  hint: 'header' | 'body' | 'none'
  quotaSpent: boolean
  limits: Spell[]
  offline: Spell[]
}

/** One question, and what is settled about it before anybody sends it. */
export interface Chat {
  id: number
  session: Session
  /** ms after the beginning. */
  at: number
  model: string
  /** Absent: a plain model's. */
  reasoning?: { thinkingMs: number; visible: boolean; lateHeaders: boolean }
  /** From the first word of the answer to its last, ms. */
  streamMs: number
  /** How long the save of the person's message takes; `Infinity` when it is never answered. */
  saveMs: number
}

/** The month's chats, in their order. */
export function planChats(seed: number, count: number = MIX.chats): Chat[] {
  const chats: Chat[] = []
  for (let id = 0; chats.length < count; id++) {
    const random = chanceOf(seed, 2, id)
    const session = planSession(random, id)
    const beginsAt = between(random, 0, MIX.spanMs)
    const { chats: mean, gap, manyTabs, tabsApartMs } = MIX.session
    const tabs = random() < manyTabs ? 2 + Math.floor(random() * 3) : 1
    const ends = Array.from({ length: tabs }, () => beginsAt + random() * tabsApartMs)
    do {
      const tab = Math.floor(random() * tabs)
      // Whole ms, which epoch times can hold: what begins with a chat must not begin after it.
      const at = Math.round(ends[tab] ?? beginsAt)
      ends[tab] = at + lastsFor(random, gap)
      chats.push(planChat(random, session, at))
    } while (random() < 1 - 1 / mean)
  }
  const inOrder = chats.slice(0, count).sort((a, b) => a.at - b.at)
  inOrder.forEach((chat, id) => (chat.id = id))
  return inOrder
}

/** A browser, before anybody asks. */
export function planSession(random: Random, id: number): Session {
  const { hint, quotaSpent } = MIX.limit
  const { header, body } = random() < MIX.throughOwnBackend ? hint.ownBackend : hint.crossOrigin
  const says = random()
  return {
    id,
    hint: says < header ? 'header' : says < header + body ? 'body' : 'none',
    quotaSpent: random() < quotaSpent,
    limits: [],
    offline: [],
  }
}

/** A chat of it, and what begins with that. */
export function planChat(random: Random, session: Session, at: number): Chat {
  const { limit, offline, reasoning, answer, save } = MIX
  if (random() < limit.begins) session.limits.push({ from: at, until: at + limitFor(random) })
  if (random() < offline.begins) session.offline.push({ from: at, until: at + lastsFor(random, offline.for) })
  const thinks = random() < reasoning.share
  const tokens = logNormal(random, answer.tokens.median, answer.tokens.sigma)
  const perSecond = logNormal(random, answer.tokensPerSecond.median, answer.tokensPerSecond.sigma)
  const saved = random()
  return {
    id: 0,
    session,
    at,
    model: !thinks ? 'gpt-4o' : random() < reasoning.unknownName ? 'our-assistant' : 'deepseek-reasoner',
    ...(thinks
      ? {
          reasoning: {
            thinkingMs: lastsFor(random, reasoning.thinking),
            visible: random() < reasoning.visible,
            lateHeaders: random() < reasoning.lateHeaders,
          },
        }
      : {}),
    streamMs: (tokens / perSecond) * 1_000,
    saveMs:
      saved < save.hangs
        ? Infinity
        : saved < save.hangs + save.slow
          ? between(random, save.slowFromMs, save.slowToMs)
          : lastsFor(random, save.usual),
  }
}

/** The rest of a limit that a chat meets. */
function limitFor(random: Random): number {
  const { minute, short, long } = MIX.limit
  const kind = random()
  if (kind < minute.share) return between(random, minute.fromMs, minute.toMs)
  if (kind < minute.share + short.share) return between(random, short.fromMs, short.toMs)
  return betweenLog(random, long.fromMs, long.toMs)
}
