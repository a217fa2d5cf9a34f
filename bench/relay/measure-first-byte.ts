import type { Browser } from '@playwright/test'
import { readStreams } from '../in-page.ts'
import { openPage } from '../open-page.ts'
import { bareWorker, type BareStep, OURS, type Path, RELAY } from '../paths.ts'
import { startBenchServer } from '../server.ts'
import { percentile } from '../statistics.ts'
import { inTurn } from '../turns.ts'

/** The median time to the first byte of each round, ms. */
export interface FirstBytes {
  path: Path
  rounds: number[]
}

const EVENTS = { events: 1, everyMs: 0 }

const WARM_UP = 5
const REQUESTS = 30

const STEPS: readonly [title: string, ...steps: BareStep[]][] = [
  ['a request and a stream of its own'],
  ['a record before it is sent', 'record'],
  ['its digest', 'record', 'digest'],
  ['a record of its end', 'record', 'digest', 'end'],
  ['three statuses to the page', 'record', 'digest', 'end', 'tell'],
]

/** The paths, each doing one thing more than the one before. */
const LADDER: readonly Path[] = [
  RELAY,
  ...STEPS.map(([title, ...steps], index): Path => ({
    name: `step-${index}`,
    title: `+ ${title}`,
    worker: { source: bareWorker(...steps) },
  })),
  OURS,
]

/** The share of each step in the time to the first byte: paths that do ever more, interleaved. */
export async function measureFirstByte(browser: Browser, rounds: number): Promise<FirstBytes[]> {
  const server = await startBenchServer(LADDER)
  try {
    const lanes = []
    for (const path of LADDER) {
      const page = await openPage(await browser.newContext(), server, path)
      lanes.push({ page, measured: { path, rounds: [] } as FirstBytes })
    }
    for (let round = 0; round < rounds; round++) {
      for (const { page, measured } of inTurn(lanes, round)) {
        await page.bringToFront()
        const read = (times: number) => page.evaluate(readStreams, { plan: EVENTS, times, clockOffsetMs: 0 })
        await read(WARM_UP)
        const seen = await read(REQUESTS)
        measured.rounds.push(
          percentile(
            seen.map(({ ttfbMs }) => ttfbMs),
            50,
          ),
        )
      }
    }
    return lanes.map(({ measured }) => measured)
  } finally {
    await server.close()
  }
}
