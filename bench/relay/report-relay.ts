import { plot } from '../plot.ts'
import { cell, type Circumstances, table } from '../report.ts'
import { median } from '../statistics.ts'
import type { Figures, Measured } from './measure-relay.ts'

const COLUMNS: readonly [figure: keyof Figures, title: string][] = [
  ['ttfb', 'TTFB'],
  ['fastP50', '1 ms pace, delay p50'],
  ['fastP99', 'p99'],
  ['calmP50', '30 events/s, delay p50'],
  ['calmP99', 'p99'],
  ['burst', 'burst of 20 000 events'],
  ['crowdP50', '100 streams of 10 events/s, delay p50'],
  ['crowdP99', 'p99'],
  ['crowdCpu', 'CPU of the browser per 1 000 of their events'],
  ['other', 'a request that is no chat'],
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
      points: measured.flatMap(({ path, rounds }) =>
        paces.map(([figure, pace]) => ({
          series: path.title.replaceAll('`', ''),
          x: pace,
          y: median(rounds.map((round) => round[figure])),
        })),
      ),
    }),
  }
}
