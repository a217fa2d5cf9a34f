import { describe, expect, test } from 'vitest'
import { DONE, KEEP_ALIVE, ROLE, say, think, usage, WHOLE } from '../testing/openai-events.ts'
import { PLAIN_BODY, REASONING_BODY, runRequest, statusOf } from '../testing/run-request.ts'
import { responses, failsAfter, saysNothing, streams } from '../testing/scripted-upstream.ts'

const MINUTE = 60_000

describe('a network error', () => {
  test('is tried again with waits that double from 0.5 s to 5 s', async () => {
    const run = runRequest([...Array(5).fill(failsAfter()), streams([[0, WHOLE]])])
    await run.clock.advance(MINUTE)
    expect(run.sentAt).toEqual([0, 500, 1_500, 3_500, 7_500, 12_500])
    expect(run.statuses.filter(({ status }) => status === 'network_retry')).toHaveLength(5)
    expect(run.statuses[1]).toEqual({
      status: 'network_retry',
      requestId: 'r1',
      attempt: 2,
      retryAfterMs: 500,
      retryAt: 1_800_000_000_500,
      budgetLeftMs: 29_500,
    })
    expect(run.page.text).toBe(WHOLE)
  })

  test('is given up after waits of 30 s: the last one is cut, and the last try comes at its end', async () => {
    const run = runRequest(Array(20).fill(failsAfter()))
    await run.clock.advance(5 * MINUTE)
    // 0.5 + 1 + 2 + 4 + 4 × 5 = 27.5 s; 2.5 s are left.
    expect(run.sentAt).toEqual([0, 500, 1_500, 3_500, 7_500, 12_500, 17_500, 22_500, 27_500, 30_000])
    expect(run.timeline.at(-1)).toBe('30000 request_failed')
    expect(statusOf(run, 'request_failed')).toMatchObject({
      code: 'network_error',
      attempts: 10,
      waitedMs: 30_000,
    })
  })

  test('a network error that lasts reaches the page as the error that it would have seen', async () => {
    const run = runRequest(Array(10).fill(failsAfter()))
    await run.clock.advance(MINUTE)
    expect(run.sentAt).toHaveLength(10)
    expect(run.page.response?.type).toBe('error')
    expect(run.finished()).toBe(true)
  })

  test('jitter lengthens a wait by 250 ms at most', async () => {
    const run = runRequest([failsAfter(), streams([[0, WHOLE]])], { random: () => 0.999_999 })
    await run.clock.advance(MINUTE)
    expect(run.sentAt).toEqual([0, 750])
  })
})

describe('a 5xx', () => {
  test.each([500, 502, 504, 520, 524])('%i is tried again', async (status) => {
    const run = runRequest([responses(status), streams([[0, WHOLE]])])
    await run.clock.advance(MINUTE)
    expect(run.timeline).toEqual([
      '0 request_started',
      '0 send',
      '0 server_retry',
      '500 send',
      '500 first_output',
      '500 request_finished',
    ])
    expect(statusOf(run, 'server_retry')).toMatchObject({ httpStatus: status, attempt: 2 })
  })

  test('a 5xx that lasts reaches the page in its own words', async () => {
    const run = runRequest(Array(10).fill(responses(502, { 'content-type': 'text/plain' }, 'Bad gateway')))
    await run.clock.advance(MINUTE)
    expect(run.sentAt).toHaveLength(10)
    expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'upstream_error', httpStatus: 502 })
    expect(run.page.response?.status).toBe(502)
    expect(run.page.response?.headers.get('x-should-retry')).toBe('false')
    expect(run.page.text).toBe('Bad gateway')
  })
})

