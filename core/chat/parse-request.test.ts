import { describe, expect, test } from 'vitest'
import type { ChatRouteOptions, Options } from '../options/options.ts'
import { DEFAULT_RETRY, DEFAULT_TIMEOUTS, REASONING_TIMEOUTS } from '../options/defaults.ts'
import { type ParsedChatRequest, parseChatRequest } from './parse-request.ts'

interface Asked {
  url?: string
  headers?: HeadersInit
  body?: unknown
  route?: Omit<ChatRouteOptions, 'url'>
  groups?: Record<string, string>
  options?: Options
}

function described({
  url,
  headers,
  body = {},
  route,
  groups = {},
  options = {},
}: Asked = {}): ParsedChatRequest {
  return parseChatRequest(
    { url: url ?? 'https://api.example/v1/chat/completions', headers: new Headers(headers) },
    typeof body === 'string' ? body : JSON.stringify(body),
    { settings: { url: '*', ...route }, groups },
    options,
  )
}

test('a plain chat has the defaults', () => {
  expect(described({ body: { model: 'gpt-4o', stream: true } })).toEqual({
    url: 'https://api.example/v1/chat/completions',
    contentType: 'text/event-stream',
    choices: 1,
    model: 'gpt-4o',
    reasoning: false,
    streams: true,
    mustStream: true,
    readingOn: { url: 'https://api.example/v1/chat/completions', isBackground: false },
    timeouts: DEFAULT_TIMEOUTS,
    retry: DEFAULT_RETRY,
  })
})

const ACCEPTS_STREAMS = { accept: 'text/event-stream' }

test.each<[string, Asked, boolean]>([
  ['`stream: true`', { body: { stream: true } }, true],
  ['the route', { body: {}, route: { stream: true } }, true],
  ['the only type that it accepts', { headers: ACCEPTS_STREAMS }, true],
  ['its path, which says so', { url: 'https://a.example/v1/models/m:streamGenerateContent' }, true],
  ['a path that could be anybody’s', { url: 'https://a.example/api/chat' }, false],
  ['one of two types that it accepts', { headers: { accept: 'application/json, text/event-stream' } }, false],
  ['`stream: false`', { headers: ACCEPTS_STREAMS, body: { stream: false } }, false],
])('a request must stream by %s: %s', (_name, asked, mustStream) => {
  expect(described(asked).mustStream).toBe(mustStream)
})

describe('reading on', () => {
  const resume = { url: '/api/:id/stream', key: 'body.id', position: 'replay' } as const

  test('happens at the place of the route, its id percent-encoded', () => {
    const { place } = described({ body: { id: 'a/b$&' }, route: { resume } }).readingOn
    expect(place).toEqual({ url: '/api/a%2Fb%24%26/stream', position: 'replay' })
  })

  test('happens nowhere where the request does not say the id', () => {
    expect(described({ body: {}, route: { resume } }).readingOn.place).toBeUndefined()
  })

  test('an id that is not well-formed text is used all the same: the chat itself must be sent', () => {
    const { place } = described({ body: '{"id":"\\ud800"}', route: { resume } }).readingOn
    expect(place?.url).toBe('/api/%EF%BF%BD/stream')
  })

  test('knows the whole URL, and whether a background was asked for', () => {
    const url = 'https://api.example/v1/responses?api-version=2'
    expect(described({ url, body: { background: true } }).readingOn).toMatchObject({
      url,
      isBackground: true,
    })
    expect(described({ url, body: { background: 'yes' } }).readingOn.isBackground).toBe(false)
  })
})

test('the URL is told without its query, its hash and its password', () => {
  expect(described({ url: 'https://user:secret@api.example/v1/x?key=secret#secret' }).url).toBe(
    'https://api.example/v1/x',
  )
})

describe('the model is found', () => {
  test.each([
    ['https://a.example/v1/chat/completions', { model: 'm-1' }, 'm-1'],
    ['https://a.example/v1beta/models/gemini-2.5-pro:streamGenerateContent', {}, 'gemini-2.5-pro'],
    ['https://a.example/openai/deployments/my%20gpt/chat/completions', {}, 'my gpt'],
    ['https://a.example/model/us.deepseek.r1-v1%3A0/converse-stream', {}, 'us.deepseek.r1-v1:0'],
    ['https://a.example/openai/deployments/d/chat/completions', { model: 'm-1' }, 'm-1'],
    ['https://a.example/v1/chat/completions', { model: 7 }, undefined],
    ['https://a.example/v1/chat/completions', 'no JSON', undefined],
    ['https://a.example/v1/chat/completions', 'null', undefined],
    ['https://a.example/v1/chat/completions', '', undefined],
  ])('%s %j: %s', (url, body, model) => {
    expect(described({ url, body }).model).toBe(model)
  })

  test('the model is found even if its name is not valid percent-encoding', () => {
    expect(described({ url: 'https://a.example/models/100%/chat' }).model).toBe('100%')
  })
})

