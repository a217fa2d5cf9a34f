import { between, chanceOf, lastsFor } from './chance.ts'
import { type Chat, planChat, planSession } from './chats.ts'
import { MIX } from './mix.ts'
import type { Outage } from './outages.ts'

/** One for so many chats of the month. */
const CHATS_PER_GROUP = 200
const TABS = 3
const APART_MS = 3_600_000

/** A case that is rare in the mix alone: three tabs of one browser that ask within seconds, and meet the same outage. */
export function planTabs(seed: number, count: number): { chats: Chat[]; outages: Outage[] } {
  const chats: Chat[] = []
  const outages: Outage[] = []
  for (let group = 0; group < count / CHATS_PER_GROUP; group++) {
    const random = chanceOf(seed, 6, group)
    const from = group * APART_MS
    // The last of them meets it for as long as a blip lasts.
    const until = from + MIX.session.tabsApartMs + lastsFor(random, MIX.outages.blip)
    outages.push({ kind: 'blip', from, until })
    const session = planSession(random, group)
    for (let tab = 0; tab < TABS; tab++) {
      const at = Math.round(from + between(random, 0, MIX.session.tabsApartMs))
      chats.push(planChat(random, session, at))
    }
  }
  chats.sort((a, b) => a.at - b.at).forEach((chat, id) => (chat.id = id))
  return { chats, outages }
}
