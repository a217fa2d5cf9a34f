import { describe, expect, test } from 'vitest'
import { createLimits } from '../retry/limits.ts'
import { createFakeClock } from '../testing/fake-clock.ts'
import { WHOLE } from '../testing/openai-events.ts'
import { type FakeRequest, runRequest, statusOf, type RequestSettings } from '../testing/run-request.ts'
import { responses, failsAfter, saysNothing, type Scripted, streams } from '../testing/scripted-upstream.ts'
import { coolsDown, isDown, simulateTabs, speaks } from '../testing/simulate-tabs.ts'

/** Requests of several tabs to one upstream; chance adds no jitter. */
function createTabs() {
  const clock = createFakeClock()
  const limits = createLimits({ clock, random: () => 0 })
  return {
    clock,
    limits,
    ask: (script: readonly Scripted[], settings: RequestSettings = {}) =>
      runRequest(script, { clock, limits, ...settings }),
  }
}

const limited = (seconds: number, body = '') => responses(429, { 'retry-after': String(seconds) }, body)
const names = ({ statuses }: FakeRequest) => statuses.map(({ status }) => status)

describe('a limit that one request meets', () => {
  test('holds back another one, which is told until when', async () => {
    const { clock, ask } = createTabs()
    const first = ask([limited(5), speaks])
    await clock.advance(1_000)
    const second = ask([speaks])
    await clock.advance(3_999)
    expect(second.timeline).toEqual(['0 request_started', '0 rate_limit_wait'])
    expect(statusOf(second, 'rate_limit_wait')).toMatchObject({
      retryAfterMs: 4_000,
      retryAt: first.startedAt + 5_000,
    })
    await clock.advance(1)
    expect(first.sentAt).toEqual([0, 5_000])
    expect(second.sentAt).toEqual([4_000])
    expect(names(second)).toEqual(['request_started', 'rate_limit_wait', 'first_output', 'request_finished'])
    expect(statusOf(second, 'request_finished')).toMatchObject({ attempts: 1, waitedMs: 4_000 })
  })

  test('is found to be over by the one that met it; a second refusal costs the others nothing', async () => {
    const { clock, ask } = createTabs()
    const first = ask([limited(5), limited(7), speaks])
    await clock.advance(0)
    const second = ask([speaks])
    await clock.advance(11_999)
    expect(second.sentAt).toEqual([])
    expect(names(second)).toEqual(['request_started', 'rate_limit_wait', 'rate_limit_wait'])
    await clock.advance(1)
    expect(first.sentAt).toEqual([0, 5_000, 12_000])
    expect(second.sentAt).toEqual([12_000])
  })

  test('holds back for our own guess where the server names no time', async () => {
    const { clock, ask } = createTabs()
    ask([responses(429), speaks])
    await clock.advance(500)
    const second = ask([speaks])
    await clock.advance(5_000)
    expect(second.sentAt).toEqual([1_500])
  })

  test.each<[string, RequestSettings]>([
    ['model', { body: { model: 'gpt-4o-mini', stream: true } }],
    ['credential', { credential: 'another' }],
  ])('says nothing about another %s', async (_name, settings) => {
    const { clock, ask } = createTabs()
    ask([limited(5), speaks])
    await clock.advance(100)
    const other = ask([speaks], settings)
    await clock.advance(0)
    expect(other.sentAt).toEqual([0])
  })

  test.each([
    ['a request that is too large', limited(5, '{"error":{"message":"Request too large for gpt-4o"}}')],
    ['a spent quota', responses(429, {}, '{"error":{"code":"insufficient_quota"}}')],
    ['an overload that names no time', responses(529)],
    ['a bare 503', responses(503)],
    ['a server error', responses(500)],
    ['no network', failsAfter()],
  ])('%s is none: the others go on', async (_name, refusal) => {
    const { clock, ask } = createTabs()
    ask([refusal, speaks])
    await clock.advance(100)
    const other = ask([speaks])
    await clock.advance(0)
    expect(other.sentAt).toEqual([0])
  })

  test('an overload that names its time holds back, too', async () => {
    const { clock, ask } = createTabs()
    ask([responses(529, { 'retry-after': '3' }), speaks])
    await clock.advance(1_000)
    const other = ask([speaks])
    await clock.advance(2_500)
    expect(other.sentAt).toEqual([2_000])
  })
})

