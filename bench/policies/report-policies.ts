import { table, tellCount } from '../report.ts'
import { type Interval, meanInterval, median } from '../statistics.ts'
import { answersMore, shareAnswered, shareOf } from './compare.ts'
import type { Figures } from './figures.ts'
import { oraclePolicy } from './policy-oracle.ts'
import { streamkeeperPolicy } from './policy-streamkeeper.ts'
import type { Lived, Simulated } from './simulate.ts'
import { TROUBLES } from './troubles.ts'

export interface Circumstances {
  seeds: readonly number[]
  chats: number
  machine: string
}

const COLUMNS: readonly [figure: keyof Figures, title: string, digits: number][] = [
  ['answered', 'complete responses, %', 2],
  ['cut', 'cut, taken for complete', 1],
  ['never', 'no outcome', 1],
  ['outputP50', 'first output p50, s', 2],
  ['outputP95', 'p95', 1],
  ['outputP99', 'p99', 1],
  ['toldP50', 'error after p50, s', 1],
  ['toldP95', 'p95', 0],
  ['idleHours', 'no request under way, h', 2],
  ['requests', 'requests', 0],
  ['paidInVain', 'wasted 2xx', 0],
  ['begunInVain', 'wasted work', 0],
]

/** Markdown tables: each policy's figures over the seeds, what became of the chats by what they met, and who is better. */
export function reportPolicies(
  simulated: readonly Simulated[],
  { seeds, chats, machine }: Circumstances,
): string {
  const rows = simulated.map(({ policy, figures }) => [
    policy.title,
    ...COLUMNS.map(([figure, , digits]) => tell(meanInterval(figures.map((each) => each[figure])), digits)),
  ])
  return [
    `${tellCount(chats)} chats of a month by each policy: ${tellSeeds(seeds)}. ${machine}`,
    '',
    ...table(['policy', ...COLUMNS.map(([, title]) => title)], rows),
    'By the fault that the first attempt meets: % of complete responses, and the median time to the first output of those that had one; all seeds together.',
    '',
    ...troubleTable(simulated),
    ...verdicts(simulated),
  ].join('\n')
}

function troubleTable(simulated: readonly Simulated[]): string[] {
  const rows = TROUBLES.flatMap((trouble) => {
    const [some = [], ...others] = simulated.map(({ lived }) =>
      lived.filter((each) => each.trouble === trouble),
    )
    if (some.length === 0) return []
    return [[trouble, tellCount(some.length), ...[some, ...others].map(tellLived)]]
  })
  return table(['fault', 'chats', ...simulated.map(({ policy }) => policy.title)], rows)
}

function tellLived(lived: readonly Lived[]): string {
  const outputs = lived.flatMap(({ firstOutputMs }) => firstOutputMs ?? [])
  const { value, halfWidth } = shareAnswered(lived)
  const share = `${tell({ value: 100 * value, halfWidth: 100 * halfWidth }, 1)} %`
  return outputs.length === 0 ? share : `${share}, ${(median(outputs) / 1_000).toFixed(1)} s`
}

/** Where streamkeeper stands beside the oracle, and beside whoever does better in one trouble. */
function verdicts(simulated: readonly Simulated[]): string[] {
  const one = simulated.find(({ policy }) => policy.name === streamkeeperPolicy.name)
  const oracle = simulated.find(({ policy }) => policy.name === oraclePolicy.name)
  if (!one || !oracle) return []
  const { value, halfWidth } = shareOf(one, oracle)
  const better = TROUBLES.flatMap((trouble) =>
    simulated.flatMap((other) => {
      if (other === one || other === oracle) return []
      const more = answersMore(trouble, other, one)
      if (!(more.value > more.halfWidth)) return []
      return [`${trouble}: ${other.policy.title}, ${tell(more, 1)} chats of a seed more`]
    }),
  )
  return [
    `Of the chats that the oracle completes, streamkeeper completes ${tell({ value: 100 * value, halfWidth: 100 * halfWidth }, 2)} %.`,
    '',
    `Another policy completes more chats than streamkeeper, beyond the noise of the seeds: ${better.join('; ') || 'nowhere'}.`,
    '',
  ]
}

function tellSeeds(seeds: readonly number[]): string {
  const [first = 0] = seeds
  return seeds.length > 1
    ? `mean of the seeds ${first} to ${seeds.at(-1)}, ± its 95 % interval`
    : `seed ${seeds.join()}`
}

function tell({ value, halfWidth }: Interval, digits: number): string {
  const number = (each: number) =>
    Number.isNaN(each) ? '–' : digits === 0 ? tellCount(Math.round(each)) : each.toFixed(digits)
  return Number.isNaN(halfWidth) || halfWidth === 0
    ? number(value)
    : `${number(value)} ± ${number(halfWidth)}`
}
