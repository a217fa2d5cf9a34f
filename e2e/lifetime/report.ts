import { howCut } from './judge.ts'
import type { RowResult } from './run-row.ts'

const HEAD = [
  'browser',
  'scenario',
  'result',
  'duration',
  'longest lag',
  'page hidden from',
  'slowest 1 s timer of the page',
  'requests upstream',
  'end told',
]

/** A Markdown table, a row a browser and scenario. */
export function report(results: readonly RowResult[], about: string): string {
  return [about, '', line(HEAD), line(HEAD.map(() => '---')), ...results.map(row), ''].join('\n')
}

function row({ browser, scenario, sent, seen, problems }: RowResult): string {
  const cut = seen && scenario.isControl && problems.length === 0 ? howCut(sent, seen) : 'whole'
  const result = problems.length === 0 ? cut : `**${problems.join('; ')}**`
  const measured = seen
    ? [
        seconds(seen.durationMs),
        `${seen.maxLagMs} ms`,
        seen.hiddenAtMs === undefined ? 'never' : seconds(seen.hiddenAtMs),
        seconds(seen.slowestTickMs),
      ]
    : ['', '', '', '']
  return line([browser, scenario.title, result, ...measured, String(sent.requests), seen?.end ?? ''])
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}
