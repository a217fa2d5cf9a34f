import { chromium } from '@playwright/test'
import { setTimeout as sleep } from 'node:timers/promises'
import { launchOptions } from '../e2e/launch-options.ts'
import { measureClockOffset, readStreams } from './in-page.ts'
import { now } from './now.ts'
import { openPage } from './open-page.ts'
import { PATHS } from './paths.ts'
import { startBenchServer } from './server.ts'
import { percentile } from './statistics.ts'
const names = process.argv.slice(2)
const browser = await chromium.launch(launchOptions())
const server = await startBenchServer(PATHS)
for (const name of names) {
  const path = PATHS.find((p) => p.name === name)!
  const page = await openPage(await browser.newContext(), server, path)
  await page.bringToFront()
  const clockOffsetMs = await page.evaluate(measureClockOffset)
  const origins = Array.from({ length: 100 }, (_, i) => server.origin(i))
  const reading = page.evaluate(readStreams, { plan: { events: Number.MAX_SAFE_INTEGER, everyMs: 100 } as any, times: 1, clockOffsetMs, origins })
  await Promise.race([server.flowing(100), reading])
  await sleep(1000)
  const from = now()
  await sleep(10_000)
  const to = now()
  server.finish()
  const seen = await reading
  const all = seen.flatMap((s) => s.sentAt.map((at, i) => ({ at: at - from, d: s.delaysMs[i]! })).filter((e) => e.at >= 0 && e.at < to - from))
  const ds = all.map((e) => e.d)
  console.log(name, all.length, 'p50', percentile(ds, 50).toFixed(2), 'p90', percentile(ds, 90).toFixed(2), 'p99', percentile(ds, 99).toFixed(2), 'max', Math.max(...ds).toFixed(1))
  const bins = new Map<number, number>()
  for (const e of all) if (e.d > 5) { const b = Math.floor(e.at / 100); bins.set(b, Math.max(bins.get(b) ?? 0, e.d)) }
  console.log([...bins].sort((a, b) => a[0] - b[0]).map(([b, d]) => `${b * 100}:${d.toFixed(0)}`).join(' '))
  await page.close()
}
await browser.close(); await server.close()
