import { table, tellCount } from '../report.ts'
import { median } from '../statistics.ts'
import type { Figures } from './figures.ts'
import type { Lived, Simulated } from './simulate.ts'
import { TROUBLES } from './troubles.ts'

export interface Circumstances {
  seeds: readonly number[]
  chats: number
  machine: string
}

const COLUMNS: readonly [figure: keyof Figures, title: string, digits: number][] = [
  ['answered', 'answered whole, %', 2],
  ['cut', 'cut, taken for whole', 0],
  ['never', 'never told', 0],
  ['outputP50', 'first output p50, s', 2],
  ['outputP95', 'p95', 1],
  ['outputP99', 'p99', 1],
  ['toldP50', 'error told after p50, s', 1],
  ['toldP95', 'p95', 0],
  ['idleHours', 'nothing under way, h', 2],
  ['requests', 'requests', 0],
  ['paidInVain', '2xx in vain', 0],
  ['begunInVain', 'work in vain', 0],
]

/** Markdown tables: each policy's figures over the seeds, and what became of the chats by what they met. */
export function reportPolicies(
  simulated: readonly Simulated[],
  { seeds, chats, machine }: Circumstances,
): string {
  const rows = simulated.map(({ policy, figures }) => [
    policy.title,
    ...COLUMNS.map(([figure, , digits]) =>
      spread(
        figures.map((each) => each[figure]),
        digits,
      ),
    ),
  ])
  return [
    `${tellCount(chats)} chats of a month by each policy: ${tellSeeds(seeds)}. ${machine}`,
    '',
    ...table(['policy', ...COLUMNS.map(([, title]) => title)], rows),
    `By what the first attempt meets: % answered whole, and the median until the first output of those with one; all seeds together.`,
    '',
    ...troubleTable(simulated),
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
  return table(['it meets', 'chats', ...simulated.map(({ policy }) => policy.title)], rows)
}

function tellLived(lived: readonly Lived[]): string {
  const outputs = lived.flatMap(({ firstOutputMs }) => firstOutputMs ?? [])
  const share = `${shareAnswered(lived).toFixed(1)} %`
  return outputs.length === 0 ? share : `${share}, ${(median(outputs) / 1_000).toFixed(1)} s`
}

/** Percent. */
export function shareAnswered(lived: readonly Lived[]): number {
  return (100 * lived.filter(({ end }) => end === 'whole').length) / lived.length
}

function tellSeeds(seeds: readonly number[]): string {
  return seeds.length > 1
    ? `median (least–greatest) of the seeds ${seeds.join(', ')}`
    : `seed ${seeds.join()}`
}

function spread(values: readonly number[], digits: number): string {
  const tell = (value: number) =>
    digits === 0 ? tellCount(Math.round(value)) : Number.isNaN(value) ? '–' : value.toFixed(digits)
  const range = values.length > 1 ? ` (${tell(Math.min(...values))}–${tell(Math.max(...values))})` : ''
  return `${tell(median(values))}${range}`
}
