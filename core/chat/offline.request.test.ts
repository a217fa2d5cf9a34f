import { describe, expect, test } from 'vitest'
import { createLimits } from '../retry/limits.ts'
import { createFakeClock } from '../testing/fake-clock.ts'
import { createFakeNetwork, type FakeNetwork } from '../testing/fake-network.ts'
import { ROLE, WHOLE } from '../testing/openai-events.ts'
import { REASONING_BODY, runRequest, statusOf, type RequestSettings } from '../testing/run-request.ts'
import { responses, failsAfter, saysNothing, type Scripted, streams } from '../testing/scripted-upstream.ts'

const MINUTE = 60_000

/** A chat whose network is away for so long, and whose browser says so, or lies. */
function goOffline(ms: number, settings: RequestSettings & { network?: FakeNetwork } = {}) {
  const { clock = createFakeClock(), network = createFakeNetwork(false) } = settings
  const backAt = clock.monotonic() + ms
  clock.timer(ms, () => network.say(true))
  const each: Scripted = (...sent) =>
    (clock.monotonic() < backAt ? failsAfter() : streams([[0, WHOLE]]))(...sent)
  return { network, ...runRequest(Array(1_000).fill(each), { ...settings, clock, network }) }
}

const waits = ({ statuses }: { statuses: { status: string }[] }) =>
  statuses.filter(({ status }) => status === 'network_wait')

describe('a chat that is asked while the browser is offline', () => {
  test('is sent once all the same: a model on this machine answers on a plane, too', async () => {
    const run = runRequest([streams([[0, WHOLE]])], { network: createFakeNetwork(false) })
    await run.clock.advance(0)
    expect(run.timeline).toEqual(['0 request_started', '0 send', '0 first_output', '0 request_finished'])
  })

  test('for 3 s waits uncharged, and streams as soon as the browser is back', async () => {
    const run = goOffline(3_000)
    await run.clock.advance(MINUTE)
    expect(run.timeline).toEqual([
      '0 request_started',
      '0 send',
      '0 network_wait',
      '3000 send',
      '3000 first_output',
      '3000 request_finished',
    ])
    expect(statusOf(run, 'network_wait')).toEqual({ status: 'network_wait', requestId: 'r1' })
    expect(statusOf(run, 'request_finished')).toMatchObject({ attempts: 2, waitedMs: 3_000 })
    expect(run.page.text).toBe(WHOLE)
    expect(run.network.waiting()).toBe(0)
  })

  test('for 60 s tries every 5 s, more often than the brake allows, says it once, and streams', async () => {
    const run = goOffline(61_000)
    await run.clock.advance(2 * MINUTE)
    expect(run.sentAt).toEqual([...Array.from({ length: 13 }, (_, n) => n * 5_000), 61_000])
    expect(waits(run)).toHaveLength(1)
    expect(run.page.text).toBe(WHOLE)
  })

  test('for 60 s has all of its budget left when the upstream fails after it', async () => {
    const clock = createFakeClock()
    const network = createFakeNetwork(false)
    clock.timer(MINUTE, () => network.say(true))
    const run = runRequest(Array(100).fill(failsAfter()), { clock, network })
    await run.clock.advance(3 * MINUTE)
    const charged = run.sentAt.filter((at) => at >= MINUTE)
    expect(charged).toHaveLength(10)
    expect(charged.at(-1)).toBe(MINUTE + 30_000)
    expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'network_error', waitedMs: 90_000 })
  })

  test('for 400 s fails when its total is up, and is told', async () => {
    const run = goOffline(400_000)
    await run.clock.advance(299_999)
    expect(run.finished()).toBe(false)
    await run.clock.advance(1)
    expect(run.timeline.at(-1)).toBe('300000 request_failed')
    expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'network_error' })
    expect(run.page.response?.type).toBe('error')
    expect(run.sentAt.at(-1)).toBe(295_000)
    expect(run.network.waiting()).toBe(0)
  })

  test('for 400 s is answered where its total is 600 s', async () => {
    const run = goOffline(400_000, { body: REASONING_BODY })
    await run.clock.advance(10 * MINUTE)
    expect(run.sentAt.at(-1)).toBe(400_000)
    expect(run.page.text).toBe(WHOLE)
  })

  test('for 250 s has its Response early, and the response in it', async () => {
    const run = goOffline(250_000, { earlyMs: 240_000 })
    await run.clock.advance(5 * MINUTE)
    expect(run.page.respondedAt).toBe(240_000)
    expect(run.page).toMatchObject({ text: WHOLE, closed: true })
  })

  test('is stopped at once', async () => {
    const run = goOffline(MINUTE)
    await run.clock.advance(2_000)
    run.runningRequest.cancel()
    await run.clock.advance(MINUTE)
    expect(run.timeline.at(-1)).toBe('2000 request_cancelled')
    expect(run.sentAt).toEqual([0])
    expect(run.network.waiting()).toBe(0)
  })

  test.each(['http://localhost:11434', 'http://192.168.1.20:8080', 'http://nas.local'])(
    'a chat that asks %s, on this side of its network, is not told to wait for it',
    async (origin) => {
      const run = runRequest([failsAfter(), streams([[0, WHOLE]])], {
        network: createFakeNetwork(false),
        origin,
      })
      await run.clock.advance(MINUTE)
      expect(run.timeline[2]).toBe('0 network_retry')
      expect(run.sentAt).toEqual([0, 500])
    },
  )

  test('gets a single attempt where its caller tries again', async () => {
    const run = goOffline(3_000, { options: { retry: { maxAttempts: 1 } } })
    await run.clock.advance(MINUTE)
    expect(run.timeline).toEqual(['0 request_started', '0 send', '0 request_failed'])
  })

  test('says it again when a limit was told in between', async () => {
    const clock = createFakeClock()
    const limits = createLimits({ clock, random: () => 0 })
    const run = goOffline(40_000, { clock, limits })
    await clock.advance(500)
    runRequest([responses(429, { 'retry-after': '10' }), saysNothing()], { clock, limits })
    await clock.advance(MINUTE)
    expect(run.timeline.slice(2, 6)).toEqual([
      '0 network_wait',
      '5000 rate_limit_wait',
      '10500 send',
      '10500 network_wait',
    ])
    expect(run.page.text).toBe(WHOLE)
  })

  test('goes on over a connection that breaks before the first output', async () => {
    const network = createFakeNetwork()
    const run = runRequest(
      [
        streams(
          [
            [0, ROLE],
            [1_000, ''],
          ],
          { end: 'reset' },
        ),
        streams([[0, WHOLE]]),
      ],
      { network },
    )
    await run.clock.advance(500)
    network.say(false)
    await run.clock.advance(2_500)
    network.say(true)
    await run.clock.advance(MINUTE)
    expect(run.timeline.slice(1, 4)).toEqual(['0 send', '1000 network_wait', '3000 send'])
    expect(run.page.text).toBe(WHOLE)
  })
})