describe.each([503, 529])('an overload that names no time, %i,', (status) => {
  test('is told as such, and tried again with the waits of a limit', async () => {
    const run = runRequest([responses(status), streams([[0, WHOLE]])])
    await run.clock.advance(MINUTE)
    expect(run.timeline).toEqual([
      '0 request_started',
      '0 send',
      '0 rate_limit_retry',
      '2000 send',
      '2000 first_output',
      '2000 request_finished',
    ])
    expect(statusOf(run, 'rate_limit_retry')).toMatchObject({
      reason: 'overloaded',
      hinted: false,
      budgetLeftMs: 58_000,
    })
  })

  test('spends the budget of limits to its end, and not beyond', async () => {
    const run = runRequest(Array(20).fill(responses(status, {}, 'Too much')))
    await run.clock.advance(5 * MINUTE)
    expect(run.sentAt).toEqual([0, 2_000, 6_000, 14_000, 30_000, 50_000, 60_000])
    expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'overloaded', httpStatus: status })
    expect(run.page.text).toBe('Too much')
  })
})

describe('a request that meets all sorts of failures', () => {
  test('has both budgets', async () => {
    const script = [...Array(3).fill(responses(503)), ...Array(5).fill(failsAfter()), streams([[0, WHOLE]])]
    const run = runRequest(script)
    await run.clock.advance(5 * MINUTE)
    // 2 + 4 + 8 s of the one, then 4 + 4 × 5 s of the other: it is the same outage.
    expect(run.sentAt.at(-1)).toBe(38_000)
    expect(run.page.text).toBe(WHOLE)
  })

  test('ends with the budget of what it meets last, though the other has more', async () => {
    const run = runRequest([responses(503), ...Array(20).fill(responses(500))])
    await run.clock.advance(5 * MINUTE)
    expect(run.sentAt.at(-1)).toBe(32_000)
    expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'upstream_error', attempts: 10 })
  })

  test('is braked at twelve attempts, however little it has waited', async () => {
    const run = runRequest(Array(20).fill(responses(429, { 'retry-after': '1' })))
    await run.clock.advance(5 * MINUTE)
    expect(run.sentAt).toHaveLength(12)
    expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'rate_limited', waitedMs: 11_000 })
  })
})

test.each([400, 401, 403, 404, 422])('%i is not tried again', async (status) => {
  const run = runRequest([responses(status, {}, 'no')])
  await run.clock.advance(MINUTE)
  expect(run.sentAt).toEqual([0])
  expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'upstream_error', httpStatus: status })
  expect(run.page.response?.status).toBe(status)
  expect(run.page.text).toBe('no')
})

describe('headers that do not come', () => {
  test('are cut at 30 s, and one more attempt has all that is left of the total', async () => {
    const run = runRequest([saysNothing(), saysNothing()])
    await run.clock.advance(29_999)
    expect(run.signals[0]?.aborted).toBe(false)
    await run.clock.advance(1)
    expect(run.signals[0]?.aborted).toBe(true)
    await run.clock.advance(269_499)
    expect(run.signals[1]?.aborted).toBe(false)
    expect(run.finished()).toBe(false)
    await run.clock.advance(501)
    expect(run.timeline).toEqual([
      '0 request_started',
      '0 send',
      '30000 timeout_retry',
      '30500 send',
      '300000 request_failed',
    ])
    expect(statusOf(run, 'timeout_retry')).toMatchObject({ phase: 'headers', attempt: 2 })
    expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'total_timeout', attempts: 2 })
    expect(run.signals[1]?.aborted).toBe(true)
    expect(run.finished()).toBe(true)
  })

  test('at three times the limit are met at the second attempt', async () => {
    const slow = streams([[1_000, WHOLE]], { headersMs: 90_000 })
    const run = runRequest([slow, slow])
    await run.clock.advance(5 * MINUTE)
    expect(run.sentAt).toEqual([0, 30_500])
    expect(statusOf(run, 'first_output')).toEqual({
      status: 'first_output',
      requestId: 'r1',
      ttfbMs: 120_500,
      ttftMs: 121_500,
      attempt: 2,
    })
    expect(run.page.text).toBe(WHOLE)
  })

  test('a whole response is not cut at the headers limit', async () => {
    const run = runRequest(
      [
        (clock) =>
          new Promise((resolve) =>
            clock.timer(200_000, () =>
              resolve(new Response('{"choices":[]}', { headers: { 'content-type': 'application/json' } })),
            ),
          ),
      ],
      { body: { ...PLAIN_BODY, stream: false } },
    )
    await run.clock.advance(200_000)
    expect(run.sentAt).toEqual([0])
    expect(run.page.text).toBe('{"choices":[]}')
    expect(statusOf(run, 'request_finished')).toMatchObject({ attempts: 1, ttftMs: 200_000 })
  })

  test('a whole response is cut at the total', async () => {
    const run = runRequest([saysNothing()], { body: { ...PLAIN_BODY, stream: false } })
    await run.clock.advance(300_000)
    expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'total_timeout', attempts: 1 })
    expect(run.page.response?.type).toBe('error')
  })

  test('after a response that said no, are told as a 504 of our own', async () => {
    const run = runRequest([responses(503), saysNothing(), saysNothing()])
    await run.clock.advance(300_000)
    const { response, text } = run.page
    expect(response?.status).toBe(504)
    expect(response?.headers.get('content-type')).toBe('application/problem+json')
    expect(response?.headers.get('x-should-retry')).toBe('false')
    expect(JSON.parse(text)).toEqual({
      type: 'about:blank',
      title: 'No response arrived in time',
      status: 504,
      error: { message: 'No response arrived in time', type: 'streamkeeper_error', code: 'total_timeout' },
    })
  })
})

