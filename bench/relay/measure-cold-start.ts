import type { Browser } from '@playwright/test'
import { readStreams } from '../in-page.ts'
import { openPage } from '../open-page.ts'
import { BARE, OURS, RELAY } from '../paths.ts'
import { startBenchServer } from '../server.ts'
import { inTurn } from '../turns.ts'
import type { FirstBytes } from './measure-first-byte.ts'

const PATHS = [RELAY, BARE, OURS]

/** The time to the first byte, ms, of workers that have to be started for it; one start a round. */
export async function measureColdStart(browser: Browser, rounds: number): Promise<FirstBytes[]> {
  const server = await startBenchServer(PATHS)
  try {
    const lanes = []
    for (const path of PATHS) {
      const page = await openPage(await browser.newContext(), server, path)
      const session = await page.context().newCDPSession(page)
      await session.send('ServiceWorker.enable')
      lanes.push({ page, session, measured: { path, rounds: [] } as FirstBytes })
    }
    // The first start of each compiles its script: from then on the browser has the code.
    for (let round = -2; round < rounds; round++) {
      for (const { page, session, measured } of inTurn(lanes, Math.max(0, round))) {
        await page.bringToFront()
        await session.send('ServiceWorker.stopAllWorkers')
        const plan = { events: 1, everyMs: 0 }
        const [seen] = await page.evaluate(readStreams, { plan, times: 1, clockOffsetMs: 0 })
        if (round >= 0) measured.rounds.push(seen?.ttfbMs ?? Number.NaN)
      }
    }
    return lanes.map(({ measured }) => measured)
  } finally {
    await server.close()
  }
}
