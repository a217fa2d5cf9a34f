import type { Options } from '../options/options.ts'

/** How a server answers a request for the rest of a response. */
export type Giving =
  | 'the rest'
  | 'from three before'
  | 'from two after'
  | 'another response'
  | 'one byte changed'
  | 'nothing'
  | 'a page'
  | 404
  | 400
  | 410

/** Whoever gives this, the reader has the whole response in the end. */
export const GOOD: readonly Giving[] = ['the rest', 'from three before']

/** Bytes that may look like the rest. */
export const GIVEN_BYTES: readonly Giving[] = [
  ...GOOD,
  'from two after',
  'another response',
  'one byte changed',
]

/** No bytes of a response at all. */
export const REFUSALS: readonly Giving[] = ['nothing', 'a page', 404, 400, 410]

/** A generated response and the server that gives it again. */
export interface Resumable {
  name: string
  path: string
  body: Record<string, unknown>
  options: Options
  /** The headers of the first response. */
  headers: Record<string, string>
  events: string[]
  whole: Uint8Array
  /** What the server answers to a request for the rest. */
  give: (url: URL, headers: Headers, giving: Giving) => { status: number; headers: Headers; body: Uint8Array }
}

export const URL_OF_CHAT = 'https://api.example'
const SSE = { 'content-type': 'text/event-stream' }
const WORDS = ['Grüße ', '👋 ', 'data: ', '{"a":[1', '\\n\\n ', 'the ', 'end.']

const encode = (text: string) => new TextEncoder().encode(text)

/** Numbered events of OpenAI Responses. */
export function openaiBackground(newline = '\n'): Resumable {
  const write = (id: string) => {
    const item = { item_id: `msg_${id}`, output_index: 0, content_index: 0 }
    const response = (status: string) => ({ response: { id, object: 'response', status, background: true } })
    const list = [
      { type: 'response.created', ...response('queued') },
      { type: 'response.in_progress', ...response('in_progress') },
      { type: 'response.output_item.added', output_index: 0, item: { id: `msg_${id}`, type: 'message' } },
      { type: 'response.content_part.added', ...item, part: { type: 'output_text', text: '' } },
      ...WORDS.map((delta) => ({ type: 'response.output_text.delta', ...item, delta: `${delta}${id}` })),
      { type: 'response.completed', ...response('completed') },
    ]
    return list.map((data, sequence_number) => {
      const { type, ...more } = data
      const text = JSON.stringify({ type, sequence_number, ...more })
      const comment = sequence_number === 5 ? `: keep-alive${newline}${newline}` : ''
      return `${comment}event: ${type}${newline}data: ${text}${newline}${newline}`
    })
  }
  const position = (url: URL) => {
    const after = url.searchParams.get('starting_after')
    return after === null ? 0 : Number(after) + 1
  }
  return {
    ...ofEvents(write, (url) => (url.pathname === '/v1/responses/resp_1' ? position(url) : undefined)),
    name: newline === '\n' ? 'OpenAI Responses' : 'OpenAI Responses with CRLF',
    path: '/v1/responses',
    body: { model: 'gpt-4o', stream: true, background: true },
    options: {},
    headers: SSE,
  }
}

/** Events with opaque ids of Gemini Interactions. */
export function geminiBackground(): Resumable {
  const ids = ['ev_a', 'ev_q', 'ev_c', 'ev_z', 'ev_1', 'ev_0', 'ev_m', 'ev_k', 'ev_x', 'ev_y', 'ev_b']
  const write = (id: string) => {
    const list = [
      { event_type: 'interaction.created', interaction: { id, status: 'in_progress' } },
      { event_type: 'step.start', index: 0, step: { type: 'model_output' } },
      ...WORDS.map((text) => ({
        event_type: 'step.delta',
        index: 0,
        delta: { type: 'text', text: `${text}${id}` },
      })),
      { event_type: 'step.stop', index: 0 },
      { event_type: 'interaction.completed', interaction: { id, status: 'completed' } },
    ]
    const events = list.map((data, index) => {
      return `event: ${data.event_type}\ndata: ${JSON.stringify({ ...data, event_id: `${ids[index]}${id.slice(5)}` })}\n\n`
    })
    return [...events, 'event: done\ndata: [DONE]\n\n']
  }
  const position = (url: URL) => {
    const after = url.searchParams.get('last_event_id')
    return after === null ? 0 : ids.indexOf(after.slice(0, 4)) + 1
  }
  return {
    ...ofEvents(write, (url) => (url.pathname === '/v1beta/interactions/resp_1' ? position(url) : undefined)),
    name: 'Gemini Interactions',
    path: '/v1beta/interactions',
    body: { model: 'gemini-2.0', stream: true, background: true },
    options: {},
    headers: SSE,
  }
}

