import { describe, expect, test } from 'vitest'
import { DONE, event, FINISH, KEEP_ALIVE, ROLE, say, think, usage, WHOLE } from '../testing/openai-events.ts'
import { type FakeRequest, runRequest, type RequestSettings } from '../testing/run-request.ts'
import { responses, type Scripted, streams, type TimedBytes } from '../testing/scripted-upstream.ts'

// Kinds of faults that people who build chat apps have reported, each with its first report and others of its kind.

const SECOND = 1_000
const MINUTE = 60 * SECOND
const JSON_TYPE = { 'content-type': 'application/json' }
const CHAT = '/v1/chat/completions'

/** Runs a request whose upstream says the same each time, for ten minutes. */
async function run(upstream: Scripted | Scripted[], settings: RequestSettings = {}): Promise<FakeRequest> {
  const script = Array.isArray(upstream) ? upstream : [upstream, upstream, upstream]
  const runningRequest = runRequest(script, settings)
  await runningRequest.clock.advance(20 * MINUTE)
  return runningRequest
}

/** All that a page and the upstream see of a request. */
function seenOf({ page, sentAt, statuses, finished }: FakeRequest) {
  const last = statuses.at(-1)
  return {
    sends: sentAt.length,
    status: page.response?.status,
    text: page.text,
    how: page.error === undefined ? (page.closed ? 'closed' : 'open') : 'broken',
    ends: last?.status === 'request_failed' ? last.code : last?.status,
    finished: finished(),
  }
}

function passed(text: string) {
  return { sends: 1, status: 200, text, how: 'closed', ends: 'request_finished', finished: true }
}

function lines(...values: unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('')
}

/** The parts of a body one second apart. */
function slowly(...parts: string[]): TimedBytes[] {
  return parts.map((part, index) => [index * SECOND, part])
}

/** A body in pieces of 64 kB, one a millisecond. */
function inPieces(text: string, size = 65_536, everyMs = 1): TimedBytes[] {
  return Array.from({ length: Math.ceil(text.length / size) }, (_, index) => [
    index * everyMs,
    text.slice(index * size, (index + 1) * size),
  ])
}

describe('R1 the path outvotes the evidence: an app’s own stream passes live, once', () => {
  test.each([
    [
      'lines at /api/chat',
      '/api/chat',
      'application/x-ndjson',
      [lines({ type: 'token', text: 'Hello' }), lines({ type: 'token', text: ' world' }, { type: 'done' })],
    ],
    [
      'events at …/messages',
      '/api/conversations/42/messages',
      'text/event-stream',
      ['event: token\ndata: {"text":"Hello"}\n\n', 'event: done\ndata: {}\n\n'],
    ],
    [
      'a bare start',
      '/api/chat',
      'text/event-stream',
      [event({ type: 'start' }), event({ type: 'token', text: 'a' }), event({ type: 'finish' })],
    ],
    [
      'an event named start',
      '/api/chat',
      'text/event-stream',
      ['event: start\ndata: {}\n\n', 'event: token\ndata: a\n\n'],
    ],
    [
      'an agent’s message_start, with a message of its own',
      '/v1/messages',
      'text/event-stream',
      [
        event({ type: 'message_start', message: { role: 'assistant', content: [] } }),
        event({ type: 'message_end' }),
      ],
    ],
    [
      'messages one after the other',
      '/v1/responses',
      'text/event-stream',
      [
        event({ type: 'message', role: 'assistant', content: [{ text: 'a' }] }),
        event({ type: 'message', content: [] }),
      ],
    ],
    [
      'choices to choose from',
      '/v1/completions',
      'text/event-stream',
      [event({ choices: [{ text: 'Yes' }, { text: 'No' }] }), event({ text: 'Which?' })],
    ],
    [
      'events with dashes at /v2/chat',
      '/v2/chat',
      'text/event-stream',
      ['event: message-start\ndata: {"id":1}\n\n', 'event: content-delta\ndata: {"text":"a"}\n\n'],
    ],
    ['words at /api/generate', '/api/generate', 'text/plain', ['Hello', ' world']],
    ['numbered words', '/api/chat', 'text/event-stream', ['data: 0:"Hel"\n\n', 'data: 1:"lo"\n\n']],
    [
      'a list of tasks',
      '/api/chat',
      'application/x-ndjson',
      [lines({ title: 'Milk', created_at: '2026-01-01', done: false }), lines({ title: 'Eggs', done: true })],
    ],
    [
      'whole messages in lines with long pauses',
      '/v1/messages',
      'application/json',
      [
        lines({ type: 'message', role: 'assistant', content: [{ text: 'a' }] }),
        lines({ type: 'tool' }),
        lines({ type: 'end' }),
      ],
    ],
  ])('%s', async (_name, path, label, parts) => {
    const pieces = parts.map((part, index): TimedBytes => [index * 30 * SECOND, part])
    const upstream = streams(pieces, { headers: { 'content-type': label } })
    const runningRequest = runRequest([upstream, upstream], { path, body: { messages: [] } })
    await runningRequest.clock.advance(50)
    expect(runningRequest.page.text).toBe(parts[0])
    await runningRequest.clock.advance(5 * MINUTE)
    expect(seenOf(runningRequest)).toEqual(passed(parts.join('')))
  })
})

