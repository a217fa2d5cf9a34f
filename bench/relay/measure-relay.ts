import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from '@playwright/test'
import { cpuTimeMs } from '../cpu-time.ts'
import { fetchOthers, measureClockOffset, readStreams, type Seen } from '../in-page.ts'
import { now } from '../now.ts'
import { openPage } from '../open-page.ts'
import { BARE, MEMORY, NONE, OURS, type Path } from '../paths.ts'
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
  /** Each of many streams at once, long after all have begun; `NaN` for paths that are not watched so long. */
  crowdP50: number
  crowdP99: number
  /** The CPU time of the whole browser for a thousand events of the crowd. */
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
  crowd: Crowd
  others: number
}

/** Many streams at once. */
interface Crowd {
  streams: number
  /** Between two events of each, ms. */
  everyMs: number
  /** The delay after all have begun, and the duration of the measurement, ms. */
  settledMs: number
  watchedMs: number
}

const FULL: Plans = {
  first: { events: 1, everyMs: 0, times: 30 },
  fast: { events: 1_000, everyMs: 1 },
  calm: { events: 30, everyMs: 1_000 / 30 },
  burst: { events: 20_000, everyMs: 0 },
  crowd: { streams: 100, everyMs: 100, settledMs: 1_000, watchedMs: 10_000 },
  others: 50,
}

const QUICK: Plans = {
  first: { ...FULL.first, times: 5 },
  fast: { ...FULL.fast, events: 200 },
  calm: { ...FULL.calm, events: 15 },
  burst: FULL.burst,
  crowd: { ...FULL.crowd, watchedMs: 2_000 },
  others: 20,
}

/** Ten seconds of each round are long: only these are compared. */
const CROWDED: ReadonlySet<Path> = new Set([NONE, BARE, OURS, MEMORY])

const NOT_WATCHED = { delaysMs: [], computedMs: Number.NaN }

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
      measured.rounds.push(await measureOnce(page, plans, server, CROWDED.has(measured.path)))
    console.error(`Relay: round ${round + 1} of ${rounds}`)
  }
  return lanes.map(({ measured }) => measured)
}

async function measureOnce(
  page: Page,
  plans: Plans,
  server: BenchServer,
  isCrowded: boolean,
): Promise<Figures> {
  await page.bringToFront()
  const clockOffsetMs = await page.evaluate(measureClockOffset)
  const read = (plan: Plan, times = 1, origins = [server.url]): Promise<Seen[]> =>
    page.evaluate(readStreams, { plan, times, clockOffsetMs, origins })
  // An idle worker was stopped since the last round, and code runs slower at first: that is not what is measured.
  await read(plans.first, 3)
  await read({ ...plans.burst, events: 2_000 })
  const origins = Array.from({ length: plans.crowd.streams }, (_, index) => server.origin(index))
  await read({ events: 1, everyMs: 0 }, 1, origins)

  const first = await read(plans.first, plans.first.times)
  const [fast] = await read(plans.fast)
  const [calm] = await read(plans.calm)
  const [burst] = await read(plans.burst)
  const crowd = isCrowded
    ? await watchCrowd(plans.crowd, {
        server,
        begin: (plan) => read(plan, 1, origins),
        computedMs: () => cpuTimeMs(page),
      })
    : NOT_WATCHED
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
    crowdP50: percentile(crowd.delaysMs, 50),
    crowdP99: percentile(crowd.delaysMs, 99),
    crowdCpu: (crowd.computedMs / crowd.delaysMs.length) * 1_000,
    other: percentile(others, 50),
  }
}

interface Watched {
  server: BenchServer
  /** Resolves when all have been read to their end. */
  begin: (plan: Plan) => Promise<Seen[]>
  /** The browser's CPU time so far, ms. */
  computedMs: () => Promise<number>
}

/** The steady state: how they begin and how they end is left out. */
async function watchCrowd(
  { streams, everyMs, settledMs, watchedMs }: Crowd,
  { server, begin, computedMs }: Watched,
): Promise<{ delaysMs: number[]; computedMs: number }> {
  const reading = begin({ events: Number.MAX_SAFE_INTEGER, everyMs })
  await Promise.race([server.flowing(streams), reading])
  await sleep(settledMs)
  const before = await computedMs()
  const from = now()
  await sleep(watchedMs)
  const to = now()
  const after = await computedMs()
  server.finish()
  const seen = await reading
  const delaysMs = seen.flatMap(({ delaysMs, sentAt }) =>
    delaysMs.filter((_, index) => {
      const at = sentAt[index] ?? Number.NaN
      return at >= from && at < to
    }),
  )
  return { delaysMs, computedMs: after - before }
}