describe('a request that is held back', () => {
  test('is cancelled at once, and never sent', async () => {
    const { clock, ask } = createTabs()
    ask([limited(5), speaks])
    await clock.advance(0)
    const second = ask([speaks])
    await clock.advance(1_000)
    second.runningRequest.cancel()
    await clock.advance(60_000)
    expect(second.timeline).toEqual(['0 request_started', '0 rate_limit_wait', '1000 request_cancelled'])
  })

  test('gets a 429 with the known time when that is beyond its budget', async () => {
    const { clock, ask } = createTabs()
    const first = ask([limited(300)])
    await clock.advance(10_000)
    const second = ask([speaks])
    await clock.advance(0)
    expect(second.sentAt).toEqual([])
    expect(second.page.response?.status).toBe(429)
    expect(Object.fromEntries(second.page.response?.headers ?? [])).toMatchObject({
      'retry-after': '290',
      'x-should-retry': 'false',
    })
    expect(JSON.parse(second.page.text)).toMatchObject({ error: { code: 'rate_limited' } })
    expect(statusOf(second, 'request_failed')).toMatchObject({
      code: 'rate_limited',
      httpStatus: 429,
      retryAt: first.startedAt + 300_000,
      attempts: 0,
    })
  })

  test('pays for the wait from its own budget', async () => {
    const { clock, ask } = createTabs()
    ask([limited(40), speaks])
    await clock.advance(0)
    const second = ask([limited(20), limited(1), speaks])
    await clock.advance(300_000)
    expect(second.sentAt).toEqual([40_000, 60_000])
    expect(statusOf(second, 'request_failed').code).toBe('rate_limited')
  })

  test('pays for no jitter', async () => {
    const clock = createFakeClock()
    const random = () => 0.999
    const limits = createLimits({ clock, random })
    runRequest([limited(40), speaks], { clock, limits, random })
    await clock.advance(0)
    const second = runRequest([limited(20), speaks], { clock, limits, random })
    await clock.advance(300_000)
    expect(statusOf(second, 'request_finished').attempts).toBe(2)
  })

  test('does not wait beyond its total', async () => {
    const { clock, ask } = createTabs()
    ask([limited(50), speaks])
    await clock.advance(0)
    const second = ask([speaks], { options: { timeouts: { totalMs: 50_000 } } })
    await clock.advance(0)
    expect(second.page.response?.status).toBe(429)
  })

  test('goes first when the one before it is cancelled in the cool-down', async () => {
    const { clock, ask } = createTabs()
    const first = ask([limited(5), speaks])
    await clock.advance(0)
    const second = ask([speaks])
    first.runningRequest.cancel()
    await clock.advance(5_000)
    expect(second.sentAt).toEqual([5_000])
  })

  test('goes when the probe is cancelled on its way', async () => {
    const { clock, ask } = createTabs()
    const first = ask([limited(5), saysNothing()])
    await clock.advance(0)
    const second = ask([speaks])
    await clock.advance(6_000)
    first.runningRequest.cancel()
    await clock.advance(0)
    expect(second.sentAt).toEqual([6_000])
  })

  test('waits for the probe: five seconds without a refusal are enough', async () => {
    const { clock, ask } = createTabs()
    ask([limited(5), streams([[0, WHOLE]], { headersMs: 8_000 })])
    await clock.advance(0)
    const second = ask([speaks])
    await clock.advance(60_000)
    expect(second.sentAt).toEqual([10_000])
  })
})

