import { createLimits } from '../retry/limits.ts'
import { createFakeClock } from './fake-clock.ts'
import { WHOLE } from './openai-events.ts'
import { type FakeRequest, runRequest } from './run-request.ts'
import { responses, type Scripted, streams } from './scripted-upstream.ts'

export interface Simulation {
  tabs: number
  /** Between the first requests of two tabs, ms. */
  apartMs: number
  /** How long it is watched, ms. */
  forMs: number
  /** True if the tabs share what they learn, as they do in one worker, or each knows only its own request. */
  shared: boolean
  /** What the upstream answers, so long after the start. */
  upstream: (atMs: number) => Scripted
  /** Chance, seeded. */
  seed?: number
}

export interface Simulated {
  /** When each request reached the upstream, ms after the start, in order. */
  arrivals: number[]
  /** Those of them that were not a tab's first. */
  retries: number
  runningRequests: FakeRequest[]
  replied: number
}

/** A whole response, at once. */
export const speaks: Scripted = streams([[0, WHOLE]])

/** A limit that the first request meets at once, and all others until `Retry-After` is over. */
export function coolsDown(retryAfterS: number): (atMs: number) => Scripted {
  return (atMs) =>
    atMs < retryAfterS * 1000 ? responses(429, { 'retry-after': String(retryAfterS) }) : speaks
}

/** An upstream that answers so for so long. */
export function isDown(forMs: number, status = 503): (atMs: number) => Scripted {
  return (atMs) => (atMs < forMs ? responses(status) : speaks)
}

/** Many tabs ask the same upstream, on a fake clock. */
export async function simulateTabs(simulation: Simulation): Promise<Simulated> {
  const { tabs, apartMs, forMs, shared, upstream, seed = 1 } = simulation
  const clock = createFakeClock()
  const startedAt = clock.now()
  const random = createChance(seed)
  const limits = createLimits({ clock, random })
  const runningRequests: FakeRequest[] = []
  for (let tab = 0; tab < tabs; tab++) {
    const each: Scripted = (itsClock, signal) => upstream(clock.now() - startedAt)(itsClock, signal)
    const script = Array.from({ length: 20 }, () => each)
    runningRequests.push(runRequest(script, { clock, random, ...(shared ? { limits } : {}) }))
    await clock.advance(apartMs)
  }
  await clock.advance(forMs - tabs * apartMs)
  const arrivals = runningRequests.flatMap(({ sentAt, startedAt: own }) =>
    sentAt.map((at) => own + at - startedAt),
  )
  return {
    arrivals: arrivals.sort((a, b) => a - b),
    retries: arrivals.length - runningRequests.filter(({ sentAt }) => sentAt.length > 0).length,
    runningRequests,
    replied: runningRequests.filter(({ page }) => page.closed && page.response?.ok).length,
  }
}

/** Numbers in [0, 1) that look like chance and are the same every time. */
function createChance(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
