import { describe, expect, test } from 'vitest'
import { DONE, errorEvent, event, FINISH, KEEP_ALIVE, say, WHOLE } from '../testing/openai-events.ts'
import { runRequest, statusOf } from '../testing/run-request.ts'
import { responses, streams } from '../testing/scripted-upstream.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const LIMITED = '{"error":{"message":"Slow down","type":"requests","code":"rate_limit_exceeded"}}'

function limited(headers: Record<string, string> = {}) {
  return responses(429, { ...JSON_TYPE, ...headers }, LIMITED)
}

test('a rate-limited chat is retried when the server said, and then streams', async () => {
  const run = runRequest([
    limited({ 'retry-after': '1' }),
    limited({ 'retry-after': '1' }),
    streams([[200, WHOLE]]),
  ])
  await run.clock.advance(5_000)
  expect(run.timeline).toEqual([
    '0 request_started',
    '0 send',
    '0 rate_limit_retry',
    '1000 send',
    '1000 rate_limit_retry',
    '2000 send',
    '2200 first_output',
    '2200 request_finished',
  ])
  expect(run.statuses.filter(({ status }) => status === 'rate_limit_retry')).toEqual([
    {
      status: 'rate_limit_retry',
      requestId: 'r1',
      attempt: 2,
      retryAfterMs: 1_000,
      retryAt: 1_800_000_001_000,
      budgetLeftMs: 59_000,
      reason: 'rate_limited',
      hinted: true,
    },
    {
      status: 'rate_limit_retry',
      requestId: 'r1',
      attempt: 3,
      retryAfterMs: 1_000,
      retryAt: 1_800_000_002_000,
      budgetLeftMs: 58_000,
      reason: 'rate_limited',
      hinted: true,
    },
  ])
  expect(run.page.response?.status).toBe(200)
  expect(run.page.text).toBe(WHOLE)
  expect(run.page.closed).toBe(true)
})

test('jitter only ever makes a wait longer than the server asked', async () => {
  const run = runRequest([limited({ 'retry-after': '1' }), streams([[0, WHOLE]])], { random: () => 0.999 })
  await run.clock.advance(1_000)
  expect(run.sentAt).toEqual([0])
  await run.clock.advance(250)
  expect(run.sentAt).toEqual([0, 1_250])
})

test('a wait beyond the budget is told at once, with the time at which it is over', async () => {
  const run = runRequest([limited({ 'retry-after': '300' })])
  await run.clock.advance(0)
  expect(run.timeline).toEqual(['0 request_started', '0 send', '0 request_failed'])
  expect(statusOf(run, 'request_failed')).toEqual({
    status: 'request_failed',
    requestId: 'r1',
    code: 'rate_limited',
    message: 'The rate limit is reached',
    httpStatus: 429,
    retryAt: 1_800_000_300_000,
    attempts: 1,
    waitedMs: 0,
  })
  expect(run.page.response?.status).toBe(429)
  expect(run.page.response?.headers.get('retry-after')).toBe('300')
  expect(run.page.text).toBe(LIMITED)
  expect(run.finished()).toBe(true)
})

test("when the rate limit budget is spent the page has the upstream's own 429, marked as final", async () => {
  const again = limited({ 'retry-after': '25', 'x-request-id': 'upstream-1' })
  const run = runRequest([again, again, again])
  await run.clock.advance(120_000)
  expect(run.sentAt).toEqual([0, 25_000, 50_000])
  expect(statusOf(run, 'request_failed')).toMatchObject({
    code: 'rate_limited',
    attempts: 3,
    waitedMs: 50_000,
  })
  const { response, text, closed } = run.page
  expect(response?.status).toBe(429)
  expect(text).toBe(LIMITED)
  expect(closed).toBe(true)
  expect(response?.headers.get('x-should-retry')).toBe('false')
  expect(response?.headers.get('content-type')).toBe('application/json')
  expect(response?.headers.get('x-request-id')).toBe('upstream-1')
  expect(response?.headers.get('X-Streamkeeper-Id')).toBe('r1')
  expect(response?.headers.get('server-timing')).toBe('attempts;desc="3", waits;dur=50000')
})

test('a hint that fills the budget to its last millisecond is still waited for', async () => {
  const run = runRequest([limited({ 'retry-after': '60' }), streams([[0, WHOLE]])])
  await run.clock.advance(60_000)
  expect(run.sentAt).toEqual([0, 60_000])
  expect(run.page.text).toBe(WHOLE)
})