describe('a response that says nothing after its headers', () => {
  const timeouts = { firstOutputMs: 20_000 }

  test('is cut at the first-output limit, and tried once more', async () => {
    const silent = streams([[0, ROLE]], { end: 'open' })
    const run = runRequest([silent, silent, silent], { options: { timeouts } })
    await run.clock.advance(5 * MINUTE)
    expect(run.timeline).toEqual([
      '0 request_started',
      '0 send',
      '20000 timeout_retry',
      '20500 send',
      '40500 request_failed',
    ])
    expect(statusOf(run, 'timeout_retry')).toMatchObject({ phase: 'first_output' })
    expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'first_output_timeout', attempts: 2 })
    expect(run.signals[1]?.aborted).toBe(true)
  })

  test('is waited for up to the total while it sends keep-alives', async () => {
    const alive = Array.from({ length: 19 }, (_, n) => [(n + 1) * 15_000, KEEP_ALIVE] as const)
    const run = runRequest([streams([...alive, [295_000, WHOLE]])], { options: { timeouts } })
    await run.clock.advance(5 * MINUTE)
    expect(run.sentAt).toEqual([0])
    expect(statusOf(run, 'first_output')).toMatchObject({ ttfbMs: 0, ttftMs: 295_000 })
    expect(run.page.text).toBe(KEEP_ALIVE.repeat(19) + WHOLE)
  })

  test('is cut at twice the total, however many keep-alives it sends', async () => {
    const alive = Array.from({ length: 60 }, (_, n) => [(n + 1) * 15_000, KEEP_ALIVE] as const)
    const run = runRequest([streams(alive)], { options: { timeouts } })
    await run.clock.advance(11 * MINUTE)
    expect(run.timeline.at(-1)).toBe('600000 request_failed')
    expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'total_timeout', attempts: 1 })
  })

  test('is handed over after 10 s, its bytes still withheld', async () => {
    const run = runRequest([
      streams([
        [0, ROLE],
        [25_000, say('Hi') + DONE],
      ]),
    ])
    await run.clock.advance(9_999)
    expect(run.page.response).toBeUndefined()
    await run.clock.advance(1)
    expect(run.page.response?.status).toBe(200)
    expect(run.page.text).toBe('')
    await run.clock.advance(15_000)
    expect(run.page.text).toBe(ROLE + say('Hi') + DONE)
    expect(run.page.closed).toBe(true)
  })

  test('is not handed over once it has failed: the status stays true', async () => {
    const refused = responses(401, {}, 'no')
    const run = runRequest([streams([[100, ROLE]], { end: 'reset' }), failsAfter(60_000), refused], {
      options: { timeouts: { headersMs: 90_000 } },
    })
    await run.clock.advance(30_000)
    expect(run.page.response).toBeUndefined()
    await run.clock.advance(60_000)
    expect(run.page.response?.status).toBe(401)
    expect(run.page.text).toBe('no')
  })

  test('once handed over, a second attempt still goes unseen into the same Response', async () => {
    const run = runRequest([
      streams(
        [
          [0, ROLE],
          [15_000, ''],
        ],
        { end: 'reset' },
      ),
      streams([[0, WHOLE]]),
    ])
    await run.clock.advance(MINUTE)
    expect(run.page.respondedAt).toBe(10_000)
    expect(run.sentAt).toEqual([0, 15_500])
    expect(run.page.text).toBe(WHOLE)
    expect(run.page.closed).toBe(true)
  })

  test('once handed over, a failure of all attempts is an error event and a broken stream', async () => {
    const run = runRequest([
      streams(
        [
          [0, ROLE],
          [15_000, ''],
        ],
        { end: 'reset' },
      ),
      ...Array(9).fill(responses(502, {}, 'Bad gateway')),
    ])
    await run.clock.advance(MINUTE)
    expect(run.page.text).toContain('"code":"upstream_error"')
    expect(run.page.text).not.toContain('Bad gateway')
    expect(run.page.error).toBeInstanceOf(TypeError)
    expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'upstream_error', httpStatus: 502 })
  })
})

