import {
  geminiBackground,
  located,
  openaiBackground,
  replayed,
  type Resumable,
  sseIds,
} from '../../core/testing/resumable.ts'
import type { AnyCall, App, HowToCall } from '../support/app.ts'
import { ask, patternOf, received, textOf } from '../support/scripted-chat.ts'
import type { Ending, ScriptedAnswer, ScriptedProvider } from '../support/scripted-provider.ts'
import { expect, test } from '../support/test.ts'

const KINDS = [openaiBackground(), geminiBackground(), sseIds(), replayed(), located()]
const OPENAI = openaiBackground()
const KEY = { authorization: 'Bearer key' }

for (const kind of KINDS) {
  for (const how of ['reset', 'end'] as const) {
    test(`a chat by ${kind.name}, cut by ${how} within an event: the page reads all of it, once, from one POST`, async ({
      app,
      provider,
    }) => {
      const { call, whole } = await cut(app, provider, kind, how)
      await give(await provider.asked(), kind)
      expect(await call.ended()).toMatchObject({ state: 'whole', status: 200 })
      expect(await textOf(call)).toBe(whole)
      expect(await app.told('stream_resumed')).toMatchObject([{ gapMs: expect.any(Number) }])
      expect(await app.told('request_finished')).toMatchObject([{ verdict: 'complete', attempts: 1 }])
      expect(provider.requests()).toBe(2)
    })
  }
}

test('the rest is asked for with the key of the chat, by GET', async ({ app, provider }) => {
  await cut(app, provider, OPENAI, 'reset')
  const asked = await provider.asked()
  expect(asked).toMatchObject({ method: 'GET', path: '/v1/responses/resp_1', headers: KEY })
  expect(asked.headers['content-type']).toBeUndefined()
  await give(asked, OPENAI)
})

test('a cut of what was read on is read on again', async ({ app, provider }) => {
  const { call, whole } = await cut(app, provider, OPENAI, 'reset')
  for (let times = 0; times < 3; times++) {
    const asked = await provider.asked()
    const { body } = rest(asked, OPENAI)
    asked.begin(OPENAI.headers)
    asked.say(body.subarray(0, 400))
    await expect.poll(async () => (await app.statuses('stream_resumed')).length).toBe(times + 1)
    await asked.end('reset')
  }
  await give(await provider.asked(), OPENAI)
  expect((await call.ended()).state).toBe('whole')
  expect(await textOf(call)).toBe(whole)
})

