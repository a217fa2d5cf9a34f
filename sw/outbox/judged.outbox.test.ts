import { describe, expect, test } from 'vitest'
import { streams } from '../../core/testing/scripted-upstream.ts'
import { runOutbox } from '../testing/run-outbox.ts'

const ORIGIN = 'https://app.example'
const HOUR = 3_600_000
/** Cookies alone would have to be vouched for. */
const TOKEN = { authorization: 'Bearer t' }
const json = (value: unknown, status = 200) => Response.json(value, { status })
const html = (status: number, headers = {}) =>
  new Response('<h1>Just a moment…</h1>', { status, headers: { 'content-type': 'text/html', ...headers } })

/** A response as `fetch` gives it after a redirect. */
function redirected(response: Response, path: string): Response {
  return Object.defineProperties(response, {
    url: { value: new URL(path, ORIGIN).href },
    redirected: { value: true },
  })
}

describe('S6 after a redirect a message is sent only if the request kept its method', () => {
  const list = () => json({ messages: [{ id: 1 }] })

  test.each([
    ['a missing slash: the 200 is a GET’s', () => list(), () => list()],
    [
      'an expired session: the log-in page is JSON, with a token of its own',
      () => json({ csrf: Math.random() }),
      () => json({ csrf: Math.random() }),
    ],
    ['POST, then GET: what was made is shown', () => json({ id: 1, at: 1 }), () => json({ id: 1, at: 2 })],
    ['a 204 of both', () => new Response(null, { status: 204 }), () => new Response(null, { status: 204 })],
    ['the GET that is to tell fails', () => json({ id: 1 }), () => 'down' as const],
  ])('%s: it stays', async (_name, reply, get) => {
    const { device, server, save, list: listed } = runOutbox()
    server(({ method }) => (method === 'GET' ? get() : redirected(reply(), '/api/sessions/a/messages/')))
    await save('a', 'm1')
    await device.advance(0)
    expect(await listed()).toMatchObject([{ state: 'waiting' }])
  })

  test.each([
    ['a 201', () => json({ id: 1 }, 201), () => list()],
    ['a 202', () => json({ id: 1 }, 202), () => json({ id: 1 }, 202)],
    ['a 200 where a GET is not allowed', () => json({ id: 1 }), () => json({ error: 'no' }, 405)],
    ['a 200 where a GET gives something else', () => json({ id: 1 }), () => list()],
  ])('%s: it is sent, once', async (_name, reply, get) => {
    const { device, server, save, sent, list: listed } = runOutbox()
    server(({ method }) => (method === 'GET' ? get() : redirected(reply(), '/api/sessions/a/messages/')))
    await save('a', 'm1', { headers: { 'x-csrf-token': 't' } })
    await device.advance(HOUR)
    expect(await listed()).toEqual([])
    expect(sent.filter(({ method }) => method === 'POST')).toHaveLength(1)
    for (const { method, path, headers, body } of sent.slice(1)) {
      expect([method, path, body, headers.get('x-csrf-token'), headers.has('idempotency-key')]).toEqual([
        'GET',
        '/api/sessions/a/messages/',
        '',
        't',
        false,
      ])
    }
  })

  test('where a GET is answered alike by chance, the server’s word that it has it ends it', async () => {
    const { device, server, save, sent, list: listed } = runOutbox()
    const keys = new Set<string | null>()
    server(({ method, headers }) => {
      if (method === 'GET') return json({ ok: true })
      const key = headers.get('idempotency-key')
      const isKnown = keys.has(key)
      keys.add(key)
      return redirected(json({ ok: true }, isKnown ? 409 : 200), '/v2/messages')
    })
    await save('a', 'm1', { settings: { duplicateStatus: 409 } })
    await device.advance(HOUR)
    expect(await listed()).toEqual([])
    expect(sent.map(({ method }) => method)).toEqual(['POST', 'GET', 'POST'])
  })

  test('a 404 after it may be a GET’s: the message stays for an hour', async () => {
    const { device, server, save, list: listed } = runOutbox()
    server(() => redirected(json({}, 404), '/login'))
    await save('a', 'm1')
    await device.advance(HOUR - 301_000)
    expect(await listed()).toMatchObject([{ state: 'waiting' }])
  })
})

