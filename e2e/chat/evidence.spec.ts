import type { AnyCall, App } from '../support/app.ts'
import { OPENAI_CHAT } from '../support/cut-answers.ts'
import { test as hosted } from '../support/hosts.ts'
import { test as deployed } from '../support/own-site.ts'
import type { Heard } from '../site/other-readers.ts'
import { ask, digestOf, patternOf, received } from '../support/scripted-chat.ts'
import type { ScriptedAnswer, ScriptedProvider } from '../support/scripted-provider.ts'
import { expect, test } from '../support/test.ts'

const SSE = { 'content-type': 'text/event-stream' }
const JSON_TYPE = { 'content-type': 'application/json' }
const HTML = { 'content-type': 'text/html; charset=utf-8' }
const CHAT = '/v1/chat/completions'
const MESSAGES = '/v1/messages'
const retry = { baseMs: 10, jitterMs: 0 }

const DONE = 'data: [DONE]\n\n'
const FINISH = delta({}, 'stop')

// 4.7 MB, as an image or a whole response in one event has.
const BIG = 'QUJD'.repeat(1_175_000)
const BIG_EVENTS = [
  {
    name: 'an image in a delta',
    path: CHAT,
    begun: say('Look: '),
    big: delta({ images: [{ image_url: { url: `data:image/png;base64,${BIG}` } }] }),
    end: FINISH + DONE,
  },
  {
    name: 'a partial image of OpenAI Responses',
    path: '/v1/responses',
    begun: typed({ type: 'response.output_text.delta', delta: 'Look: ' }),
    big: typed({ type: 'response.image_generation_call.partial_image', partial_image_b64: BIG }),
    end: typed({ type: 'response.completed', response: { id: 'resp_1', output: [{ result: BIG }] } }),
  },
  {
    name: 'a tool’s output of the AI SDK',
    path: '/api/chat',
    begun:
      event({ type: 'start', messageId: 'm' }) +
      event({ type: 'tool-input-available', toolCallId: 't', toolName: 'look', input: {} }),
    big: event({ type: 'tool-output-available', toolCallId: 't', output: BIG }),
    end: event({ type: 'finish' }) + DONE,
  },
]

for (const { name, path, begun, big, end } of BIG_EVENTS) {
  test(`R3 ${name}, 4.7 MB in one event: whole, and cut after it`, async ({ app, provider }) => {
    await app.start({ chat: [patternOf(provider, path)] })
    const whole = await begin(app, provider, path, SSE, begun)
    whole.answer.say(big + end)
    await whole.answer.end('end')
    const ended = await whole.call.ended()
    expect([ended.state, ended.digest === digestOf(begun, big, end)]).toEqual(['whole', true])
    expect(await app.told('request_finished')).toMatchObject([{ verdict: 'complete' }])

    const cut = await begin(app, provider, path, SSE, begun)
    cut.answer.say(big)
    await cut.answer.end('end')
    const { state, chunks } = await cut.call.ended()
    expect(state).toBe('failed')
    const text = chunks.map(({ text }) => text).join('')
    expect([text.startsWith(begun + big), text.slice((begun + big).length)]).toEqual([
      true,
      expect.stringContaining('"error'),
    ])
    expect(await app.told('request_failed')).toMatchObject([{ code: 'truncated', attempts: 1 }])
    expect(provider.requests()).toBe(2)
  })
}

const LOGIN = '<!doctype html><html><head><title>Log in</title></head><body><form></form></body></html>'

