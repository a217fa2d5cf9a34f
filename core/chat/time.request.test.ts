import { describe, expect, test } from 'vitest'
import { deferred } from '../deferred.ts'
import { createLimits } from '../retry/limits.ts'
import { createFakeClock, type FakeClock } from '../testing/fake-clock.ts'
import { DONE, FINISH, KEEP_ALIVE, ROLE, say, WHOLE } from '../testing/openai-events.ts'
import { type FakeRequest, REASONING_BODY, runRequest, statusOf } from '../testing/run-request.ts'
import { responses, failsAfter, saysNothing, type Scripted, streams } from '../testing/scripted-upstream.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const EVENTS: [string, (clock: FakeClock) => Promise<void> | void][] = [
  ['a sleep that the monotonic clock counts', (clock) => clock.sleep(HOUR, 'counts')],
  ['a sleep in which it stands still', (clock) => clock.sleep(HOUR, 'stands still')],
  ['a sleep of ten minutes', (clock) => clock.sleep(10 * MINUTE, 'counts')],
  ['a nap as long as the wait for headers', (clock) => clock.sleep(30_500, 'counts')],
  ['a frozen page', (clock) => clock.freeze(HOUR)],
  ['a wall clock set back 1 h', (clock) => clock.jump(-HOUR)],
  ['a wall clock set forward 1 h', (clock) => clock.jump(HOUR)],
]

/** An upstream that answers when the test says so, and not by the clock. */
function byHand(type = 'text/event-stream') {
  const stream = new TransformStream<Uint8Array, Uint8Array>(undefined, undefined, { highWaterMark: 100 })
  const writer = stream.writable.getWriter()
  const response = deferred<Response>()
  const script: Scripted = (_clock, signal) => {
    signal.addEventListener('abort', () => {
      response.reject(signal.reason)
      writer.abort(signal.reason).catch(() => {})
    })
    return response.promise
  }
  return {
    script,
    head: () => response.resolve(new Response(stream.readable, { headers: { 'content-type': type } })),
    send: (text: string) => void writer.write(new TextEncoder().encode(text)).catch(() => {}),
    close: () => void writer.close().catch(() => {}),
  }
}

/** The page's text at the end: all of it, from one POST by default. */
function expectWhole(run: FakeRequest, text: string, posts = 1): void {
  expect(run.page).toMatchObject({ text, closed: true })
  expect(run.page.response?.status).toBe(200)
  expect(run.sentAt).toHaveLength(posts)
  expect(run.statuses.map(({ status }) => status)).not.toContain('request_failed')
  expect(run.finished()).toBe(true)
}