describe('whether it streams is told by', () => {
  const at = (path: string) => `https://a.example${path}`

  test.each<[string, Asked, boolean | undefined]>([
    ['its body', { body: { stream: true } }, true],
    ['its body, against its path', { url: at('/api/chat'), body: { stream: false } }, false],
    ['silence on /chat/completions', {}, false],
    ['silence on /responses', { url: at('/v1/responses') }, false],
    ['silence on /messages', { url: at('/v1/messages') }, false],
    [':generateContent of Gemini', { url: at('/v1beta/models/g:generateContent') }, false],
    [':streamGenerateContent of Gemini', { url: at('/v1beta/models/g:streamGenerateContent?alt=sse') }, true],
    ['silence on /api/chat', { url: at('/api/chat') }, true],
    ['silence on /api/generate', { url: at('/api/generate') }, true],
    ['Accept', { url: at('/ask'), headers: { accept: 'text/event-stream' } }, true],
    ['Accept, with silence on /chat/completions', { headers: { accept: 'text/event-stream' } }, true],
    ['the option', { url: at('/ask'), route: { stream: true } }, true],
    ['the option, against the body', { body: { stream: true }, route: { stream: false } }, false],
    ['nobody', { url: at('/ask') }, undefined],
    ['a stream that is no boolean: nobody', { url: at('/ask'), body: { stream: 'yes' } }, undefined],
  ])('%s', (_name, asked, streams) => {
    expect(described(asked).streams).toBe(streams)
  })
})

describe('its clocks', () => {
  const options = { timeouts: { headersMs: 1, totalMs: 2 } }

  test('are the defaults, then the options, then the route', () => {
    expect(described({ options, route: { timeouts: { headersMs: 3 } } }).timeouts).toEqual({
      ...DEFAULT_TIMEOUTS,
      headersMs: 3,
      totalMs: 2,
    })
  })

  test('the timeouts of a reasoning model are 600 s (120 s to a stream’s headers), whatever the options for all are', () => {
    expect(described({ body: { model: 'o3', stream: true }, options })).toMatchObject({
      reasoning: true,
      timeouts: REASONING_TIMEOUTS,
    })
    expect(described({ body: { model: 'o3', stream: false }, options }).timeouts.headersMs).toBe(600_000)
  })

  test('the timeouts of a reasoning model yield to the route’s', () => {
    const route = { timeouts: { headersMs: 3 } }
    expect(described({ body: { model: 'o3' }, route }).timeouts).toEqual({
      ...REASONING_TIMEOUTS,
      headersMs: 3,
    })
  })

  test('a reasoning model has the usual timeouts where reasoning is off', () => {
    const { timeouts, reasoning } = described({ body: { model: 'o3' }, options: { reasoning: false } })
    expect({ timeouts, reasoning }).toEqual({ timeouts: DEFAULT_TIMEOUTS, reasoning: false })
  })
})

describe('its limits', () => {
  test('are the defaults, then the options, then the route', () => {
    const options = { retry: { maxAttempts: 3, baseMs: 1 } }
    expect(described({ options, route: { retry: { baseMs: 2 } } }).retry).toEqual({
      ...DEFAULT_RETRY,
      maxAttempts: 3,
      baseMs: 2,
    })
  })

  test.each([
    ['0', 12],
    ['1', 1],
    ['2', 1],
    ['no number', 12],
  ])("x-stainless-retry-count %s leaves the caller's own retry %i attempts", (count, maxAttempts) => {
    const headers = { 'x-stainless-retry-count': count }
    expect(described({ headers }).retry.maxAttempts).toBe(maxAttempts)
  })
})

describe('its conversation is read', () => {
  test.each<[Asked, string | undefined]>([
    [{}, undefined],
    [{ route: { conversation: 'path' } }, '/v1/chat/completions'],
    [{ route: { conversation: ':id' }, groups: { id: 'a%20b' } }, 'a b'],
    [{ route: { conversation: 'body.chat.id' }, body: { chat: { id: 7 } } }, '7'],
    [{ route: { conversation: 'body.chat.id' }, body: {} }, undefined],
    [{ route: { conversation: 'body.chat.id' }, body: 'no JSON' }, undefined],
  ])('%j: %s', (asked, conversation) => {
    expect(described(asked).conversation).toBe(conversation)
  })
})

test('an option that is undefined takes no default away', () => {
  const nothing = { headersMs: undefined, maxAttempts: undefined } as object
  const asked = {
    options: { timeouts: nothing, retry: nothing },
    route: { timeouts: nothing, retry: nothing },
  }
  expect(described(asked)).toMatchObject({ timeouts: DEFAULT_TIMEOUTS, retry: DEFAULT_RETRY })
})

test.each([
  ['https://a.example/v1/chat/completions', { stream: true }, 'text/event-stream'],
  ['https://a.example/v1/chat/completions', { stream: false }, 'application/json'],
  ['https://a.example/api/chat', { model: 'llama' }, 'application/x-ndjson'],
  ['https://a.example/api/chat', { id: 'chat', messages: [] }, 'text/event-stream'],
  ['https://a.example/v1beta/models/g:streamGenerateContent', {}, 'application/json'],
  ['https://a.example/v1beta/models/g:streamGenerateContent?alt=sse', {}, 'text/event-stream'],
])('an answer to %s with %j is expected as %s', (url, body, contentType) => {
  expect(described({ url, body }).contentType).toBe(contentType)
})