describe('a response that is cut before its first output', () => {
  test.each([
    ['by a reset', 'reset', 'network_error'],
    ['by a close', 'close', 'truncated'],
  ] as const)('%s is tried once more', async (_name, end, code) => {
    const cut = streams([[100, ROLE]], { end })
    const run = runRequest([cut, cut, cut])
    await run.clock.advance(MINUTE)
    expect(run.sentAt).toEqual([0, 600])
    expect(statusOf(run, 'request_failed')).toMatchObject({ code, attempts: 2 })
    expect(run.page.response?.status).toBe(502)
    expect(JSON.parse(run.page.text)).toMatchObject({ error: { code } })
  })

  test('a web page where a chat should be is tried once more', async () => {
    const login = responses(
      200,
      { 'content-type': 'text/html; charset=utf-8' },
      '<!doctype html><h1>Log in</h1>',
    )
    const run = runRequest([login, streams([[0, WHOLE]])])
    await run.clock.advance(MINUTE)
    expect(run.sentAt).toEqual([0, 500])
    expect(run.timeline[2]).toBe('0 server_retry')
    expect(run.page.text).toBe(WHOLE)
  })
})

test('a whole response that is an error with status 200 is tried again, as far as it lets hope', async () => {
  const refuses = (code: string) =>
    responses(200, { 'content-type': 'application/json' }, JSON.stringify({ error: { code } }))
  const body = { ...PLAIN_BODY, stream: false }
  const overloaded = runRequest([refuses('server_is_overloaded'), responses(200, {}, 'whole')], { body })
  await overloaded.clock.advance(MINUTE)
  expect(overloaded.page).toMatchObject({ text: 'whole', closed: true })
  expect(statusOf(overloaded, 'rate_limit_retry')).toMatchObject({ reason: 'overloaded' })

  const hopeless = runRequest([refuses('insufficient_quota')], { body })
  await hopeless.clock.advance(MINUTE)
  expect(hopeless.page).toMatchObject({ text: '{"error":{"code":"insufficient_quota"}}', closed: true })
  expect(hopeless.page.error).toBeUndefined()
  expect(hopeless.page.response?.status).toBe(200)
  expect(statusOf(hopeless, 'request_failed')).toMatchObject({ code: 'quota_exhausted', attempts: 1 })
})

