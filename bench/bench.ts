import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { chromium } from '@playwright/test'
import { launchOptions } from '../e2e/launch-options.ts'
import { type Measured, runRounds } from './rounds.ts'
import { PATHS } from './paths.ts'
import { describeMachine, report } from './report.ts'
import { startBenchServer } from './server.ts'

const HELP = `Measures what the worker costs, in real Chromium; prints a Markdown table.

  npm run bench -- [options]

  --rounds <n>   rounds, each measuring every path once (default 9)
  --path <name>  only these paths, of ${PATHS.map(({ name }) => name).join(', ')}; may be repeated
  --quick        two short rounds: whether it runs, not how fast it is
  --help
`

const { values } = parseArgs({
  options: {
    path: { type: 'string', multiple: true, default: PATHS.map(({ name }) => name) },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) console.log(HELP)
else await main(Number(values.rounds ?? (values.quick ? 2 : 9)), values.quick)

async function main(rounds: number, quick: boolean): Promise<void> {
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new TypeError(`--rounds is ${values.rounds}, expected a number from 1`)
  const paths = PATHS.filter(({ name }) => values.path.includes(name))
  const server = await startBenchServer()
  const browser = await chromium.launch(launchOptions())
  try {
    const measured: Measured[] = await runRounds({ browser, server, paths, rounds, quick })
    const text = report(measured, { rounds, quick, machine: describeMachine(browser.version()) })
    console.log(text)
    const folder = join(import.meta.dirname, 'results')
    await mkdir(folder, { recursive: true })
    const name = join(folder, new Date().toISOString().slice(0, 19).replaceAll(':', ''))
    await writeFile(`${name}.md`, text)
    await writeFile(`${name}.json`, JSON.stringify(measured, null, 1))
  } finally {
    await browser.close()
    await server.close()
  }
}