describe('R2 an SDK’s own end: closed parts and [DONE] are whole', () => {
  const TEXT = [
    event({ type: 'text-start', id: '1' }),
    event({ type: 'text-delta', id: '1', delta: 'Hello' }),
    event({ type: 'text-end', id: '1' }),
  ]
  test.each([
    ['a text', [...TEXT, DONE]],
    [
      'a tool call with its output',
      [
        event({ type: 'tool-input-start', toolCallId: 't', toolName: 'n' }),
        event({ type: 'tool-input-delta', toolCallId: 't', inputTextDelta: '{}' }),
        event({ type: 'tool-input-available', toolCallId: 't', toolName: 'n', input: {} }),
        event({ type: 'tool-output-available', toolCallId: 't', output: 1 }),
        DONE,
      ],
    ],
    [
      'parts that overlap',
      [
        event({ type: 'reasoning-start', id: 'r' }),
        ...TEXT,
        event({ type: 'reasoning-delta', id: 'r', delta: 'Hm' }),
        event({ type: 'reasoning-end', id: 'r' }),
        DONE,
      ],
    ],
    ['parts of the app’s own', [event({ type: 'data-weather', data: 1 }), ...TEXT, DONE]],
    ['words between its parts', [...TEXT, event({ type: 'data-x', data: { type: 'text-start' } }), DONE]],
  ])('%s', async (_name, events) => {
    const runningRequest = await run(streams(slowly(...events)), { path: '/api/chat' })
    expect(seenOf(runningRequest)).toEqual(passed(events.join('')))
  })

  test.each([
    ['an open text', [...TEXT.slice(0, 2), DONE]],
    ['an open text beside a closed one', [event({ type: 'text-start', id: '2' }), ...TEXT, DONE]],
    ['no [DONE]', TEXT],
  ])('%s is a cut still', async (_name, events) => {
    const runningRequest = await run(streams(slowly(...events)), { path: '/api/chat' })
    expect(seenOf(runningRequest)).toMatchObject({ sends: 1, how: 'broken', ends: 'truncated' })
  })
})