describe('a reasoning model', () => {
  const inTenMinutes = { body: REASONING_BODY }

  test('may be silent before its headers', async () => {
    const run = runRequest([streams([[0, WHOLE]], { headersMs: 119_000 })], inTenMinutes)
    await run.clock.advance(119_000)
    expect(run.sentAt).toEqual([0])
    expect(run.page.text).toBe(WHOLE)
    expect(statusOf(run, 'request_started')).toMatchObject({ reasoning: true, model: 'o3' })
  })

  test('may be silent after its headers', async () => {
    const run = runRequest([streams([[590_000, WHOLE]])], inTenMinutes)
    await run.clock.advance(590_000)
    expect(run.sentAt).toEqual([0])
    expect(run.page.text).toBe(WHOLE)
  })

  test('may be silent between its outputs, again and again', async () => {
    const run = runRequest(
      [
        streams([
          [0, think('Hm')],
          [590_000, say('So')],
          [1_180_000, say('.') + DONE],
        ]),
      ],
      inTenMinutes,
    )
    await run.clock.advance(1_180_000)
    expect(run.page.text).toBe(think('Hm') + say('So') + say('.') + DONE)
    expect(run.page.closed).toBe(true)
  })

  test('gets a new connection after two minutes without headers of a stream; it has the rest of ten', async () => {
    const run = runRequest([saysNothing(), saysNothing()], inTenMinutes)
    await run.clock.advance(600_000)
    expect(run.sentAt).toEqual([0, 120_500])
    expect(run.timeline.at(-1)).toBe('600000 request_failed')
    expect(run.signals.map(({ aborted }) => aborted)).toEqual([true, true])
  })

  test('may be silent for ten minutes before the headers of a whole response', async () => {
    const json = { 'content-type': 'application/json' }
    const run = runRequest([streams([[0, '{"choices":[]}']], { headersMs: 590_000, headers: json })], {
      body: { ...REASONING_BODY, stream: false },
    })
    await run.clock.advance(590_000)
    expect(run.sentAt).toEqual([0])
    expect(run.page.text).toBe('{"choices":[]}')
  })
})

test('a stream that makes progress is never cut', async () => {
  const pieces = Array.from({ length: 120 }, (_, n) => [n * 50_000, say(`${n} `)] as const)
  const run = runRequest([streams([...pieces, [6_000_000, DONE]])])
  await run.clock.advance(6_000_000)
  expect(run.page.closed).toBe(true)
  expect(run.page.text.endsWith(DONE)).toBe(true)
  expect(statusOf(run, 'request_finished')).toMatchObject({ durationMs: 6_000_000 })
})

test('request_finished says what it cost', async () => {
  const whole = say('Grüße') + usage(7, 3) + DONE
  const run = runRequest(
    [
      failsAfter(100),
      streams(
        [
          [300, whole],
          [900, ''],
        ],
        { headersMs: 200 },
      ),
    ],
    {
      body: { ...PLAIN_BODY, model: 'm-1' },
    },
  )
  await run.clock.advance(MINUTE)
  expect(statusOf(run, 'request_started')).toEqual({
    status: 'request_started',
    requestId: 'r1',
    url: 'https://api.example/v1/chat/completions',
    model: 'm-1',
    reasoning: false,
  })
  expect(statusOf(run, 'first_output')).toEqual({
    status: 'first_output',
    requestId: 'r1',
    ttfbMs: 800,
    ttftMs: 1_100,
    attempt: 2,
  })
  expect(statusOf(run, 'request_finished')).toEqual({
    status: 'request_finished',
    requestId: 'r1',
    verdict: 'complete',
    attempts: 2,
    waitedMs: 500,
    ttftMs: 1_100,
    durationMs: 1_700,
    bytes: new TextEncoder().encode(whole).length,
    usage: { inputTokens: 7, outputTokens: 3 },
  })
  expect(run.page.response?.headers.get('server-timing')).toBe(
    'attempts;desc="2", waits;dur=500, headers;dur=800',
  )
})

