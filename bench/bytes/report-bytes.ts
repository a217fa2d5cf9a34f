import { table } from '../report.ts'
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

function tell(bytes: number): string {
  return (bytes / 1_000).toFixed(1)
}
