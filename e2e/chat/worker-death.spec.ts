import type { AnyCall, App } from '../support/app.ts'
import { CHAT } from '../support/app.ts'
import { spoken } from '../support/spoken.ts'
import { expect, test } from '../support/test.ts'

/** `npm run test:endurance` asks for more, at random moments. */
const DEATHS = Number(process.env.DEATHS ?? 9)

/** About three seconds: a second without headers, one without output, one of text. */
const ANSWER = { headersAfterMs: 1_000, pauses: [{ ms: 1_000 }], tokens: 40, tokensPerSecond: 40 }

const PHASES = [
  { name: 'before the headers', fromMs: 100, toMs: 900, requests: 2 },
  { name: 'before the first output', fromMs: 1_100, toMs: 1_900, requests: 2 },
  { name: 'in mid-stream', fromMs: 2_200, toMs: 2_900, requests: 1 },
] as const
const READERS = ['fetch', 'streamChat', 'two alike'] as const

const { random, floor } = Math

for (let n = 0; n < DEATHS; n++) {
  const phase = PHASES[n % PHASES.length] ?? PHASES[0]
  const reader = READERS[floor(n / PHASES.length) % READERS.length] ?? READERS[0]

  test(`${n + 1}: the worker dies ${phase.name} of ${reader}`, async ({ app, killWorker, server }) => {
    const killMs = Math.round(phase.fromMs + random() * (phase.toMs - phase.fromMs))
    test.info().annotations.push({ type: 'kill', description: `after ${killMs} ms` })
    await app.start({ chat: [CHAT] })
    const whole = await wholeAnswer(app)
    const id = crypto.randomUUID()
    const body = JSON.stringify({
      model: 'demo-small',
      stream: true,
      messages: [{ role: 'user', content: 'Hello' }],
      fault: { id, steps: [], answer: ANSWER },
    })
    const init = { headers: { 'Content-Type': 'application/json' }, body }
    const by = reader === 'streamChat' ? reader : 'fetch'
    const calls = [await app.call(CHAT, init, by)]
    if (reader === 'two alike') calls.push(await app.call(CHAT, init, by))
    await pass(app, killMs)
    await killWorker()

    for (const call of calls) {
      const { state, code } = await call.ended()
      const text = await textOf(call)
      if (state === 'whole') expect(text).toBe(whole)
      else {
        expect(whole.startsWith(text)).toBe(true)
        expect(phase.name).toBe('in mid-stream')
        if (reader === 'streamChat') expect(code).toBe('worker_lost')
      }
    }
    // One more for each that was sent and not answered: nobody can know what became of it.
    const log = await server.log(id)
    expect(log).toHaveLength(phase.requests * calls.length)
    if (phase.requests === 1) return
    const retries = await app.told('network_retry', calls.length)
    expect(retries).toMatchObject(calls.map(() => ({ phase: 'worker_lost', attempt: 2 })))
    await app.told('request_finished', calls.length + 1)
  })
}

test('what had come before the death is read again, with an end that no app takes for one', async ({
  app,
  killWorker,
}) => {
  await app.start({ chat: [CHAT] })
  const chat = await app.chat({ steps: [], answer: { tokens: 60, tokensPerSecond: 30 } })
  const [started] = await app.told('request_started')
  await chat.begun()
  await pass(app, 1_000)
  await killWorker()
  expect((await chat.ended()).state).toBe('failed')
  const again = await app.call(`/__streamkeeper/streams/${started?.requestId}`, { method: 'GET' })
  expect((await again.ended()).state).toBe('failed')
  const stream = (await again.now()).chunks.map(({ text }) => text).join('')
  expect(stream).toContain('"code":"worker_lost"')
  const [before, after] = [await textOf(chat), spoken(stream)]
  expect(after.length).toBeGreaterThan(0)
  expect(before.startsWith(after) || after.startsWith(before)).toBe(true)
  expect(await app.told('request_failed')).toMatchObject([{ code: 'worker_lost' }])
})

test('a response that had ended is read again whole by the next worker', async ({ app, killWorker }) => {
  await app.start({ chat: [CHAT] })
  const chat = await app.chat({ steps: [], answer: { tokens: 20 } })
  await chat.ended()
  const [finished] = await app.told('request_finished')
  await pass(app, 300)
  await killWorker()
  const again = await app.call(`/__streamkeeper/streams/${finished?.requestId}`, { method: 'GET' })
  expect((await again.ended()).state).toBe('whole')
  expect(await textOf(again)).toBe(await textOf(chat))
})

test('a worker that dies twice before the headers is told as lost', async ({ app, killWorker, server }) => {
  await app.start({ chat: [CHAT] })
  const slow = { headersAfterMs: 4_000 }
  const chat = await app.chat({ steps: [], answer: slow }, {}, { by: 'streamChat' })
  await expect.poll(async () => (await chat.log()).length).toBe(1)
  await killWorker()
  await expect.poll(async () => (await chat.log()).length).toBe(2)
  await killWorker()
  expect(await chat.ended()).toMatchObject({ state: 'failed', code: 'worker_lost' })
  expect(await server.log(chat.id)).toHaveLength(2)
})

test('a route that is kept in memory leaves nothing on disk, and says so to nobody', async ({
  app,
  killWorker,
}) => {
  await app.start({ chat: [{ url: CHAT, journal: 'memory' }] })
  const chat = await app.chat({ steps: [], answer: { tokens: 20 } })
  await chat.ended()
  const [finished] = await app.told('request_finished')
  const attach = () => app.call(`/__streamkeeper/streams/${finished?.requestId}`, { method: 'GET' })
  expect(await (await attach()).ended()).toMatchObject({ status: 200 })
  await pass(app, 500)
  await killWorker()
  expect(await (await attach()).ended()).toMatchObject({ status: 404 })
})

/** Lets so much time pass in the page. */
async function pass(app: App, ms: number): Promise<void> {
  await app.page.evaluate((ms) => new Promise<void>((resolve) => setTimeout(resolve, ms)), ms)
}

async function wholeAnswer(app: App): Promise<string> {
  const call = await app.chat({ steps: [], answer: { tokens: ANSWER.tokens, tokensPerSecond: 0 } })
  await call.ended()
  return textOf(call)
}

async function textOf(call: AnyCall): Promise<string> {
  const { chunks, items } = await call.now()
  const events = items.map((item) => `data: ${JSON.stringify(item)}\n\n`).join('')
  return spoken(events || chunks.map(({ text }) => text).join(''))
}
