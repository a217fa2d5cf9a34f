import type { Browser, Page } from '@playwright/test'
import { startFlood } from '../../e2e/support/flood.ts'
import { workerMemory } from '../../e2e/support/worker-memory.ts'
import { openUnread, readStreams } from '../in-page.ts'
import { openPage } from '../open-page.ts'
import type { Path } from '../paths.ts'
import type { BenchServer } from '../server.ts'

/** The memory of one path, bytes; `undefined` where there is no worker. */
export interface Held {
  path: Path
  /** The bytes that a flood's upstream has sent when it stalls, because the page reads nothing. */
  floodTaken: number
  floodWorker: number | undefined
  /** While so many streams flow. */
  crowdWorker: number | undefined
  /** The most that was seen while a very long answer came as fast as it could, and when it was over. */
  longMost: number | undefined
  longAfter: number | undefined
}

interface Sizes {
  floodBytes: number
  streams: number
  longEvents: number
}

const FULL: Sizes = { floodBytes: 300e6, streams: 100, longEvents: 120_000 }
const QUICK: Sizes = { floodBytes: 100e6, streams: 20, longEvents: 50_000 }

/** An upstream that has got rid of nothing for so long stalls, ms. */
const STALLED_MS = 1_000

/** How long a crowd streams before it is measured, ms. */
const CROWD_MS = 2_000

/** A look at the worker's memory collects garbage first: not too often, ms. */
const LOOK_MS = 500

/** One path after the other, each alone in the browser. */
export async function measureMemory(
  browser: Browser,
  server: BenchServer,
  paths: readonly Path[],
  quick: boolean,
): Promise<Held[]> {
  const all: Held[] = []
  for (const path of paths) {
    all.push(await measureOnce(browser, server, path, quick ? QUICK : FULL))
    console.error(`Memory: ${path.name}`)
  }
  return all
}

async function measureOnce(browser: Browser, server: BenchServer, path: Path, sizes: Sizes): Promise<Held> {
  /** A worker of its own, for what one answer leaves behind is held beside the next. */
  const alone = async <Result>(measure: (page: Page, look: Look) => Promise<Result>): Promise<Result> => {
    const context = await browser.newContext()
    try {
      const page = await openPage(context, server, path)
      return await measure(page, async () => (path.worker ? workerMemory(context) : undefined))
    } finally {
      await context.close()
    }
  }
  const flood = await alone(async (page, look) => {
    const flood = await startFlood(sizes.floodBytes)
    await page.evaluate(openUnread, { url: flood.url })
    const taken = await whenStalled(flood.taken)
    const held = { floodTaken: taken, floodWorker: await look() }
    await flood.close()
    return held
  })
  const crowdWorker = await alone(async (page, look) => {
    const origins = Array.from({ length: sizes.streams }, (_, index) => server.origin(index))
    const plan = { events: 100_000, everyMs: 100 }
    // They are cut when the page closes.
    page.evaluate(readStreams, { plan, times: 1, clockOffsetMs: 0, origins }).catch(() => {})
    await page.waitForTimeout(CROWD_MS)
    return look()
  })
  const long = await alone(async (page, look) => {
    const plan = { events: sizes.longEvents, everyMs: 0 }
    let isOver = false
    const reading = page.evaluate(readStreams, { plan, times: 1, clockOffsetMs: 0 }).finally(() => {
      isOver = true
    })
    let most: number | undefined
    while (!isOver) {
      const now = await look()
      if (now !== undefined) most = Math.max(most ?? 0, now)
      await Promise.race([reading, page.waitForTimeout(LOOK_MS)])
    }
    await reading
    return { longMost: most, longAfter: await look() }
  })
  return { path, ...flood, crowdWorker, ...long }
}

type Look = () => Promise<number | undefined>

/** The last value of what has not grown for a while. */
async function whenStalled(read: () => number): Promise<number> {
  let last = read()
  let since = Date.now()
  while (last === 0 || Date.now() - since < STALLED_MS) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    const now = read()
    if (now !== last) since = Date.now()
    last = now
  }
  return last
}