test('without a hint the waits double from 2 s to 20 s, 60 s in all', async () => {
  const run = runRequest(Array(20).fill(limited()))
  await run.clock.advance(300_000)
  // The last wait, of 20 s, is cut to the 10 s that are left.
  expect(run.sentAt).toEqual([0, 2_000, 6_000, 14_000, 30_000, 50_000, 60_000])
  expect(run.statuses.filter(({ status }) => status === 'rate_limit_retry')).toHaveLength(6)
  expect(run.timeline.at(-1)).toBe('60000 request_failed')
  expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'rate_limited', attempts: 7 })
})

test('a quota that is spent is no rate limit: no wait, the upstream says it itself', async () => {
  const body = '{"error":{"type":"insufficient_quota","code":"insufficient_quota"}}'
  const run = runRequest([responses(429, { ...JSON_TYPE, 'retry-after': '1' }, body)])
  await run.clock.advance(0)
  expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'quota_exhausted', httpStatus: 429 })
  expect(run.page.text).toBe(body)
})

test('Retry-After on a 200 means nothing', async () => {
  const run = runRequest([streams([[0, WHOLE]], { headers: { 'retry-after': '30' } })])
  await run.clock.advance(0)
  expect(run.page.text).toBe(WHOLE)
  expect(run.page.closed).toBe(true)
})

describe('an error event in a 200', () => {
  const overloaded = errorEvent({ type: 'overloaded_error', message: 'Overloaded' })

  test('before any output it is tried again, unseen by the page', async () => {
    const run = runRequest([streams([[100, KEEP_ALIVE + overloaded + DONE]]), streams([[0, WHOLE]])])
    await run.clock.advance(10_000)
    expect(run.timeline).toEqual([
      '0 request_started',
      '0 send',
      '100 rate_limit_retry',
      '2100 send',
      '2100 first_output',
      '2100 request_finished',
    ])
    expect(statusOf(run, 'rate_limit_retry')).toMatchObject({ reason: 'overloaded', hinted: false })
    expect(run.page.text).toBe(WHOLE)
  })

  test('is not waited on, though the stream stays open', async () => {
    const run = runRequest([streams([[100, overloaded]], { end: 'open' }), streams([[0, WHOLE]])])
    await run.clock.advance(10_000)
    expect(run.sentAt).toEqual([0, 2_100])
    expect(run.signals[0]?.aborted).toBe(true)
    expect(run.page.text).toBe(WHOLE)
  })

  test('a server error is tried once more, for that work may be billed', async () => {
    const failing = streams([[0, errorEvent({ code: 500, message: 'Provider failed' }) + DONE]])
    const run = runRequest([failing, failing])
    await run.clock.advance(60_000)
    expect(run.sentAt).toEqual([0, 500])
    expect(statusOf(run, 'server_retry')).toMatchObject({ httpStatus: 500, attempt: 2 })
    expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'error_in_stream', attempts: 2 })
    expect(run.page.response?.headers.get('x-should-retry')).toBe('false')
    expect(run.page.text).toContain('Provider failed')
  })

  test('after output it passes, and the request has failed', async () => {
    const run = runRequest([
      streams([
        [0, say('Hel')],
        [100, overloaded],
      ]),
    ])
    await run.clock.advance(1_000)
    expect(run.sentAt).toEqual([0])
    expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'error_in_stream' })
    expect(run.page.text).toBe(say('Hel') + overloaded)
    expect(run.page.error).toBeInstanceOf(TypeError)
  })

  test.each([
    ['after the model has finished', say('Hel') + FINISH, overloaded],
    ['before an end marker', say('Hel'), overloaded + DONE],
    ['as a finish reason', say('Hel'), event({ choices: [{ delta: {}, finish_reason: 'error' }] }) + DONE],
  ])('%s it is a failure, too', async (_name, before, after) => {
    const run = runRequest([
      streams([
        [0, before],
        [100, after],
      ]),
    ])
    await run.clock.advance(1_000)
    expect(run.page.text).toBe(before + after)
    expect(run.page.error).toBeInstanceOf(TypeError)
    expect(run.page.closed).toBe(false)
    expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'error_in_stream' })
  })

  test.each(['reset', 'open'] as const)(
    'is the last word, even when the stream does not close: %s',
    async (end) => {
      const run = runRequest([
        streams(
          [
            [0, say('Hel')],
            [100, overloaded],
          ],
          { end },
        ),
      ])
      await run.clock.advance(180_100)
      expect(run.page.text).toBe(say('Hel') + overloaded)
      expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'error_in_stream' })
    },
  )
})
