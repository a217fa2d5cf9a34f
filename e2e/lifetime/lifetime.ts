import { execFileSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ENGINES } from '../engines/engine.ts'
import { INSTALL } from '../engines/find-engine.ts'
import { type Browser, findChromium, findFirefox, findWebKit } from './browsers.ts'
import { report } from './report.ts'
import { type RowResult, runRow } from './run-row.ts'
import { chooseScenarios, SCENARIOS } from './scenarios.ts'
import { startLifetimeServer } from './server.ts'

const HELP = `How long a stream through our worker lives, in real browsers without a debugger. About 13 minutes.

  npm run test:lifetime -- [options]

  --scale <n>       multiplies all times; below 1 it only shows that it runs (default 1)
  --only <n,n>      only these scenarios
  --browser <name>  only chromium, firefox or webkit
  --help

${SCENARIOS.map(({ number, title }) => `  ${number}  ${title}`).join('\n')}
`

const FIND = { chromium: findChromium, firefox: findFirefox, webkit: findWebKit }
const RESULTS = resolve(import.meta.dirname, '../../bench/results')

const { values } = parseArgs({
  options: {
    scale: { type: 'string', default: '1' },
    only: { type: 'string' },
    browser: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) process.stdout.write(HELP)
else await main(Number(values.scale), values.only?.split(',').map(Number), values.browser)

async function main(scale: number, only?: readonly number[], browserName?: string): Promise<void> {
  if (!(scale > 0 && scale <= 1))
    throw new RangeError(`--scale is ${values.scale}, expected more than 0, at most 1`)
  const { browsers, missing } = findBrowsers(browserName)
  if (missing) process.stdout.write(`${missing}\n`)
  const rows = browsers.flatMap((browser) =>
    chooseScenarios(scale, only)
      .filter(({ leftOut }) => !leftOut?.includes(browser.name))
      .map((scenario) => ({ browser, scenario })),
  )
  if (rows.length === 0) throw new RangeError(`--only is ${values.only}: nothing is left to run`)

  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  const server = await startLifetimeServer()
  const running: Promise<RowResult>[] = []
  // They start one after the other, then all run side by side: each browser has one worker and one stream.
  for (const { browser, scenario } of rows) {
    const { begun, result } = runRow(browser, scenario, server, stop.signal)
    running.push(result.then(tell))
    await begun
  }
  const results = await Promise.all(running)
  await server.close()

  const text = report(results, [describe(browsers, scale), missing].join(' ').trim())
  process.stdout.write(`\n${text}`)
  if (scale === 1 && !stop.signal.aborted) {
    await mkdir(RESULTS, { recursive: true })
    await writeFile(join(RESULTS, 'lifetime.md'), text)
  }
  if (results.some(({ problems }) => problems.length > 0)) process.exitCode = 1
}

function findBrowsers(only?: string): { browsers: Browser[]; missing: string } {
  const wanted = ENGINES.filter((name) => only === undefined || only === name)
  if (wanted.length === 0) throw new RangeError(`--browser is ${only}, expected ${ENGINES.join(', ')}`)
  const found = wanted.map((name) => ({ name, browser: FIND[name]() }))
  return {
    browsers: found.map(({ browser }) => browser).filter((browser) => browser !== undefined),
    missing: found
      .filter(({ browser }) => browser === undefined)
      .map(({ name }) => `${name} is not installed and was left out: ${INSTALL[name]}.`)
      .join(' '),
  }
}

function tell(result: RowResult): RowResult {
  const { browser, scenario, problems } = result
  process.stdout.write(`${browser}, ${scenario.title}: ${problems.join('; ') || 'as it should be'}\n`)
  return result
}

function describe(browsers: readonly Browser[], scale: number): string {
  const versions = browsers.map(({ command }) =>
    execFileSync(command, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim(),
  )
  const times = scale === 1 ? '' : ` All times × ${scale}: nothing to quote.`
  return `${versions.join(', ')}, headless, without a debugger, ${new Date().toISOString().slice(0, 10)}.${times}`
}
