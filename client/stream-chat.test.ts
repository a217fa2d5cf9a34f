import { array, assert, asyncProperty, integer } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { REQUEST_ID_HEADER } from '../core/messages/request-id.ts'
import { ChatError } from './chat-error.ts'
import type { Current } from './create-keeper.ts'
import { streamChat, streamChatWith, type StreamChatOptions } from './stream-chat.ts'

const say = (content: string) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`
const WHOLE = `${say('Hel')}: ping\n\n${say('lo — ✓')}data: [DONE]\n\n`

function reply(text: string, { cuts = [] as number[], type = 'text/event-stream', status = 200 } = {}) {
  const bytes = new TextEncoder().encode(text)
  const borders = [0, ...[...cuts].sort((a, b) => a - b), bytes.length]
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      borders.slice(1).forEach((end, index) => controller.enqueue(bytes.slice(borders[index], end)))
      controller.close()
    },
  })
  return new Response(body, { status, headers: { 'Content-Type': type } })
}

async function chunksOf(response: Response, options: Partial<StreamChatOptions> = {}): Promise<unknown[]> {
  const items: unknown[] = []
  const chat = streamChat('https://app.test/chat', { body: {}, fetch: async () => response, ...options })
  for await (const item of chat) items.push(item)
  return items
}

describe('streamChat()', () => {
  test('sends a plain object as JSON, by POST, and nothing before the first next()', async () => {
    const sent: RequestInit[] = []
    const chat = streamChat('https://app.test/chat', {
      body: { model: 'm' },
      headers: { 'X-Own': 'yes' },
      fetch: async (_url, init) => {
        sent.push(init ?? {})
        return reply(WHOLE)
      },
    })
    expect(sent).toEqual([])
    await chat.next()
    expect(sent).toMatchObject([{ method: 'POST', body: '{"model":"m"}' }])
    const headers = new Headers(sent[0]?.headers ?? {})
    expect([headers.get('content-type'), headers.get('x-own')]).toEqual(['application/json', 'yes'])
    await chat.return()
  })

  test.each([
    { type: 'tool_result', tool: 'read', error: 'File not found' },
    { type: 'mcp_call.failed', item_id: 'mcp_1', error: { message: 'Not found' } },
    { step: 3, elapsedMs: 12, error: 'The cache was empty' },
    { event: 'tool', name: 'search', error: 'No network' },
  ])('an app’s event that reports an error of a part is a chunk: %j', async (part) => {
    const text = `${say('Hel')}data: ${JSON.stringify(part)}\n\n${say('lo')}data: [DONE]\n\n`
    expect(await chunksOf(reply(text))).toMatchObject([{}, part, {}])
  })

  test.each([
    { error: { message: 'Overloaded', type: 'server_error' } },
    { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' }, request_id: 'r', trace: 1 },
    { type: 'error', errorText: 'Overloaded' },
    { object: 'error', message: 'Unavailable', type: 'internal_server_error', raw_status_code: 503 },
    { error: { message: 'Overloaded', type: 'overloaded_error' }, generationId: 'g' },
    { choices: null, output_sensitive: true, base_resp: { status_code: 1027, status_msg: 'sensitive' } },
    { choices: [{ delta: {}, finish_reason: 'error', error: { code: 502 } }], system_fingerprint: 'f' },
    { type: 'response.failed', sequence_number: 3, response: { error: { message: 'Overloaded' } } },
  ])('an error of the whole response ends it: %j', async (event) => {
    const text = `${say('Hel')}data: ${JSON.stringify(event)}\n\n${say('lo')}data: [DONE]\n\n`
    await expect(chunksOf(reply(text))).rejects.toMatchObject({ code: 'error_in_stream' })
  })

  test('gives the same chunks, wherever the bytes are cut', async () => {
    const whole = await chunksOf(reply(WHOLE))
    expect(whole).toHaveLength(2)
    const { length } = new TextEncoder().encode(WHOLE)
    await assert(
      asyncProperty(array(integer({ min: 0, max: length }), { maxLength: 6 }), async (cuts) => {
        expect(await chunksOf(reply(WHOLE, { cuts }))).toEqual(whole)
      }),
    )
  })

  test.each([
    ['lines of JSON', '{"a":1}\n\n{"a":2}', 'application/x-ndjson', [{ a: 1 }, { a: 2 }]],
    ['one JSON', '{"a":[1]}', 'application/json', [{ a: [1] }]],
    ['events that are called plain text', 'data: {"a":1}\n\n', 'text/plain', [{ a: 1 }]],
    ['text', 'Hello\n', 'text/plain', ['Hello']],
  ])('reads %s', async (_name, text, type, expected) => {
    expect(await chunksOf(reply(text, { type }))).toEqual(expected)
  })

  test('is whole where the response breaks off after it has said that it is over', async () => {
    const bytes = [new TextEncoder().encode(WHOLE)]
    const body = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          const next = bytes.shift()
          if (next) controller.enqueue(next)
          else controller.error(new TypeError('network error'))
        },
      },
      { highWaterMark: 0 },
    )
    const headers = { 'Content-Type': 'text/event-stream' }
    expect(await chunksOf(new Response(body, { headers }))).toHaveLength(2)
  })

  test.each([
    ['drops half an event at the end of JSON events', `${say('Hi')}data: [DON`, 1],
    ['drops half a JSON at the end of JSON events', `${say('Hi')}${say('there').slice(0, 20)}`, 1],
    ['reads a last event that lacks its blank line', `${say('Hi')}${say('there').trimEnd()}`, 2],
    ['reads a last event of words', 'data: Hi\n\ndata: [DON', 2],
  ])('%s', async (_name, text, count) => {
    expect(await chunksOf(reply(text))).toHaveLength(count)
  })

  test('a refusal is a ChatError in the upstream’s words', async () => {
    const body = JSON.stringify({ error: { message: 'Slow down, please' } })
    const failure = await chunksOf(reply(body, { status: 429, type: 'application/json' })).catch(
      (error: unknown) => error,
    )
    expect(failure).toBeInstanceOf(ChatError)
    expect(failure).toMatchObject({ code: 'rate_limited', httpStatus: 429, message: 'Slow down, please' })
  })

  test.each([
    [402, 'quota_exhausted'],
    [498, 'overloaded'],
    [503, 'overloaded'],
    [500, 'upstream_error'],
  ])('a bare %i is %s', async (status, code) => {
    await expect(chunksOf(reply('', { status }))).rejects.toMatchObject({ code, httpStatus: status })
  })

  test('an error in the stream is a ChatError, after what came before it', async () => {
    const items: unknown[] = []
    const text = `${say('Hel')}data: {"error":{"message":"Out of order"}}\n\n`
    const chat = streamChat('https://app.test/chat', { body: {}, fetch: async () => reply(text) })
    const run = async () => {
      for await (const item of chat) items.push(item)
    }
    await expect(run()).rejects.toMatchObject({ name: 'ChatError', message: 'Out of order' })
    expect(items).toHaveLength(1)
  })

  test('keeps an id that the app gave, and replaces what is none', async () => {
    const ids: unknown[] = []
    const current = {
      isChat: () => true,
      keeper: { on: () => () => {}, cancel: (id: string) => ids.push(id) },
    }
    for (const id of ['mine', 'not an id']) {
      const chat = streamChatWith(() => current as unknown as Current, 'https://app.test/chat', {
        body: {},
        headers: { [REQUEST_ID_HEADER]: id },
        fetch: async (_url, init) => {
          ids.push(new Headers(init?.headers).get(REQUEST_ID_HEADER))
          return new Promise(() => {})
        },
      })
      void chat.next()
      await chat.return()
    }
    expect(ids).toEqual(['mine', 'mine', expect.stringMatching(/^[0-9a-f]{32}$/), ids[2]])
  })

  test.each<[string, string, Partial<StreamChatOptions>]>([
    ['a header', 'https://app.test/chat', { headers: { Authorization: 'Bearer sk-\u200b1' } }],
    ['a body', 'https://app.test/chat', { body: { tokens: 1n } }],
    ['a URL', 'https://', {}],
  ])(
    '%s that cannot be sent is a TypeError of its own, and not a lost connection',
    async (_, url, options) => {
      const failure = await streamChat(url, { body: {}, ...options })
        .next()
        .catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(TypeError)
      expect(failure).not.toBeInstanceOf(ChatError)
    },
  )

  test('sends a stream', async () => {
    let sent = ''
    const body = new Blob(['{"model":"m"}']).stream()
    await chunksOf(reply(WHOLE), {
      body,
      fetch: async (url, init) => {
        sent = await new Request(url, init).text()
        return reply(WHOLE)
      },
    })
    expect(sent).toBe('{"model":"m"}')
  })

  test('a broken connection is a ChatError with its cause', async () => {
    const cause = new TypeError('Failed to fetch')
    const failing = chunksOf(reply(''), { fetch: () => Promise.reject(cause) })
    await expect(failing).rejects.toMatchObject({ code: 'network_error', cause })
  })

  test('whole JSON that is cut is truncated', async () => {
    await expect(chunksOf(reply('{"a":', { type: 'application/json' }))).rejects.toMatchObject({
      code: 'truncated',
    })
  })

  test('an abort rejects with the signal’s reason, also before anything was sent', async () => {
    const reason = new Error('Enough')
    const failing = chunksOf(reply(WHOLE), { signal: AbortSignal.abort(reason) })
    await expect(failing).rejects.toBe(reason)

    const stop = new AbortController()
    const chat = streamChat('https://app.test/chat', {
      body: {},
      signal: stop.signal,
      fetch: (_url, init) =>
        new Promise((_resolve, reject) => {
          init?.signal?.addEventListener('abort', () => reject(init.signal?.reason))
        }),
    })
    const next = chat.next()
    stop.abort(reason)
    await expect(next).rejects.toBe(reason)
  })

  test('leaving the loop is a Stop', async () => {
    let signal: AbortSignal | null | undefined
    const chat = streamChat('https://app.test/chat', {
      body: {},
      fetch: async (_url, init) => {
        ;({ signal } = init ?? {})
        return reply(WHOLE)
      },
    })
    for await (const item of chat) {
      expect(item).toBeTruthy()
      break
    }
    expect(signal?.aborted).toBe(true)
  })
})
