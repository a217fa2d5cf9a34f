import { howCut } from './judge.ts'
import type { Seen } from './page/seen.ts'
import type { RowResult } from './run-row.ts'
import type { Scenario } from './scenarios.ts'
import type { Sent } from './upstream.ts'

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
  const result = problems.length === 0 && seen ? outcome(scenario, sent, seen) : `**${problems.join('; ')}**`
  const measured = seen
    ? [
        seconds(seen.durationMs),
        `${seen.maxLagMs} ms`,
        seen.hiddenAtMs === undefined ? 'never' : seconds(seen.hiddenAtMs),
        seconds(seen.slowestTickMs),
      ]
    : ['', '', '', '']
  const told = seen?.later ? `${seen.later.verdict}` : seen?.end
  return line([browser, scenario.title, result, ...measured, String(sent.requests), told ?? ''])
}

/** In words, what became of an answer of which all is as it should be. */
function outcome({ isControl, closeAtMs }: Scenario, sent: Sent, seen: Seen): string {
  if (isControl) return howCut(sent, seen)
  if (closeAtMs === undefined || seen.later?.verdict === 'complete') return 'whole'
  const last = Number(/.*"sent_at":(\d+)/s.exec(seen.text)?.[1])
  return `what came in the first ${seconds(last - (sent.closedAt ?? 0))} after it had closed`
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}
