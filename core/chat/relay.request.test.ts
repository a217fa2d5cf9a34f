import { describe, expect, test } from 'vitest'
import { DONE, FINISH, KEEP_ALIVE, ROLE, say, WHOLE } from '../testing/openai-events.ts'
import { runRequest, statusOf } from '../testing/run-request.ts'
import { responses, failsAfter, saysNothing, streams } from '../testing/scripted-upstream.ts'

const MINUTE = 60_000

function notice(code: string, message: string): string {
  return `data: ${JSON.stringify({ error: { message, type: 'streamkeeper_error', code } })}\n\n`
}

describe('an EventSource ends as the upstream did, so that it connects again', () => {
  test.each([
    ['without its end marker', 'close', 'truncated'],
    ['by a reset', 'reset', 'network_error'],
  ] as const)('%s', async (_words, end, code) => {
    const run = runRequest([streams([[0, say('Hel')]], { end })], { isEventSource: true })
    await run.clock.advance(0)
    expect(run.page).toMatchObject({ text: say('Hel'), closed: true })
    expect(statusOf(run, 'request_failed').code).toBe(code)
  })

  test.each([
    ['a finish', say('Hel') + FINISH],
    ['an end marker', say('Hel') + FINISH + DONE],
    [
      'an Anthropic end',
      'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}\n\n' +
        'data: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}\n\n' +
        'data: {"type":"message_stop"}\n\n',
    ],
  ])('not 10 s after %s: it would ask again', async (_words, said) => {
    const pings = Array.from({ length: 20 }, (_, n): [number, string] => [(n + 1) * 5_000, KEEP_ALIVE])
    const run = runRequest([streams([[0, said], ...pings, [101_000, say('again')]], { end: 'open' })], {
      isEventSource: true,
    })
    await run.clock.advance(102_000)
    expect(run.page).toMatchObject({ text: said + KEEP_ALIVE.repeat(20) + say('again'), closed: false })
    expect(run.signals[0]?.aborted).toBe(false)
  })

  test('when all attempts failed after it was answered', async () => {
    const quiet = streams([[20_000, '']], { end: 'reset' })
    const run = runRequest([quiet, quiet], { isEventSource: true })
    await run.clock.advance(60_000)
    expect(run.page).toMatchObject({ text: '', closed: true })
    expect(statusOf(run, 'request_failed').code).toBe('network_error')
  })
})

describe('a stall after output', () => {
  test('without a byte for 180 s is transport_idle: our error event, then a broken stream', async () => {
    const run = runRequest([streams([[0, say('Hel')]], { end: 'open' })])
    await run.clock.advance(179_999)
    expect(run.signals[0]?.aborted).toBe(false)
    await run.clock.advance(1)
    expect(run.timeline).toEqual([
      '0 request_started',
      '0 send',
      '0 first_output',
      '10000 stream_stalled',
      '180000 request_failed',
    ])
    expect(run.signals[0]?.aborted).toBe(true)
    expect(run.page.text).toBe(
      say('Hel') + notice('transport_idle', 'The response stopped: no byte arrived in time'),
    )
    expect(run.page.error).toBeInstanceOf(TypeError)
    expect(run.page.closed).toBe(false)
    expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'transport_idle', attempts: 1 })
    expect(statusOf(run, 'stream_stalled')).toEqual({
      status: 'stream_stalled',
      requestId: 'r1',
      clock: 'transport',
      silentMs: 10_000,
    })
  })

  test('with bytes but no output for 300 s is output_idle', async () => {
    const alive = Array.from({ length: 50 }, (_, n) => [(n + 1) * 8_000, KEEP_ALIVE] as const)
    const run = runRequest([streams([[0, say('Hel')], ...alive], { end: 'open' })])
    await run.clock.advance(400_000)
    expect(run.timeline.at(-1)).toBe('300000 request_failed')
    expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'output_idle' })
    expect(statusOf(run, 'stream_stalled')).toMatchObject({ clock: 'output' })
    expect(
      run.page.text.endsWith(notice('output_idle', 'The response stopped: no output arrived in time')),
    ).toBe(true)
    expect(run.page.error).toBeInstanceOf(TypeError)
  })

  test('in mid-event ends that event before ours begins', async () => {
    const run = runRequest([
      streams(
        [
          [0, say('Hel')],
          [10, 'data: {"choi'],
        ],
        { end: 'open' },
      ),
    ])
    await run.clock.advance(4 * MINUTE)
    expect(run.page.text).toContain(`data: {"choi\n\ndata: {"error"`)
  })

  test('a stall that ends in time is told as flowing', async () => {
    const run = runRequest([
      streams([
        [0, say('Hel')],
        [30_000, say('lo') + DONE],
      ]),
    ])
    await run.clock.advance(MINUTE)
    expect(run.timeline).toEqual([
      '0 request_started',
      '0 send',
      '0 first_output',
      '10000 stream_stalled',
      '30000 stream_flowing',
      '30000 request_finished',
    ])
    expect(statusOf(run, 'stream_flowing')).toMatchObject({ clock: 'transport', silentMs: 30_000 })
    expect(run.page.closed).toBe(true)
  })

  test('after the end marker takes nothing away: the response is whole', async () => {
    const run = runRequest([streams([[0, WHOLE]], { end: 'open' })])
    await run.clock.advance(2 * MINUTE)
    expect(run.page.text).toBe(WHOLE)
    expect(run.page.closed).toBe(true)
    expect(statusOf(run, 'request_finished')).toMatchObject({ verdict: 'complete' })
  })
})

