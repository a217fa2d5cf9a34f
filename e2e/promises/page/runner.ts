import { type Report, type Result, type Row, type WorkerName, WORKERS } from '../report.ts'
import { openAppPage } from './app-page.ts'
import { type Check, createWorld } from './check.ts'
import { CHECKS } from './checks.ts'
import { upstream } from './upstream.ts'
import { createView } from './view.ts'
import { sleep } from './wait.ts'

// The page’s address says what to test: ?worker=<name>[,<name> …]&only=<id>[,<id> …]&long

/** No check takes as long; one that does says nothing of its worker. ms */
const PATIENCE_MS = 45_000
const LONG_PATIENCE_MS = 180_000

const query = new URLSearchParams(location.search)
const workers = chosenWorkers()
const checks = chosenChecks()

await run()

async function run(): Promise<void> {
  const startedAt = Date.now()
  const rows: Row[] = checks.map(({ id, promise, how }) => ({ id, promise, how, results: {} }))
  const view = createView(workers, rows)
  for (const worker of workers) {
    const missing = await whyMissing(worker)
    for (const [index, check] of checks.entries()) {
      const row = rows[index] as Row
      view.begin(row, worker)
      row.results[worker] =
        missing === undefined
          ? await test(check, worker)
          : { verdict: 'skipped', figure: missing, durationMs: 0 }
      view.show(row, worker)
    }
  }
  const report: Report = {
    userAgent: navigator.userAgent,
    startedAt,
    durationMs: Date.now() - startedAt,
    workers,
    rows,
  }
  try {
    await upstream.report(report)
    view.end(report, 'The server has the report.')
  } catch (error) {
    view.end(report, `The server did not take the report: ${String(error)}`)
  }
}

async function test(check: Check, worker: WorkerName): Promise<Result> {
  const world = createWorld(worker, check.id)
  const patienceMs = check.isLong ? LONG_PATIENCE_MS : PATIENCE_MS
  const startedAt = performance.now()
  const durationMs = () => Math.round(performance.now() - startedAt)
  try {
    const tooLong = sleep(patienceMs).then(() => {
      throw new Error(`The test did not end within ${patienceMs / 1000} s`)
    })
    const found = await Promise.race([check.run(world), tooLong])
    return { ...found, durationMs: durationMs() }
  } catch (error) {
    return { verdict: 'error', figure: String(error), durationMs: durationMs() }
  } finally {
    world.close()
  }
}

/** Why this browser cannot have a worker at this address; `undefined`: it can. */
async function whyMissing(worker: WorkerName): Promise<string | undefined> {
  if (!isSecureContext) return 'workers need https, or a page on this very machine'
  if (worker !== 'none' && !('serviceWorker' in navigator)) return 'this browser has no service workers'
  try {
    const page = await openAppPage(worker)
    page.close()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String((error as Partial<Error>).message ?? error)
  }
}

function chosenWorkers(): WorkerName[] {
  const names = query.get('worker')?.split(',') ?? ['streamkeeper']
  return WORKERS.filter((name) => names.includes(name))
}

function chosenChecks(): Check[] {
  const ids = query.get('only')?.split(',')
  return CHECKS.filter(({ id, isLong }) => ids?.includes(id) ?? (!isLong || query.has('long')))
}