describe('a network that flaps', () => {
  test('is asked when it is back, each time, and costs nothing while it is away', async () => {
    const network = createFakeNetwork(false)
    const run = runRequest([failsAfter(100), failsAfter(100), failsAfter(100), streams([[0, WHOLE]])], {
      network,
    })
    for (const at of [2_000, 4_000, 6_000]) {
      await run.clock.advance(at - (run.clock.now() - run.startedAt))
      network.say(true)
      await run.clock.advance(50)
      network.say(false)
    }
    await run.clock.advance(MINUTE)
    expect(run.sentAt).toEqual([0, 2_000, 4_000, 6_000])
    expect(waits(run)).toHaveLength(1)
    expect(run.page.text).toBe(WHOLE)
  })

  test('ten times a second is asked no more often than twice', async () => {
    const network = createFakeNetwork(false)
    const run = runRequest(Array(200).fill(failsAfter()), { network })
    for (let n = 0; n < 100; n++) {
      await run.clock.advance(99)
      network.say(true)
      network.say(false)
      await run.clock.advance(1)
    }
    expect(run.sentAt.length).toBeGreaterThan(10)
    expect(run.sentAt.length).toBeLessThanOrEqual(21)
  })
})

test('a network that is away is asked twice a second at most, also where retries do not wait', async () => {
  const retry = { baseMs: 0, maxMs: 0, jitterMs: 0 }
  const run = runRequest(Array(100).fill(failsAfter()), {
    network: createFakeNetwork(false),
    options: { retry },
  })
  await run.clock.advance(10_000)
  expect(run.sentAt).toHaveLength(21)
})

describe('a browser that lies', () => {
  test('about being online has the network budget, and no more', async () => {
    const run = goOffline(MINUTE, { network: createFakeNetwork(true) })
    await run.clock.advance(2 * MINUTE)
    expect(waits(run)).toEqual([])
    expect(run.timeline.at(-1)).toBe('30000 request_failed')
  })

  test('about being offline is tried every 5 s, and answered', async () => {
    const run = runRequest([failsAfter(), failsAfter(), streams([[0, WHOLE]])], {
      network: createFakeNetwork(false),
    })
    await run.clock.advance(MINUTE)
    expect(run.sentAt).toEqual([0, 5_000, 10_000])
    expect(run.page.text).toBe(WHOLE)
  })

  test('about being offline does not make a limit or a server error free', async () => {
    const network = createFakeNetwork(false)
    const run = runRequest([responses(500), responses(429), streams([[0, WHOLE]])], { network })
    await run.clock.advance(MINUTE)
    expect(run.sentAt).toEqual([0, 500, 2_500])
    expect(waits(run)).toEqual([])
  })
})

test.each(['counts', 'stands still'] as const)(
  'a laptop that sleeps for an hour while it is offline has not used up its total (its clock %s)',
  async (monotonic) => {
    const clock = createFakeClock()
    const network = createFakeNetwork(false)
    const run = runRequest([failsAfter(), ...Array(20).fill(failsAfter()), streams([[0, WHOLE]])], {
      clock,
      network,
    })
    await clock.advance(12_000)
    await clock.sleep(60 * MINUTE, monotonic)
    await clock.advance(2_000)
    expect(run.finished()).toBe(false)
    const sent = run.sentAt.length
    network.say(true)
    await clock.advance(0)
    expect(run.sentAt).toHaveLength(sent + 1)
  },
)