/** Events of a chat whose SSE ids the server reads. */
export function sseIds(): Resumable {
  const write = (id: string) => [
    ...WORDS.map((content, index) => {
      const data = JSON.stringify({ choices: [{ index: 0, delta: { content: `${content}${id}` } }] })
      // Not every event has an id.
      const ownId = index % 3 === 1 ? '' : `id: ${index}-${index * 7}\n`
      return `${ownId}data: ${data}\n\n`
    }),
    `id: 9-1\ndata: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\n`,
    'data: [DONE]\n\n',
  ]
  const own = write('resp_1')
  return {
    ...ofEvents(write, (url, headers) => {
      if (url.pathname !== '/runs/r1') return undefined
      const after = headers.get('last-event-id')
      return after === null ? 0 : own.findIndex((event) => event.startsWith(`id: ${after}\n`)) + 1
    }),
    name: 'SSE ids',
    path: '/chat',
    body: { id: 'r1', model: 'gpt-4o', stream: true },
    options: withResume({ url: '/runs/:id', key: 'body.id', position: 'last-event-id' }),
    headers: SSE,
  }
}

/** A chat that the server gives again from its first byte on. */
export function replayed(): Resumable {
  return {
    ...ofBytes((url) => (url.pathname === '/api/chat/c1/stream' ? 0 : undefined)),
    name: 'replay',
    path: '/api/chat',
    body: { id: 'c1', model: 'gpt-4o', stream: true },
    options: withResume({ url: '/api/chat/:id/stream', key: 'body.id', position: 'replay' }),
    headers: SSE,
  }
}

/** A chat whose headers say where it lies, by byte. */
export function located(): Resumable {
  return {
    ...ofBytes((url) =>
      url.pathname === '/streams/s1' && url.searchParams.get('live') === 'stream'
        ? Number(url.searchParams.get('offset'))
        : undefined,
    ),
    name: 'Content-Location',
    path: '/v1/chat/completions',
    body: { model: 'gpt-4o', stream: true },
    options: {},
    headers: { ...SSE, 'content-location': '/streams/s1', 'stream-next-offset': '0'.repeat(16) },
  }
}

function withResume(resume: { url: string; key: 'body.id'; position: 'replay' | 'last-event-id' }): Options {
  return { chat: [{ url: '*', resume }] }
}

function ofEvents(
  write: (id: string) => string[],
  startOf: (url: URL, headers: Headers) => number | undefined,
): Pick<Resumable, 'events' | 'whole' | 'give'> {
  const events = write('resp_1')
  const others = write('resp_2')
  return {
    events,
    whole: encode(events.join('')),
    give: (url, headers, giving) => {
      const start = startOf(url, headers)
      if (start === undefined) return reply(404)
      switch (giving) {
        case 'the rest':
          return reply(200, events.slice(start).join(''))
        case 'from three before':
          return reply(200, events.slice(Math.max(0, start - 3)).join(''))
        case 'from two after':
          return reply(200, events.slice(start + 2).join(''))
        case 'another response':
          return reply(200, others.slice(start).join(''))
        case 'one byte changed':
          return reply(200, events.slice(start).join('').replace('"', "'"))
        default:
          return otherwise(giving)
      }
    },
  }
}

function ofBytes(startOf: (url: URL) => number | undefined): Pick<Resumable, 'events' | 'whole' | 'give'> {
  const { events } = sseIds()
  const whole = encode(events.join(''))
  const other = whole.map((byte) => byte ^ 1)
  return {
    events,
    whole,
    give: (url, _headers, giving) => {
      const start = startOf(url)
      if (start === undefined) return reply(404)
      switch (giving) {
        case 'the rest':
          return reply(200, whole.subarray(start))
        case 'from three before':
          return reply(200, start === 0 ? whole : whole.subarray(Math.max(0, start - 3)))
        case 'from two after':
          return reply(200, whole.subarray(start + 2))
        case 'another response':
          return reply(200, other.subarray(start))
        case 'one byte changed': {
          const changed = whole.slice(start)
          changed[0] = 33
          return reply(200, changed)
        }
        default:
          return otherwise(giving)
      }
    },
  }
}

