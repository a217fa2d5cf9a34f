import { describe, expect, test } from 'vitest'
import { responses, saysNothing } from '../../core/testing/scripted-upstream.ts'
import { createFakeClock } from '../../core/testing/fake-clock.ts'
import type { SaveRouteOptions } from '../../core/options/options.ts'
import { sendRecord, takeApart, trySend } from './send-save.ts'

const OWN = 'https://app.example'

type Settings = { [Name in keyof SaveRouteOptions]?: SaveRouteOptions[Name] | undefined }

function take(
  url: string,
  { body = '{"chat":{"id":7}}', ...init }: RequestInit & { body?: string } = {},
  settings: Settings = {},
  groups = {},
) {
  const request = new Request(new URL(url, OWN), { method: 'POST', ...init, body })
  const bytes = new TextEncoder().encode(body).buffer
  return takeApart(request, bytes, { settings: { url, ...settings } as SaveRouteOptions, groups }, OWN)
}

describe('takeApart()', () => {
  test('keeps the safelist open and seals all other headers', () => {
    const { record, secrets } = take('/api/a', {
      headers: {
        Accept: 'application/json',
        'Accept-Language': 'de',
        'Content-Language': 'de',
        'Content-Type': 'application/json',
        'Idempotency-Key': 'mine',
        Authorization: 'Bearer s3cret',
        'X-Api-Key': 'k',
        'X-Streamkeeper-Id': 'abc',
      },
    })
    expect(Object.fromEntries(record.headers)).toEqual({
      accept: 'application/json',
      'accept-language': 'de',
      'content-language': 'de',
      'content-type': 'application/json',
      'idempotency-key': 'mine',
    })
    expect(Object.fromEntries(secrets.headers)).toEqual({ authorization: 'Bearer s3cret', 'x-api-key': 'k' })
  })

  test('seals the query', () => {
    const { record, secrets } = take('/api/a?token=t')
    expect(secrets.search).toBe('?token=t')
    expect(record).toMatchObject({ url: `${OWN}/api/a`, hasQuery: true })
    expect(JSON.stringify(record)).not.toContain('token')
    expect(take('/api/a').record.hasQuery).toBe(false)
  })

  test.each<[string, string, SaveRouteOptions['idempotencyKey'], string | undefined]>([
    ['same origin', '/api/a', undefined, 'idempotency-key'],
    ['same origin, off', '/api/a', false, undefined],
    ['cross-origin', 'https://api.example/a', undefined, undefined],
    ['cross-origin, on', 'https://api.example/a', true, 'idempotency-key'],
    ['a header of its own', 'https://api.example/a', 'X-Request-Key', 'x-request-key'],
  ])('idempotency key, %s', (_name, url, idempotencyKey, expected) => {
    const { record } = take(url, {}, { idempotencyKey })
    const others = record.headers
      .map(([name]) => name.toLowerCase())
      .filter((name) => name !== 'content-type')
    expect(others).toEqual(expected ? [expected] : [])
  })

  test('the app’s own key is kept, in a header of its own too, and cross-origin', () => {
    const own = (url: string, name: string, idempotencyKey?: string) =>
      take(url, { headers: { [name]: 'mine' } }, { idempotencyKey }).record.headers
    const found = [['content-type', 'text/plain;charset=UTF-8']]
    expect(own('/api/a', 'X-Key', 'X-Key')).toEqual([...found, ['x-key', 'mine']])
    expect(own('https://api.example/a', 'Idempotency-Key')).toEqual([
      ['content-type', 'text/plain;charset=UTF-8'],
      ['idempotency-key', 'mine'],
    ])
  })

  test.each<[SaveRouteOptions['orderBy'], string]>([
    [undefined, '/api/s%201'],
    ['path', '/api/s%201'],
    [':session', 's 1'],
    ['body.chat.id', '7'],
    [':missing', '/api/s%201'],
    ['body.missing.id', '/api/s%201'],
  ])('the conversation of orderBy %s is %s', (orderBy, expected) => {
    const { record } = take('/api/s%201', {}, { orderBy }, { session: 's%201' })
    expect(record.conversation).toBe(expected)
  })

  test('a body that is no JSON is ordered by its path', () => {
    expect(take('/api/a', { body: 'plain' }, { orderBy: 'body.id' }).record.conversation).toBe('/api/a')
  })

  test('a beacon becomes a request whose answer can be read', () => {
    expect(take('/api/a', { mode: 'no-cors' }).record.mode).toBe('same-origin')
    expect(take('/api/a', { mode: 'cors' }).record.mode).toBe('cors')
  })
})

/** Of each kind that the browser adds, one, and beside it one of an app's that only looks like it. */
const ADDED_BY_BROWSERS = [
  'sec-fetch-mode',
  'proxy-authorization',
  'user-agent',
  'accept-charset',
  'accept-encoding',
  'connection',
  'content-length',
  'cookie',
  'cookie2',
  'date',
  'dnt',
  'expect',
  'host',
  'keep-alive',
  'origin',
  'priority',
  'purpose',
  'referer',
  'save-data',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade-insecure-requests',
  'via',
  'device-memory',
  'downlink',
  'dpr',
  'ect',
  'rtt',
  'viewport-width',
  'width',
]
const FULL_NAMES = ADDED_BY_BROWSERS.filter((name) => !/^(sec-|proxy-|upgrade)/.test(name))

