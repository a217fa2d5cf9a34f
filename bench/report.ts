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
]

/** A Markdown table: each figure's median over the rounds, its least and greatest, and its ratio to the first path. */
export function report(measured: readonly Measured[], { rounds, quick, machine }: Circumstances): string {
  const [baseline] = measured
  const rows = measured.map((each) => {
    const cells = COLUMNS.map(([figure]) => cell(each, figure, each === baseline ? undefined : baseline))
    return `| ${[each.path.title, ...cells].join(' | ')} |`
  })
  return [
    `Medians of ${rounds} interleaved rounds${quick ? ' (quick: too few to quote)' : ''}, ms (least–greatest) and ratio to no worker. ${machine}`,
    '',
    `| ${['path', ...COLUMNS.map(([, title]) => title)].join(' | ')} |`,
    `| --- |${' ---: |'.repeat(COLUMNS.length)}`,
    ...rows,
    '',
  ].join('\n')
}

export function describeMachine(browser: string): string {
  const [first] = cpus()
  return `Chromium ${browser}, Node ${process.versions.node}, ${cpus().length} × ${first?.model.trim() ?? 'unknown CPU'}, ${process.platform}, ${new Date().toISOString().slice(0, 10)}.`
}

function cell(measured: Measured, figure: keyof Figures, baseline: Measured | undefined): string {
  const values = measured.rounds.map((round) => round[figure])
  const spread = `${tell(median(values))} (${tell(Math.min(...values))}–${tell(Math.max(...values))})`
  if (!baseline) return spread
  // Round by round, so that a round in which the whole machine was slow does not count.
  const ratios = values.map((value, round) => value / (baseline.rounds[round]?.[figure] ?? Number.NaN))
  return `${spread} ×${median(ratios).toFixed(2)}`
}

function tell(ms: number): string {
  return ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2)
}