function otherwise(giving: Giving) {
  if (typeof giving === 'number')
    return reply(giving, '{"error":{"message":"No longer"}}', 'application/json')
  return giving === 'a page' ? reply(200, '<!doctype html><p>Sign in</p>', 'text/html') : reply(204)
}

function reply(status: number, body: string | Uint8Array = '', type = 'text/event-stream') {
  const headers = new Headers({ 'content-type': type })
  return { status, headers, body: typeof body === 'string' ? encode(body) : body }
}

/** A background response of OpenAI's with a thought, two texts and a call, strict enough for its SDK. */
export function openaiKept() {
  const response = (status: string, output: object[] = []) => ({
    response: {
      id: 'resp_1',
      object: 'response',
      created_at: 1,
      model: 'gpt-4o',
      status,
      output,
      background: true,
    },
  })
  const reasoning = (summary: object[]) => ({ id: 'rs_1', type: 'reasoning', summary })
  const message = (status: string, content: object[]) => ({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    status,
    content,
  })
  const call = (status: string, sent: string) => ({
    id: 'fc_1',
    type: 'function_call',
    call_id: 'call_1',
    name: 'find',
    status,
    arguments: sent,
  })
  const part = (text: string) => ({ type: 'output_text', text, annotations: [], logprobs: [] })
  const summary = (text: string) => ({ type: 'summary_text', text })
  const texts = ['I think 👋, ', 'therefore.', 'Grüße: ', 'data: {"a":[1', '\n\nend.', 'And ', 'more.']
  const [a = '', b = '', c = '', d = '', e = '', f = '', g = ''] = texts
  const rs = { item_id: 'rs_1', output_index: 0, summary_index: 0 }
  const text = (content_index: number) => ({ item_id: 'msg_1', output_index: 1, content_index })
  const fc = { item_id: 'fc_1', output_index: 2 }
  const output = [
    reasoning([summary(a + b)]),
    message('completed', [part(c + d + e), part(f + g)]),
    call('completed', '{"q":1}'),
  ]
  const delta = (content_index: number, delta: string) => ({
    type: 'response.output_text.delta',
    ...text(content_index),
    delta,
    logprobs: [],
  })
  const list = [
    { type: 'response.created', ...response('queued') },
    { type: 'response.in_progress', ...response('in_progress') },
    { type: 'response.output_item.added', output_index: 0, item: reasoning([]) },
    { type: 'response.reasoning_summary_part.added', ...rs, part: summary('') },
    { type: 'response.reasoning_summary_text.delta', ...rs, delta: a },
    { type: 'response.reasoning_summary_text.delta', ...rs, delta: b },
    { type: 'response.reasoning_summary_text.done', ...rs, text: a + b },
    { type: 'response.reasoning_summary_part.done', ...rs, part: summary(a + b) },
    { type: 'response.output_item.done', output_index: 0, item: output[0] },
    { type: 'response.output_item.added', output_index: 1, item: message('in_progress', []) },
    { type: 'response.content_part.added', ...text(0), part: part('') },
    delta(0, c),
    delta(0, d),
    delta(0, e),
    { type: 'response.output_text.done', ...text(0), text: c + d + e, logprobs: [] },
    { type: 'response.content_part.done', ...text(0), part: part(c + d + e) },
    { type: 'response.content_part.added', ...text(1), part: part('') },
    delta(1, f),
    delta(1, g),
    { type: 'response.output_text.done', ...text(1), text: f + g, logprobs: [] },
    { type: 'response.content_part.done', ...text(1), part: part(f + g) },
    { type: 'response.output_item.done', output_index: 1, item: output[1] },
    { type: 'response.output_item.added', output_index: 2, item: call('in_progress', '') },
    { type: 'response.function_call_arguments.delta', ...fc, delta: '{"q":1}' },
    { type: 'response.function_call_arguments.done', ...fc, name: 'find', arguments: '{"q":1}' },
    { type: 'response.output_item.done', output_index: 2, item: output[2] },
    { type: 'response.completed', ...response('completed', output) },
  ]
  const events = list.map(({ type, ...more }, sequence_number) => {
    return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number, ...more })}\n\n`
  })
  return {
    path: '/v1/responses',
    body: { model: 'gpt-4o', stream: true, background: true },
    headers: SSE,
    events,
    whole: response('completed', output).response,
  }
}
