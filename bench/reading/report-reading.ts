import { atMost } from '../aims.ts'
import { type Aim, cell, type Circumstances, table, tell, tellCount } from '../report.ts'
import { median } from '../statistics.ts'
import type { ReadingTimes } from './measure-reading.ts'

/** A Markdown table: what the inspection takes for a long response of each protocol. */
export function reportReading(
  measured: readonly ReadingTimes[],
  { rounds, quick, machine }: Circumstances,
): string {
  const rows = measured.map(({ title, bytes, large, small }) => [
    title,
    (bytes / 1e6).toFixed(1),
    cell(large),
    cell(small),
  ])
  return [
    `Reading ${tellCount(measured[0]?.events ?? 0)} events up to the verdict, by itself: medians of ${rounds} rounds${quick ? ' (quick: too few to quote)' : ''}, ms (least–greatest). ${machine}`,
    '',
    ...table(['protocol', 'MB', '64 kB a chunk', 'one event a chunk'], rows),
  ].join('\n')
}

/** The aims are of the first protocol. */
export function aimsOfReading([first]: readonly ReadingTimes[]): Aim[] {
  if (!first) return []
  const aim = (chunks: string, times: readonly number[], limit: number) =>
    atMost(
      `reading ${tellCount(first.events)} events of ${first.title} in ${chunks} takes at most ${limit} ms`,
      median(times),
      limit,
      (ms) => `${tell(ms)} ms`,
    )
  return [aim('chunks of 64 kB', first.large, 5), aim('chunks of one event', first.small, 15)]
}
