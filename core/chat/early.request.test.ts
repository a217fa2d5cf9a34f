import { describe, expect, test } from 'vitest'
import { DONE, FINISH, ROLE, say, WHOLE } from '../testing/openai-events.ts'
import { PLAIN_BODY, REASONING_BODY, runRequest, statusOf } from '../testing/run-request.ts'
import { responses, failsAfter, saysNothing, type Scripted, streams } from '../testing/scripted-upstream.ts'

const MINUTE = 60_000
const EARLY = { earlyMs: 4 * MINUTE }
const LATE = { headersMs: 7 * MINUTE }
/** A stream whose headers the app waits for. */
const PATIENT = { options: { timeouts: { headersMs: 10 * MINUTE, totalMs: 10 * MINUTE } } }

test('a page that has waited four minutes gets its Response, and the response in it when it comes', async () => {
  const run = runRequest([streams([[0, WHOLE]], LATE)], { ...PATIENT, ...EARLY })
  await run.clock.advance(4 * MINUTE - 1)
  expect(run.page.response).toBeUndefined()
  await run.clock.advance(1)
  expect(run.page.response?.status).toBe(200)
  expect(run.page.response?.headers.get('content-type')).toBe('text/event-stream')
  await run.clock.advance(3 * MINUTE)
  expect(run.page).toMatchObject({ text: WHOLE, closed: true })
  expect(statusOf(run, 'request_finished')).toMatchObject({ attempts: 1, bytes: WHOLE.length })
})

test('a page that has waited four minutes for a whole response gets its Response, too', async () => {
  const json = '{"choices":[]}'
  const whole: Scripted = (clock, signal) =>
    streams([[0, json]], { headersMs: 7 * MINUTE, headers: { 'content-type': 'application/json' } })(
      clock,
      signal,
    )
  const run = runRequest([whole], { body: { ...REASONING_BODY, stream: false }, ...EARLY })
  await run.clock.advance(4 * MINUTE)
  expect(run.page.response?.headers.get('content-type')).toBe('application/json')
  await run.clock.advance(3 * MINUTE)
  expect(run.page).toMatchObject({ text: json, closed: true })
})

test('retries go on unseen behind it', async () => {
  const run = runRequest([failsAfter(4 * MINUTE + 1), responses(503), streams([[0, WHOLE]])], {
    ...PATIENT,
    ...EARLY,
  })
  await run.clock.advance(5 * MINUTE)
  expect(run.sentAt).toHaveLength(3)
  expect(run.page).toMatchObject({ text: WHOLE, closed: true })
})

describe('a late failure', () => {
  const failing = { ...EARLY, options: { ...PATIENT.options, retry: { maxAttempts: 1 } } }

  test('a late failure of a stream is written into it, and then the stream breaks', async () => {
    const run = runRequest([failsAfter(5 * MINUTE)], failing)
    await run.clock.advance(5 * MINUTE)
    expect(run.page.text).toContain('"code":"network_error"')
    expect(run.page.error).toBeInstanceOf(TypeError)
    expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'network_error' })
  })

  test('a late failure of a whole response breaks it: an error in a 200 would pass for a response', async () => {
    const run = runRequest([failsAfter(5 * MINUTE)], {
      body: { ...REASONING_BODY, stream: false },
      ...failing,
    })
    await run.clock.advance(5 * MINUTE)
    expect(run.page.text).toBe('')
    expect(run.page.error).toBeInstanceOf(TypeError)
  })

  test('is one, too, when the upstream refuses in so many words', async () => {
    const refuses: Scripted = (clock, signal) => streams([[0, 'no']], { ...LATE, status: 400 })(clock, signal)
    const run = runRequest([refuses], failing)
    await run.clock.advance(8 * MINUTE)
    expect(run.page.text).toContain('"code":"upstream_error"')
    expect(run.page.error).toBeInstanceOf(TypeError)
  })

  test('by the total is told in time', async () => {
    const run = runRequest([saysNothing()], { ...EARLY, options: { timeouts: { headersMs: 10 * MINUTE } } })
    await run.clock.advance(5 * MINUTE)
    expect(run.page.text).toContain('"code":"total_timeout"')
  })
})

test('a response of unknown kind is not begun early', async () => {
  const run = runRequest([streams([[0, WHOLE]], LATE)], {
    path: '/ask',
    body: { model: 'o3' },
    ...EARLY,
  })
  await run.clock.advance(7 * MINUTE - 1)
  expect(run.page.response).toBeUndefined()
})

test('Stop behind an early Response closes the upstream', async () => {
  const run = runRequest([saysNothing()], { ...PATIENT, ...EARLY })
  await run.clock.advance(5 * MINUTE)
  await run.page.cancel()
  await run.clock.advance(0)
  expect(run.signals[0]?.aborted).toBe(true)
  expect(statusOf(run, 'request_cancelled')).toMatchObject({ by: 'page' })
})

test('C5 a page that slept through its time gets the real Response, if that is read now', async () => {
  const run = runRequest([streams([[0, WHOLE]], LATE)], { ...PATIENT, ...EARLY })
  await run.clock.advance(MINUTE)
  await run.clock.freeze(5 * MINUTE)
  await run.clock.advance(999)
  expect(run.page.response).toBeUndefined()
  await run.clock.advance(1)
  expect(run.page.response?.headers.get('content-type')).toBe('text/event-stream')
  await run.clock.advance(MINUTE)
  expect(run.page).toMatchObject({ text: WHOLE, closed: true })

  const asleep = runRequest([streams([[0, WHOLE]], LATE)], { ...PATIENT, ...EARLY })
  await asleep.clock.freeze(8 * MINUTE)
  expect(asleep.page).toMatchObject({ text: WHOLE, closed: true })
  expect(asleep.page.response?.headers.get('server-timing')).toContain('attempts;desc="1"')
})

test('without a limit the page waits as long as the request does', async () => {
  const run = runRequest([streams([[0, WHOLE]], LATE)], PATIENT)
  await run.clock.advance(7 * MINUTE)
  expect(run.page.respondedAt).toBe(7 * MINUTE)
})

describe('a request whose worker died', () => {
  test('goes on with its next attempt, and says so', async () => {
    const run = runRequest([streams([[0, say('again') + FINISH + DONE]])], { lostAttempts: 1 })
    await run.clock.advance(MINUTE)
    expect(run.timeline).toEqual(['0 network_retry', '500 send', '500 first_output', '500 request_finished'])
    expect(run.statuses[0]).toMatchObject({ attempt: 2, phase: 'worker_lost', retryAfterMs: 500 })
    expect(statusOf(run, 'request_finished')).toMatchObject({ attempts: 2 })
  })

  test.each([
    ['that had used its attempts', { lostAttempts: 12 }],
    ['that its caller repeats itself', { lostAttempts: 1, options: { retry: { maxAttempts: 1 } } }],
  ])('%s is not sent again', async (_words, settings) => {
    const run = runRequest([], settings)
    await run.clock.advance(MINUTE)
    expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'worker_lost' })
    expect(run.page.response?.type).toBe('error')
  })

  test('counts as one that the upstream may have taken', async () => {
    const cut = streams([[0, ROLE]], { end: 'close' })
    const run = runRequest([cut], { body: PLAIN_BODY, lostAttempts: 1 })
    await run.clock.advance(MINUTE)
    expect(run.sentAt).toHaveLength(1)
    expect(statusOf(run, 'request_failed')).toMatchObject({ code: 'truncated' })
  })
})