describe.each(EVENTS)('C5 %s cuts nothing', (_what, happen) => {
  test.each([0, 1_000, 19_000, 29_000])('before the headers, %d ms after the start', async (atMs) => {
    const upstream = byHand()
    const run = runRequest([upstream.script])
    await run.clock.advance(atMs)
    await happen(run.clock)
    await run.clock.advance(900)
    upstream.head()
    upstream.send(WHOLE)
    upstream.close()
    await run.clock.advance(0)
    expectWhole(run, WHOLE)
  })

  test.each([0, 100_000, 299_000])(
    'before the headers of a whole response, %d ms after the start',
    async (atMs) => {
      const upstream = byHand('application/json')
      const run = runRequest([upstream.script], { body: { model: 'gpt-4o', stream: false } })
      await run.clock.advance(atMs)
      await happen(run.clock)
      await run.clock.advance(900)
      upstream.head()
      upstream.send('{"choices":[]}')
      upstream.close()
      await run.clock.advance(0)
      expectWhole(run, '{"choices":[]}')
    },
  )

  test.each([0, 5_000, 100_000, 299_000])(
    'before the first output, %d ms after the headers',
    async (atMs) => {
      const upstream = byHand()
      const run = runRequest([upstream.script])
      upstream.head()
      upstream.send(ROLE)
      await run.clock.advance(atMs)
      await happen(run.clock)
      await run.clock.advance(900)
      upstream.send(say('Hi') + FINISH + DONE)
      upstream.close()
      await run.clock.advance(0)
      expectWhole(run, ROLE + say('Hi') + FINISH + DONE)
    },
  )

  test('before the first output of a server that keeps alive', async () => {
    const alive = Array.from({ length: 12 }, (_, n) => [(n + 1) * 15_000, KEEP_ALIVE] as const)
    const run = runRequest([streams([...alive, [200_000, WHOLE]])])
    await run.clock.advance(100_000)
    await happen(run.clock)
    await run.clock.advance(150_000)
    expectWhole(run, KEEP_ALIVE.repeat(12) + WHOLE)
  })

  test('before the first output of a server that keeps alive for nine minutes', async () => {
    const upstream = byHand()
    const run = runRequest([upstream.script])
    upstream.head()
    for (let n = 0; n < 36; n++) {
      await run.clock.advance(15_000)
      upstream.send(KEEP_ALIVE)
      if (n === 10) await happen(run.clock)
    }
    upstream.send(WHOLE)
    upstream.close()
    await run.clock.advance(0)
    expectWhole(run, KEEP_ALIVE.repeat(36) + WHOLE)
  })

  test.each([500, 4_000, 30_000, 179_000])('in mid-stream, %d ms after the last word', async (atMs) => {
    const upstream = byHand()
    const run = runRequest([upstream.script])
    upstream.head()
    upstream.send(say('Hel'))
    await run.clock.advance(atMs)
    await happen(run.clock)
    await run.clock.advance(900)
    upstream.send(say('lo'))
    await run.clock.advance(20_000)
    upstream.send(FINISH + DONE)
    upstream.close()
    await run.clock.advance(0)
    expectWhole(run, say('Hel') + say('lo') + FINISH + DONE)
  })

  test('in a stream with a word every three seconds', async () => {
    const words = Array.from({ length: 40 }, (_, n) => [n * 3_000, say(`${n}`)] as const)
    const run = runRequest([streams([...words, [120_000, FINISH + DONE]])])
    await run.clock.advance(9_250)
    await happen(run.clock)
    await run.clock.advance(130_000)
    expectWhole(run, words.map(([, word]) => word).join('') + FINISH + DONE)
  })

  test('in a wait after a network error', async () => {
    const run = runRequest([failsAfter(), failsAfter(), streams([[0, WHOLE]])])
    await run.clock.advance(200)
    await happen(run.clock)
    await run.clock.advance(10_000)
    expectWhole(run, WHOLE, 3)
  })

  test.each([0, 2_000, 4_990])('in a rate-limit wait of 5 s, %d ms into it', async (atMs) => {
    const clock = createFakeClock()
    const limits = createLimits({ clock, random: () => 0 })
    const again = responses(429, { 'retry-after': '5' })
    const speaks: Scripted = streams([[0, WHOLE]])
    const first = runRequest([again, again, speaks], { clock, limits })
    await clock.advance(atMs)
    const second = runRequest([speaks], { clock, limits })
    await happen(clock)
    const third = runRequest([speaks], { clock, limits })
    await clock.advance(60_000)
    expectWhole(first, WHOLE, 3)
    expectWhole(second, WHOLE)
    expectWhole(third, WHOLE)
    const later = runRequest([speaks], { clock, limits })
    await clock.advance(0)
    expectWhole(later, WHOLE)
  })

  test('while one request asks whether the limit is over: nobody is sent into it', async () => {
    const clock = createFakeClock()
    const limits = createLimits({ clock, random: () => 0 })
    const limited = (headersMs: number) =>
      streams([], { status: 429, headersMs, headers: { 'retry-after': '5' } })
    const speaks: Scripted = streams([[0, WHOLE]])
    const first = runRequest([limited(0), limited(4_900), speaks], { clock, limits })
    await clock.advance(0)
    const second = runRequest([speaks], { clock, limits })
    await clock.advance(6_000)
    await happen(clock)
    await clock.advance(60_000)
    expectWhole(first, WHOLE, 3)
    expectWhole(second, WHOLE)
  })

  test('though the connection did not outlive it', async () => {
    // The socket dies in the sleep, and `fetch` says so before any timer of ours is late.
    const run = runRequest([failsAfter(25_500), streams([[0, WHOLE]])])
    await run.clock.advance(25_000)
    await happen(run.clock)
    await run.clock.advance(10_000)
    expectWhole(run, WHOLE, 2)
  })

  test('a stream that hangs is still detected', async () => {
    const run = runRequest([saysNothing(), saysNothing()])
    await run.clock.advance(20_000)
    await happen(run.clock)
    await run.clock.advance(11 * MINUTE)
    expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'total_timeout', attempts: 2 })
  })
})

test('C5 what is told of a wait is told by the wall clock', async () => {
  const run = runRequest([responses(429, { 'retry-after': '5' }), streams([[0, WHOLE]])])
  run.clock.jump(-HOUR)
  await run.clock.advance(0)
  const { retryAt, retryAfterMs } = statusOf(run, 'rate_limit_retry')
  expect({ retryAt, retryAfterMs }).toEqual({ retryAt: run.clock.now() + 5_000, retryAfterMs: 5_000 })
})

test.each([-HOUR, HOUR])('C5 durations do not follow a wall clock that jumps by %d ms', async (byMs) => {
  const run = runRequest([
    responses(429, { 'retry-after': '5' }),
    streams(
      [
        [1_000, say('a')],
        [20_000, FINISH + DONE],
      ],
      { headersMs: 2_000 },
    ),
  ])
  await run.clock.advance(1_000)
  run.clock.jump(byMs)
  await run.clock.advance(6_500)
  run.clock.jump(byMs)
  await run.clock.advance(30_000)
  expect(statusOf(run, 'first_output')).toMatchObject({ ttfbMs: 7_000, ttftMs: 8_000 })
  expect(statusOf(run, 'stream_flowing')).toMatchObject({ silentMs: 19_000 })
  expect(statusOf(run, 'request_finished')).toMatchObject({ durationMs: 27_000 })
})

