import { type Figures, figuresOf } from './figures.ts'
import type { Policy } from './policy.ts'
import { runInThread } from './run-in-thread.ts'
import type { Seen } from './run-policy.ts'
import { TABS_IN_AN_OUTAGE, type Trouble, troubleOf } from './troubles.ts'
import { planWorld } from './world.ts'

/** One chat as one policy had it. */
export interface Lived extends Seen {
  seed: number
  trouble: Trouble
}

export interface Simulated {
  policy: Policy
  /** One for each seed, in their order. */
  figures: Figures[]
  /** The chats of all seeds, those of the three tabs included. */
  lived: Lived[]
}

export interface Simulation {
  policies: readonly Policy[]
  seeds: readonly number[]
  chats: number
  /** Told after each run. */
  ran?: (seed: number, policy: Policy) => void
}

/** Lets every policy have the same chats, seed by seed. */
export async function simulate({ policies, seeds, chats: count, ran }: Simulation): Promise<Simulated[]> {
  const all = policies.map((policy): Simulated => ({ policy, figures: [], lived: [] }))
  for (const seed of seeds) {
    const { chats, outages } = planWorld('month', seed, count)
    const troubles = chats.map((chat) => troubleOf(seed, outages, chat))
    const running = all.map(async ({ policy }) => {
      const runs = await runInThread(policy, seed, count)
      ran?.(seed, policy)
      return runs
    })
    for (const [index, { figures, lived }] of all.entries()) {
      const run = await running[index]
      if (!run) continue
      figures.push(figuresOf(run.month))
      for (const each of run.month.seen) {
        const trouble = troubles[each.chat.id]
        if (trouble) lived.push({ ...each, seed, trouble })
      }
      for (const each of run.tabs.seen) lived.push({ ...each, seed, trouble: TABS_IN_AN_OUTAGE })
    }
  }
  return all
}