describe('a response that breaks off after output', () => {
  test('by a clean close without an end marker is truncated', async () => {
    const run = runRequest([
      streams([
        [0, ROLE + say('Hel')],
        [100, say('lo')],
      ]),
    ])
    await run.clock.advance(MINUTE)
    expect(run.sentAt).toEqual([0])
    expect(run.page.text).toBe(
      ROLE + say('Hel') + say('lo') + notice('truncated', 'The response broke off before its end'),
    )
    expect(run.page.closed).toBe(false)
    expect(run.page.error).toBeInstanceOf(TypeError)
    expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'truncated' })
  })

  test('by a reset is a network error', async () => {
    const run = runRequest([
      streams(
        [
          [0, say('Hel')],
          [100, say('lo')],
        ],
        { end: 'reset' },
      ),
    ])
    await run.clock.advance(MINUTE)
    expect(run.sentAt).toEqual([0])
    expect(run.page.text.endsWith(notice('network_error', 'The connection was lost'))).toBe(true)
    expect(run.page.error).toBeInstanceOf(TypeError)
    expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'network_error' })
  })

  test('after its end marker is whole', async () => {
    const run = runRequest([streams([[0, WHOLE]], { end: 'reset' })])
    await run.clock.advance(MINUTE)
    expect(run.page.closed).toBe(true)
    expect(statusOf(run, 'request_finished')).toMatchObject({ verdict: 'complete' })
  })
})

test.each([
  ['a finish reason alone', say('Hi') + FINISH],
  ['an end marker alone', say('Hi') + DONE],
  ['an end marker without its last blank line', `${say('Hi')}data: [DONE]`],
])('%s is an end', async (_name, bytes) => {
  const run = runRequest([streams([[0, bytes]])])
  await run.clock.advance(0)
  expect(run.page.text).toBe(bytes)
  expect(run.page.closed).toBe(true)
})

test('an unknown protocol has no end of its own: its close is taken for one', async () => {
  const run = runRequest([streams([[0, 'event: token\ndata: Hi\n\n']])], { path: '/my/chat' })
  await run.clock.advance(0)
  expect(run.page.closed).toBe(true)
  expect(statusOf(run, 'request_finished')).toMatchObject({ verdict: 'complete' })
})

test('an unknown protocol that is reset breaks without an event of ours', async () => {
  const run = runRequest([streams([[0, 'event: token\ndata: Hi\n\n']], { end: 'reset' })], {
    path: '/my/chat',
  })
  await run.clock.advance(0)
  expect(run.page.text).toBe('event: token\ndata: Hi\n\n')
  expect(run.page.error).toBeInstanceOf(TypeError)
})

test('a whole JSON response that is cut is no response', async () => {
  const half = responses(200, { 'content-type': 'application/json' }, '{"choices":[{"mess')
  const run = runRequest([half, half], { body: { model: 'gpt-4o' } })
  await run.clock.advance(MINUTE)
  expect(run.sentAt).toEqual([0, 500])
  expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'truncated' })
  expect(run.page.response?.status).toBe(502)
})