describe('R5 healthy silence before the first output is not cut', () => {
  const alive = (untilMs: number, everyMs: number) =>
    Array.from(
      { length: Math.floor((untilMs - 1) / everyMs) },
      (_, n) => [(n + 1) * everyMs, KEEP_ALIVE] as const,
    )

  test.each([
    [510_000, 30_000],
    [590_000, 15_000],
    [599_000, 250_000],
  ])('keep-alives for %d ms, one every %d ms', async (untilMs, everyMs) => {
    const body = { model: 'a-name-that-nobody-knows', stream: true }
    const pieces = alive(untilMs, everyMs)
    const run = runRequest([streams([[0, ROLE], ...pieces, [untilMs, WHOLE]])], { body })
    await run.clock.advance(untilMs)
    expectWhole(run, ROLE + KEEP_ALIVE.repeat(pieces.length) + WHOLE)
  })

  test('a preamble, and then nothing, buys no more than the total', async () => {
    const run = runRequest([streams([[0, ROLE]], { end: 'open' })])
    await run.clock.advance(11 * MINUTE)
    expect(run.timeline.at(-1)).toBe('300000 request_failed')
    expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'total_timeout', attempts: 1 })
  })

  test('what one attempt was given for its keep-alives, the next one has', async () => {
    const first = streams(
      [
        [0, ROLE],
        [280_000, KEEP_ALIVE],
        [290_000, KEEP_ALIVE],
      ],
      { end: 'reset' },
    )
    const run = runRequest([first, streams([[0, WHOLE]], { headersMs: 25_000 })])
    await run.clock.advance(6 * MINUTE)
    expectWhole(run, WHOLE, 2)
  })

  test('a total of the app’s own that is larger stands', async () => {
    const options = { timeouts: { totalMs: 900_000, firstOutputMs: 900_000 } }
    const run = runRequest([streams([...alive(890_000, 15_000), [890_000, WHOLE]])], { options })
    await run.clock.advance(890_000)
    expect(run.sentAt).toHaveLength(1)
    expect(run.page.closed).toBe(true)
  })
})

describe('R5 a hung stream of a reasoning model', () => {
  test('is found after two minutes, and sent once more', async () => {
    const run = runRequest([saysNothing(), streams([[0, WHOLE]], { headersMs: 400_000 })], {
      body: REASONING_BODY,
    })
    await run.clock.advance(10 * MINUTE)
    expect(run.sentAt).toEqual([0, 120_500])
    expectWhole(run, WHOLE, 2)
  })
})

describe('R9 finished is ended', () => {
  test('a connection that stays open, all read at once', async () => {
    const run = runRequest([streams([[0, WHOLE]], { end: 'open' })])
    await run.clock.advance(10_000)
    expectWhole(run, WHOLE)
  })

  test.each([0, 5_000])('a connection that stays open %d ms after the first word', async (atMs) => {
    const run = runRequest([
      streams(
        [
          [0, say('Hi')],
          [atMs, FINISH + DONE],
        ],
        { end: 'open' },
      ),
    ])
    await run.clock.advance(atMs + 9_999)
    expect(run.finished()).toBe(false)
    await run.clock.advance(1)
    expectWhole(run, say('Hi') + FINISH + DONE)
    expect(run.signals[0]?.aborted).toBe(true)
    expect(statusOf(run, 'request_finished')).toMatchObject({ verdict: 'complete' })
  })
})

describe('R11 a GET stream has no output clock', () => {
  test('an EventSource with nothing but pings is not cut', async () => {
    const pings = Array.from({ length: 241 }, (_, n) => [n * 15_000, KEEP_ALIVE] as const)
    const run = runRequest([streams(pings, { end: 'open' })], { isEventSource: true })
    await run.clock.advance(HOUR)
    expect(run.sentAt).toEqual([0])
    expect(run.timeline).toEqual(['0 request_started', '0 send'])
  })

  test('an EventSource with one word an hour is not cut', async () => {
    const pings = Array.from({ length: 240 }, (_, n) => [(n + 1) * 15_000, KEEP_ALIVE] as const)
    const run = runRequest([streams([[0, say('a')], ...pings, [HOUR + 1, say('b')]], { end: 'open' })], {
      isEventSource: true,
    })
    await run.clock.advance(HOUR + 1)
    expect(run.page.text).toBe(say('a') + KEEP_ALIVE.repeat(240) + say('b'))
    expect(run.sentAt).toEqual([0])
    expect(run.statuses.every(({ status }) => !/failed|finished|retry/.test(status))).toBe(true)
  })

  test('an EventSource without a byte ends, so that its reader connects again', async () => {
    const run = runRequest([streams([[0, say('a')]], { end: 'open' })], { isEventSource: true })
    await run.clock.advance(180_000)
    expect(run.page.closed).toBe(true)
  })
})
