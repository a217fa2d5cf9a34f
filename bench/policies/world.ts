import { type Chat, planChats } from './chats.ts'
import { type Outage, planOutages } from './outages.ts'
import { planTabs } from './tabs.ts'

/** The input of all policies: the month of the mix, and three tabs that meet an outage together. */
export const WORLDS = ['month', 'tabs'] as const

export type World = (typeof WORLDS)[number]

export function planWorld(world: World, seed: number, count: number): { chats: Chat[]; outages: Outage[] } {
  if (world === 'tabs') return planTabs(seed, count)
  return { chats: planChats(seed, count), outages: planOutages(seed) }
}
