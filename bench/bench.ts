import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Browser, chromium } from '@playwright/test'
import { launchOptions } from '../e2e/support/launch-options.ts'
import { reportAims } from './aims.ts'
import { measureBytes } from './bytes/measure-bytes.ts'
import { aimsOfBytes, reportBytes } from './bytes/report-bytes.ts'
import { measureMemory } from './memory/measure-memory.ts'
import { aimsOfMemory, plotMemory, reportMemory } from './memory/report-memory.ts'
import { PATHS } from './paths.ts'
import { measurePolicies } from './policies/measure-policies.ts'
import { measureReading } from './reading/measure-reading.ts'
import { aimsOfReading, reportReading } from './reading/report-reading.ts'
import { measureColdStart } from './relay/measure-cold-start.ts'
import { measureFirstByte } from './relay/measure-first-byte.ts'
import { measureRelay } from './relay/measure-relay.ts'
import { aimsOfColdStart, reportColdStart, reportFirstByte } from './relay/report-first-byte.ts'
import { aimsOfRelay, plotRelay, reportRelay } from './relay/report-relay.ts'
import { type Aim, describeMachine, describeNode, type Part } from './report.ts'
import { measureSaves } from './saves/measure-saves.ts'
import { aimsOfSaves, plotSaves, reportSaves } from './saves/report-saves.ts'
import { startBenchServer } from './server.ts'

const HELP = `Measures what streamkeeper costs and gains, in real Chromium; prints Markdown tables, and keeps them with
plots in bench/results/.

  npm run bench -- [options]

  --only <part>  reading: what it takes to judge a long response; relay: what the way through the worker adds;
                 first-byte: what each of its steps takes, and the start of a stopped worker; memory: what the
                 worker holds; saves: how saved messages are accepted and sent; policies: what retry policies make
                 of the same month of chats (simulated); bytes: what is to be loaded; may be repeated
  --rounds <n>   rounds, each measuring every path once (default: reading 5, relay 3, first-byte 6,
                 saves 2)
  --path <name>  relay, memory: only these paths, of ${PATHS.map(({ name }) => name).join(', ')}; may be repeated
  --quick        short and few rounds: whether it runs, not how fast it is
  --help
`

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    path: { type: 'string', multiple: true, default: PATHS.map(({ name }) => name) },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) console.log(HELP)
else await main(values.quick)

async function main(quick: boolean): Promise<void> {
  const parts: Record<string, (quick: boolean) => Promise<Part>> = {
    reading,
    relay,
    'first-byte': firstByte,
    memory,
    saves,
    // `npm run bench:policies` has more seeds.
    policies: (quick) => measurePolicies([1], quick),
    bytes,
  }
  const chosen = values.only ?? Object.keys(parts)
  const folder = join(import.meta.dirname, 'results')
  await mkdir(folder, { recursive: true })
  const name = join(folder, new Date().toISOString().slice(0, 19).replaceAll(':', ''))
  const texts: string[] = []
  const results: Record<string, unknown> = {}
  const allAims: Aim[] = []
  for (const part of chosen) {
    const measure = parts[part]
    if (!measure) throw new TypeError(`--only is ${part}, expected one of ${Object.keys(parts).join(', ')}`)
    const startedAt = performance.now()
    const { text, measured, plots, aims = [] } = await measure(quick)
    console.error(`${part}: ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`)
    console.log(text)
    texts.push(text)
    results[part] = measured
    allAims.push(...aims)
    for (const [plot, svg] of Object.entries(plots)) await writeFile(`${name}-${plot}.svg`, svg)
  }
  if (allAims.length > 0) {
    const text = `What was aimed at:\n\n${reportAims(allAims)}`
    console.log(text)
    texts.push(text)
  }
  await writeFile(`${name}.md`, texts.join('\n'))
  await writeFile(`${name}.json`, JSON.stringify(results, null, 1))
  console.error(`Kept in ${name}.md, .json and .svg`)
}

async function reading(quick: boolean): Promise<Part> {
  const rounds = countRounds(quick ? 2 : 5)
  const measured = measureReading(rounds, quick)
  const text = reportReading(measured, { rounds, quick, machine: describeNode() })
  return { measured, text, plots: {}, aims: aimsOfReading(measured) }
}

async function relay(quick: boolean): Promise<Part> {
  const rounds = countRounds(quick ? 2 : 3)
  return inBrowser(async (browser, machine) => {
    const server = await startBenchServer(PATHS)
    try {
      const measured = await measureRelay({ browser, server, paths: chosenPaths(), rounds, quick })
      const text = reportRelay(measured, { rounds, quick, machine })
      return { measured, text, plots: await plotRelay(measured), aims: aimsOfRelay(measured) }
    } finally {
      await server.close()
    }
  })
}

async function firstByte(quick: boolean): Promise<Part> {
  return inBrowser(async (browser, machine) => {
    const rounds = countRounds(quick ? 2 : 6)
    const warm = await measureFirstByte(browser, rounds)
    const cold = await measureColdStart(browser, quick ? 3 : 20)
    const text = `${reportFirstByte(warm, { rounds, quick, machine })}\n${reportColdStart(cold)}`
    return { measured: { warm, cold }, text, plots: {}, aims: aimsOfColdStart(cold) }
  })
}

async function memory(quick: boolean): Promise<Part> {
  return inBrowser(async (browser, machine) => {
    const server = await startBenchServer(PATHS)
    // A worker that never answers holds nothing.
    const paths = chosenPaths().filter(({ name }) => name !== 'idle')
    try {
      const measured = await measureMemory(browser, server, paths, quick)
      const text = reportMemory(measured, { quick, machine })
      return { measured, text, plots: await plotMemory(measured), aims: aimsOfMemory(measured) }
    } finally {
      await server.close()
    }
  })
}

async function saves(quick: boolean): Promise<Part> {
  const rounds = countRounds(2)
  const measured = await measureSaves(rounds, quick)
  return inBrowser(async (_browser, machine) => ({
    measured,
    text: reportSaves(measured, { rounds, quick, machine }),
    plots: await plotSaves(measured),
    aims: aimsOfSaves(measured),
  }))
}

async function bytes(): Promise<Part> {
  const measured = await measureBytes()
  return { measured, text: reportBytes(measured), plots: {}, aims: aimsOfBytes(measured) }
}

async function inBrowser<Result>(
  measure: (browser: Browser, machine: string) => Promise<Result>,
): Promise<Result> {
  const browser = await chromium.launch(launchOptions())
  try {
    return await measure(browser, describeMachine(browser.version()))
  } finally {
    await browser.close()
  }
}

function chosenPaths() {
  return PATHS.filter(({ name }) => values.path.includes(name))
}

function countRounds(usual: number): number {
  const rounds = Number(values.rounds ?? usual)
  if (Number.isInteger(rounds) && rounds > 0) return rounds
  throw new TypeError(`--rounds is ${values.rounds}, expected a number from 1`)
}
