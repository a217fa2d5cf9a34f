import { atMost } from '../aims.ts'
import { BARE, MEMORY, NONE, OURS, type Path, RELAY } from '../paths.ts'
import { plot } from '../plot.ts'
import { type Aim, cell, type Circumstances, ratio, table, tell } from '../report.ts'
import { median } from '../statistics.ts'
import type { Figures, Measured } from './measure-relay.ts'

const COLUMNS: readonly [figure: keyof Figures, title: string][] = [
  ['ttfb', 'TTFB'],
  ['fastP50', '1 ms pace, delay p50'],
  ['fastP99', 'p99'],
  ['calmP50', '30 events/s, delay p50'],
  ['calmP99', 'p99'],
  ['burst', 'burst of 20 000 events'],
  ['crowdP50', '100 streams of 10 events/s, steady, delay p50'],
  ['crowdP99', 'p99'],
  ['crowdCpu', 'CPU of the browser per 1 000 of their events'],
  ['other', 'a request that is not a chat'],
]

/** A Markdown table: each figure's median over the rounds, its least and greatest, and its ratio to the first path. */
export function reportRelay(
  measured: readonly Measured[],
  { rounds, quick, machine }: Circumstances,
): string {
  const [baseline] = measured
  const rows = measured.map((each) => {
    const cells = COLUMNS.map(([figure]) => {
      const of = ({ rounds }: Measured) => rounds.map((round) => round[figure])
      if (of(each).every(Number.isNaN)) return '–'
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

/** Aims of which a path is missing are left out. */
export function aimsOfRelay(measured: readonly Measured[]): Aim[] {
  const of = (path: Path, figure: keyof Figures) =>
    measured.find((each) => each.path === path)?.rounds.map((round) => round[figure])
  const more = (aim: string, path: Path, than: Path, figure: keyof Figures, limit: number): Aim[] => {
    const [values, base] = [of(path, figure), of(than, figure)]
    if (!values || !base) return []
    const found = median(values.map((value, round) => value - (base[round] ?? Number.NaN)))
    return [atMost(aim, found, limit, (ms) => `${ms < 0 ? '−' : '+'}${tell(Math.abs(ms))} ms`)]
  }
  const times = (what: string, path: Path, figure: keyof Figures, limit: number, than = BARE): Aim[] => {
    const [values, base] = [of(path, figure), of(than, figure)]
    if (!values || !base) return []
    const aim = `${what}: at most ${limit} times that of ${than.title}`
    return [atMost(aim, ratio(values, base), limit, (found) => `×${found.toFixed(2)}`)]
  }
  return [
    ...more(
      'an event at 1 ms pace comes at most 0.15 ms later than by `respondWith(fetch())` (p50)',
      OURS,
      RELAY,
      'fastP50',
      0.15,
    ),
    ...more('the first byte comes at most 3 ms later than by `respondWith(fetch())`', OURS, RELAY, 'ttfb', 3),
    ...times('the time of a request that is not a chat', OURS, 'other', 1.1, NONE),
    ...times("the time of a burst of 20 000 events, `journal: 'memory'`", MEMORY, 'burst', 1.15),
    ...times('the time of a burst of 20 000 events', OURS, 'burst', 1.3),
    ...times('the CPU for 1 000 events of 100 streams', OURS, 'crowdCpu', 1.2),
    ...times('the delay of an event of 100 streams (p50)', OURS, 'crowdP50', 1.5),
    ...times('the delay of an event of 100 streams (p99)', OURS, 'crowdP99', 1.5),
  ]
}

/** SVGs by name: what an event's way takes, at each pace. */
export async function plotRelay(measured: readonly Measured[]): Promise<Record<string, string>> {
  const paces = [
    ['fastP50', '1 ms pace'],
    ['calmP50', '30 events/s'],
    ['crowdP50', '100 streams of 10 events/s'],
  ] as const
  return {
    delays: await plot({
      kind: 'bars',
      title: 'From the server to the page, per event',
      subtitle: `median of ${measured[0]?.rounds.length ?? 0} rounds of the median delay`,
      x: { title: '' },
      y: { title: 'ms' },
      points: measured
        .flatMap(({ path, rounds }) =>
          paces.map(([figure, pace]) => ({
            series: path.title.replaceAll('`', ''),
            x: pace,
            y: median(rounds.map((round) => round[figure])),
          })),
        )
        .filter(({ y }) => !Number.isNaN(y)),
    }),
  }
}