describe('S8 no hint makes a message wait beyond its age', () => {
  const tenYears = 315_360_000

  test.each([
    ['seconds', { 'retry-after': String(tenYears) }],
    ['a date', { 'retry-after': 'Fri, 01 Jan 2049 00:00:00 GMT' }],
    ['ms', { 'retry-after-ms': String(365 * 24 * HOUR) }],
  ])('years as %s: it is tried once more when its time is over', async (_name, headers) => {
    const { device, server, save, seen, list: listed } = runOutbox({ context: { maxAgeMs: 10 * HOUR } })
    server(() => new Response('{}', { status: 429, headers }))
    await save('a', 'm1', { headers: TOKEN })
    await device.advance(10 * HOUR)
    expect(seen()).toEqual(['a:m1', 'a:m1'])
    expect(await listed()).toMatchObject([{ state: 'dead', code: 'rate_limited' }])
  })

  test('those behind it go then', async () => {
    const { device, server, save, list: listed, seen } = runOutbox({ context: { maxAgeMs: HOUR } })
    server(({ body }) =>
      body === 'm1' ? new Response('{}', { status: 503, headers: { 'retry-after': String(tenYears) } }) : 201,
    )
    await save('a', 'm1')
    await device.advance(HOUR / 2)
    await save('a', 'm2')
    await device.advance(HOUR / 2)
    expect(seen()).toEqual(['a:m1', 'a:m1', 'a:m2'])
    expect(await listed()).toMatchObject([{ state: 'dead' }])
  })
})

describe('S9 a date counts from the response’s own Date', () => {
  test.each([
    ['behind', 3_000_000],
    ['ahead', -3_000_000],
    ['a day behind', 86_400_000],
  ])('a device %s the server waits as long as the server meant', async (_name, skewMs) => {
    const { device, server, save, sent } = runOutbox()
    server(() => {
      const now = device.clock.now() + skewMs
      const headers = {
        date: new Date(now).toUTCString(),
        'retry-after': new Date(now + 30_000).toUTCString(),
      }
      return sent.length > 1 ? 201 : new Response('{}', { status: 503, headers })
    })
    await save('a', 'm1')
    await device.advance(29_000)
    expect(sent).toHaveLength(1)
    await device.advance(2_000)
    expect(sent).toHaveLength(2)
  })
})

describe('S10 a stale token: the page is asked', () => {
  test.each([419, 440, 498])('%i: what it gives is used', async (status) => {
    const run = runOutbox({ auth: () => ({ 'x-csrf-token': 'fresh' }) })
    run.server(({ headers }) => (headers.get('x-csrf-token') === 'fresh' ? 201 : status))
    await run.save('a', 'm1', { headers: { 'x-csrf-token': 'stale' } })
    await run.device.advance(0)
    expect(await run.list()).toEqual([])
    expect(run.device.questions).toHaveLength(1)
  })

  test.each([419, 403])('%i: where it has nothing new, the message is dead', async (status) => {
    const run = runOutbox({ auth: () => ({ 'x-csrf-token': 'stale' }) })
    run.server(() => status)
    await run.save('a', 'm1', { headers: { 'x-csrf-token': 'stale' } })
    await run.device.advance(0)
    expect(await run.list()).toMatchObject([{ state: 'dead' }])
  })
})

describe('S10 a refusal that is not the API’s', () => {
  test.each([
    ['a challenge', html(403, { 'cf-mitigated': 'challenge' })],
    ['an ingress in mid-deploy', html(404)],
    [
      'a proxy',
      new Response('Proxy authentication required', {
        status: 407,
        headers: { 'content-type': 'text/plain' },
      }),
    ],
  ])('%s: the message stays, and is sent when the API is there again', async (_name, refusal) => {
    const { device, server, save, list: listed } = runOutbox()
    server(() => refusal.clone())
    await save('a', 'm1')
    await device.advance(HOUR / 2)
    expect(await listed()).toMatchObject([{ state: 'waiting' }])
    server(() => json({}, 201))
    await device.advance(300_000 * 1.2)
    expect(await listed()).toEqual([])
  })

  test('after an hour of it the message is dead, however old it was before', async () => {
    const { device, server, save, list: listed } = runOutbox()
    server(() => 503)
    await save('a', 'm1', { headers: TOKEN })
    await device.advance(3 * HOUR)
    server(() => html(404))
    await device.advance(HOUR / 2)
    expect(await listed()).toMatchObject([{ state: 'waiting' }])
    await device.advance(HOUR)
    expect(await listed()).toMatchObject([{ state: 'dead', preview: '404 <h1>Just a moment…</h1>' }])
  })

  test.each([400, 413, 422, 410])('a %i is dead at once, whoever says it', async (status) => {
    const { device, server, save, list: listed } = runOutbox()
    server(() => html(status))
    await save('a', 'm1')
    await device.advance(0)
    expect(await listed()).toMatchObject([{ state: 'dead' }])
  })
})

