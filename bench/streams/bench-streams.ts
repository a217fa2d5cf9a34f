import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { cell, describeNode, table } from '../report.ts'
import { type Figures, measureStreams, WAYS } from './measure-streams.ts'

const HELP = `Measures responses that are kept on the server, next to resumable-stream on the same Redis; prints a Markdown table.

  npm run bench:server -- [options]

  --rounds <number>  default 5
  --quick            whether it runs, not what it says
  --help
`

const ROWS: [title: string, figure: (figures: Figures) => number][] = [
  ['first byte, ms', ({ firstByteMs }) => firstByteMs],
  ['one long response, MB/s', ({ megabytesPerSecond }) => megabytesPerSecond],
  ["server's CPU, ms per MB", ({ cpuMsPerMegabyte }) => cpuMsPerMegabyte],
  ["server's CPU for four times the length, ×", ({ growth }) => growth],
  ['the same response read again, MB/s', ({ replayMegabytesPerSecond }) => replayMegabytesPerSecond],
  ['many open responses: delay of a word, median, ms', ({ delayMs }) => delayMs.median],
  ['delay of a word, p99, ms', ({ delayMs }) => delayMs.p99],
  ['memory per open response with its two readers, kB', ({ bytesPerAnswer }) => bytesPerAnswer / 1000],
  ["server's CPU, % of one core", ({ cpuPercent }) => cpuPercent],
]

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) console.log(HELP)
else {
  const size = values.quick
    ? { rounds: 1, requests: 20, megabytes: 4, open: 50, words: 10, everyMs: 200 }
    : { rounds: Number(values.rounds), requests: 200, megabytes: 16, open: 1_000, words: 10, everyMs: 2_000 }
  const measured = await measureStreams(size)
  const ways = WAYS.filter((way) => measured[way])
  const rows: string[][] = []
  for (const [title, figure] of ROWS) {
    const baseline = measured.direct?.map(figure) ?? []
    const cells = ways.map((way) => {
      const values = measured[way]?.map(figure) ?? []
      if (!values.every(Number.isFinite)) return '–'
      return cell(values, way !== 'direct' && baseline.every(Number.isFinite) ? baseline : undefined)
    })
    rows.push([title, ...cells])
  }
  const text = [
    `${describeNode()} ${size.rounds} rounds, all ways in turn; ${size.open} responses open at the same time, two readers each.`,
    'Median over the rounds (range) ×ratio to passing on without keeping, round by round.',
    '',
    ...table(['', ...ways], rows),
  ].join('\n')
  console.log(text)
  const folder = join(import.meta.dirname, '../results')
  await mkdir(folder, { recursive: true })
  const name = join(folder, `${new Date().toISOString().slice(0, 19).replaceAll(':', '')}-server`)
  await writeFile(`${name}.md`, text)
  await writeFile(`${name}.json`, JSON.stringify(measured, null, 1))
}
