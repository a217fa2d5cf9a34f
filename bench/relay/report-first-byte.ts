import { atMost } from '../aims.ts'
import { BARE, OURS, type Path } from '../paths.ts'
import { type Aim, cell, type Circumstances, table, tell } from '../report.ts'
import { median } from '../statistics.ts'
import type { FirstBytes } from './measure-first-byte.ts'

/** A Markdown table: the time to the first byte, and what each path takes more than the one before. */
export function reportFirstByte(
  measured: readonly FirstBytes[],
  { rounds, quick, machine }: Circumstances,
): string {
  const rows = measured.map(({ path, rounds }, index) => {
    const before = measured[index - 1]?.rounds
    const more = before && median(rounds.map((ms, round) => ms - (before[round] ?? Number.NaN)))
    return [
      path.title,
      cell(rounds),
      more === undefined ? '' : `${more < 0 ? '−' : '+'}${Math.abs(more).toFixed(2)}`,
    ]
  })
  return [
    `The first byte, by workers that each do one thing more than the one above: medians of ${rounds} interleaved rounds${quick ? ' (quick: too few to quote)' : ''}, ms (least–greatest). Each request begins as the one before ends, and the upstream responds immediately, so work next to the byte path has no time of its own here. ${machine}`,
    '',
    ...table(['a worker that does', 'first byte', 'compared with the one above'], rows),
  ].join('\n')
}

/** A Markdown table: the time to the first byte of a worker that was stopped before. */
export function reportColdStart(measured: readonly FirstBytes[]): string {
  const [first] = measured
  return [
    `The first byte through a worker that was stopped before: medians of ${first?.rounds.length} interleaved starts, ms (least–greatest).`,
    '',
    ...table(
      ['a worker that was stopped', 'first byte'],
      measured.map(({ path, rounds }) => [path.title, cell(rounds)]),
    ),
  ].join('\n')
}

export function aimsOfColdStart(measured: readonly FirstBytes[]): Aim[] {
  const of = (path: Path) => measured.find((each) => each.path === path)?.rounds ?? []
  const bare = of(BARE)
  const found = median(of(OURS).map((ms, round) => ms - (bare[round] ?? Number.NaN)))
  const aim = `a stopped worker answers at most 10 ms later than ${BARE.title}`
  return [atMost(aim, found, 10, (ms) => `${ms < 0 ? '−' : '+'}${tell(Math.abs(ms))} ms`)]
}