test('a response that is cut a hundred times, after each event, is read whole from one POST', async ({
  app,
  provider,
}) => {
  const events = Array.from({ length: 102 }, (_, n) => {
    const type =
      n === 0 ? 'response.created' : n === 101 ? 'response.completed' : 'response.output_text.delta'
    const more =
      n === 0 || n === 101
        ? { response: { id: 'resp_1', background: true, status: 'in_progress' } }
        : { item_id: 'm', output_index: 0, content_index: 0, delta: `${n} ` }
    return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: n, ...more })}\n\n`
  })
  const { call, answer } = await open(app, provider, OPENAI)
  answer.say(events[0] ?? '')
  await answer.end('end')
  for (let cut = 1; cut <= 101; cut++) {
    const asked = await provider.asked()
    const after = asked.query.get('starting_after')
    const from = after === null ? 0 : Number(after) + 1
    asked.begin(OPENAI.headers)
    asked.say(events.slice(from, cut + 1).join(''))
    // Bytes that a reset overtakes are lost.
    if (cut % 2 === 0) await received(call, events.slice(0, cut + 1).join(''))
    await asked.end(cut % 2 === 0 ? 'reset' : 'end')
  }
  expect(await call.ended()).toMatchObject({ state: 'whole' })
  expect(await textOf(call)).toBe(events.join(''))
  const resuming = await app.told('stream_resuming', 101)
  expect(resuming.map(({ attempt }) => attempt)).toEqual(Array<number>(101).fill(1))
  expect(await app.told('stream_resumed', 101)).toHaveLength(101)
  expect(await app.told('request_finished')).toMatchObject([{ verdict: 'complete', attempts: 1 }])
  expect([provider.requests('POST'), provider.requests()]).toEqual([1, 102])
})

test('a page that reloads meanwhile reads all of it', async ({ app, provider }) => {
  const { whole } = await cut(app, provider, OPENAI, 'reset')
  const asked = await provider.asked()
  await app.reload()
  const [stream] = (await app.evaluate(() => window.e2e.keeper?.streams())) ?? []
  await give(asked, OPENAI)
  const id = stream?.requestId ?? ''
  const text = await app.evaluate(async (id) => (await window.e2e.keeper?.attach(id))?.text(), id)
  expect(text).toBe(whole)
})

test('the worker dies: the next one reads on with the key that a page gives, and whoever attaches reads all of it', async ({
  app,
  provider,
  killWorker,
}) => {
  const { call, answer } = await open(app, provider, OPENAI)
  const before = OPENAI.events.slice(0, 5).join('')
  answer.say(before)
  await received(call, before)
  const [{ requestId } = { requestId: '' }] = await app.told('first_output')
  // The journal writes what it has within this time.
  await app.evaluate(() => new Promise((resolve) => setTimeout(resolve, 600)))
  await killWorker()
  expect((await call.ended()).state).toBe('failed')
  await app.evaluate(
    (key) => window.e2e.keeper?.provideAuth(({ for: purpose }) => (purpose ? key : null)),
    KEY,
  )
  const attached = app.evaluate(async (id) => (await window.e2e.keeper?.attach(id))?.text(), requestId)
  const asked = await provider.asked()
  expect(asked).toMatchObject({ method: 'GET', path: '/v1/responses/resp_1', headers: KEY })
  await give(asked, OPENAI)
  expect(await attached).toBe(OPENAI.events.join(''))
  expect(await app.told('request_finished')).toMatchObject([{ requestId, verdict: 'complete' }])
  expect(provider.requests()).toBe(2)
})

test('the worker dies: streamChat reads on, also from events that never came to disk, and yields each once', async ({
  app,
  provider,
  killWorker,
}) => {
  const { call, answer } = await open(app, provider, OPENAI, 'streamChat')
  await app.evaluate(
    (key) => window.e2e.keeper?.provideAuth(({ for: purpose }) => (purpose ? key : null)),
    KEY,
  )
  const itemsOf = async () => (await call.now()).items
  answer.say(OPENAI.events.slice(0, 3).join(''))
  await expect.poll(async () => (await itemsOf()).length, { intervals: [20] }).toBe(3)
  // The journal writes what it has within this time, and then, at once, not.
  await app.evaluate(() => new Promise((resolve) => setTimeout(resolve, 600)))
  answer.say(OPENAI.events.slice(3, 8).join(''))
  await expect.poll(async () => (await itemsOf()).length, { intervals: [20] }).toBe(8)
  await killWorker()
  const asked = await provider.asked()
  expect(asked).toMatchObject({ method: 'GET', path: '/v1/responses/resp_1', headers: KEY })
  await give(asked, OPENAI)
  expect(await call.ended()).toMatchObject({ state: 'whole' })
  const all = OPENAI.events.map((event) => JSON.parse(event.slice(event.indexOf('{'))) as unknown)
  expect(await itemsOf()).toEqual(all)
  expect(provider.requests()).toBe(2)
})

test('the openai package reads a background response that is cut, wherever, whole and once, from one POST', async ({
  tab,
  server,
  provider,
}) => {
  const { events } = OPENAI
  const deltas = events.map((event) => JSON.parse(event.slice(event.indexOf('{'))) as { delta?: string })
  const text = deltas.map(({ delta = '' }) => delta).join('')
  await tab.goto(`${server.url}/e2e/site/clients.html`)
  await tab.waitFor(() => 'clients' in window)
  await tab.evaluate((url) => window.clients.register({ chat: [url] }), `${provider.url}/v1/responses`)
  for (const [cutAt, how] of [
    [1, 'end'],
    [4, 'end'],
    [8, 'reset'],
    [events.length - 1, 'end'],
  ] as const) {
    const question = { base: `${provider.url}/v1`, query: {}, model: `gpt-4o-${cutAt}`, key: 'key' }
    const id = `cut after ${cutAt}`
    await tab.evaluate(({ id, question }) => window.clients.ask(id, 'openai background', question), {
      id,
      question,
    })
    const answer = await provider.asked()
    expect(answer.method).toBe('POST')
    answer.begin(OPENAI.headers)
    answer.say(events.slice(0, cutAt).join('') + events[cutAt]?.slice(0, 20))
    // Bytes that a reset overtakes are lost.
    if (how === 'reset')
      await expect.poll(() => tab.evaluate((id) => window.clients.replies[id]?.text, id)).not.toBe('')
    await answer.end(how)
    await give(await provider.asked(), OPENAI)
    await expect
      .poll(() => tab.evaluate((id) => window.clients.replies[id], id))
      .toEqual({ state: 'whole', text, finish: 'completed' })
  }
  expect(provider.requests('POST')).toBe(4)
})

test('Stop ends a background response at its server', async ({ app, provider }) => {
  const { call, answer } = await open(app, provider, OPENAI)
  answer.say(OPENAI.events.slice(0, 5).join(''))
  await received(call, OPENAI.events.slice(0, 5).join(''))
  const [{ requestId } = { requestId: '' }] = await app.told('first_output')
  await app.cancel(requestId)
  const asked = await provider.asked()
  expect(asked).toMatchObject({ method: 'POST', path: '/v1/responses/resp_1/cancel', headers: KEY })
  asked.begin({ 'content-type': 'application/json' })
  await asked.end('end')
  expect(await app.told('request_cancelled')).toMatchObject([{ by: 'page' }])
})

test('what cannot be the rest leaves the cut as it was', async ({ app, provider }) => {
  const { call, cutAt } = await cut(app, provider, sseIds(), 'reset')
  const asked = await provider.asked()
  asked.begin(OPENAI.headers)
  asked.say('id: 4-4\ndata: {"choices":[{"index":0,"delta":{"content":"another"}}]}\n\n')
  await asked.closed
  expect((await call.ended()).state).toBe('failed')
  const text = await textOf(call)
  expect(text.startsWith(sseIds().events.slice(0, cutAt).join(''))).toBe(true)
  expect(text).not.toContain('another')
  expect(await app.told('request_failed')).toMatchObject([{ code: 'truncated' }])
})

/** Asks, and lets the server begin. */
async function open(
  app: App,
  provider: ScriptedProvider,
  kind: Resumable,
  by: HowToCall['by'] = 'fetch',
): Promise<{ call: AnyCall; answer: ScriptedAnswer }> {
  const { path, body, options, headers } = kind
  const [route] = options.chat ?? []
  const url = patternOf(provider, path)
  const resume = typeof route === 'object' ? route.resume : undefined
  await app.start({
    chat: [{ url, ...(resume ? { resume: { ...resume, url: provider.url + resume.url } } : {}) }],
  })
  const call = await ask(app, provider.url + path, body, by, KEY)
  const answer = await provider.asked()
  answer.begin(headers)
  return { call, answer }
}

/** Lets the server break off in the middle of an event that its page has read half of, or nothing. */
async function cut(app: App, provider: ScriptedProvider, kind: Resumable, how: Ending) {
  const { call, answer } = await open(app, provider, kind)
  const cutAt = 5
  const before = kind.events.slice(0, cutAt).join('')
  const half = kind.events[cutAt]?.slice(0, 30) ?? ''
  answer.say(before + half)
  const isByBytes = kind.name === 'replay' || kind.name === 'Content-Location'
  await received(call, isByBytes ? before + half : before)
  await answer.end(how)
  return { call, cutAt, whole: kind.events.join('') }
}

function rest({ path, query, headers }: ScriptedAnswer, kind: Resumable) {
  const id = headers['last-event-id']
  return kind.give(
    new URL(`${path}?${query}`, 'http://a'),
    new Headers(typeof id === 'string' ? { 'last-event-id': id } : {}),
    'the rest',
  )
}

async function give(asked: ScriptedAnswer, kind: Resumable): Promise<void> {
  const { body } = rest(asked, kind)
  asked.begin(kind.headers)
  asked.say(body)
  await asked.end('end')
}
