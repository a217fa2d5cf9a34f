import { atMost } from '../aims.ts'
import { type Aim, table } from '../report.ts'
import type { MeasuredBytes } from './measure-bytes.ts'

export function reportBytes({ ours, theirs, parts }: MeasuredBytes): string {
  const whole = parts.reduce((sum, { bytes }) => sum + bytes, 0)
  const titles = ['minified', 'gzip', 'brotli']
  const rows = (weighed: MeasuredBytes['ours']) =>
    weighed.map(([what, { minified, gzip, brotli }]) => [what, tell(minified), tell(gzip), tell(brotli)])
  return [
    'Bytes, kB: bundled and minified as an app would have it.',
    '',
    ...table(['streamkeeper', ...titles], rows(ours)),
    ...table(['for comparison', ...titles], rows(theirs)),
    'What the worker is made of, each part minified by itself:',
    '',
    ...table(
      ['part', '% of its code'],
      parts.map(({ part, bytes }) => [part, ((100 * bytes) / whole).toFixed(0)]),
    ),
  ].join('\n')
}

/** By the places that the measured have in their table. */
export function aimsOfBytes({ ours: [worker, client] }: MeasuredBytes): Aim[] {
  const aim = (what: string, weighed: MeasuredBytes['ours'][number] | undefined, limit: number) =>
    atMost(
      `${what} (brotli)`,
      weighed?.[1].brotli ?? Number.NaN,
      limit * 1_000,
      (bytes) => `${tell(bytes)} kB`,
    )
  return [
    aim('the worker has at most 12 kB', worker, 12),
    aim("the client has at most 2.5 kB in a page's first load", client, 2.5),
  ]
}

function tell(bytes: number): string {
  return (bytes / 1_000).toFixed(1)
}
