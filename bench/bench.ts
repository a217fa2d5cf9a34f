import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Browser, chromium } from '@playwright/test'
import { launchOptions } from '../e2e/launch-options.ts'
import { runRounds } from './rounds.ts'
import { PATHS } from './paths.ts'
import { describeMachine, report } from './report.ts'
import { measureSaves } from './saves/measure-saves.ts'
import { reportSaves } from './saves/report-saves.ts'
import { startBenchServer } from './server.ts'

const HELP = `Measures what the worker costs, in real Chromium; prints Markdown tables.

  npm run bench -- [options]

  --only <part>  relay: what the way through the worker adds; saves: how saved messages are accepted and sent
  --rounds <n>   rounds, each measuring every path once (default 9, of saves 3)
  --path <name>  relay: only these paths, of ${PATHS.map(({ name }) => name).join(', ')}; may be repeated
  --quick        two short rounds: whether it runs, not how fast it is
  --help
`

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    path: { type: 'string', multiple: true, default: PATHS.map(({ name }) => name) },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) console.log(HELP)
else await main(values.quick)

async function main(quick: boolean): Promise<void> {
  const parts = { relay, saves }
  if (values.only !== undefined && !(values.only in parts))
    throw new TypeError(`--only is ${values.only}, expected one of ${Object.keys(parts).join(', ')}`)
  const folder = join(import.meta.dirname, 'results')
  await mkdir(folder, { recursive: true })
  const name = join(folder, new Date().toISOString().slice(0, 19).replaceAll(':', ''))
  const browser = await chromium.launch(launchOptions())
  try {
    const texts: string[] = []
    const results: Record<string, unknown> = {}
    for (const [part, measure] of Object.entries(parts)) {
      if (values.only !== undefined && values.only !== part) continue
      const { text, measured } = await measure(browser, quick)
      console.log(text)
      texts.push(text)
      results[part] = measured
    }
    await writeFile(`${name}.md`, texts.join('\n'))
    await writeFile(`${name}.json`, JSON.stringify(results, null, 1))
  } finally {
    await browser.close()
  }
}

async function relay(browser: Browser, quick: boolean) {
  const rounds = countRounds(quick ? 2 : 9)
  const paths = PATHS.filter(({ name }) => values.path.includes(name))
  const server = await startBenchServer(PATHS)
  try {
    const measured = await runRounds({ browser, server, paths, rounds, quick })
    return {
      measured,
      text: report(measured, { rounds, quick, machine: describeMachine(browser.version()) }),
    }
  } finally {
    await server.close()
  }
}

async function saves(browser: Browser, quick: boolean) {
  const rounds = countRounds(quick ? 2 : 3)
  const measured = await measureSaves(rounds, quick)
  return {
    measured,
    text: reportSaves(measured, { rounds, quick, machine: describeMachine(browser.version()) }),
  }
}

function countRounds(usual: number): number {
  const rounds = Number(values.rounds ?? usual)
  if (Number.isInteger(rounds) && rounds > 0) return rounds
  throw new TypeError(`--rounds is ${values.rounds}, expected a number from 1`)
}