test('the page is not told of an encoding or a length that no longer holds', async () => {
  const headers = { 'content-encoding': 'gzip', 'content-length': '12', 'x-request-id': 'u-1' }
  const run = runRequest([streams([[0, WHOLE]], { headers })])
  await run.clock.advance(0)
  const got = run.page.response?.headers
  expect(got?.get('content-encoding')).toBeNull()
  expect(got?.get('content-length')).toBeNull()
  expect(got?.get('x-request-id')).toBe('u-1')
  expect(got?.get('content-type')).toBe('text/event-stream')
  expect(got?.get('cache-control')).toBe('no-store')
  expect(got?.get('x-should-retry')).toBeNull()
})

test('a response without a body is a response', async () => {
  const run = runRequest([() => Promise.resolve(new Response(null, { status: 204 }))])
  await run.clock.advance(0)
  expect(run.page.response?.status).toBe(204)
  expect(run.timeline).toEqual(['0 request_started', '0 send', '0 first_output', '0 request_finished'])
})

describe('a cancel', () => {
  test('during a wait ends it at once: nothing more is sent', async () => {
    const run = runRequest([failsAfter(), streams([[0, WHOLE]])])
    await run.clock.advance(100)
    run.runningRequest.cancel()
    await run.clock.advance(MINUTE)
    expect(run.timeline).toEqual(['0 request_started', '0 send', '0 network_retry', '100 request_cancelled'])
    expect(run.page.response?.type).toBe('error')
    expect(run.finished()).toBe(true)
  })

  test('before the headers closes the upstream', async () => {
    const run = runRequest([saysNothing(), streams([[0, WHOLE]])])
    await run.clock.advance(1_000)
    expect(run.signals[0]?.aborted).toBe(false)
    run.runningRequest.cancel()
    await run.clock.advance(MINUTE)
    expect(run.timeline).toEqual(['0 request_started', '0 send', '1000 request_cancelled'])
    expect(run.signals[0]?.aborted).toBe(true)
    expect(run.finished()).toBe(true)
  })

  test('between headers and first output closes the upstream', async () => {
    const run = runRequest([streams([[0, ROLE]], { end: 'open' }), streams([[0, WHOLE]])])
    await run.clock.advance(12_000)
    expect(run.page.response?.status).toBe(200)
    run.runningRequest.cancel()
    await run.clock.advance(MINUTE)
    expect(run.timeline).toEqual(['0 request_started', '0 send', '12000 request_cancelled'])
    expect(run.signals[0]?.aborted).toBe(true)
    expect(run.page.error).toMatchObject({ name: 'AbortError' })
  })

  test("while a refusal's body comes closes the upstream, and no retry follows", async () => {
    const run = runRequest([streams([[0, 'Bad']], { status: 502, end: 'open' }), streams([[0, WHOLE]])])
    await run.clock.advance(1_000)
    run.runningRequest.cancel()
    await run.clock.advance(MINUTE)
    expect(run.timeline).toEqual(['0 request_started', '0 send', '1000 request_cancelled'])
    expect(run.signals[0]?.aborted).toBe(true)
  })

  test('in mid-stream closes the upstream, and the reader hears of it', async () => {
    const run = runRequest([
      streams([
        [0, say('Hel')],
        [5_000, say('lo') + DONE],
      ]),
    ])
    await run.clock.advance(1_000)
    run.runningRequest.cancel()
    await run.clock.advance(MINUTE)
    expect(run.timeline).toEqual(['0 request_started', '0 send', '0 first_output', '1000 request_cancelled'])
    expect(run.signals[0]?.aborted).toBe(true)
    expect(run.page.text).toBe(say('Hel'))
    expect(run.page.error).toMatchObject({ name: 'AbortError' })
  })

  test('by the page giving up its reader closes the upstream', async () => {
    const run = runRequest([
      streams([
        [0, say('Hel')],
        [5_000, say('lo') + DONE],
      ]),
    ])
    await run.clock.advance(1_000)
    await run.page.cancel()
    await run.clock.advance(MINUTE)
    expect(run.timeline.at(-1)).toBe('1000 request_cancelled')
    expect(run.signals[0]?.aborted).toBe(true)
    expect(run.finished()).toBe(true)
  })

  test('after the end marker was seen is no cancel any more: the response was whole', async () => {
    const run = runRequest([
      streams(
        [
          [0, say('Hello')],
          [100, DONE],
        ],
        { end: 'open' },
      ),
    ])
    await run.clock.advance(1_000)
    run.runningRequest.cancel()
    await run.clock.advance(MINUTE)
    expect(run.timeline.at(-1)).toBe('1000 request_finished')
  })

  test('says so exactly once, however often it is asked for', async () => {
    const run = runRequest([saysNothing()])
    await run.clock.advance(10)
    run.runningRequest.cancel()
    run.runningRequest.cancel()
    await run.clock.advance(MINUTE)
    expect(statusOf(run, 'request_cancelled')).toEqual({
      status: 'request_cancelled',
      requestId: 'r1',
      by: 'page',
    })
  })
})

