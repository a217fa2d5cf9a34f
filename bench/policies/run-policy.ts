import { chanceOf } from './chance.ts'
import type { Chat } from './chats.ts'
import { meet } from './meet.ts'
import { MIX } from './mix.ts'
import type { Outage } from './outages.ts'
import type { Ask, Policy } from './policy.ts'
import { type Attempt, createProvider, LAST_WORD } from './provider.ts'
import { networkOf } from './network-of.ts'
import { createVirtualClock } from './virtual-clock.ts'
import { useVirtualGlobals } from './virtual-globals.ts'

/** One user's view of one chat. Durations in ms from the question. */
export interface Seen {
  chat: Chat
  firstOutputMs?: number
  /** How it ended: all of it; a part of it, taken for all; an error, told; nothing, until nobody looked any more. */
  end: 'whole' | 'cut' | 'told' | 'never'
  endMs: number
}

export interface Run {
  policy: Policy
  /** Epoch ms. */
  beganAt: number
  seen: Seen[]
  attempts: Attempt[]
}

/** Runs all chats by one policy, on one clock. The same seed gives the same numbers. */
export async function runPolicy(
  policy: Policy,
  seed: number,
  chats: readonly Chat[],
  outages: readonly Outage[],
): Promise<Run> {
  const clock = createVirtualClock()
  const beganAt = clock.now()
  const random = chanceOf(seed, 5)
  const provider = createProvider({ seed, clock, outages })
  const browsers = new Map<number, Ask>()
  const seen: Seen[] = []

  const begin = async (chat: Chat) => {
    const { session } = chat
    const network = networkOf(session, clock, beganAt)
    const ask = browsers.get(session.id) ?? policy.open({ clock, random, network })
    browsers.set(session.id, ask)
    const gone = new AbortController()
    const disarm = clock.timer(MIX.watchMs, () => gone.abort())
    let firstOutputMs: number | undefined
    let last = ''
    let end: Seen['end']
    try {
      await ask({
        chat,
        fetch: provider.fetchFor(chat),
        signal: gone.signal,
        foresee: (attempt, at) => meet(seed, outages, chat, attempt, at - beganAt),
        heard: (text) => {
          firstOutputMs ??= clock.now() - beganAt - chat.at
          last = text
        },
      })
      end = last.endsWith(LAST_WORD) ? 'whole' : 'cut'
    } catch {
      end = 'told' // Why is of no interest: it is told.
    }
    if (gone.signal.aborted) end = 'never'
    disarm()
    const endMs = clock.now() - beganAt - chat.at
    seen.push({ chat, end, endMs, ...(firstOutputMs === undefined ? {} : { firstOutputMs }) })
  }

  for (const chat of chats) clock.timer(chat.at, () => void begin(chat))
  if (policy.usesGlobals) {
    using _ = useVirtualGlobals(clock, random)
    await clock.run()
  } else await clock.run()
  return { policy, beganAt, seen: seen.sort((a, b) => a.chat.id - b.chat.id), attempts: provider.attempts }
}