describe('twenty tabs', () => {
  test('twenty tabs that meet a 429 with `Retry-After: 5` send nothing until it is over', async () => {
    const { arrivals, replied } = await simulateTabs({
      tabs: 20,
      apartMs: 100,
      forMs: 20_000,
      shared: true,
      upstream: coolsDown(5),
    })
    expect(arrivals.filter((at) => at > 0 && at < 5_000)).toEqual([])
    expect(arrivals).toHaveLength(21)
    expect(replied).toBe(20)
    expect(new Set(arrivals).size).toBeGreaterThan(10)
  })

  test('twenty tabs that meet an outage of a minute cost the upstream what the bucket holds, and one last try each', async () => {
    const { retries } = await simulateTabs({
      tabs: 20,
      apartMs: 100,
      forMs: 300_000,
      shared: true,
      upstream: isDown(60_000),
    })
    // Full, refilled for a minute, and one that is free every ten seconds; an empty bucket ends nothing.
    expect(retries).toBeLessThanOrEqual(10 + 10 + 7 + 20)
    expect(retries).toBeGreaterThan(20)
  })
})

describe('a retry that finds the shared bucket empty', () => {
  const spent = { options: { retry: { bucket: { capacity: 0, refillPerMinute: 0 } } } }

  test('waits for the next token, and says so', async () => {
    const { clock, ask } = createTabs()
    ask([responses(500), speaks], spent)
    await clock.advance(4_000)
    const second = ask([responses(500), speaks], spent)
    await clock.advance(60_000)
    // The free one of every 10 s was taken at 0.
    expect(second.sentAt).toEqual([0, 6_000])
    expect(statusOf(second, 'server_retry')).toMatchObject({ retryAfterMs: 6_000, budgetLeftMs: 24_000 })
    expect(second.page.text).toBe(WHOLE)
  })

  test('waits no longer than its budget: the last try comes at its end, and has the last word', async () => {
    const { clock, ask } = createTabs()
    for (let tab = 0; tab < 4; tab++) ask([responses(500), speaks], spent)
    await clock.advance(0)
    const last = ask([responses(500), responses(500, {}, 'down')], spent)
    await clock.advance(60_000)
    expect(last.sentAt).toEqual([0, 30_000])
    expect(last.page).toMatchObject({ text: 'down', response: { status: 500 } })
    expect(statusOf(last, 'request_failed')).toMatchObject({ code: 'upstream_error', waitedMs: 30_000 })
  })

  test('holds back an overload that names no time, too: no gate does', async () => {
    const { clock, ask } = createTabs()
    ask([responses(500), speaks], spent)
    await clock.advance(0)
    const second = ask([responses(503), speaks], spent)
    await clock.advance(60_000)
    expect(second.sentAt).toEqual([0, 10_000])
  })

  test('does not keep a rate-limited request from its retry', async () => {
    const { clock, ask } = createTabs()
    ask([responses(500), speaks], spent)
    await clock.advance(0)
    const second = ask([limited(1), speaks], spent)
    await clock.advance(10_000)
    expect(second.sentAt).toEqual([0, 1_000])
  })

  test('goes at once where there is no bucket', async () => {
    const { clock, ask } = createTabs()
    const tabs = Array.from({ length: 30 }, () =>
      ask([responses(500), speaks], { options: { retry: { bucket: false } } }),
    )
    await clock.advance(500)
    expect(tabs.every((tab) => tab.page.closed && tab.page.response?.ok)).toBe(true)
  })
})

