import { type Interval, meanInterval, shareInterval } from '../statistics.ts'
import type { Lived, Simulated } from './simulate.ts'
import type { Trouble } from './troubles.ts'

/** The share of these chats that were answered whole, by what the seeds say together. */
export function shareAnswered(lived: readonly Lived[]): Interval {
  return shareInterval(bySeed(lived).map((some) => [countAnswered(some), some.length]))
}

/** How many more of the chats in that trouble the other policy answers: per seed, in its mean. */
export function answersMore(trouble: Trouble, other: Simulated, one: Simulated): Interval {
  const counts = [other, one].map(({ lived }) =>
    bySeed(lived).map((some) => countAnswered(some.filter((each) => each.trouble === trouble))),
  )
  return meanInterval(counts[0]?.map((count, seed) => count - (counts[1]?.[seed] ?? Number.NaN)) ?? [])
}

/** The share of the other policy's complete chats that this policy completes, chats of the month only. */
export function shareOf(one: Simulated, other: Simulated): Interval {
  return shareInterval(
    one.figures.map(({ answered }, seed) => [answered, other.figures[seed]?.answered ?? Number.NaN]),
  )
}

function bySeed(lived: readonly Lived[]): Lived[][] {
  const seeds = Map.groupBy(lived, ({ seed }) => seed)
  return [...seeds.values()]
}

function countAnswered(lived: readonly Lived[]): number {
  return lived.filter(({ end }) => end === 'whole').length
}