describe('where the browser hides headers until the first byte', () => {
  const hidden = { hidesHeaders: true }

  test('45 s of thought behind headers are waited for, with one request', async () => {
    const run = runRequest([streams([[0, WHOLE]], { headersMs: 45_000 })], hidden)
    await run.clock.advance(45_000)
    expect(run.sentAt).toEqual([0])
    expect(run.page.text).toBe(WHOLE)
    expect(run.timeline).toEqual([
      '0 request_started',
      '0 send',
      '45000 first_output',
      '45000 request_finished',
    ])
  })

  test('a reasoning model may think for ten minutes', async () => {
    const run = runRequest([streams([[0, WHOLE]], { headersMs: 590_000 })], {
      ...hidden,
      body: REASONING_BODY,
    })
    await run.clock.advance(590_000)
    expect(run.sentAt).toEqual([0])
    expect(run.page.text).toBe(WHOLE)
  })

  test('silence is judged by the clock for the first output, and tried once more', async () => {
    const timeouts = { firstOutputMs: 40_000, headersMs: 1_000 }
    const run = runRequest([saysNothing(), streams([[0, WHOLE]], { headersMs: 39_000 })], {
      ...hidden,
      options: { timeouts },
    })
    await run.clock.advance(2 * MINUTE)
    expect(run.sentAt).toEqual([0, 40_500])
    expect(statusOf(run, 'timeout_retry')).toMatchObject({ phase: 'first_output' })
    expect(run.page.text).toBe(WHOLE)
  })

  test('a refusal is seen as soon as its body begins', async () => {
    const run = runRequest([responses(429, { 'retry-after': '2' }, '{}'), streams([[0, WHOLE]])], hidden)
    await run.clock.advance(MINUTE)
    expect(run.sentAt).toEqual([0, 2_000])
  })
})

describe('a conflict (409)', () => {
  const conflict = responses(409, {}, '{"error":{"message":"Still being processed"}}')
  const slow = saysNothing()

  test('with the key of an attempt before it is that attempt: it is waited for', async () => {
    const run = runRequest([slow, conflict, conflict, streams([[0, WHOLE]])], { isKeyed: true })
    await run.clock.advance(2 * MINUTE)
    expect(run.sentAt).toEqual([0, 30_500, 34_500, 42_500])
    expect(run.timeline).toContain('30500 rate_limit_retry')
    expect(run.page.text).toBe(WHOLE)
  })

  test('that lasts is passed on when the budget is spent', async () => {
    const run = runRequest([slow, ...Array.from({ length: 11 }, () => conflict)], { isKeyed: true })
    await run.clock.advance(5 * MINUTE)
    expect(run.page.response?.status).toBe(409)
    expect(run.page.response?.headers.get('x-should-retry')).toBe('false')
    expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'overloaded', httpStatus: 409 })
  })

  test.each([
    ['the first attempt', [conflict], { isKeyed: true }],
    ['a request without a key', [slow, conflict], {}],
    ['a server that forbids it', [slow, responses(409, { 'x-should-retry': 'false' })], { isKeyed: true }],
  ])('of %s is final', async (_name, script, settings) => {
    const run = runRequest(script, settings)
    await run.clock.advance(2 * MINUTE)
    expect(run.sentAt).toHaveLength(script.length)
    expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'upstream_error', httpStatus: 409 })
  })

  test('that was not tried again leaves it to the client, as without us', async () => {
    const run = runRequest([conflict])
    await run.clock.advance(MINUTE)
    expect(run.page.response?.headers.get('x-should-retry')).toBeNull()
    const other = runRequest([responses(409, { 'x-should-retry': 'false' })])
    await other.clock.advance(MINUTE)
    expect(other.page.response?.headers.get('x-should-retry')).toBe('false')
    const retried = runRequest([slow, conflict])
    await retried.clock.advance(MINUTE)
    expect(retried.page.response?.headers.get('x-should-retry')).toBe('false')
  })
})