describe('R3 an event too long to be read whole is not a cut', () => {
  const IMAGE = 'A'.repeat(4_700_000)
  const anthropic = (data: { type: string; [field: string]: unknown }) =>
    `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
  test.each([
    [
      'an image in a chat',
      CHAT,
      say('Here: ') + event({ choices: [{ index: 0, delta: { images: [{ url: IMAGE }] } }] }) + FINISH + DONE,
    ],
    [
      'a response.completed with an image',
      '/v1/responses',
      anthropic({ type: 'response.created', response: { id: 'r' } }) +
        anthropic({ type: 'response.output_text.delta', delta: 'a' }) +
        anthropic({ type: 'response.completed', response: { id: 'r', output: [{ result: IMAGE }] } }),
    ],
    [
      'an image of Gemini with its finish',
      '/v1/models/m:streamGenerateContent',
      event({
        candidates: [{ content: { parts: [{ inlineData: { data: IMAGE } }] }, finishReason: 'STOP' }],
        usageMetadata: { promptTokenCount: 1 },
      }),
    ],
    ['an image of an app’s own', '/my/backend', event({ image: IMAGE })],
    [
      'a tool’s output in an AI SDK stream',
      '/api/chat',
      event({ type: 'start' }) +
        event({ type: 'tool-input-available', toolCallId: 't', input: {} }) +
        event({ type: 'tool-output-available', toolCallId: 't', output: IMAGE }) +
        event({ type: 'finish' }) +
        DONE,
    ],
  ])('%s', async (_name, path, text) => {
    for (const size of [65_536, 1_000_000]) {
      const runningRequest = await run(streams(inPieces(text, size)), { path })
      const { text: seen, ...rest } = seenOf(runningRequest)
      const { text: expected, ...others } = passed(text)
      expect(rest).toEqual(others)
      expect(seen === expected).toBe(true)
    }
  })

  test.each([
    [
      'a chat',
      CHAT,
      say('Here: ') + event({ choices: [{ index: 0, delta: { images: [IMAGE] }, finish_reason: null }] }),
    ],
    [
      'a response',
      '/v1/responses',
      anthropic({ type: 'response.created', response: {} }) +
        anthropic({
          type: 'response.image_generation_call.partial_image',
          output_index: 0,
          partial_image_b64: IMAGE,
        }),
    ],
  ])('%s cut after it is cut', async (_name, path, text) => {
    const runningRequest = await run(streams(inPieces(text)), { path })
    expect(seenOf(runningRequest)).toMatchObject({ sends: 1, how: 'broken', ends: 'truncated' })
  })
})

describe('R4 one header does not judge', () => {
  test.each([
    ['JSON lines', ['{"t":"Hel"}\n', '{"t":"lo"}\n']],
    ['words', ['Hello', ' world']],
    ['words that look like HTML', ['<b>Hello</b>', ' world']],
    ['events', [say('Hello'), FINISH + DONE]],
    ['one JSON', ['{"answer":', '"Hello"}']],
  ])('%s labelled as a page', async (_name, parts) => {
    const upstream = streams(slowly(...parts), { headers: { 'content-type': 'text/html; charset=utf-8' } })
    const runningRequest = await run(upstream, { path: '/conversation', body: { messages: [] } })
    expect(seenOf(runningRequest)).toEqual(passed(parts.join('')))
  })

  test.each([
    'text/plain',
    'application/json',
    'application/octet-stream',
    'text/html',
    'application/x-ndjson',
    '',
  ])('events labelled %j are read as events: a cut is a cut', async (label) => {
    const upstream = streams(slowly(say('Hel'), say('lo')), { headers: { 'content-type': label } })
    const runningRequest = await run(upstream)
    expect(seenOf(runningRequest)).toMatchObject({ sends: 1, how: 'broken', ends: 'truncated' })
    expect(runningRequest.page.text).toMatch(/"code":"truncated"/)
  })

  test('a page that a model writes, and nobody labels, is words', async () => {
    const parts = ['<!doctype html>', '<html><body>', '<h1>Hello</h1>', '</body></html>']
    const runningRequest = await run(streams(slowly(...parts), { headers: {} }), { path: '/conversation' })
    expect(seenOf(runningRequest)).toEqual(passed(parts.join('')))
  })

  const PAGE = '<!doctype html><title>Log in</title>'
  test.each([
    ['with its label', 'text/html', PAGE],
    ['behind blank lines', 'text/html', `\n  <html><body>502</body></html>`],
    ['of XHTML', 'application/xhtml+xml', `<?xml version="1.0"?>\n<html></html>`],
  ])('a page %s is tried once more, then given as 502 in its own words', async (_name, label, page) => {
    const runningRequest = await run(streams([[0, page]], { headers: { 'content-type': label } }))
    expect(seenOf(runningRequest)).toMatchObject({ sends: 2, status: 502, text: page, how: 'closed' })
  })

  test('a page where it was redirected to is handed on as it came', async () => {
    const redirected: Scripted = async () => {
      const make = (): Response =>
        Object.defineProperties(new Response(PAGE, { headers: { 'content-type': 'text/html' } }), {
          url: { value: 'https://api.example/login' },
          redirected: { value: true },
          clone: { value: make },
        })
      return make()
    }
    const runningRequest = await run(redirected)
    expect(runningRequest.page.response).toMatchObject({
      status: 200,
      redirected: true,
      url: 'https://api.example/login',
    })
    expect(seenOf(runningRequest)).toMatchObject({ sends: 2, text: PAGE, how: 'closed' })
  })
})

describe('R5 healthy silence is not cut', () => {
  const named = (data: { type: string; [field: string]: unknown }) =>
    `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
  const message = named({ type: 'message_start', message: { type: 'message', usage: {} } })
  const text = named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'a' } })
  const tool = named({
    type: 'content_block_start',
    index: 1,
    content_block: { type: 'tool_use', name: 'n' },
  })
  const args = named({
    type: 'content_block_delta',
    index: 1,
    delta: { type: 'input_json_delta', partial_json: '{}' },
  })
  const stop =
    named({ type: 'message_delta', delta: { stop_reason: 'tool_use' } }) + named({ type: 'message_stop' })
  const alive = (everyMs: number, count: number, what: string): TimedBytes[] =>
    Array.from({ length: count }, (_, index) => [(index + 1) * everyMs, what])

  test.each<[string, string, object, TimedBytes[]]>([
    [
      'a tool’s arguments, buffered for 78 s',
      '/v1/messages',
      { model: 'claude-1' },
      [
        [0, message + text + tool],
        [78_300, args + stop],
      ],
    ],
    [
      'a tool’s arguments, buffered for 329 s',
      '/v1/messages',
      { model: 'claude-1' },
      [
        [0, message + text + tool],
        [329_000, args + stop],
      ],
    ],
    [
      'a server’s tool of 90 s',
      '/v1/responses',
      { model: 'gpt-4.1' },
      [
        [
          0,
          named({ type: 'response.created', response: {} }) +
            named({ type: 'response.image_generation_call.generating', item_id: 'i' }),
        ],
        [
          90_000,
          named({ type: 'response.image_generation_call.completed', item_id: 'i' }) +
            named({ type: 'response.completed', response: {} }),
        ],
      ],
    ],
    [
      'a tool that runs on the AI SDK’s server for 400 s',
      '/api/chat',
      {},
      [
        [0, event({ type: 'tool-input-available', toolCallId: 't', input: {} })],
        [
          400_000,
          event({ type: 'tool-output-available', toolCallId: 't', output: 1 }) +
            event({ type: 'finish' }) +
            DONE,
        ],
      ],
    ],
    [
      'a thought of 500 s with keep-alives',
      CHAT,
      { model: 'some-model' },
      [[0, think('Hm')], ...alive(20_000, 25, KEEP_ALIVE), [510_000, say('a') + FINISH + DONE]],
    ],
    [
      'keep-alives for 510 s before the first output of a model that no list has',
      '/v1/responses',
      { model: 'gpt-6-astra' },
      [
        [
          0,
          named({ type: 'response.created', response: {} }) +
            named({ type: 'response.in_progress', response: {} }),
        ],
        ...alive(30_000, 16, 'event: keepalive\ndata: {"type":"keepalive"}\n\n'),
        [
          510_000,
          named({ type: 'response.output_text.delta', delta: 'a' }) +
            named({ type: 'response.completed', response: {} }),
        ],
      ],
    ],
    [
      'plain silence of 170 s',
      CHAT,
      { model: 'gpt-4o' },
      [
        [0, say('a')],
        [170_000, say('b') + FINISH + DONE],
      ],
    ],
  ])('%s', async (_name, path, body, pieces) => {
    const runningRequest = await run(streams(pieces), { path, body: { stream: true, ...body } })
    expect(seenOf(runningRequest)).toEqual(passed(pieces.map(([, part]) => part).join('')))
  })
})