test('a refusal whose body does not end is judged after 5 s by what there is of it', async () => {
  const run = runRequest([streams([[0, '{"error":']], { status: 503, end: 'open' }), streams([[0, WHOLE]])])
  await run.clock.advance(MINUTE)
  expect(run.sentAt).toEqual([0, 7_000])
  expect(run.page.text).toBe(WHOLE)
})

const REFUSAL = '{"error":{"message":"Sign in first"}}'
const half = REFUSAL.length / 2
const HALVES = [REFUSAL.slice(0, half), REFUSAL.slice(half)] as const

test.each([
  ['nothing at first', '', REFUSAL],
  ['its half at first', ...HALVES],
])('a refusal whose body is slow, %s, is passed on after 5 s, and its rest as it comes', async (_, a, b) => {
  const run = runRequest([
    streams(
      [
        [0, a],
        [20_000, b],
      ],
      { status: 401 },
    ),
  ])
  await run.clock.advance(5_000)
  expect(run.page).toMatchObject({ respondedAt: 5_000, text: a, closed: false })
  await run.clock.advance(MINUTE)
  expect(run.page).toMatchObject({ text: REFUSAL, closed: true })
  expect(run.page.response?.status).toBe(401)
  // It has ended for the page's statuses when its refusal is known.
  expect(run.timeline).toEqual(['0 request_started', '0 send', '5000 request_failed'])
})

test('a page of HTML whose body is slow is passed on after 5 s, and its rest as it comes', async () => {
  const html = { headers: { 'content-type': 'text/html' } }
  const page = streams(
    [
      [0, '<!doctype html><title>'],
      [20_000, 'Sign in</title>'],
    ],
    html,
  )
  const run = runRequest([page, page])
  await run.clock.advance(10 * MINUTE)
  expect(run.page).toMatchObject({ text: '<!doctype html><title>Sign in</title>', closed: true })
})

test.each([
  ['breaks off', 'reset', 0],
  ['stops for ever', 'open', 185_000],
] as const)('a refusal whose body %s breaks for the page, too', async (_, end, ms) => {
  const run = runRequest([streams([[0, HALVES[0]]], { status: 401, end })])
  await run.clock.advance(ms)
  expect(run.page).toMatchObject({ text: HALVES[0], closed: false, error: expect.any(TypeError) })
  expect(run.signals[0]?.aborted).toBe(true)
  expect(run.finished()).toBe(true)
})

test('a refusal that comes while the machine sleeps is read before it is judged', async () => {
  const spent = '{"error":{"code":"insufficient_quota"}}'
  const run = runRequest([streams([[2_000, spent]], { status: 429 }), streams([[0, WHOLE]])])
  await run.clock.advance(1_000)
  await run.clock.sleep(MINUTE, 'counts')
  await run.clock.advance(MINUTE)
  expect(statusOf(run, 'request_failed').code).toBe('quota_exhausted')
})

test.each([1, 5, 12, 13, 24, 25, 26, 40])(
  'bytes that come one by one, %d ms apart, all pass',
  async (gapMs) => {
    const text = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'Hello' } }] })}\n\ndata: [DONE]\n\n`
    const run = runRequest([streams(Array.from(text, (byte, index) => [index * gapMs, byte] as const))])
    await run.clock.advance(60_000)
    expect(run.page).toMatchObject({ text, closed: true })
  },
)
