import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { ENGINES, type Engine } from './engine.ts'
import { hasEngine, INSTALL } from './find-engine.ts'

// node e2e/engines/run.ts [--all] [Playwright's own arguments]
//
// Runs the browser tests in every engine that is installed: all of them in Chromium, and in the others those that say
// the promises (with `--all`: all). `E2E_REQUIRE=chromium,firefox,webkit` names engines that must be there.

const playwright = join(
  dirname(createRequire(import.meta.url).resolve('@playwright/test/package.json')),
  'cli.js',
)
const root = resolve(import.meta.dirname, '../..')
const given = process.argv.slice(2)
const isAll = given.includes('--all')
const rest = given.filter((argument) => argument !== '--all')
const required = (process.env.E2E_REQUIRE ?? '').split(',').filter(Boolean)

const wrong = required.find((name) => !ENGINES.some((each) => each === name))
if (wrong !== undefined) throw new TypeError(`Wrong E2E_REQUIRE: got ${wrong}, takes ${ENGINES.join(', ')}`)

for (const engine of ENGINES) {
  console.log(`\n${engine}`)
  if (hasEngine(engine)) {
    if (run(engine, ['test', `--project=${engine}`, ...rest]).status !== 0) process.exitCode = 1
  } else if (required.includes(engine)) {
    console.log(`Cannot run ${engine}, which E2E_REQUIRE names: ${INSTALL[engine]}\n  1 failed`)
    process.exitCode = 1
  } else {
    console.log(`${engine} is not installed: ${INSTALL[engine]}\n  ${count(engine)} skipped`)
  }
}

/** How many tests there would have been. */
function count(engine: Engine): number {
  const { stdout } = run(engine, ['test', `--project=${engine}`, '--list', ...rest], 'pipe')
  return Number(/^Total: (\d+) tests?/m.exec(stdout)?.[1] ?? 1)
}

function run(engine: Engine, args: string[], stdout: 'inherit' | 'pipe' = 'inherit') {
  return spawnSync(process.execPath, [playwright, ...args], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', stdout, 'inherit'],
    env: { ...process.env, ENGINE: engine, ...(isAll ? {} : { PROMISES_ONLY: '1' }) },
  })
}