for (const [name, status, page] of [
  ['302', 302, LOGIN],
  ['307', 307, LOGIN],
  ['303, to a page of 200 kB', 303, LOGIN.replace('<form>', `<form>${'<p>Terms</p>'.repeat(17_000)}`)],
] as const) {
  test(`R4 a redirect to a login page (${name}) is handed on as it came, after one more try`, async ({
    app,
    provider,
  }) => {
    await app.start({ chat: [provider.url + CHAT], retry })
    const call = await ask(app, provider.url + CHAT)
    for (let attempt = 1; attempt <= 2; attempt++) {
      const chat = await provider.asked()
      chat.begin({ location: '/login?next=chat' }, status)
      await chat.end('end')
      const login = await provider.asked()
      expect([login.method, login.path]).toEqual([status === 307 ? 'POST' : 'GET', '/login'])
      login.begin(HTML)
      login.say(page)
      await login.end('end')
    }
    expect(await call.ended()).toMatchObject({
      state: 'whole',
      status: 200,
      redirected: true,
      url: `${provider.url}/login?next=chat`,
      digest: digestOf(page),
    })
    expect(await app.told('server_retry')).toMatchObject([{ attempt: 2 }])
    expect(await app.told('request_failed')).toMatchObject([{ code: 'upstream_error', attempts: 2 }])
    expect(provider.requests()).toBe(4)
  })
}

for (const [name, type, page] of [
  ['labelled text/html', HTML, LOGIN],
  ['with a comment first', HTML, `\n<!-- Served by edge 7 -->\n${LOGIN}`],
  ['labelled XHTML', { 'content-type': 'application/xhtml+xml' }, `<?xml version="1.0"?>\n${LOGIN}`],
] as const) {
  test(`R4 a page without a redirect, ${name}, is a 502 with its own words, after one more try`, async ({
    app,
    provider,
  }) => {
    await app.start({ chat: [provider.url + CHAT], retry })
    const call = await ask(app, provider.url + CHAT)
    for (let attempt = 1; attempt <= 2; attempt++) {
      const answer = await provider.asked()
      answer.begin(type)
      answer.say(page)
      await answer.end('end')
    }
    const ended = await call.ended()
    expect(ended).toMatchObject({ state: 'whole', status: 502, digest: digestOf(page), headers: type })
    expect(await app.told('request_failed')).toMatchObject([{ code: 'upstream_error', attempts: 2 }])
    expect(provider.requests()).toBe(2)
  })
}

const STOP_REASON =
  typed({ type: 'message_start', message: { usage: { input_tokens: 3 } } }) +
  typed({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } }) +
  typed({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 5 } })
const FINISHED = [
  { name: 'OpenAI’s finish_reason', path: CHAT, said: say('Hello') + FINISH },
  { name: '[DONE] with a blank', path: CHAT, said: say('Hello') + FINISH + 'data: [DONE] \n\n' },
  { name: 'Anthropic’s stop_reason', path: MESSAGES, said: STOP_REASON },
] as const

test('R9 what has finished and stays open ends 10 s later, pings or none, and closes its upstream', async ({
  app,
  provider,
}) => {
  const feed = `${provider.url}/v1/feed`
  await app.start({
    chat: [provider.url + CHAT, provider.url + MESSAGES, { url: feed, method: 'GET', stream: true }],
  })
  // An EventSource that is ended asks again: it is left open.
  const source = await app.call(feed, {}, 'eventSource')
  const feeding = await provider.asked()
  feeding.begin(SSE)
  feeding.say(say('Hello') + FINISH)
  const open = []
  for (const { path, said } of FINISHED) open.push({ said, ...(await begin(app, provider, path, SSE, said)) })
  const [first] = open
  const ping = ': ping\n\n'
  let pings = 0
  // It pings as long as it lives.
  const pinging = setInterval(() => {
    first?.answer.say(ping)
    pings++
  }, 2_000)
  void first?.answer.closed.then(() => clearInterval(pinging))
  const late = usage(7, 9)
  open[1]?.answer.say(late)

  for (const [index, { call, answer, said }] of open.entries()) {
    const { state, chunks } = await call.ended()
    await answer.closed
    const after = [ping.repeat(pings), late, ''][index]
    expect([state, chunks.map(({ text }) => text).join('')]).toEqual(['whole', said + after])
  }
  expect(pings).toBeGreaterThan(1)
  const told = await app.told('request_finished', 3)
  for (const { verdict, durationMs } of told) {
    expect(verdict).toBe('complete')
    expect(durationMs).toBeGreaterThanOrEqual(10_000)
    expect(durationMs).toBeLessThan(14_000)
  }
  feeding.say('data: again\n\n')
  await expect
    .poll(async () => (await source.now()).items.at(-1))
    .toEqual({ heard: 'message', data: 'again' })
  expect((await source.now()).items).toHaveLength(3)
  expect(provider.requests()).toBe(4)
})

