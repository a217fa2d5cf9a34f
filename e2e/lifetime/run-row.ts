import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, BrowserName } from './browsers.ts'
import { judge } from './judge.ts'
import type { Seen } from './page/seen.ts'
import type { Scenario } from './scenarios.ts'
import type { LifetimeServer } from './server.ts'
import { startBrowser } from './start-browser.ts'
import type { Sent } from './upstream.ts'

export interface RowResult {
  browser: BrowserName
  scenario: Scenario
  sent: Sent
  /** None: the page told nothing. */
  seen: Seen | undefined
  /** None: all is as it should be. */
  problems: string[]
}

/** For a browser's start, and for a hidden page whose timers run once a minute. ms. */
const SLACK_MS = 150_000

/** Runs a scenario in a browser of its own. `begun` resolves when its request is at the upstream, or never will be. */
export function runRow(
  browser: Browser,
  scenario: Scenario,
  server: LifetimeServer,
  stop: AbortSignal,
): { begun: Promise<unknown>; result: Promise<RowResult> } {
  const name = `${browser.name}-${scenario.number}`
  const { sent, begun, seen } = server.row(name)
  const query = new URLSearchParams({ row: name, scenario: JSON.stringify(scenario) })
  const page = `:${server.port}/e2e/lifetime/page`
  const url =
    scenario.closeAtMs === undefined
      ? `http://127.0.0.1${page}/index.html?${query}`
      : `http://localhost${page}/launch.html?${query}`

  const run = async (): Promise<RowResult> => {
    const running = await startBrowser(browser, url)
    const over = new AbortController()
    const limitMs = scenario.silenceMs + scenario.durationMs + SLACK_MS
    const late = sleep(limitMs, undefined, { signal: AbortSignal.any([over.signal, stop]) })
    const told = await Promise.race([seen.promise, running.ended, late.catch(() => {})])
    over.abort()
    await running.stop()
    return {
      browser: browser.name,
      scenario,
      sent,
      seen: told ?? undefined,
      problems: judge(scenario, sent, told ?? undefined),
    }
  }
  const result = run()
  return { begun: Promise.race([begun.promise, result]), result }
}
