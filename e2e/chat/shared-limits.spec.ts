import { type App, CHAT } from '../support/app.ts'
import { createDemo } from '../support/demo.ts'
import { expect, test } from '../support/test.ts'

const limited = (ms: number) => ({ kind: 'status', status: 429, hint: { form: 'retry-after', ms } }) as const

/** Two clocks, each in whole ms: an instant that went from one to the other and back may be one off, each way. */
const isSameInstant = (a: number | undefined, b: number) => Math.abs((a ?? Infinity) - b) <= 2

/** Starts a chat that meets a limit, and waits until its page is told. */
async function meetLimit(app: App, ms: number) {
  const chat = await app.chat({ steps: [limited(ms)] })
  const [retry] = await app.told('rate_limit_retry')
  if (!retry) throw new Error('Expected to be told of the retry')
  return { chat, retryAt: retry.retryAt }
}

test('two tabs share a cool-down: the other one is held back, told until when, and comes after', async ({
  app,
}) => {
  await app.start({ chat: [CHAT] })
  const other = await app.newTab()
  await other.start({ chat: [CHAT] })
  const first = await meetLimit(app, 3_000)
  const held = await other.chat({ steps: [] })
  const wait = (await other.told('rate_limit_wait')).find(({ own }) => own)
  expect(isSameInstant(wait?.retryAt, first.retryAt)).toBe(true)
  expect(wait?.retryAfterMs).toBeGreaterThan(0)
  expect(wait?.retryAfterMs).toBeLessThanOrEqual(3_250)

  expect((await first.chat.ended()).status).toBe(200)
  expect((await held.ended()).status).toBe(200)
  const [refused, probe] = await first.chat.log()
  const [follower] = await held.log()
  expect(Number(probe?.at) - Number(refused?.at)).toBeGreaterThanOrEqual(3_000)
  expect(Number(follower?.at)).toBeGreaterThanOrEqual(Number(probe?.at))
  expect(await held.log()).toHaveLength(1)
})

test('a person in another tab sees a held-back chat count down', async ({ app, server }) => {
  await app.start({ chat: [CHAT] })
  const demo = createDemo(await app.page.newTab(), server)
  await demo.open()
  await meetLimit(app, 5_000)
  await demo.send('Hello')
  const seconds = await demo.countdown(2, 'held_back')
  expect(Math.max(...seconds)).toBeLessThanOrEqual(6)
  await demo.answer('complete')
})

test('a held-back chat that is stopped is never sent', async ({ app }) => {
  await app.start({ chat: [CHAT] })
  const first = await meetLimit(app, 2_000)
  const held = await app.chat({ steps: [] })
  await app.told('rate_limit_wait')
  await held.abort()
  await app.told('request_cancelled')
  expect((await first.chat.ended()).status).toBe(200)
  expect((await app.chat({ steps: [] }).then((chat) => chat.ended())).status).toBe(200)
  expect(await held.log()).toEqual([])
})

test('a chat that would have to wait too long gets a 429 with the known time, and is not sent', async ({
  app,
}) => {
  await app.start({ chat: [CHAT] })
  const first = await app.chat({ steps: [limited(300_000)] })
  expect((await first.ended()).status).toBe(429)
  const held = await app.chat({ steps: [] })
  const { status, headers, chunks } = await held.ended()
  expect(status).toBe(429)
  expect(headers).toMatchObject({ 'x-should-retry': 'false', 'content-type': 'application/problem+json' })
  expect(Number(headers['retry-after'])).toBeGreaterThan(280)
  expect(Number(headers['retry-after'])).toBeLessThanOrEqual(301)
  expect(JSON.parse(chunks.map(({ text }) => text).join(''))).toMatchObject({
    status: 429,
    error: { code: 'rate_limited' },
  })
  expect(await held.log()).toEqual([])
})

test('another key has limits of its own', async ({ app }) => {
  await app.start({ chat: [CHAT] })
  await meetLimit(app, 5_000)
  const other = await app.chat({ steps: [] }, {}, { headers: { Authorization: 'Bearer another' } })
  expect((await other.ended()).status).toBe(200)
  expect(await app.statuses('rate_limit_wait')).toEqual([])
})

test('a worker killed in the cool-down sends nothing early', async ({ app, killWorker }) => {
  await app.start({ chat: [CHAT] })
  const first = await meetLimit(app, 4_000)
  await killWorker()
  const second = await app.chat({ steps: [] })
  // The first chat, sent again, may be told of the limit too.
  await expect
    .poll(async () =>
      (await app.statuses('rate_limit_wait')).map(({ retryAt }) => isSameInstant(retryAt, first.retryAt)),
    )
    .toContain(true)
  expect((await second.ended()).status).toBe(200)
  expect((await first.chat.ended()).status).toBe(200)
  const [refused, again] = await first.chat.log()
  const [follower] = await second.log()
  for (const attempt of [again, follower]) {
    expect(Number(attempt?.at) - Number(refused?.at)).toBeGreaterThanOrEqual(4_000)
  }
})

test('a worker that is started anew has no fuller bucket of retries', async ({ app, killWorker }) => {
  await app.start({ chat: [CHAT], retry: { bucket: { capacity: 0, refillPerMinute: 0 } } })
  const broken = { steps: [{ kind: 'status', status: 500 }] } as const
  // One retry in ten seconds is free.
  expect((await (await app.chat(broken)).ended()).status).toBe(200)
  await killWorker()
  expect((await (await app.chat(broken)).ended()).status).toBe(200)
  const waits = (await app.told('server_retry', 2)).map(({ retryAfterMs }) => retryAfterMs)
  // The first was free; the next one that is free comes ten seconds after it.
  expect(waits[0]).toBeLessThan(1_000)
  expect(waits[1]).toBeGreaterThan(2_000)
})

test('a client that posts for ever what fails is told to wait after three failures', async ({
  app,
  server,
}) => {
  await app.start({ chat: [CHAT] })
  const id = crypto.randomUUID()
  const fault = { id, steps: [{ kind: 'status', status: 400 }], repeat: true }
  const body = JSON.stringify({
    model: 'demo-small',
    stream: true,
    messages: [{ role: 'user', content: 'Hello' }],
    fault,
  })
  const post = async () => {
    const call = await app.call(CHAT, { headers: { 'Content-Type': 'application/json' }, body })
    return call.ended()
  }
  const statuses = [await post(), await post(), await post()].map(({ status }) => status)
  expect(statuses).toEqual([400, 400, 400])
  await app.told('request_failed', 3)
  const guarded = await post()
  expect(guarded.status).toBe(503)
  expect(Number(guarded.headers['retry-after'])).toBeGreaterThan(0)
  expect(Number(guarded.headers['retry-after'])).toBeLessThanOrEqual(60)
  expect(await app.told('request_failed', 4)).toMatchObject([
    {},
    {},
    {},
    { code: 'retry_budget_exhausted', attempts: 0 },
  ])
  expect(await server.log(id)).toHaveLength(3)
  expect((await (await app.chat({ steps: [] })).ended()).status).toBe(200)
})