for (const { name, path, said } of FINISHED) {
  test(`R9 a reset after ${name}: complete, and no word of a fault`, async ({ app, provider }) => {
    await app.start({ chat: [provider.url + path] })
    const { call, answer } = await begin(app, provider, path, SSE, said)
    await received(call, said)
    await answer.end('reset')
    expect(await call.ended()).toMatchObject({ state: 'whole', digest: digestOf(said) })
    expect(await app.told('request_finished')).toMatchObject([{ verdict: 'complete', attempts: 1 }])
    expect(await app.statuses('request_failed')).toEqual([])
  })
}

/** Small limits for what trickles; it goes on for several times as long. */
const SMALL = { transportIdleMs: 1_000, outputIdleMs: 1_000 }
const TRICKLE_MS = 3_000

test('R11 bytes of an unfinished value or event are progress: a JSON, a JSON list and one event that trickle', async ({
  app,
  provider,
}) => {
  const list = '/v1beta/models/gemini:streamGenerateContent'
  await app.start({ chat: [CHAT, MESSAGES, list].map((path) => patternOf(provider, path)), timeouts: SMALL })
  // A whole answer of more than 1 MiB is handed over before it is whole.
  const words = 'x'.repeat(1_200_000)
  const trickling = [
    {
      stream: false,
      path: MESSAGES,
      type: JSON_TYPE,
      begun: `{"content":[{"type":"text","text":"${words}`,
      end: '"}],"stop_reason":"end_turn"}',
    },
    {
      stream: true,
      path: list,
      type: JSON_TYPE,
      begun: `[{"candidates":[{"content":{"parts":[{"text":"${words}`,
      end: '"}]},"finishReason":"STOP"}]}]',
    },
    {
      stream: true,
      path: CHAT,
      type: SSE,
      begun: `${say('Hello')}data: {"choices":[{"index":0,"delta":{"content":"`,
      end: `"}}]}\n\n${FINISH}${DONE}`,
    },
  ]
  const calls: AnyCall[] = []
  for (const { stream, path, type, begun, end } of trickling) {
    const { call, answer } = await begin(app, provider, path, type, begun, stream)
    calls.push(call)
    const since = performance.now()
    const trickle = setInterval(() => {
      if (performance.now() - since < TRICKLE_MS) return answer.say('y')
      clearInterval(trickle)
      answer.say(end)
      void answer.end('end')
    }, 100)
  }
  for (const call of calls) expect((await call.ended()).state).toBe('whole')
  expect(await app.told('request_finished', calls.length)).toHaveLength(calls.length)
  expect(await app.statuses('stream_stalled')).toEqual([])
})

test('R11 an EventSource that hears nothing but pings is not cut by a small outputIdleMs; a chat is', async ({
  app,
  provider,
}) => {
  const feed = `${provider.url}/v1/feed`
  await app.start({
    chat: [{ url: feed, method: 'GET', stream: true }, provider.url + CHAT],
    timeouts: { outputIdleMs: 500 },
  })
  const source = await app.call(feed, {}, 'eventSource')
  const answer = await provider.asked()
  answer.begin(SSE)
  answer.say('data: {"note":"one"}\n\n')
  const pinging = [answer]
  const pings = setInterval(() => {
    for (const each of pinging) each.say(': ping\n\n')
  }, 100)
  // The limit's proof: one chat after the other is cut by it meanwhile.
  for (let time = 1; time <= 2; time++) {
    const chat = await begin(app, provider, CHAT, SSE, say('Hello'))
    pinging.push(chat.answer)
    expect((await chat.call.ended()).state).toBe('failed')
    expect((await app.told('request_failed', time)).at(-1)).toMatchObject({ code: 'output_idle' })
    pinging.pop()
  }
  answer.say('data: {"note":"two"}\n\n')
  const heard: Heard[] = ['one', 'two'].map((note) => ({ heard: 'message', data: JSON.stringify({ note }) }))
  await expect.poll(async () => (await source.now()).items).toEqual(heard)
  clearInterval(pings)
  expect(provider.requests()).toBe(3)
})

