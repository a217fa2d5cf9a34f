import { CHAT } from '../support/app.ts'
import { expect, test } from '../support/test.ts'

const limited = (ms: number) => ({ kind: 'status', status: 429, hint: { form: 'retry-after', ms } }) as const

test('a chat that is rate-limited twice is retried when the server said, and then streams', async ({
  app,
}) => {
  await app.start({ chat: [CHAT] })
  const chat = await app.chat({ steps: [limited(1_000), limited(1_000)] })
  const { state, status } = await chat.ended()
  expect([state, status]).toEqual(['whole', 200])

  const retries = await app.told('rate_limit_retry', 2)
  expect(retries).toMatchObject([
    { attempt: 2, hinted: true, reason: 'rate_limited' },
    { attempt: 3, hinted: true, reason: 'rate_limited' },
  ])
  for (const { retryAfterMs, retryAt, at } of retries) {
    expect(retryAfterMs).toBeGreaterThanOrEqual(1_000)
    expect(retryAt - at).toBeGreaterThanOrEqual(990)
  }
  expect(Number(retries[1]?.budgetLeftMs)).toBeLessThan(Number(retries[0]?.budgetLeftMs))

  const log = await chat.log()
  expect(log.map(({ status }) => status)).toEqual([429, 429, 200])
  for (const [index, { at }] of log.entries()) {
    if (index > 0) expect(at - Number(log[index - 1]?.at)).toBeGreaterThanOrEqual(1_000)
  }
  expect(await app.told('request_finished')).toMatchObject([{ attempts: 3 }])
})

test('a limit longer than the budget is told at once with its time, not slept', async ({ app }) => {
  await app.start({ chat: [CHAT] })
  const before = Date.now()
  const chat = await app.chat({ steps: [limited(300_000)], repeat: true })
  const { state, status, headers } = await chat.ended()
  expect([state, status]).toEqual(['whole', 429])
  expect(headers).toMatchObject({ 'retry-after': '300', 'x-should-retry': 'false' })
  const [failed] = await app.told('request_failed')
  expect(failed).toMatchObject({ code: 'rate_limited', httpStatus: 429, attempts: 1, waitedMs: 0 })
  expect(failed?.retryAt).toBeGreaterThanOrEqual(before + 300_000)
  expect(failed?.retryAt).toBeLessThanOrEqual(Date.now() + 301_000)
  expect(await app.statuses('rate_limit_retry')).toEqual([])
  expect(await chat.log()).toHaveLength(1)
})

test('when the budget is spent the upstream’s own 429 reaches the app', async ({ app }) => {
  await app.start({ chat: [CHAT], retry: { rateLimitBudgetMs: 1_500 } })
  const body = {
    error: { message: 'Slow down, please', type: 'requests', code: 'rate_limit_exceeded', mine: 42 },
  }
  const steps = [{ ...limited(1_000), body, headers: { 'X-Mine': 'kept' } }]
  const chat = await app.chat({ steps, repeat: true })
  const { state, status, headers, chunks } = await chat.ended()
  expect([state, status]).toEqual(['whole', 429])
  expect(JSON.parse(chunks.map(({ text }) => text).join(''))).toEqual(body)
  expect(headers).toMatchObject({
    'x-should-retry': 'false',
    'x-mine': 'kept',
    'retry-after': '1',
    'content-type': 'application/json',
  })
  expect(await app.told('request_failed')).toMatchObject([
    { code: 'rate_limited', httpStatus: 429, attempts: 2 },
  ])
  expect(await chat.log()).toHaveLength(2)
})

test('a limit without a hint is retried after a guess', async ({ app }) => {
  await app.start({ chat: [CHAT], retry: { rateLimitBaseMs: 200 } })
  const chat = await app.chat({ steps: [{ kind: 'status', status: 429 }] })
  expect((await chat.ended()).status).toBe(200)
  expect(await app.told('rate_limit_retry')).toMatchObject([{ attempt: 2, hinted: false }])
})

test('a spent quota is told at once', async ({ app }) => {
  await app.start({ chat: [CHAT] })
  const body = {
    error: { message: 'You exceeded your quota', type: 'insufficient_quota', code: 'insufficient_quota' },
  }
  const chat = await app.chat({ steps: [{ kind: 'status', status: 429, body }], repeat: true })
  const { status, headers } = await chat.ended()
  expect([status, headers['x-should-retry']]).toEqual([429, 'false'])
  expect(await app.told('request_failed')).toMatchObject([{ code: 'quota_exhausted', attempts: 1 }])
  expect(await chat.log()).toHaveLength(1)
})