describe('R6 reading is linear: what pads a stream does not freeze a tab', () => {
  const tick = event({ choices: [{ index: 0, delta: { content: 'a' } }] })
  test.each([
    ['newlines after an event', tick + '\n'.repeat(4_000)],
    ['64 kB of blanks', `${tick}${' '.repeat(65_536)}\n`],
    ['blanks after each event', (tick + ' '.repeat(8_196) + '\n').repeat(20)],
    ['carriage returns', tick + '\r\n'.repeat(30_000)],
    ['blanks first', `${' \n'.repeat(100_000)}${tick}`],
    ['a megabyte of blanks in a comment', `:${' '.repeat(1_000_000)}\n\n${tick}`],
    ['open braces', `${tick}data: ${'{"error"'.repeat(50_000)}\n\n`],
  ])('%s', async (_name, padding) => {
    const text = padding + FINISH + DONE
    const since = performance.now()
    const runningRequest = await run(streams([[0, text]]))
    expect(seenOf(runningRequest)).toEqual(passed(text))
    expect(performance.now() - since).toBeLessThan(1_000)
  })
})

describe('R7 failures are not passed for responses', () => {
  const whole = {
    choices: [{ index: 0, message: { role: 'assistant', content: 'a' }, finish_reason: 'stop' }],
  }
  const good = (streaming: boolean) =>
    streaming ? streams([[0, WHOLE]]) : responses(200, JSON_TYPE, JSON.stringify(whole))
  test.each<[string, boolean, Scripted, string]>([
    [
      'a JSON error to a streaming request',
      true,
      responses(200, JSON_TYPE, '{"error":{"code":429,"type":"rate_limit_error","message":"Rate limit"}}'),
      'rate_limit_retry',
    ],
    [
      'an error in a choice',
      false,
      responses(
        200,
        JSON_TYPE,
        '{"choices":[{"index":0,"finish_reason":"error","error":{"code":429,"message":"busy"},"message":{"role":"assistant","content":""}}]}',
      ),
      'rate_limit_retry',
    ],
    [
      'a status beside the response',
      false,
      responses(
        200,
        JSON_TYPE,
        '{"base_resp":{"status_code":1002,"status_msg":"rate limit"},"choices":null}',
      ),
      'rate_limit_retry',
    ],
    [
      'an object that is an error',
      true,
      responses(200, JSON_TYPE, '{"object":"error","message":"overloaded","code":503}'),
      'rate_limit_retry',
    ],
    [
      'errors without success',
      false,
      responses(200, JSON_TYPE, '{"success":false,"errors":[{"message":"Busy"}]}'),
      'server_retry',
    ],
    [
      'an exception of Bedrock',
      true,
      responses(200, JSON_TYPE, '{"throttlingException":{"message":"Slow down"}}'),
      'rate_limit_retry',
    ],
    [
      'the finish of a failure before any text',
      true,
      streams([
        [
          0,
          ROLE +
            event({
              choices: [{ index: 0, delta: { content: '' }, finish_reason: 'insufficient_system_resource' }],
            }) +
            DONE,
        ],
      ]),
      'server_retry',
    ],
    ['[DONE] alone', true, streams([[0, DONE]]), 'network_retry'],
    ['a preamble and [DONE]', true, streams([[0, ROLE + DONE]]), 'network_retry'],
  ])('%s is tried again', async (_name, streaming, bad, status) => {
    const runningRequest = await run([bad, good(streaming)], { body: { model: 'm', stream: streaming } })
    expect(seenOf(runningRequest)).toEqual({ ...passed(streaming ? WHOLE : JSON.stringify(whole)), sends: 2 })
    expect(runningRequest.statuses.map((each) => each.status)).toContain(status)
  })

  test.each(['network_error', 'insufficient_system_resource', 'error'])(
    'the finish %s after text is an error in the stream',
    async (reason) => {
      const text =
        say('Half an ans') +
        event({ choices: [{ index: 0, delta: { content: '' }, finish_reason: reason }] }) +
        DONE
      const runningRequest = await run(streams(slowly(text)))
      expect(seenOf(runningRequest)).toMatchObject({ sends: 1, text, how: 'broken', ends: 'error_in_stream' })
    },
  )

  test('what says nothing twice is passed on as it is', async () => {
    expect(seenOf(await run(streams([[0, DONE]])))).toEqual({ ...passed(DONE), sends: 2 })
  })
})