deployed(
  'R12 a 204 and a 205 to a chat, streamed or whole, are what they are, once; then a new version may come',
  async ({ app, provider, deploy }) => {
    await app.start({ chat: [provider.url + CHAT] })
    for (const status of [204, 205]) {
      for (const stream of [true, false]) {
        const call = await ask(app, provider.url + CHAT, { stream })
        const answer = await provider.asked()
        answer.begin({ 'x-mine': '1' }, status)
        await answer.end('end')
        expect(await call.ended()).toMatchObject({ state: 'whole', status, headers: { 'x-mine': '1' } })
      }
    }
    for (const { verdict, bytes } of await app.told('request_finished', 4)) {
      expect([verdict, bytes]).toEqual(['complete', 0])
    }
    expect(provider.requests()).toBe(4)
    await deploy(app)
    await app.told('worker_updated')
  },
)

hosted(
  'R12 after a 204, a 205 and an empty 200 whenIdle() resolves',
  async ({ app, provider, bundle, host }) => {
    const url = provider.url + CHAT
    const script = await bundle('from-url')
    await host(app, `${script}?${encodeURIComponent(JSON.stringify({ chat: [url] }))}`)
    await app.register({ chat: [url] }, null)
    for (const status of [204, 205, 200]) {
      const call = await ask(app, url, { stream: false })
      const answer = await provider.asked()
      answer.begin({}, status)
      await answer.end('end')
      expect((await call.ended()).status).toBe(status)
    }
    const isIdle = await app.evaluate(async () => {
      const { port1, port2 } = new MessageChannel()
      const answered = new Promise<unknown>((resolve) =>
        port1.addEventListener('message', ({ data }) => resolve(data)),
      )
      port1.start()
      navigator.serviceWorker.controller?.postMessage('when idle', [port2])
      return answered
    })
    expect(isIdle).toBe('idle')
  },
)

test('R12 an EventSource that is stopped by a 204 stays stopped', async ({ app, provider }) => {
  const url = `${provider.url}/v1/feed`
  await app.start({ chat: [{ url, method: 'GET', stream: true }] })
  const call = await app.call(url, {}, 'eventSource')
  const first = await provider.asked()
  first.begin(SSE)
  first.say('retry: 10\ndata: {"note":"one"}\n\n')
  await first.end('end')
  const second = await provider.asked()
  second.begin({}, 204)
  await second.end('end')
  const heard: Heard[] = [
    { heard: 'message', data: '{"note":"one"}' },
    { heard: 'error', reconnects: true },
    { heard: 'error', reconnects: false },
  ]
  await expect.poll(async () => (await call.now()).items).toEqual(heard)
  await app.told('request_finished', 2)
  expect(provider.requests()).toBe(2)
})

for (const [name, type] of [
  ['JSON', JSON_TYPE],
  ['without a label', {}],
] as const) {
  test(`R12 an empty 200, ${name}: passed on at once where no stream was asked for, else tried once more`, async ({
    app,
    provider,
  }) => {
    await app.start({ chat: [provider.url + CHAT], retry })
    for (const stream of [false, true]) {
      const before = provider.requests()
      const call = await ask(app, provider.url + CHAT, { stream })
      const tries = stream ? 2 : 1
      for (let attempt = 1; attempt <= tries; attempt++) {
        const answer = await provider.asked()
        answer.begin(type)
        await answer.end('end')
      }
      expect(await call.ended()).toMatchObject({ state: 'whole', status: 200, digest: digestOf() })
      expect(provider.requests() - before).toBe(tries)
    }
    expect(await app.statuses('request_failed')).toEqual([])
  })
}

