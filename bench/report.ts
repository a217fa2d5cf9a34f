import { cpus } from 'node:os'
import type { Figures, Measured } from './rounds.ts'
import { median } from './statistics.ts'

export interface Circumstances {
  rounds: number
  quick: boolean
  machine: string
}

const COLUMNS: readonly [figure: keyof Figures, title: string][] = [
  ['ttfb', 'TTFB'],
  ['fastP50', '1 ms pace, delay p50'],
  ['fastP99', 'p99'],
  ['calmP50', '30 events/s, delay p50'],
  ['calmP99', 'p99'],
  ['burst', 'burst of 20 000 events'],
  ['other', 'a request that is no chat'],
]

/** A Markdown table: each figure's median over the rounds, its least and greatest, and its ratio to the first path. */
export function report(measured: readonly Measured[], { rounds, quick, machine }: Circumstances): string {
  const [baseline] = measured
  const rows = measured.map((each) => {
    const cells = COLUMNS.map(([figure]) => {
      const of = ({ rounds }: Measured) => rounds.map((round) => round[figure])
      return cell(of(each), baseline && each !== baseline ? of(baseline) : undefined)
    })
    return [each.path.title, ...cells]
  })
  return [
    `Medians of ${rounds} interleaved rounds${quick ? ' (quick: too few to quote)' : ''}, ms (least–greatest) and ratio to no worker. ${machine}`,
    '',
    ...table(['path', ...COLUMNS.map(([, title]) => title)], rows),
  ].join('\n')
}

/** The lines of a Markdown table: names to the left, figures to the right. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(titles), `| --- |${' ---: |'.repeat(titles.length - 1)}`, ...rows.map(line), '']
}

export function describeMachine(browser: string): string {
  const [first] = cpus()
  return `Chromium ${browser}, Node ${process.versions.node}, ${cpus().length} × ${first?.model.trim() ?? 'unknown CPU'}, ${process.platform}, ${new Date().toISOString().slice(0, 10)}.`
}

/** One figure over all rounds, and its ratio to the same figure of another path. */
export function cell(values: readonly number[], baseline?: readonly number[]): string {
  const spread = `${tell(median(values))} (${tell(Math.min(...values))}–${tell(Math.max(...values))})`
  if (!baseline) return spread
  return `${spread} ×${ratio(values, baseline).toFixed(2)}`
}

/** Round by round, so that a round in which the whole machine was slow does not count. */
export function ratio(values: readonly number[], baseline: readonly number[]): number {
  return median(values.map((value, round) => value / (baseline[round] ?? Number.NaN)))
}

/** 10000 as 10 000. */
export function tellCount(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ' ')
}

function tell(ms: number): string {
  return ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2)
}