describe('R8 cuts are not passed for whole', () => {
  test.each([
    [
      'a finish with a thought, then a cut',
      CHAT,
      'text/event-stream',
      [
        event({ choices: [{ index: 0, delta: { reasoning_content: 'Hm' }, finish_reason: 'stop' }] }),
        say('Hel'),
        say('lo, the ans'),
      ],
    ],
    [
      'a merged AI SDK stream cut in its second part',
      '/api/chat',
      'text/event-stream',
      [
        event({ type: 'text-start', id: '1' }) +
          event({ type: 'text-delta', id: '1', delta: 'a' }) +
          event({ type: 'text-end', id: '1' }),
        event({ type: 'finish' }),
        event({ type: 'text-start', id: '2' }) + event({ type: 'text-delta', id: '2', delta: 'b' }),
      ],
    ],
    [
      'Gemini’s finish before more text',
      '/v1/models/m:streamGenerateContent',
      'text/event-stream',
      [
        event({ candidates: [{ content: { parts: [{ text: 'a' }] }, finishReason: 'STOP' }] }),
        event({ candidates: [{ content: { parts: [{ text: 'b' }] } }] }),
      ],
    ],
    [
      'JSON values of which the last is cut',
      '/my/backend',
      'application/json',
      ['{"t":"a"}', '{"t":"b"}', '{"t":'],
    ],
    [
      'lines of which the last is cut',
      '/my/backend',
      'application/x-ndjson',
      ['{"t":"a"}\n', '{"t":"b"}\n', '{"t":'],
    ],
    [
      'a JSON list that is not closed',
      '/v1/models/m:streamGenerateContent',
      'application/json',
      ['[{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}\n', ','],
    ],
  ])('%s', async (_name, path, label, parts) => {
    const runningRequest = await run(streams(slowly(...parts), { headers: { 'content-type': label } }), {
      path,
    })
    expect(seenOf(runningRequest)).toMatchObject({ sends: 1, how: 'broken', ends: 'truncated' })
    expect(runningRequest.page.text.startsWith(parts.join(''))).toBe(true)
  })
})