const TOOL_CALLS = [
  {
    name: 'OpenAI chat',
    path: CHAT,
    begun:
      say('Wait.') + delta({ tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '' } }] }),
    end:
      delta({ tool_calls: [{ index: 0, function: { arguments: '{}' } }] }) + delta({}, 'tool_calls') + DONE,
  },
  {
    name: 'Anthropic',
    path: MESSAGES,
    begun:
      typed({ type: 'message_start', message: {} }) +
      typed({
        type: 'content_block_start',
        index: 0,
        content_block: { type: 'tool_use', id: 't', name: 'f', input: {} },
      }),
    end:
      typed({
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'input_json_delta', partial_json: '{}' },
      }) +
      typed({ type: 'content_block_stop', index: 0 }) +
      typed({ type: 'message_delta', delta: { stop_reason: 'tool_use' } }) +
      typed({ type: 'message_stop' }),
  },
  {
    name: 'a server’s own tool at OpenAI Responses',
    path: '/v1/responses',
    begun:
      typed({ type: 'response.created', response: { id: 'resp_1' } }) +
      typed({
        type: 'response.output_item.added',
        output_index: 0,
        item: { type: 'image_generation_call' },
      }) +
      typed({ type: 'response.image_generation_call.generating', output_index: 0 }),
    end:
      typed({ type: 'response.image_generation_call.completed', output_index: 0 }) +
      typed({ type: 'response.output_item.done', output_index: 0, item: { type: 'image_generation_call' } }) +
      typed({ type: 'response.completed', response: { id: 'resp_1' } }),
  },
]

test('R5 silence inside a tool call is told after 10 s and not cut, for several times transportIdleMs; in plain text it is', async ({
  app,
  provider,
}) => {
  await app.start({
    chat: [CHAT, MESSAGES, '/v1/responses'].map((path) => provider.url + path),
    timeouts: { transportIdleMs: 3_000 },
  })
  const working = []
  for (const { path, begun, end } of TOOL_CALLS) {
    working.push({ said: begun + end, end, ...(await begin(app, provider, path, SSE, begun)) })
  }
  const plain = await begin(app, provider, CHAT, SSE, OPENAI_CHAT.begun)
  expect((await plain.call.ended()).state).toBe('failed')
  await plain.answer.closed
  const [failed] = await app.told('request_failed')
  expect(failed).toMatchObject({ code: 'transport_idle' })
  const [first, ...healthy] = await app.told('stream_stalled', 1 + working.length)
  expect(first).toMatchObject({ requestId: failed?.requestId, clock: 'transport' })
  expect(first?.silentMs).toBeLessThan(10_000)
  for (const { silentMs } of healthy) expect(silentMs).toBeGreaterThanOrEqual(10_000)

  for (const { call, answer, said, end } of working) {
    answer.say(end)
    await answer.end('end')
    expect(await call.ended()).toMatchObject({ state: 'whole', digest: digestOf(said) })
  }
  expect(await app.told('request_finished', working.length)).toHaveLength(working.length)
  expect(await app.statuses('request_failed')).toHaveLength(1)
})

/** Asks for an answer, which begins with these words; resolves once the page has its Response. */
async function begin(
  app: App,
  provider: ScriptedProvider,
  path: string,
  headers: Record<string, string>,
  begun: string,
  stream = true,
): Promise<{ call: AnyCall; answer: ScriptedAnswer }> {
  const call = await ask(app, provider.url + path, { stream })
  const answer = await provider.asked()
  answer.begin(headers)
  answer.say(begun)
  await call.answered()
  return { call, answer }
}

function event(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`
}

function typed(data: { type: string } & Record<string, unknown>): string {
  return `event: ${data.type}\n${event(data)}`
}

function delta(delta: Record<string, unknown>, finish_reason: string | null = null): string {
  return event({ choices: [{ index: 0, delta, finish_reason }] })
}

function say(content: string): string {
  return delta({ content })
}

function usage(prompt: number, completion: number): string {
  return event({ choices: [], usage: { prompt_tokens: prompt, completion_tokens: completion } })
}