describe('S11 a 2xx that says no', () => {
  test.each([
    ['errors', '{"errors":[{"message":"Not authenticated"}],"data":null}'],
    ['ok=false', '{"ok":false}'],
    [['result.state=rejected', 'data=no'], 'no'],
  ])('%j: a dead letter with its words', async (refused, text) => {
    const { device, server, save, list: listed } = runOutbox({ route: { refused, accept: ['*/*'] } })
    server(() => new Response(text, { headers: { 'content-type': 'application/json' } }))
    await save('a', 'm1')
    await device.advance(0)
    expect(await listed()).toMatchObject([{ state: 'dead', code: 'upstream_error', preview: `200 ${text}` }])
  })
})

/** JSON whose refusal comes last, in pieces as a network gives them. */
function lateRefusal(size: number, ends: 'closes' | 'breaks' | 'stays open'): Response {
  const text = JSON.stringify({ data: 'x'.repeat(size), errors: [{ message: 'No' }] })
  let at = 0
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const piece = text.slice(at, (at += 50_000))
      if (piece) return controller.enqueue(new TextEncoder().encode(piece))
      if (ends === 'closes') controller.close()
      if (ends === 'breaks') controller.error(new TypeError('terminated'))
    },
  })
  return new Response(body, { headers: { 'content-type': 'application/json' } })
}

describe('S11 a refusal that comes late in a 2xx', () => {
  test.each([10_000, 60_000, 200_000, 700_000, 1_000_000])('is found after %i bytes', async (size) => {
    const { device, server, save, list: listed } = runOutbox({ route: { refused: 'errors' } })
    server(() => lateRefusal(size, 'closes'))
    await save('a', 'm1')
    await device.advance(0)
    expect(await listed()).toMatchObject([{ state: 'dead', code: 'upstream_error' }])
  })

  test('and breaks off is no yes: it is sent again with the same key', async () => {
    const { device, server, save, sent, emitted } = runOutbox({ route: { refused: 'errors' } })
    server(() => (sent.length < 3 ? lateRefusal(200, 'breaks') : Response.json({ ok: true })))
    await save('a', 'm1')
    await device.advance(60_000)
    expect(new Set(sent.map(({ headers }) => headers.get('idempotency-key'))).size).toBe(1)
    expect([sent.length, emitted('save_sent').length]).toEqual([3, 1])
  })
})

test('a refusal whose body never ends is known by its status, and holds nobody up for longer than 5 s', async () => {
  const { device, save, emitted } = runOutbox()
  device.upstream.otherwise = () => streams([[0, 'Try later']], { end: 'open', status: 503 })
  await save('a', 'm1')
  await device.advance(5_100)
  expect(emitted('save_retry')).toMatchObject([{ code: 'overloaded' }])
})

describe('S18 the real response is handed on without a copy of its stream', () => {
  test.each([
    ['70 kB', 'x'.repeat(70_000)],
    ['300 kB', 'é'.repeat(150_000)],
    ['a few bytes', '{"id":1}'],
    ['nothing', ''],
  ])('%s', async (_name, text) => {
    const { device, server, save } = runOutbox({ route: { respond: 'sent' } })
    server(
      () => new Response(text, { status: 201, headers: { 'content-type': 'application/json', etag: '"1"' } }),
    )
    const saving = save('a', 'm1')
    await device.advance(0)
    const response = await saving
    expect([response.status, response.headers.get('etag'), await response.text()]).toEqual([201, '"1"', text])
  })

  test('a body that never ends is begun, and ends when the page has enough of it', async () => {
    const { device, server, save } = runOutbox({ route: { respond: 'sent' } })
    let isCancelled = false
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(40_000)),
      cancel: () => {
        isCancelled = true
      },
    })
    server(() => new Response(body, { status: 201, headers: { 'content-type': 'application/json' } }))
    const saving = save('a', 'm1')
    await device.advance(0)
    const reader = (await saving).body?.getReader()
    for (let n = 0; n < 5; n++) expect((await reader?.read())?.value).toHaveLength(40_000)
    await reader?.cancel()
    expect(isCancelled).toBe(true)
  })
})

/** As a network gives it. */
function inParts(value: unknown): Response {
  const bytes = new TextEncoder().encode(JSON.stringify(value))
  let from = 0
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      controller.enqueue(bytes.subarray(from, (from += 65_536)))
      if (from >= bytes.length) controller.close()
    },
  })
  return new Response(body, { headers: { 'content-type': 'application/json' } })
}

test.each([
  ['ok=false', { ok: false }],
  ['errors', { errors: [{ message: 'no' }] }],
])('a body of 3 MB that refuses at its beginning is a refusal: %s', async (refused, refusal) => {
  const { device, server, save, list: listed } = runOutbox({ route: { refused } })
  server(({ path }) => inParts({ ...(path.includes('/a/') && refusal), pad: 'x'.repeat(3_000_000) }))
  await save('a', 'm1')
  await save('b', 'm2')
  await device.advance(0)
  expect(await listed()).toMatchObject([{ conversation: expect.stringContaining('/a/'), state: 'dead' }])
})