describe('R9 finished is ended', () => {
  const stop =
    'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1}}\n\n'
  const anthropic = [
    'event: message_start\ndata: {"type":"message_start","message":{"type":"message","usage":{}}}\n\n',
    'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}\n\n',
  ]
  const heartbeats = Array.from({ length: 20 }, (_, index): TimedBytes => [
    (index + 1) * 5 * SECOND,
    ': heartbeat\n\n',
  ])
  const whole = JSON.stringify({
    object: 'chat.completion',
    choices: [{ index: 0, message: { content: 'a' }, finish_reason: 'stop' }],
  })

  test.each<[string, string, Scripted, string]>([
    [
      'heartbeats after a finish',
      CHAT,
      streams([[0, say('Hello') + FINISH], ...heartbeats], { end: 'open' }),
      say('Hello') + FINISH,
    ],
    [
      'silence after “[DONE] ” with a blank',
      CHAT,
      streams([[0, say('Hi') + FINISH + 'data: [DONE] \n\n']], { end: 'open' }),
      say('Hi') + FINISH + 'data: [DONE] \n\n',
    ],
    [
      'silence after stop_reason',
      '/v1/messages',
      streams([[0, anthropic.join('') + stop]], { end: 'open' }),
      anthropic.join('') + stop,
    ],
    ['silence after a closed JSON', CHAT, streams([[0, whole]], { headers: JSON_TYPE, end: 'open' }), whole],
  ])('%s: complete after 10 s, and the upstream is closed', async (_name, path, upstream, text) => {
    const runningRequest = runRequest([upstream], { path })
    await runningRequest.clock.advance(9 * SECOND)
    expect(runningRequest.finished()).toBe(false)
    await runningRequest.clock.advance(3 * SECOND)
    expect(seenOf(runningRequest)).toMatchObject({
      sends: 1,
      how: 'closed',
      ends: 'request_finished',
      finished: true,
    })
    expect(runningRequest.page.text.startsWith(text)).toBe(true)
    expect(runningRequest.signals[0]?.aborted).toBe(true)
  })

  test.each<[string, string, string, Record<string, string>]>([
    ['a finish', CHAT, say('Hello') + FINISH, {}],
    ['a finish and its usage', CHAT, say('Hello') + FINISH + usage(1, 1), {}],
    ['stop_reason', '/v1/messages', anthropic.join('') + stop, {}],
    [
      'Gemini’s finishReason',
      '/v1/models/m:streamGenerateContent',
      event({ candidates: [{ content: { parts: [{ text: 'a' }] }, finishReason: 'STOP' }] }),
      {},
    ],
    ['a closed JSON', CHAT, whole, JSON_TYPE],
  ])('a reset after %s is complete', async (_name, path, text, headers) => {
    const runningRequest = await run(
      streams(
        [
          [0, text],
          [100, ''],
        ],
        { headers, end: 'reset' },
      ),
      { path },
    )
    expect(seenOf(runningRequest)).toEqual(passed(text))
  })

  test('usage that comes within 10 s of the finish still passes, and is told', async () => {
    const runningRequest = await run(
      streams(
        [
          [0, say('Hello') + FINISH],
          [8 * SECOND, usage(3, 5)],
        ],
        { end: 'open' },
      ),
    )
    expect(seenOf(runningRequest)).toEqual(passed(say('Hello') + FINISH + usage(3, 5)))
    expect(runningRequest.statuses.at(-1)).toMatchObject({ usage: { inputTokens: 3, outputTokens: 5 } })
  })

  test.each<[string, string, string, string]>([
    [
      'an AI SDK stream’s finish, after which steps may follow',
      '/api/chat',
      event({ type: 'text-start', id: '1' }) +
        event({ type: 'text-delta', id: '1', delta: 'a' }) +
        event({ type: 'text-end', id: '1' }) +
        event({ type: 'finish' }),
      event({ type: 'text-start', id: '2' }) +
        event({ type: 'text-delta', id: '2', delta: 'b' }) +
        event({ type: 'text-end', id: '2' }) +
        DONE,
    ],
    [
      'Gemini’s finish, which comes with content',
      '/v1/models/m:streamGenerateContent',
      event({ candidates: [{ content: { parts: [{ text: 'a' }] }, finishReason: 'STOP' }] }),
      event({ candidates: [{ content: { parts: [{ text: 'b' }] }, finishReason: 'STOP' }] }),
    ],
    [
      'a finish on a chunk with text',
      CHAT,
      event({ choices: [{ index: 0, delta: { content: 'a' }, finish_reason: 'stop' }] }),
      event({ choices: [{ index: 0, delta: { content: 'b' }, finish_reason: 'stop' }] }) + DONE,
    ],
  ])('%s, is waited for', async (_name, path, first, later) => {
    const runningRequest = await run(
      streams([
        [0, first],
        [60 * SECOND, later],
      ]),
      { path },
    )
    expect(seenOf(runningRequest)).toEqual(passed(first + later))
  })
})