/** The record of a request that has these headers, also such as a page could not set. */
function keptOf(names: readonly string[], more: Partial<Record<'url' | 'credentials', string>> = {}) {
  const { url = '/api/a', credentials = 'same-origin' } = more
  const request = {
    url: new URL(url, OWN).href,
    method: 'POST',
    credentials,
    mode: 'cors',
    referrer: `${OWN}/page?secret=1`,
    headers: new Map(names.map((name) => [name, 'value'])),
  } as unknown as Request
  const { record, secrets } = takeApart(request, null, { settings: { url }, groups: {} }, OWN)
  return { record, names: [...record.headers, ...secrets.headers].map(([name]) => name.toLowerCase()) }
}

describe('takeApart(), of what a worker sees', () => {
  test('leaves out what the browser adds by itself', () => {
    expect(keptOf(ADDED_BY_BROWSERS).names).toEqual(['idempotency-key'])
  })

  test.each(FULL_NAMES.flatMap((name) => [`${name}-x`, `x-${name}`]))(
    'keeps %s, which is the app’s',
    (name) => {
      expect(keptOf([name]).names).toContain(name)
    },
  )

  test.each([
    ['authorization', true],
    ['x-session-id', true],
    ['x-jwt', true],
    ['x-client-secret', true],
    ['x-csrf-token', false],
    ['x-xsrf-token', false],
    ['x-requested-with', false],
  ])('one that loses %s loses who sends it: %s', (name, expected) => {
    expect(keptOf([name]).record.hasIdentity).toBe(expected)
    expect(keptOf(['x-requested-with', name]).record.hasIdentity).toBe(expected)
  })

  test.each([
    ['/api/a', 'same-origin', [], true],
    ['/api/a', 'include', [], true],
    ['/api/a', 'omit', [], false],
    ['https://api.example/a', 'same-origin', [], false],
    ['https://api.example/a', 'include', [], true],
    ['/api/a', 'include', ['authorization'], false],
    ['/api/a', 'include', ['x-api-key', 'x-other'], false],
    ['/api/a', 'include', ['x-other'], true],
  ] as const)('%s with credentials %j and %j needs cookies: %s', (url, credentials, names, expected) => {
    expect(keptOf(names, { url, credentials }).record.needsCookies).toBe(expected)
  })

  test('a referrer has no query', () => {
    expect(keptOf([]).record.referrer).toBe(`${OWN}/page`)
  })
})

describe('trySend()', () => {
  const send = (respond: ReturnType<typeof responses>, size = 2) => {
    const clock = createFakeClock()
    const signals: AbortSignal[] = []
    const response = trySend({
      clock,
      url: `${OWN}/api/a`,
      size,
      keep: false,
      mayRefuse: false,
      deadline: new AbortController(),
      send: (signal) => {
        signals.push(signal)
        return respond(clock, signal)
      },
      get: () => Promise.reject(new Error('not asked for')),
    })
    return { clock, response, signals }
  }

  test('ends a request that has no response after 30 s', async () => {
    const { clock, response, signals } = send(saysNothing())
    await clock.advance(29_999)
    expect(signals[0]?.aborted).toBe(false)
    await clock.advance(1)
    expect(signals[0]?.aborted).toBe(true)
    expect(await response).toBeNull()
  })

  test('gives a large body the time it takes', async () => {
    const { clock, signals } = send(saysNothing(), 5_000_000)
    await clock.advance(99_999)
    expect(signals[0]?.aborted).toBe(false)
    await clock.advance(1)
    expect(signals[0]?.aborted).toBe(true)
  })

  test.each([
    ['an empty answer has no type, whatever its header says', '', ''],
    ['an answer with words has', 'Log in', 'text/html; charset=utf-8'],
  ])('%s', async (_name, body, expected) => {
    const { response } = send(responses(201, { 'content-type': 'text/HTML; charset=utf-8' }, body))
    expect((await response)?.contentType).toBe(expected)
  })

  test('keeps the first 200 characters of a response', async () => {
    const { response } = send(responses(400, {}, 'é'.repeat(1_000)))
    expect((await response)?.preview).toBe(`400 ${'é'.repeat(200)}`)
  })

  test('reads at most 64 KB of a response that never ends', async () => {
    let pulled = 0
    const endless = () =>
      Promise.resolve(
        new Response(
          new ReadableStream<Uint8Array>({
            pull: (controller) => {
              pulled++
              controller.enqueue(new Uint8Array(1_024).fill(65))
            },
          }),
        ),
      )
    const { response } = send(endless)
    expect((await response)?.status).toBe(200)
    expect(pulled).toBeLessThan(70)
  })

  test('a response cut short still has its status, and is not empty', async () => {
    const cut = () => {
      const body = new ReadableStream({
        start: (controller) => controller.error(new TypeError('terminated')),
      })
      return Promise.resolve(new Response(body, { status: 503, headers: { 'content-type': 'text/html' } }))
    }
    expect(await send(cut).response).toMatchObject({
      status: 503,
      contentType: 'text/html',
      preview: '503 …',
    })
  })
})

test.each([
  ['a Blob', new Blob([]), new Blob(['m'])],
  ['an ArrayBuffer', new ArrayBuffer(), new ArrayBuffer(1)],
])('sendRecord() sends no body where %s is empty', async (_, empty, full) => {
  const sent: unknown[] = []
  const fetch = (_url: string, { body }: RequestInit) => {
    sent.push(body)
    return Promise.resolve(new Response())
  }
  const { record, secrets } = take('/api/a', { method: 'DELETE' })
  for (const body of [empty, full, null]) await sendRecord(fetch, record, secrets, body)
  expect(sent).toEqual([null, full, null])
})
