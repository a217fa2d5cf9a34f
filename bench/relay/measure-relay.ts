import type { Browser, Page } from '@playwright/test'
import { cpuTimeMs } from '../cpu-time.ts'
import { fetchOthers, measureClockOffset, readStreams, type Seen } from '../in-page.ts'
import { openPage } from '../open-page.ts'
import type { Path } from '../paths.ts'
import type { BenchServer } from '../server.ts'
import { percentile } from '../statistics.ts'
import type { Plan } from '../stream-events.ts'
import { inTurn } from '../turns.ts'

/** One path's figures of one round, ms. */
export interface Figures {
  ttfb: number
  fastP50: number
  fastP99: number
  calmP50: number
  calmP99: number
  burst: number
  /** Each of many streams at once. */
  crowdP50: number
  crowdP99: number
  /** What the whole browser computes for a thousand events of the crowd. */
  crowdCpu: number
  /** A request that is no chat. */
  other: number
}

export interface Measured {
  path: Path
  /** In order of the rounds: the nth of all paths stand side by side. */
  rounds: Figures[]
}

export interface Rounds {
  browser: Browser
  server: BenchServer
  paths: readonly Path[]
  rounds: number
  quick: boolean
}

interface Plans {
  first: Plan & { times: number }
  fast: Plan
  calm: Plan
  burst: Plan
  crowd: Plan & { streams: number }
  others: number
}

const FULL: Plans = {
  first: { events: 1, everyMs: 0, times: 30 },
  fast: { events: 1_000, everyMs: 1 },
  calm: { events: 30, everyMs: 1_000 / 30 },
  burst: { events: 20_000, everyMs: 0 },
  crowd: { events: 10, everyMs: 100, streams: 100 },
  others: 50,
}

const QUICK: Plans = {
  first: { ...FULL.first, times: 5 },
  fast: { ...FULL.fast, events: 200 },
  calm: { ...FULL.calm, events: 15 },
  burst: FULL.burst,
  crowd: FULL.crowd,
  others: 20,
}

/**
 * Measures every path once a round, each round in another order: what the machine does meanwhile meets them all alike.
 * Each path has a page and a profile of its own, open all the time.
 */
export async function measureRelay({ browser, server, paths, rounds, quick }: Rounds): Promise<Measured[]> {
  const plans = quick ? QUICK : FULL
  const lanes = []
  for (const path of paths) {
    const page = await openPage(await browser.newContext(), server, path)
    lanes.push({ page, measured: { path, rounds: [] } as Measured })
  }
  for (let round = 0; round < rounds; round++) {
    for (const { page, measured } of inTurn(lanes, round))
      measured.rounds.push(await measureOnce(page, plans, server))
    console.error(`Relay: round ${round + 1} of ${rounds}`)
  }
  return lanes.map(({ measured }) => measured)
}

async function measureOnce(page: Page, plans: Plans, server: BenchServer): Promise<Figures> {
  await page.bringToFront()
  const clockOffsetMs = await page.evaluate(measureClockOffset)
  const read = (plan: Plan, times = 1, origins = [server.url]): Promise<Seen[]> =>
    page.evaluate(readStreams, { plan, times, clockOffsetMs, origins })
  // An idle worker was stopped since the last round, and code runs slower at first: that is not what is measured.
  await read(plans.first, 3)
  await read({ ...plans.burst, events: 2_000 })
  const { streams, ...each } = plans.crowd
  const origins = Array.from({ length: streams }, (_, index) => server.origin(index))
  await read({ events: 1, everyMs: 0 }, 1, origins)

  const first = await read(plans.first, plans.first.times)
  const [fast] = await read(plans.fast)
  const [calm] = await read(plans.calm)
  const [burst] = await read(plans.burst)
  const computedMs = await cpuTimeMs(page)
  const crowd = await read(each, 1, origins)
  const crowdCpuMs = (await cpuTimeMs(page)) - computedMs
  const crowdDelays = crowd.flatMap(({ delaysMs }) => delaysMs)
  const others = await page.evaluate(fetchOthers, plans.others)
  return {
    ttfb: percentile(
      first.map(({ ttfbMs }) => ttfbMs),
      50,
    ),
    fastP50: percentile(fast?.delaysMs ?? [], 50),
    fastP99: percentile(fast?.delaysMs ?? [], 99),
    calmP50: percentile(calm?.delaysMs ?? [], 50),
    calmP99: percentile(calm?.delaysMs ?? [], 99),
    burst: burst?.totalMs ?? Number.NaN,
    crowdP50: percentile(crowdDelays, 50),
    crowdP99: percentile(crowdDelays, 99),
    crowdCpu: (crowdCpuMs / crowdDelays.length) * 1_000,
    other: percentile(others, 50),
  }
}