describe('R10 progress passes at once', () => {
  const progress = (processed: number) =>
    event({
      choices: [{ index: 0, delta: { role: 'assistant', content: null } }],
      prompt_progress: { total: 4096, processed },
    })
  test.each([
    ['prompt_progress', CHAT, [progress(0), progress(2048), say('Hi') + FINISH + DONE]],
    [
      'the id of a background response',
      '/v1/responses',
      [
        'event: response.created\ndata: {"type":"response.created","response":{"id":"resp_1","status":"queued"}}\n\n',
        'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"x"}\n\nevent: response.completed\ndata: {"type":"response.completed","response":{}}\n\n',
      ],
    ],
    [
      'parts of an app’s own in an AI SDK stream',
      '/api/chat',
      [
        event({ type: 'start' }) + event({ type: 'data-status', data: 'Searching' }),
        event({ type: 'finish' }) + DONE,
      ],
    ],
    [
      'a gateway’s own event',
      CHAT,
      [ROLE + event({ type: 'queue', position: 3 }), say('Hi') + FINISH + DONE],
    ],
  ])('%s', async (_name, path, parts) => {
    const pieces = parts.map((part, index): TimedBytes => [index * 9 * SECOND, part])
    const runningRequest = runRequest([streams(pieces)], { path })
    await runningRequest.clock.advance(50)
    expect(runningRequest.page.text).toBe(parts[0])
    await runningRequest.clock.advance(2 * MINUTE)
    expect(seenOf(runningRequest)).toEqual(passed(parts.join('')))
  })
})

describe('R11 our own clocks do not cut what moves', () => {
  test.each<[string, string, string, Record<string, string>]>([
    [
      'a JSON of 4 MB at 8 kB a second',
      '/my/backend',
      JSON.stringify({ text: 'a'.repeat(4_000_000) }),
      JSON_TYPE,
    ],
    [
      'a provider’s whole JSON that slow',
      CHAT,
      JSON.stringify({
        object: 'chat.completion',
        choices: [{ index: 0, message: { content: 'a'.repeat(4_000_000) } }],
      }),
      JSON_TYPE,
    ],
    [
      'one event of 3.4 MB that slow',
      CHAT,
      say('a') +
        event({ choices: [{ index: 0, delta: { images: ['a'.repeat(3_400_000)] } }] }) +
        FINISH +
        DONE,
      {},
    ],
  ])('%s', async (_name, path, text, headers) => {
    const runningRequest = await run(streams(inPieces(text, 32_000, 4 * SECOND), { headers }), {
      path,
      body: { model: 'gpt-4o', stream: headers !== JSON_TYPE },
    })
    const { text: seen, ...rest } = seenOf(runningRequest)
    const { text: expected, ...others } = passed(text)
    expect(rest).toEqual(others)
    expect(seen === expected).toBe(true)
  })

  test('an EventSource that has nothing but pings is not cut', async () => {
    const pings = Array.from({ length: 60 }, (_, index): TimedBytes => [
      (index + 1) * 15 * SECOND,
      ': ping\n\n',
    ])
    const runningRequest = runRequest([streams([[0, event({ hello: 1 })], ...pings], { end: 'open' })], {
      isEventSource: true,
      path: '/my/events',
    })
    await runningRequest.clock.advance(15 * MINUTE)
    expect(seenOf(runningRequest)).toMatchObject({ sends: 1, how: 'open', finished: false })
  })
})

describe('R12 statuses without a body end the request', () => {
  test.each([204, 205, 304])('%i to a chat', async (status) => {
    const runningRequest = await run(() => Promise.resolve(new Response(null, { status })))
    expect(seenOf(runningRequest)).toEqual({ ...passed(''), status })
  })

  test('204 to an EventSource stops it', async () => {
    const runningRequest = await run(() => Promise.resolve(new Response(null, { status: 204 })), {
      isEventSource: true,
    })
    expect(seenOf(runningRequest)).toEqual({ ...passed(''), status: 204 })
  })

  test.each([
    ['an empty JSON to a request that does not stream', { model: 'm', stream: false }, JSON_TYPE],
    ['an empty body to a request of nobody knows what', { messages: [] }, {}],
  ])('%s passes, once', async (_name, body, headers) => {
    const runningRequest = await run(responses(200, headers, ''), { path: '/my/backend', body })
    expect(seenOf(runningRequest)).toEqual(passed(''))
  })
})

describe('R13 a reader that never throws', () => {
  test.each([
    ['a code without a text', '{"error":{"code":{"toString":0}}}'],
    ['a message that is a list', '{"error":{"message":[{}],"type":{"valueOf":null}}}'],
    ['an error that is a number', '{"error":7}'],
    ['choices of null', '{"choices":[null,{"error":{"status":{}}}]}'],
    ['a status that is an object', '{"object":"error","status":{"toString":null},"code":[[]]}'],
  ])('%s', async (_name, text) => {
    for (const headers of [JSON_TYPE, { 'content-type': 'text/event-stream' }]) {
      const isJson = headers === JSON_TYPE
      const body = isJson ? text : `data: ${text}\n\n`
      // Before the first output it is tried again; after it the end is told.
      const first = await run(streams([[0, body]], { headers }))
      expect(first.finished()).toBe(true)
      expect(first.page.text).toBe(body)
      const later = await run(streams(slowly(say('a'), `data: ${text}\n\n`)))
      expect(seenOf(later)).toMatchObject({ sends: 1, how: 'broken', finished: true })
    }
  })
})

