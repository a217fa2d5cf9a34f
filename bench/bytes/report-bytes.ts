import { table } from '../report.ts'
import type { MeasuredBytes } from './measure-bytes.ts'

export function reportBytes({ ours, theirs }: MeasuredBytes): string {
  const titles = ['minified', 'gzip', 'brotli']
  const rows = (weighed: MeasuredBytes['ours']) =>
    weighed.map(([what, { minified, gzip, brotli }]) => [what, tell(minified), tell(gzip), tell(brotli)])
  return [
    'Bytes, kB: bundled and minified as an app would have it.',
    '',
    ...table(['streamkeeper', ...titles], rows(ours)),
    ...table(['for comparison', ...titles], rows(theirs)),
  ].join('\n')
}

function tell(bytes: number): string {
  return (bytes / 1_000).toFixed(1)
}
