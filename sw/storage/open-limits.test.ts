import { beforeEach, describe, expect, test } from 'vitest'
import type { RetryTokensPolicy } from '../../core/retry/retry-tokens.ts'
import { createFakeClock, type FakeClock } from '../../core/testing/fake-clock.ts'
import { openLimits } from './open-limits.ts'
import { createFakeDatabase, type FakeDatabase } from '../testing/fake-database.ts'

const SCOPE = 'https://app.example/'
const UPSTREAM = { origin: 'https://api.example', model: 'gpt-4o', credential: 'abc' }
const ONE_RETRY: RetryTokensPolicy = { capacity: 1, refillPerMinute: 0 }

let clock: FakeClock
let database: FakeDatabase

beforeEach(() => {
  database = createFakeDatabase()
  clock = createFakeClock()
})

/** A worker that has just started. */
function boot(scope = SCOPE) {
  const { limits, ready } = openLimits(scope, clock, () => 0)
  return { participant: limits.join(UPSTREAM), ready }
}

/** True if a request that comes now is held back, and until when (ms from now). */
async function heldFor({ participant, ready }: ReturnType<typeof boot>): Promise<number> {
  await clock.advance(0)
  await ready()
  let heldMs = 0
  const stop = new AbortController()
  void participant
    .enter({
      notBefore: 0,
      notAfter: Infinity,
      jitterMs: 0,
      signal: stop.signal,
      delayed: (until) => (heldMs = until - clock.monotonic()),
    })
    .catch(() => {})
  stop.abort()
  return heldMs
}

describe('a worker that is started anew', () => {
  test('holds back what the one before it was told to hold back', async () => {
    const first = boot()
    await first.ready()
    first.participant.refused(clock.monotonic() + 5_000)
    await clock.advance(1_000)
    expect(await heldFor(boot())).toBe(4_000)
  })

  test('has no fuller bucket', async () => {
    const first = boot()
    await first.ready()
    for (let n = 0; n < 2; n++) first.participant.takeToken(ONE_RETRY)
    expect(first.participant.tokenInMs(ONE_RETRY)).toBe(10_000)
    await clock.advance(1_000)
    const second = boot()
    await second.ready()
    expect(second.participant.tokenInMs(ONE_RETRY)).toBe(9_000)
  })

  test('knows the last of many changes', async () => {
    const first = boot()
    await first.ready()
    for (let n = 1; n <= 50; n++) first.participant.refused(clock.monotonic() + n * 1_000)
    await clock.advance(1_000)
    expect(await heldFor(boot())).toBe(49_000)
  })

  test.each([1_000, 5_000, 3_600_000])(
    'C5 holds back no longer where the wall clock was set back by %d ms',
    async (byMs) => {
      const first = boot()
      await first.ready()
      first.participant.refused(clock.monotonic() + 5_000)
      await clock.advance(0)
      clock.jump(-byMs)
      await clock.advance(1_000)
      const heldMs = await heldFor(boot())
      expect(heldMs).toBeGreaterThanOrEqual(4_000)
      expect(heldMs).toBeLessThanOrEqual(5_000)
    },
  )

  test('C5 has a bucket that refills from then on where the wall clock was set back', async () => {
    const policy: RetryTokensPolicy = { capacity: 1, refillPerMinute: 60 }
    const first = boot()
    await first.ready()
    for (let n = 0; n < 2; n++) first.participant.takeToken(policy)
    expect(first.participant.tokenInMs(policy)).toBe(1_000)
    await clock.advance(0)
    clock.jump(-3_600_000)
    const second = boot()
    await clock.advance(0)
    await second.ready()
    expect(second.participant.tokenInMs(policy)).toBe(1_000)
    await clock.advance(1_000)
    expect(second.participant.tokenInMs(policy)).toBe(0)
  })

  test('C5 is told the right time, though the wall clock was set since the limit was met', async () => {
    const first = boot()
    await first.ready()
    first.participant.refused(clock.monotonic() + 50_000)
    await clock.advance(0)
    clock.jump(3_600_000)
    first.participant.takeToken(ONE_RETRY) // Any change writes everything again.
    await clock.advance(1_000)
    expect(await heldFor(boot())).toBe(49_000)
  })

  test('a worker of another scope knows nothing of the limit', async () => {
    const first = boot()
    await first.ready()
    first.participant.refused(clock.monotonic() + 5_000)
    await clock.advance(1_000)
    expect(await heldFor(boot(`${SCOPE}other/`))).toBe(0)
  })
})

describe('storage that fails', () => {
  test('keeps nobody: the limits are learned anew', async () => {
    database.fault = () => new DOMException('Not allowed', 'SecurityError')
    const worker = boot()
    expect(await heldFor(worker)).toBe(0)
    worker.participant.refused(clock.monotonic() + 5_000)
    expect(await heldFor(worker)).toBe(5_000)
  })

  test('keeps nobody longer than a tenth of a second when it never answers', async () => {
    database.fault = () => 'hang'
    const { ready } = boot()
    let isReady = false
    void ready().then(() => (isReady = true))
    await clock.advance(99)
    expect(isReady).toBe(false)
    await clock.advance(1)
    expect(isReady).toBe(true)
  })
})