describe('R14 usage and choices', () => {
  const choice = (index: number, text: string, reason: string | null = null) =>
    event({ choices: [{ index, delta: text === '' ? {} : { content: text }, finish_reason: reason }] })
  test.each<[string, number | undefined, string]>([
    ['content at index 1, the finish at index 0', undefined, choice(1, 'a') + choice(0, '', 'stop')],
    [
      'two choices that both finish',
      2,
      choice(0, 'a') + choice(1, 'b') + choice(1, '', 'stop') + choice(0, '', 'stop'),
    ],
    ['two choices and [DONE]', 2, choice(0, 'a') + choice(1, 'b') + DONE],
  ])('%s: whole', async (_name, n, text) => {
    const runningRequest = await run(streams(slowly(text)), {
      body: { model: 'm', stream: true, ...(n === undefined ? {} : { n }) },
    })
    expect(seenOf(runningRequest)).toEqual(passed(text))
  })

  test.each([
    ['the second never began', choice(0, 'a') + choice(0, '', 'stop')],
    ['the second never finished', choice(0, 'a') + choice(1, 'b') + choice(0, '', 'stop')],
  ])('of two choices %s: a cut', async (_name, text) => {
    const runningRequest = await run(streams(slowly(text)), { body: { model: 'm', stream: true, n: 2 } })
    expect(seenOf(runningRequest)).toMatchObject({ how: 'broken', ends: 'truncated' })
  })

  test.each([
    [
      'inside a choice',
      event({
        choices: [
          { index: 0, delta: {}, finish_reason: 'stop', usage: { prompt_tokens: 3, completion_tokens: 5 } },
        ],
      }),
    ],
    [
      'with the finish',
      event({
        choices: [{ index: 0, delta: {}, finish_reason: 'stop' }],
        usage: { prompt_tokens: 3, completion_tokens: 5 },
      }),
    ],
    ['after it', FINISH + usage(3, 5)],
  ])('usage %s is told', async (_name, finish) => {
    const runningRequest = await run(streams(slowly(say('a'), finish + DONE)))
    expect(runningRequest.statuses.at(-1)).toMatchObject({
      status: 'request_finished',
      usage: { inputTokens: 3, outputTokens: 5 },
    })
  })
})

const EVENT_STREAM = { 'content-type': 'text/event-stream' }

describe('R15 a response without a word may be all that there is', () => {
  const chat = { path: '/api/chat', body: { messages: [] } }
  /** Model Context Protocol: its clients take either, and 202 confirms a notification. */
  const mcp = {
    path: '/mcp',
    body: { jsonrpc: '2.0', method: 'notifications/initialized' },
    headers: { accept: 'application/json, text/event-stream' },
  }
  const asked = { path: '/my/backend', body: { messages: [], stream: true } }
  const accepts = { path: '/my/backend', headers: { accept: 'text/event-stream' }, body: {} }
  const gemini = { path: '/v1beta/models/gemini-3-pro:streamGenerateContent', body: { contents: [] } }

  test.each<[string, number, Record<string, string>, string, RequestSettings]>([
    ['202 to a path that could be a chat’s', 202, {}, '', chat],
    ['200 to a path that could be a chat’s', 200, {}, '', chat],
    ['a blank line to a path that could be a chat’s', 200, JSON_TYPE, '\n', chat],
    ['202 to MCP', 202, {}, '', mcp],
    ['200 to MCP', 200, {}, '', mcp],
    ['MCP’s event that says where to read on', 200, EVENT_STREAM, 'id: 1\nretry: 3000\ndata: \n\n', mcp],
    ['202 to a request that asks for a stream', 202, {}, '', asked],
    ['201 to a request that accepts nothing else', 201, {}, '', accepts],
  ])('%s: passed on, once', async (_name, status, headers, text, settings) => {
    const runningRequest = await run(responses(status, headers, text), settings)
    expect(seenOf(runningRequest)).toEqual({ ...passed(text), status })
  })

  test.each<[string, Record<string, string>, string, RequestSettings]>([
    ['nothing to `stream: true`', {}, '', asked],
    ['nothing to a request that accepts nothing else', {}, '', accepts],
    ['nothing to a path that says it', {}, '', gemini],
    ['`[DONE]` alone', EVENT_STREAM, DONE, chat],
    ['keep-alives alone', EVENT_STREAM, ': ping\n\n', chat],
  ])('%s: tried again, then passed on', async (_name, headers, text, settings) => {
    const runningRequest = await run(responses(200, headers, text), settings)
    expect(seenOf(runningRequest)).toEqual({ ...passed(text), sends: 2 })
  })
})