describe('a limit whose time nobody has named', () => {
  const impatient = { options: { retry: { rateLimitBudgetMs: 5_000 } } }

  test('ends no other request: the last try of each comes at the end of its own budget', async () => {
    const { clock, ask } = createTabs()
    ask(Array(20).fill(responses(429)))
    await clock.advance(7_000)
    // The first one has waited 2 and 4 s, and shuts the gate for 8 s.
    const second = ask([responses(429)], impatient)
    await clock.advance(60_000)
    // Its 5 s, and what jitter it may have.
    expect(second.sentAt).toEqual([5_250])
    expect(statusOf(second, 'request_failed').code).toBe('rate_limited')
  })

  test('is found to be over by that last try, and then for all', async () => {
    const { clock, ask } = createTabs()
    const first = ask([responses(429), responses(429), responses(429), speaks])
    await clock.advance(7_000)
    ask([speaks], impatient)
    await clock.advance(60_000)
    const third = ask([speaks])
    await clock.advance(0)
    expect(first.sentAt).toEqual([0, 2_000, 6_000, 14_000])
    expect(third.sentAt).toEqual([0])
  })

  test('ends no other request while a probe is under way that takes longer than it has', async () => {
    const { clock, ask } = createTabs()
    ask([responses(429), streams([[0, WHOLE]], { headersMs: 20_000 })])
    await clock.advance(3_000)
    const second = ask([speaks], { options: { retry: { rateLimitBudgetMs: 1_000 } } })
    await clock.advance(60_000)
    // Five seconds of the probe, sent at 2 s, without a refusal open the gate.
    expect(second.sentAt).toEqual([4_000])
    expect(second.page.text).toBe(WHOLE)
  })

  test('a time that a server names at last ends a wait that has less time immediately', async () => {
    const { clock, ask } = createTabs()
    ask([responses(429), limited(50), speaks])
    await clock.advance(0)
    const second = ask([speaks], impatient)
    await clock.advance(2_000)
    expect(second.sentAt).toEqual([])
    expect(second.timeline.at(-1)).toBe('2000 request_failed')
  })
})

test('a request that was posted too often is answered with 503 and the time, and not sent', async () => {
  const { clock, ask } = createTabs()
  const guarded = ask([], { heldUntil: clock.now() + 42_000 })
  await clock.advance(0)
  expect(guarded.timeline).toEqual(['0 request_started', '0 request_failed'])
  expect(statusOf(guarded, 'request_failed')).toMatchObject({ code: 'retry_budget_exhausted', attempts: 0 })
  expect(guarded.page.response?.status).toBe(503)
  expect(Object.fromEntries(guarded.page.response?.headers ?? [])).toMatchObject({
    'retry-after': '42',
    'x-should-retry': 'false',
  })
})

describe('what was learned outlives its worker', () => {
  test('a cool-down is not forgotten, nor is the bucket refilled', async () => {
    let kept = { shut: {}, buckets: {} }
    const clock = createFakeClock()
    const random = () => 0
    const first = createLimits({ clock, random, changed: (known) => (kept = structuredClone(known)) })
    const tight = { options: { retry: { bucket: { capacity: 1, refillPerMinute: 0 } } } }
    runRequest([responses(500), responses(500), limited(5), speaks], { clock, limits: first, ...tight })
    await clock.advance(2_000)
    const over = clock.now() + 4_500 // The limit was met after two waits, 500 and 1 000 ms.

    const second = createLimits({ clock, random })
    second.restore(kept)
    const held = runRequest([responses(500), speaks], { clock, limits: second, ...tight })
    await clock.advance(30_000)
    expect(statusOf(held, 'rate_limit_wait').retryAt).toBe(over)
    // Of what was promised before only the next free one is left, ten seconds after the first.
    expect(held.sentAt).toEqual([over - held.startedAt, 8_000])
  })

  test('a cool-down long over is forgotten', async () => {
    const { clock, limits, ask } = createTabs()
    limits.restore({ shut: { 'https://api.example gpt-4o ': clock.now() - 60_001 }, buckets: {} })
    const tabs = [ask([saysNothing()]), ask([saysNothing()])]
    await clock.advance(0)
    expect(tabs.map(({ sentAt }) => sentAt)).toEqual([[0], [0]])
  })
})
