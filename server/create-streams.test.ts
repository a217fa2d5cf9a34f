import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createResilientFetch } from '../core/fetch/create-resilient-fetch.ts'
import { countConnections } from '../core/testing/count-connections.ts'
import { createFakeClock } from '../core/testing/fake-clock.ts'
import { DONE, FINISH, ROLE, say, WHOLE } from '../core/testing/openai-events.ts'
import { createStreams } from './create-streams.ts'
import { sqliteStore } from './node/sqlite-store.ts'
import { memoryStore } from './stores/memory-store.ts'
import type { StreamStore } from './stores/store.ts'
import type { UpstreamRequest } from './testing/controlled-upstream.ts'
import { openSite, readBody, type Site } from './testing/open-site.ts'

const PATH = '/api/streams'

/** A response that has said something and goes on. */
async function openStream(site: Site, options: Parameters<Site['start']>[0] = {}) {
  const started = site.start(options)
  const upstream = await site.upstream.request(site.upstream.requests.length)
  upstream.response()
  const response = await started
  upstream.push(ROLE + say('Hel'))
  const id = response.headers.get('x-streamkeeper-id') ?? ''
  return { response, upstream, id }
}

test('a response passes as it comes, and says where it lies', async () => {
  const site = openSite()
  const { response, upstream, id } = await openStream(site)
  expect(response.status).toBe(200)
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'text/event-stream',
    'content-location': `${PATH}/${id}`,
    'stream-next-offset': '0000000000000000',
    'x-streamkeeper-id': id,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  expect(response.headers.get('access-control-expose-headers')).toMatch(
    /Content-Location.*Stream-Next-Offset/,
  )
  const reader = response.body?.getReader()
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe(ROLE + say('Hel'))
  upstream.push(FINISH + DONE)
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe(FINISH + DONE)
  upstream.end()
  expect((await reader?.read())?.done).toBe(true)
})

describe('respond() may give anything', () => {
  const stream = (...chunks: unknown[]) =>
    new Response(
      new ReadableStream({
        start: (controller) => {
          for (const chunk of chunks) controller.enqueue(chunk)
          controller.close()
        },
      }),
      { headers: { 'content-type': 'text/plain' } },
    )
  const locked = () => {
    const response = new Response('x')
    response.body?.getReader()
    return response
  }
  const start = async (provided: unknown) => {
    const site = openSite()
    const request = new Request('https://app.example/', { method: 'POST', headers: { user: 'ann' } })
    const started = site.streams.start(request, { respond: () => Promise.resolve(provided as Response) })
    await site.clock.advance(0)
    const response = await started
    const body = readBody(response)
    await site.clock.advance(1_000)
    return { status: response.status, ...(await body) }
  }

  test.each([
    ['strings', ['Hel', 'lo']],
    ['buffers', [new TextEncoder().encode('Hello').buffer]],
  ])('%s for bytes', async (_name, chunks) => {
    expect(await start(stream(...chunks))).toMatchObject({ status: 200, text: 'Hello', isBroken: false })
  })

  test('a chunk of nothing that is bytes breaks it', async () => {
    expect(await start(stream('Hel', 42))).toMatchObject({ status: 200, isBroken: true })
  })

  test.each([
    ['a body that is read already', locked()],
    ['no response', undefined],
    ['Response.error()', Response.error()],
    ['a status that no response has', { status: 999, headers: new Headers(), body: new Response('no').body }],
    ['a status of a protocol change', { status: 101, headers: new Headers(), body: new Response('no').body }],
    ['an empty object', {}],
    ['a text', 'hi'],
    ['a body of another kind', { status: 200, headers: new Headers(), body: { pipe: () => {} } }],
    ['headers of another kind', { status: 200, headers: {}, body: new Response('x').body }],
    ['a refusal with a body of another kind', { status: 500, headers: new Headers(), body: {} }],
  ])('%s is a 502, and its key is free', async (_name, provided) => {
    const site = openSite()
    const request = () =>
      new Request('https://app.example/', {
        method: 'POST',
        headers: { user: 'ann', 'idempotency-key': 'k' },
      })
    let signal: AbortSignal | undefined
    const started = site.streams.start(request(), {
      respond: (ofRun) => {
        signal = ofRun
        return provided as Response
      },
    })
    await site.clock.advance(1_000)
    expect((await started).status).toBe(502)
    expect(signal?.aborted).toBe(true)
    expect(await site.store.list('ann')).toEqual([])
    const again = await site.streams.start(request(), { respond: () => new Response('x') })
    expect(await again.text()).toBe('x')
  })

  test('a refusal of strings keeps its body, for all who wait for it', async () => {
    const refused = await start(new Response(stream('No', '!').body, { status: 500 }))
    expect(refused).toMatchObject({ status: 500, text: 'No!', isBroken: false })
  })

  test('a body that is locked as soon as it was given is its run alone', async () => {
    const provided = new Response('Hello')
    const site = openSite({ store: slowly(memoryStore()) })
    const request = new Request('https://app.example/', { method: 'POST', headers: { user: 'ann' } })
    const started = site.streams.start(request, { respond: () => provided })
    await site.clock.advance(0)
    // Its head is being stored meanwhile.
    expect(() => provided.body?.getReader()).toThrow('locked')
    await site.clock.advance(2_000)
    expect(await (await started).text()).toBe('Hello')
  })
})

/** A store whose writes never come back. */
function slowly(store: StreamStore): StreamStore {
  return { ...store, write: () => new Promise(() => {}) }
}

test('an upstream that answers with a status that no response has is a 502', async () => {
  await using upstream = await countConnections((_request, { socket }) =>
    socket?.end('HTTP/1.1 999 Denied\r\ncontent-length: 2\r\nconnection: close\r\n\r\nNo'),
  )
  const site = openSite({ fetch: globalThis.fetch })
  const request = new Request('https://app.example/', { method: 'POST', headers: { user: 'ann' } })
  const response = await site.streams.start(request, { url: upstream.url })
  expect(response.status).toBe(502)
})

describe("a function of the app's that fails", () => {
  const fails = () => {
    throw new Error('The app has a fault')
  }

  test.each([
    ['throws', fails],
    ['rejects', async () => fails()],
  ])('costs nothing if it is onError and %s', async (_how, onError) => {
    const site = openSite({ onError })
    const started = site.start()
    ;(await site.upstream.request()).fail(new TypeError('fetch failed'))
    expect((await started).status).toBe(502)
  })

  test.each([
    ['throws', fails],
    ['rejects', async () => fails()],
  ])('is reported if it is waitUntil and %s, and the response goes on', async (_how, waitUntil) => {
    const site = openSite({ waitUntil })
    const { response, upstream } = await openStream(site)
    upstream.push(FINISH + DONE)
    upstream.end()
    expect(await readBody(response)).toEqual({ text: ROLE + say('Hel') + FINISH + DONE, isBroken: false })
    expect(site.errors.map(String)).toEqual(['Error: The app has a fault'])
  })
})

describe('bytes are the same for all', () => {
  const words = Array.from({ length: 10 }, (_, index) => String.fromCharCode(97 + index).repeat(64))

  /** Reads a body and does something to each chunk as soon as it has it. */
  async function readThen(response: Response, then: (chunk: Uint8Array) => void) {
    let text = ''
    for await (const chunk of response.body ?? []) {
      text += new TextDecoder().decode(chunk)
      then(chunk)
    }
    return text
  }

  test.each([
    [
      'hands its chunks on for good',
      (chunk: Uint8Array) => void structuredClone(chunk, { transfer: [chunk.buffer] }),
    ],
    ['writes into its chunks', (chunk: Uint8Array) => void chunk.fill(35)],
  ])('though a reader %s', async (_what, then) => {
    const site = openSite()
    const started = site.start({ conversation: 'c1' })
    const upstream = await site.upstream.request()
    upstream.response({ 'content-type': 'text/plain' })
    const response = await started
    const reads = [
      readThen(response, then),
      readThen(await site.latest('c1'), then),
      readThen(await site.latest('c1'), () => {}),
    ]
    for (const word of words) {
      upstream.push(word)
      await site.clock.advance(5)
    }
    upstream.end()
    await site.clock.advance(1_000)
    expect(await Promise.all(reads)).toEqual(Array(3).fill(words.join('')))
    const id = response.headers.get('x-streamkeeper-id') ?? ''
    expect((await readBody(await site.get(`${PATH}/${id}?live=stream`))).text).toBe(words.join(''))
  })

  test('though their source fills one buffer again and again', async () => {
    const site = openSite()
    const buffer = new Uint8Array(64)
    let index = 0
    const pull = (controller: ReadableStreamDefaultController) => {
      if (index === words.length) return controller.close()
      buffer.set(new TextEncoder().encode(words[index++]))
      controller.enqueue(buffer)
    }
    const body = new ReadableStream({ pull }, { highWaterMark: 0 })
    const request = new Request('https://app.example/', { method: 'POST', headers: { user: 'ann' } })
    const started = site.streams.start(request, {
      respond: () => new Response(body, { headers: { 'content-type': 'text/plain' } }),
    })
    await site.clock.advance(1_000)
    const response = await started
    expect(await response.text()).toBe(words.join(''))
    const id = response.headers.get('x-streamkeeper-id') ?? ''
    expect((await readBody(await site.get(`${PATH}/${id}?live=stream`))).text).toBe(words.join(''))
  })
})

test('a conversation that an app names by a number is the one of its digits, and no other', async () => {
  const site = openSite()
  await openStream(site, { conversation: 7 as unknown as string })
  expect((await site.stop('8')).status).toBe(404)
  expect((await site.stop('7')).status).toBe(204)
})

test('a response goes on when its reader leaves, and another device reads it whole', async () => {
  const site = openSite()
  const { response, upstream, id } = await openStream(site)
  await response.body?.cancel()
  upstream.push(FINISH + DONE)
  upstream.end()
  const { text, isBroken } = await readBody(await site.get(`${PATH}/${id}?live=stream`))
  expect([text, isBroken]).toEqual([ROLE + say('Hel') + FINISH + DONE, false])
  expect(upstream.isClosed()).toBe(false)
  expect(site.upstream.requests).toHaveLength(1)
})

describe('another device joins', () => {
  const whole =
    ROLE + Array.from({ length: 50 }, (_, index) => say(`word ${index} é😀`)).join('') + FINISH + DONE
  const bytes = new TextEncoder().encode(whole)

  test.each([0, 10, 50, 90, 100])('at %i %: its bytes are the same, from any offset', async (percent) => {
    const site = openSite()
    const { response, upstream } = await (async () => {
      const started = site.start()
      const upstream = await site.upstream.request()
      upstream.response()
      return { response: await started, upstream }
    })()
    const id = response.headers.get('x-streamkeeper-id')
    const at = Math.floor((bytes.length * percent) / 100)
    for (let from = 0; from < at; from += 100) upstream.push(bytes.subarray(from, Math.min(at, from + 100)))
    await site.clock.advance(60)
    if (percent === 100) upstream.end()
    const offsets = [0, Math.floor(at / 3), at]
    const joined = offsets.map(async (offset) =>
      readBody(await site.get(`${PATH}/${id}?offset=${offset}&live=stream`)),
    )
    await site.clock.advance(60)
    for (let from = at; from < bytes.length; from += 100) upstream.push(bytes.subarray(from, from + 100))
    if (percent < 100) upstream.end()
    const read = await Promise.all(joined)
    for (const [index, offset] of offsets.entries()) {
      expect(read[index]?.text).toBe(new TextDecoder().decode(bytes.subarray(offset)))
      expect(read[index]?.isBroken).toBe(false)
    }
    expect((await readBody(response)).text).toBe(whole)
  })
})

describe('another user, nobody, or a guess', () => {
  test('gets nothing: reads, stops, lists and removes', async () => {
    const site = openSite()
    const { id, upstream } = await openStream(site, { conversation: 'c1' })
    for (const method of ['GET', 'HEAD', 'DELETE', 'PUT', 'POST']) {
      expect((await site.get(`${PATH}/${id}`, { user: 'bob', method })).status).toBe(404)
      expect((await site.get(`${PATH}/${id}`, { user: '', method })).status).toBe(401)
      expect((await site.get(`${PATH}/${'0'.repeat(32)}`, { method })).status).toBe(404)
    }
    for (const live of ['stream', 'sse', 'long-poll']) {
      expect((await site.get(`${PATH}/${id}?offset=-1&live=${live}`, { user: 'bob' })).status).toBe(404)
    }
    expect((await site.stop('c1', 'bob')).status).toBe(404)
    expect((await site.stop(id, 'bob')).status).toBe(404)
    expect((await site.get(`${PATH}/${id}/stop`, { user: 'bob', method: 'POST' })).status).toBe(404)
    expect((await site.get(`${PATH}/${id}/stop`, { user: '', method: 'POST' })).status).toBe(401)
    expect((await site.stop('c1', '')).status).toBe(401)
    expect((await site.latest('c1', 'bob')).status).toBe(204)
    expect((await site.latest('c1', '')).status).toBe(401)
    expect(await (await site.get(PATH, { user: 'bob' })).json()).toEqual({ streams: [] })
    expect((await site.start({ user: '' })).status).toBe(401)
    expect(upstream.isClosed()).toBe(false)
    expect(site.upstream.requests).toHaveLength(1)
  })

  test('with the same Idempotency-Key has a run of its own', async () => {
    const site = openSite()
    await openStream(site, { key: 'k' })
    const other = await openStream(site, { key: 'k', user: 'bob' })
    expect(other.response.status).toBe(200)
    expect(site.upstream.requests).toHaveLength(2)
  })
})

describe('a refusal before the first byte', () => {
  test.each([400, 401, 404, 429, 500, 503])(
    '%i keeps its status and body, and nothing is stored',
    async (status) => {
      const site = openSite()
      const started = site.start({ key: 'k', conversation: 'c1' })
      const headers = { 'content-type': 'application/json', 'retry-after': '7', 'set-cookie': 'a=b' }
      ;(await site.upstream.request()).respondWith(
        new Response('{"error":{"message":"No"}}', { status, headers }),
      )
      const response = await started
      expect(response.status).toBe(status)
      expect(await response.json()).toEqual({ error: { message: 'No' } })
      expect(response.headers.get('retry-after')).toBe('7')
      expect(response.headers.get('set-cookie')).toBeNull()
      expect(response.headers.get('content-location')).toBeNull()
      await site.clock.advance(100)
      expect(await site.store.list('ann')).toEqual([])
      const again = await openStream(site, { key: 'k' })
      expect(again.response.status).toBe(200)
    },
  )

  test('keeps its status and body, whatever language its reason phrase is in', async () => {
    await using upstream = await countConnections((_request, { socket }) =>
      socket?.end('HTTP/1.1 400 成功\r\ncontent-length: 2\r\nconnection: close\r\n\r\nNo'),
    )
    const site = openSite({ fetch: globalThis.fetch })
    const request = new Request('https://app.example/', { method: 'POST', headers: { user: 'ann' } })
    const response = await site.streams.start(request, { url: upstream.url })
    expect([response.status, await response.text()]).toEqual([400, 'No'])
  })

  test('of HTML cannot run as the app', async () => {
    const site = openSite()
    const started = site.start()
    const init = { status: 403, headers: { 'content-type': 'text/html' } }
    ;(await site.upstream.request()).respondWith(new Response('<script>alert(1)</script>', init))
    expect((await started).headers.get('content-security-policy')).toMatch(/^sandbox;/)
  })

  test('a failed connection is 502, and frees its key', async () => {
    const site = openSite()
    const started = site.start({ key: 'k' })
    ;(await site.upstream.request()).fail(new TypeError('fetch failed'))
    expect((await started).status).toBe(502)
    expect((await openStream(site, { key: 'k' })).response.status).toBe(200)
  })

  /** A refused run with a key, of which the store forgets nothing before `remove` resolves. */
  async function refuse(remove: (site: Site) => Promise<void>) {
    const store = memoryStore()
    const slow = async (id: string) => remove(site).then(() => store.delete(id))
    const site: Site = openSite({ store: { ...store, delete: slow } })
    const started = site.start({ key: 'k' })
    ;(await site.upstream.request()).respondWith(new Response('busy', { status: 429 }))
    expect((await started).status).toBe(429)
    return site
  }

  test('is given to nobody who comes later: the request runs once the store has forgotten it', async () => {
    const site = await refuse(({ clock }) => new Promise((resolve) => clock.timer(2_000, resolve)))
    const again = openStream(site, { key: 'k' })
    await site.clock.advance(3_000)
    expect((await again).response.status).toBe(200)
  })

  test('is given to nobody who comes later: while the store cannot forget it, that is a 503', async () => {
    let isDown = true
    const site = await refuse(async () => {
      if (isDown) throw new Error('Cut off')
    })
    const again = site.start({ key: 'k' })
    await site.clock.advance(6_000)
    expect((await again).status).toBe(503)
    isDown = false
    await site.clock.advance(10_000)
    expect((await openStream(site, { key: 'k' })).response.status).toBe(200)
  })

  test('headers and then nothing: it breaks, and its key is free', async () => {
    const site = openSite()
    const started = site.start({ key: 'k' })
    const upstream = await site.upstream.request()
    upstream.response()
    const read = readBody(await started)
    upstream.cut()
    expect(await read).toMatchObject({ isBroken: true })
    await site.clock.advance(100)
    expect((await openStream(site, { key: 'k' })).response.status).toBe(200)
  })
})

test('a response that ends well and has said nothing passes as it came, and its key is free', async () => {
  const site = openSite()
  const started = site.start({ key: 'k', conversation: 'c1' })
  const upstream = await site.upstream.request()
  upstream.response()
  const response = await started
  upstream.end()
  expect(await readBody(response)).toEqual({ text: '', isBroken: false })
  await site.clock.advance(100)
  expect(await site.store.list('ann')).toEqual([])
  expect((await openStream(site, { key: 'k' })).response.status).toBe(200)
})

describe('the same Idempotency-Key', () => {
  test('reads the same response, before its headers, in its middle and after its end', async () => {
    const site = openSite()
    const first = site.start({ key: 'k' })
    const upstream = await site.upstream.request()
    const early = site.start({ key: 'k' })
    upstream.response()
    upstream.push(WHOLE.slice(0, 100))
    const middle = site.start({ key: 'k' })
    const reads = Promise.all([first, early, middle].map(async (response) => readBody(await response)))
    upstream.push(WHOLE.slice(100))
    upstream.end()
    await site.clock.advance(100)
    const late = await readBody(await site.start({ key: 'k' }))
    for (const { text, isBroken } of [...(await reads), late])
      expect([text, isBroken]).toEqual([WHOLE, false])
    expect(site.upstream.requests).toHaveLength(1)
  })

  test('one of many starts at once runs', async () => {
    const site = openSite()
    const starts = Array.from({ length: 20 }, () => site.start({ key: 'k' }))
    const upstream = await site.upstream.request()
    upstream.response()
    upstream.push(WHOLE)
    upstream.end()
    for (const started of starts) expect((await readBody(await started)).text).toBe(WHOLE)
    expect(site.upstream.requests).toHaveLength(1)
  })

  const refusal = (body: BodyInit = '{"error":{"message":"Slow down"}}') =>
    new Response(body, { status: 429, headers: { 'content-type': 'application/json', 'retry-after': '7' } })
  const partsOf = async (response: Response) => ({
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    body: await response.text(),
  })

  test('of many starts at once gives all of them the refusal', async () => {
    const site = openSite()
    const starts = Array.from({ length: 20 }, () => site.start({ key: 'k' }))
    ;(await site.upstream.request()).respondWith(refusal())
    const expected = await partsOf(refusal())
    for (const started of starts) expect(await partsOf(await started)).toEqual(expected)
    expect(site.upstream.requests).toHaveLength(1)
  })

  test('shares no refusal that is long or never ends: the first has it, the others its status', async () => {
    for (const rest of ['x'.repeat(100_000), undefined]) {
      const site = openSite()
      const [first, second] = [site.start({ key: 'k' }), site.start({ key: 'k' })]
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          controller.enqueue(new TextEncoder().encode(`No. ${rest ?? ''}`))
          if (rest !== undefined) controller.close()
        },
      })
      ;(await site.upstream.request()).respondWith(refusal(body))
      const reader = (await first).body?.getReader()
      expect(new TextDecoder().decode((await reader?.read())?.value)).toBe(`No. ${rest ?? ''}`)
      await site.clock.advance(5_000)
      const shared = await partsOf(await second)
      expect(shared).toMatchObject({ status: 429, retryAfter: '7' })
      expect(JSON.parse(shared.body)).toMatchObject({ error: { code: 'upstream_error' } })
    }
  })

  test('on a second server reads too', async () => {
    const site = openSite()
    const second = openSite({ store: site.store, clock: site.clock })
    const first = site.start({ key: 'k' })
    const upstream = await site.upstream.request()
    const joined = second.start({ key: 'k' })
    await site.clock.advance(100)
    upstream.response()
    upstream.push(WHOLE)
    upstream.end()
    await site.clock.advance(2_000)
    expect((await readBody(await joined)).text).toBe(WHOLE)
    expect((await readBody(await first)).text).toBe(WHOLE)
    expect(second.upstream.requests).toHaveLength(0)
  })

  test('on a second server runs the request when the first has failed without output', async () => {
    const site = openSite()
    const second = openSite({ store: site.store, clock: site.clock })
    const first = site.start({ key: 'k' })
    const upstream = await site.upstream.request()
    const joined = second.start({ key: 'k' })
    await site.clock.advance(100)
    upstream.fail(new TypeError('fetch failed'))
    expect((await first).status).toBe(502)
    await site.clock.advance(2_000)
    const again = await second.upstream.request()
    again.response()
    again.push(WHOLE)
    again.end()
    expect((await readBody(await joined)).text).toBe(WHOLE)
  })

  test('is refused when it is longer than 256 characters', async () => {
    expect((await openSite().start({ key: 'k'.repeat(257) })).status).toBe(400)
  })
})

describe('Stop', () => {
  test('before the first output closes the upstream, both are told, and the key is not used again', async () => {
    const site = openSite()
    const started = site.start({ conversation: 'c1', key: 'k' })
    const upstream = await site.upstream.request()
    expect((await site.stop('c1')).status).toBe(204)
    await upstream.closed
    const response = await started
    expect(response.status).toBe(409)
    expect(response.headers.get('x-should-retry')).toBe('false')
    expect(await response.json()).toMatchObject({ error: { code: 'stopped' } })
    await site.clock.advance(100)
    expect((await site.start({ conversation: 'c1', key: 'k' })).status).toBe(409)
    expect(site.upstream.requests).toHaveLength(1)
  })

  describe.each(['adds it', 'fails'])('before the store %s', (how) => {
    test.each([
      ['with a key', { key: 'k' }],
      ['without a key', {}],
    ])('is heard: a start %s sends nothing', async (_which, keyed) => {
      const store = memoryStore()
      let isSlow = true
      const slow = new Proxy(store, {
        get:
          (target, name: keyof StreamStore) =>
          async (...args: never[]) => {
            if (isSlow) await new Promise<void>((resolve) => site.clock.timer(2_000, resolve))
            if (isSlow && how === 'fails') throw new Error('Cut off')
            return (target[name] as (...all: never[]) => unknown)(...args)
          },
      })
      const watch = () => () => {}
      const site: Site = openSite({ store: { ...store, create: slow.create, list: slow.list, watch } })
      const started = site.start({ conversation: 'c1', ...keyed })
      await site.clock.advance(1_000)
      const stopped = site.stop('c1')
      await site.clock.advance(10_000)
      isSlow = false
      // With a key, it may run elsewhere.
      const isUnknown = how === 'fails' && 'key' in keyed
      expect((await stopped).status).toBe(isUnknown ? 503 : 204)
      expect((await started).status).toBe(isUnknown ? 503 : 409)
      expect(site.upstream.requests).toHaveLength(0)
      if (how === 'adds it' && 'key' in keyed) expect((await site.start(keyed)).status).toBe(409)
    })
  })

  test('before the store says that the key runs elsewhere stops it there', async () => {
    const site = openSite()
    const { upstream } = await openStream(site, { key: 'k' })
    await site.clock.advance(100)
    const create: StreamStore['create'] = async (stream) => {
      await new Promise<void>((resolve) => site.clock.timer(2_000, resolve))
      return site.store.create(stream)
    }
    const second = openSite({ store: { ...site.store, create }, clock: site.clock })
    const joined = second.start({ conversation: 'c1', key: 'k' })
    await site.clock.advance(1_000)
    expect((await second.stop('c1')).status).toBe(204)
    await site.clock.advance(3_000)
    expect(upstream.isClosed()).toBe(true)
    expect((await readBody(await joined)).text).toContain('"code":"stopped"')
  })

  test('reaches an SDK that does not look at its signal', async () => {
    const site = openSite()
    const request = new Request('https://app.example/', { method: 'POST', headers: { user: 'ann' } })
    const started = site.streams.start(request, { conversation: 'c1', respond: () => new Promise(() => {}) })
    await site.clock.advance(0)
    await site.stop('c1')
    expect((await started).status).toBe(409)
  })

  test.each(['c1', 'id'])(
    'mid-stream, by %s: all readers are told in its own words, and none sees a clean end',
    async (by) => {
      const site = openSite()
      const { response, upstream, id } = await openStream(site, { conversation: 'c1' })
      const other = readBody(await site.get(`${PATH}/${id}?live=stream`))
      await site.clock.advance(100)
      expect((await site.stop(by === 'id' ? id : 'c1')).status).toBe(204)
      await upstream.closed
      await site.clock.advance(100)
      for (const { text, isBroken } of [await readBody(response), await other]) {
        expect(text).toContain(say('Hel'))
        expect(text.slice((ROLE + say('Hel')).length)).toMatch(/^data: \{"error":.*"code":"stopped".*\}\n\n$/)
        expect(isBroken).toBe(true)
      }
      // Nothing of that is among the bytes.
      expect((await site.store.read(id, 0, 1_000))?.length).toBe((ROLE + say('Hel')).length)
    },
  )

  test('by the place of the response, which can still be read', async () => {
    const site = openSite()
    const { id, upstream, response } = await openStream(site)
    const stop = () => site.get(`${PATH}/${id}/stop`, { method: 'POST' })
    expect((await stop()).status).toBe(204)
    expect(upstream.isClosed()).toBe(true)
    expect((await readBody(response)).text).toContain('"code":"stopped"')
    expect((await stop()).status).toBe(204)
    expect((await site.get(`${PATH}/${id}/stop`)).status).toBe(404)
    expect((await site.get(`${PATH}/${id}`)).status).toBe(200)
  })

  test('from another server, mid-stream, within a second', async () => {
    const site = openSite()
    const second = openSite({ store: site.store, clock: site.clock })
    const { response, upstream } = await openStream(site, { conversation: 'c1' })
    await site.clock.advance(100)
    expect((await second.stop('c1')).status).toBe(204)
    await site.clock.advance(1_000)
    expect(upstream.isClosed()).toBe(true)
    expect((await readBody(response)).isBroken).toBe(true)
  })

  test.each(['before its headers', 'while it is silent'])(
    'from another process on the same SQLite file, %s, within a second',
    async (moment) => {
      const folder = mkdtempSync(join(tmpdir(), 'streams-'))
      const clock = createFakeClock()
      const stores = [0, 1].map(() => sqliteStore(join(folder, 'streams.db'), clock))
      const [site, second] = stores.map((store) => openSite({ store, clock })) as [Site, Site]
      const started = site.start({ conversation: 'c1' })
      const upstream = await site.upstream.request()
      if (moment === 'while it is silent') {
        upstream.response()
        upstream.push(ROLE + say('Hel'))
      }
      await clock.advance(4_000)
      expect((await second.stop('c1')).status).toBe(204)
      await clock.advance(1_000)
      expect(upstream.isClosed()).toBe(true)
      await (await started).text().catch(() => {})
      await clock.advance(1_000)
      for (const store of stores) store.close()
      await clock.advance(1_000)
      rmSync(folder, { recursive: true })
    },
  )

  test('from another server keeps the key of a run that fails before it hears of it', async () => {
    const store = memoryStore()
    const site = openSite({ store: { ...store, watch: () => () => {} } })
    const second = openSite({ store, clock: site.clock })
    const started = site.start({ conversation: 'c1', key: 'k' })
    const upstream = await site.upstream.request()
    expect((await second.stop('c1')).status).toBe(204)
    upstream.fail(new TypeError('Reset'))
    await site.clock.advance(1_000)
    expect((await started).status).toBe(502)
    const again = [site, second].map((each) => each.start({ key: 'k' }))
    await site.clock.advance(1_000)
    expect([site, second].map((each) => each.upstream.requests.length)).toEqual([1, 0])
    for (const response of await Promise.all(again)) expect(response.status).toBe(409)
  })

  test('after the end changes nothing', async () => {
    const site = openSite()
    const { response, upstream } = await openStream(site, { conversation: 'c1' })
    upstream.push(FINISH + DONE)
    upstream.end()
    await site.clock.advance(100)
    expect((await site.stop('c1')).status).toBe(204)
    expect(await readBody(response)).toMatchObject({ isBroken: false })
  })

  test('after the end marker, before the connection ends, leaves it whole', async () => {
    const site = openSite()
    const { response, upstream } = await openStream(site, { conversation: 'c1' })
    upstream.push(FINISH + DONE)
    await site.clock.advance(10)
    await site.stop('c1')
    await site.clock.advance(100)
    expect(await readBody(response)).toMatchObject({ isBroken: false })
  })

  test('a Stop of nothing is 404', async () => {
    expect((await openSite().stop('c1')).status).toBe(404)
  })
})

describe('latest', () => {
  test('gives the open response from its beginning, and 204 when there is none', async () => {
    const site = openSite()
    expect((await site.latest('c1')).status).toBe(204)
    const { upstream } = await openStream(site, { conversation: 'c1' })
    const response = await site.latest('c1')
    expect(response.status).toBe(200)
    upstream.push(FINISH + DONE)
    upstream.end()
    expect((await readBody(response)).text).toBe(ROLE + say('Hel') + FINISH + DONE)
    await site.clock.advance(100)
    expect((await site.latest('c1')).status).toBe(204)
  })
})

describe('a response that breaks off', () => {
  test.each([
    ['by a reset', true],
    ['by a clean end without its end marker', false],
  ])('%s is told to each reader in its own words, and is no clean end', async (_name, isCut) => {
    const site = openSite()
    const { response, upstream, id } = await openStream(site)
    if (isCut) upstream.cut()
    else upstream.end()
    await site.clock.advance(100)
    const late = await readBody(await site.get(`${PATH}/${id}?live=stream`))
    for (const { text, isBroken } of [await readBody(response), late]) {
      expect(text).toMatch(
        /^data: \{"error":\{"message":"[^"]+","type":"streamkeeper_error","code":"\w+"\}\}\n\n$/m,
      )
      expect(isBroken).toBe(true)
    }
    expect((await site.store.read(id, 0, 1_000))?.length).toBe((ROLE + say('Hel')).length)
  })

  test('under the engine keeps no word of the engine, and its code', async () => {
    let chunks = 0
    const cutFetch: typeof fetch = async () => {
      const body = new ReadableStream<Uint8Array>({
        pull: (controller) => {
          if (chunks++ === 0) controller.enqueue(new TextEncoder().encode(ROLE + say('Hel')))
          else controller.error(new TypeError('terminated'))
        },
      })
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
    }
    const site = openSite({ fetch: createResilientFetch({ fetch: cutFetch }) })
    const response = await site.start()
    const { text, isBroken } = await readBody(response)
    expect(isBroken).toBe(true)
    expect(text.match(/streamkeeper_error/g)).toHaveLength(1)
    expect(text).toContain('"code":"network_error"')
    await site.clock.advance(100)
    const [id = ''] = await site.store.list('ann')
    expect((await site.store.read(id, 0, 1_000))?.length).toBe((ROLE + say('Hel')).length)
  })

  test('a cut response of no known protocol breaks without words', async () => {
    const site = openSite()
    const started = site.start()
    const upstream = await site.upstream.request()
    upstream.response({ 'content-type': 'text/plain' })
    const response = await started
    upstream.push('Once upon')
    await site.clock.advance(10)
    upstream.cut()
    expect(await readBody(response)).toEqual({ text: 'Once upon', isBroken: true })
  })
})

describe('a producer that died', () => {
  /** A store as a dead process has left it, and another process on it. */
  async function leaveBehind(pushed: string, headers?: HeadersInit, clock = createFakeClock()) {
    const store = memoryStore()
    const dead = openSite({ store: { ...store, watch: () => () => {} } })
    const started = dead.start({ key: 'k', conversation: 'c1' })
    const upstream = await dead.upstream.request()
    let id = ''
    if (pushed || headers) {
      upstream.response(headers)
      id = (await started).headers.get('x-streamkeeper-id') ?? ''
    }
    if (pushed) upstream.push(pushed)
    await dead.clock.advance(200)
    id ||= (await dead.store.list('ann'))[0] ?? ''
    // Its clock stands still from here on, and nobody tells it anything: no sign of life comes any more.
    const alive = openSite({ store, clock })
    return { dead, alive, id }
  }

  test('is noticed by a reader within 20 s, which is told in its words', async () => {
    const { alive, id } = await leaveBehind(ROLE + say('Hel'))
    const read = readBody(await alive.get(`${PATH}/${id}?live=stream`))
    await alive.clock.advance(14_000)
    expect((await alive.latest('c1')).status).toBe(200)
    await alive.clock.advance(6_000)
    const { text, isBroken } = await read
    expect(text).toContain(say('Hel'))
    expect(text).toContain('"code":"producer_lost"')
    expect(isBroken).toBe(true)
    expect((await alive.latest('c1')).status).toBe(204)
  })

  test('is noticed in time on a machine that is busy: all its timers are late', async () => {
    const clock = createFakeClock()
    const late = { ...clock, timer: (ms: number, task: () => void) => clock.timer(ms * 1.5, task) }
    const { alive, id } = await leaveBehind(ROLE + say('Hel'), undefined, late)
    const read = readBody(await alive.get(`${PATH}/${id}?live=stream`))
    await alive.clock.advance(18_000)
    expect((await read).text).toContain('producer_lost')
  })

  test('is told to each reader in time, though its end cannot be stored', async () => {
    const { alive, id } = await leaveBehind(ROLE + say('Hel'))
    alive.store.write = () => Promise.reject(new Error('The disk is full'))
    const read = readBody(await alive.get(`${PATH}/${id}?live=stream`))
    await alive.clock.advance(20_000)
    expect(await read).toMatchObject({ isBroken: true })
    expect((await read).text).toContain('"code":"producer_lost"')
    expect(alive.errors.map(String)).toContain('Error: The disk is full')
  })

  test('is noticed by a client that only asks again and again', async () => {
    const { alive, id } = await leaveBehind(ROLE + say('Hel'))
    for (let seconds = 0; seconds < 20; seconds++) {
      await alive.get(`${PATH}/${id}`)
      await alive.clock.advance(1_000)
    }
    const response = await alive.get(`${PATH}/${id}?offset=${(ROLE + say('Hel')).length}`)
    expect(await response.text()).toContain('producer_lost')
    expect(response.headers.get('stream-error')).toBe('producer_lost')
  })

  test('leaves a complete response if its end was stored', async () => {
    const { alive, id } = await leaveBehind(WHOLE)
    const read = readBody(await alive.get(`${PATH}/${id}?live=stream`))
    await alive.clock.advance(20_000)
    expect(await read).toEqual({ text: WHOLE, isBroken: false })
  })

  test('mid-stream keeps its key: it is not run again', async () => {
    const { alive } = await leaveBehind(ROLE + say('Hel'))
    const read = alive.start({ key: 'k' }).then(readBody)
    await alive.clock.advance(20_000)
    expect(await read).toMatchObject({ isBroken: true })
    expect((await readBody(await alive.start({ key: 'k' }))).text).toContain('producer_lost')
    expect(alive.upstream.requests).toHaveLength(0)
  })

  test('before its first output frees its key, and who waits with it runs it', async () => {
    const { alive, id } = await leaveBehind('')
    expect(id).not.toBe('')
    const started = alive.start({ key: 'k' })
    await alive.clock.advance(10_000)
    expect(alive.upstream.requests).toHaveLength(0)
    await alive.clock.advance(10_000)
    const upstream = await alive.upstream.request()
    upstream.response()
    upstream.push(WHOLE)
    upstream.end()
    expect((await readBody(await started)).text).toBe(WHOLE)
  })

  test('before its first byte frees its key, though its removal fails once', async () => {
    const { alive, id } = await leaveBehind('', { 'content-type': 'text/event-stream' })
    const { delete: remove } = alive.store
    alive.store.delete = async () => {
      alive.store.delete = remove
      throw new Error('Cut off')
    }
    const read = readBody(await alive.get(`${PATH}/${id}?live=stream`))
    await alive.clock.advance(20_000)
    expect(await read).toEqual({ text: '', isBroken: true })
    expect(alive.store.delete).toBe(remove)
    expect((await openStream(alive, { key: 'k' })).response.headers.get('x-streamkeeper-id')).not.toBe(id)
  })

  test('after its headers, before its first byte, frees its key, and its readers are told', async () => {
    const { alive, id } = await leaveBehind('', { 'content-type': 'text/event-stream' })
    const read = readBody(await alive.get(`${PATH}/${id}?live=stream`))
    await alive.clock.advance(20_000)
    expect(await read).toEqual({ text: '', isBroken: true })
    expect((await openStream(alive, { key: 'k' })).response.status).toBe(200)
  })

  test.each([
    ['forward', 3_600_000],
    ['back', -3_600_000],
  ])('is not seen in one that lives, though the clock jumps %s', async (_name, ms) => {
    const site = openSite()
    const second = openSite({ store: site.store, clock: site.clock })
    const { upstream, id } = await openStream(site)
    const read = readBody(await second.get(`${PATH}/${id}?live=stream`))
    await site.clock.advance(1_000)
    site.clock.jump(ms)
    await site.clock.advance(30_000)
    upstream.push(FINISH + DONE)
    upstream.end()
    await site.clock.advance(3_000)
    expect(await read).toMatchObject({ isBroken: false })
  })

  test('is not seen by a reader that slept', async () => {
    const site = openSite()
    const { upstream, id } = await openStream(site)
    const second = openSite({ store: site.store })
    const read = readBody(await second.get(`${PATH}/${id}?live=stream`))
    await second.clock.advance(2_000)
    await second.clock.freeze(120_000)
    await second.clock.advance(5_000)
    await site.clock.advance(6_000)
    await second.clock.advance(12_000)
    upstream.push(FINISH + DONE)
    upstream.end()
    await site.clock.advance(1_000)
    await second.clock.advance(3_000)
    expect(await read).toMatchObject({ isBroken: false })
  })

  test('cannot append if it only slept: it closes its upstream, and its own readers get an error', async () => {
    const store = memoryStore()
    // Nobody tells it anything while it sleeps.
    const site = openSite({ store: { ...store, watch: () => () => {} } })
    const { response, upstream, id } = await openStream(site)
    await site.clock.advance(100)
    const second = openSite({ store })
    const read = readBody(await second.get(`${PATH}/${id}?live=stream`))
    await second.clock.advance(20_000)
    expect((await read).text).toContain('producer_lost')
    const before = await site.store.read(id, 0, 10_000)
    upstream.push(say(' too late'))
    await site.clock.advance(1_000)
    expect(upstream.isClosed()).toBe(true)
    const after = await site.store.read(id, 0, 10_000)
    expect(after?.length).toBe(before?.length)
    expect((await readBody(response)).isBroken).toBe(true)
  })
})

describe('a stream that is not in the store any more', () => {
  test('is stopped by its producer, which somebody has declared dead before its first output', async () => {
    const site = openSite()
    // Nobody tells it anything, and it cannot write for a while.
    const cut = openSite({ store: { ...site.store, watch: () => () => {} }, clock: site.clock })
    const started = cut.start({ key: 'k' })
    const upstream = await cut.upstream.request()
    const [id = ''] = await site.store.list('ann')
    await site.store.delete(id)
    await site.clock.advance(4_000)
    expect(upstream.isClosed()).toBe(true)
    expect((await started).status).toBe(503)
  })

  test('is stopped at once where the store tells of it, though its model is silent', async () => {
    const site = openSite()
    const { response, upstream, id } = await openStream(site)
    await site.clock.advance(100)
    await site.store.delete(id)
    await site.clock.advance(100)
    expect(upstream.isClosed()).toBe(true)
    expect((await readBody(response)).text).toContain('"code":"producer_lost"')
  })

  test('goes on if the store has lost it, and its key does not run again here', async () => {
    const kept = memoryStore()
    const site = openSite({ store: { ...kept, wasDeleted: async () => false } })
    const { response, upstream, id } = await openStream(site, { key: 'k', conversation: 'c1' })
    await site.clock.advance(100)
    await kept.delete(id)
    await site.clock.advance(4_000)
    expect(upstream.isClosed()).toBe(false)
    const again = await site.start({ key: 'k' })
    expect(again.headers.get('x-streamkeeper-id')).toBe(id)
    expect((await site.latest('c1')).headers.get('x-streamkeeper-id')).toBe(id)
    upstream.push(FINISH + DONE)
    upstream.end()
    for (const read of [response, again]) {
      expect(await readBody(read)).toEqual({ text: ROLE + say('Hel') + FINISH + DONE, isBroken: false })
    }
    expect(site.upstream.requests).toHaveLength(1)
  })
})

describe('a store that has lost its newest writes', () => {
  /** A stream of some words, of which the store then knows a part only, as it was some versions before. */
  async function rollBack(words: string[], kept: string) {
    let store: StreamStore = memoryStore()
    const restored = new Proxy(store, {
      get: (_, name: keyof StreamStore) =>
        name === 'watch' ? () => () => {} : name === 'wasDeleted' ? async () => false : store[name],
    })
    const fault = { isCut: false }
    const cut = new Proxy(restored, {
      get: (target, name: keyof StreamStore) =>
        fault.isCut && name !== 'watch' ? () => Promise.reject(new Error('Cut off')) : target[name],
    })
    const site = openSite({ store: cut })
    const second = openSite({ store: restored, clock: site.clock })
    const started = await openStream(site, { key: 'k', conversation: 'c1' })
    await site.clock.advance(100)
    for (const word of words) {
      started.upstream.push(word)
      await site.clock.advance(100)
    }
    const { id } = started
    const { info = '' } = (await store.read(id, 0, 0)) ?? {}
    store = memoryStore()
    await store.create({ id, owner: 'ann', conversation: 'c1', key: 'k', info, ttlMs: 3_600_000 })
    await store.write(id, 1, { bytes: new TextEncoder().encode(kept) })
    const finish = async () => {
      await site.clock.advance(4_000)
      expect(started.upstream.isClosed()).toBe(false)
      started.upstream.push(FINISH + DONE)
      started.upstream.end()
      await site.clock.advance(1_000)
    }
    const text = ROLE + say('Hel') + words.join('') + FINISH + DONE
    return { ...started, site, second, fault, finish, text }
  }

  test.each([
    ['all but the first', ROLE + say('Hel')],
    ['a part of one', (ROLE + say('Hel')).slice(0, -3)],
    ['all bytes', ''],
  ])('gets them again, if they are in memory: %s', async (_which, kept) => {
    const { response, second, id, finish, text } = await rollBack([say('lo'), say(' you')], kept)
    const there = second.get(`${PATH}/${id}?live=stream`).then(readBody)
    await finish()
    for (const read of [readBody(response), there, second.start({ key: 'k' }).then(readBody)])
      expect(await read).toEqual({ text, isBroken: false })
  })

  test.each([
    ['a sign of life', ROLE + say('Hel')],
    ['bytes', ''],
  ])(
    'and is told to stop it before its producer writes: it stops, and nothing is missing: %s',
    async (_lost, kept) => {
      const { response, site, second, id, upstream } = await rollBack([], kept)
      expect((await second.stop('c1')).status).toBe(204)
      await site.clock.advance(4_000)
      expect(upstream.isClosed()).toBe(true)
      const there = readBody(await second.get(`${PATH}/${id}?live=stream`))
      for (const { text, isBroken } of [await readBody(response), await there]) {
        expect(text.startsWith(ROLE + say('Hel'))).toBe(true)
        expect(text).toContain('"code":"stopped"')
        expect(isBroken).toBe(true)
      }
    },
  )

  test('and in which its producer has been declared dead takes nothing from it any more', async () => {
    const { response, site, second, id, upstream, fault } = await rollBack([], ROLE.slice(0, 5))
    fault.isCut = true
    const there = second.get(`${PATH}/${id}?live=stream`).then(readBody)
    await site.clock.advance(20_000)
    const { text } = await there
    expect(text).toContain('producer_lost')
    fault.isCut = false
    await site.clock.advance(6_000)
    expect(upstream.isClosed()).toBe(true)
    expect((await readBody(response)).isBroken).toBe(true)
    expect(await readBody(await second.get(`${PATH}/${id}?live=stream`))).toEqual({ text, isBroken: true })
  })

  test('and all bytes of one that is longer than what is in memory: its key runs nowhere else', async () => {
    const words = Array.from({ length: 5 }, (_, word) => say(`${word}`.repeat(30_000)))
    const { second, site, finish } = await rollBack(words, '')
    await site.clock.advance(4_000)
    const again = [second.start({ key: 'k' }).then(readBody)]
    await site.clock.advance(20_000)
    again.push(second.start({ key: 'k' }).then(readBody))
    await finish()
    expect(await Promise.all(again)).toEqual(Array.from({ length: 2 }, () => ({ text: '', isBroken: true })))
    expect(second.upstream.requests).toHaveLength(0)
  })

  test('and of more than is in memory: its reader here gets all of it, and none a wrong byte', async () => {
    const words = Array.from({ length: 5 }, (_, word) => say(`${word}`.repeat(30_000)))
    const { response, site, second, id, finish, text } = await rollBack(words, ROLE + say('Hel'))
    // Most of this is not in memory any more.
    const late = readBody(await site.get(`${PATH}/${id}?live=stream`))
    const from = text.length - (FINISH + DONE).length
    const here = readBody(await site.get(`${PATH}/${id}?live=stream&offset=${from}`))
    const there = second.get(`${PATH}/${id}?live=stream`).then(readBody)
    await finish()
    await site.clock.advance(20_000)
    expect(await here).toEqual({ text: FINISH + DONE, isBroken: false })
    for (const read of [late, readBody(response)])
      expect(await read).toEqual({ text: ROLE + say('Hel'), isBroken: true })
    const { text: elsewhere, isBroken } = await there
    expect(elsewhere.startsWith(ROLE + say('Hel'))).toBe(true)
    expect(elsewhere).toContain('producer_lost')
    expect(isBroken).toBe(true)
  })
})

describe('a conversation of many responses', () => {
  test.each([
    ['one that 20 newer ones have followed', 1, 20],
    ['25 at once', 25, 0],
  ])('has all open ones found and stopped: %s', async (_name, open, ended) => {
    const site = openSite()
    for (let count = 0; count < open; count++) await openStream(site, { conversation: 'c1' })
    for (let count = 0; count < ended; count++) {
      const { upstream } = await openStream(site, { conversation: 'c1' })
      upstream.push(FINISH + DONE)
      upstream.end()
    }
    await site.clock.advance(1_000)
    expect((await site.latest('c1')).status).toBe(200)
    await site.stop('c1')
    await site.clock.advance(1_000)
    const opened = site.upstream.requests.slice(0, open)
    expect(opened.filter((request) => request.isClosed())).toHaveLength(open)
  })
})

test('a user may be number 0', async () => {
  const site = openSite({ authorize: () => 0 as unknown as string })
  expect((await site.get(PATH)).status).toBe(200)
})

test.each([{ id: 1 }, ['ann'], true, 10n, Symbol('ann'), () => 'ann'])(
  'a user that is %o, and no text or number, is a TypeError: it would be the same for many',
  async (user) => {
    const site = openSite({ authorize: () => user as unknown as string })
    await expect(site.start()).rejects.toThrow('Wrong result of authorize')
    await expect(site.latest('c1')).rejects.toThrow(TypeError)
    await expect(site.stop('c1')).rejects.toThrow(TypeError)
    await expect(site.get(PATH)).rejects.toThrow(TypeError)
    expect(site.upstream.requests).toHaveLength(0)
  },
)

test.each(['/v1/chat/completions', 'http://'])('the url %s is a TypeError that names it', async (url) => {
  const site = openSite()
  const request = new Request('https://app.example/', { method: 'POST', headers: { user: 'ann' } })
  await expect(site.streams.start(request, { url })).rejects.toThrow(
    `Wrong option url: got ${JSON.stringify(url)}`,
  )
})

test.each(['/ü/streams', '/流', '/a b'])('streams may lie below %s', async (path) => {
  const site = openSite({ path })
  const { response, upstream } = await openStream(site)
  upstream.push(FINISH + DONE)
  upstream.end()
  await readBody(response)
  const read = await site.get(`${response.headers.get('content-location')}?live=stream`)
  expect((await readBody(read)).text).toBe(ROLE + say('Hel') + FINISH + DONE)
})

describe('limits', () => {
  test('a response that grows too large is broken off, and its upstream closed', async () => {
    const site = openSite({ maxBytes: 1_000 })
    const { response, upstream } = await openStream(site)
    upstream.push(say('x'.repeat(900)))
    await upstream.closed
    const { text, isBroken } = await readBody(response)
    expect(text).toContain('too_large')
    expect(isBroken).toBe(true)
  })

  test('a response can be read for an hour after its end', async () => {
    const site = openSite()
    const { upstream, id } = await openStream(site)
    upstream.push(FINISH + DONE)
    upstream.end()
    await site.clock.advance(3_599_000)
    expect((await site.get(`${PATH}/${id}`)).status).toBe(200)
    await site.clock.advance(2_000)
    expect((await site.get(`${PATH}/${id}`)).status).toBe(404)
  })

  test('a replay of 16 MB comes in pieces, and a reader that is slow holds none of it', async () => {
    const site = openSite({ maxBytes: 32 * 1024 * 1024 })
    const { response, upstream, id } = await openStream(site)
    await response.body?.cancel()
    const line = say('x'.repeat(1_000_000))
    for (let count = 0; count < 16; count++) {
      upstream.push(line)
      await site.clock.advance(100)
    }
    upstream.push(FINISH + DONE)
    upstream.end()
    await site.clock.advance(5_000)
    const reader = (await site.get(`${PATH}/${id}?live=stream`)).body?.getReader()
    let bytes = 0
    let largest = 0
    for (;;) {
      const chunk = await reader?.read()
      if (!chunk?.value) break
      bytes += chunk.value.length
      largest = Math.max(largest, chunk.value.length)
    }
    expect(bytes).toBe((ROLE + say('Hel') + line.repeat(16) + FINISH + DONE).length)
    expect(largest).toBeLessThanOrEqual(256 * 1024)
  })
})

describe('heartbeats', () => {
  test('come only to who asks for them, after silence, and between events', async () => {
    const site = openSite()
    const { response, upstream, id } = await openStream(site)
    const asked = (await site.get(`${PATH}/${id}?live=stream&heartbeat=15`)).body?.getReader()
    await asked?.read()
    const beat = asked?.read()
    await site.clock.advance(15_000)
    expect(new TextDecoder().decode((await beat)?.value)).toBe(': streamkeeper\n\n')
    upstream.push('data: {"half')
    expect(new TextDecoder().decode((await asked?.read())?.value)).toBe('data: {"half')
    const next = asked?.read()
    await site.clock.advance(60_000)
    upstream.push('":1}\n\n')
    expect(new TextDecoder().decode((await next)?.value)).toBe('":1}\n\n')
    upstream.end()
    expect((await readBody(response)).text).not.toContain('streamkeeper\n')
  })
})

describe('a store that fails', () => {
  function failing() {
    const store = memoryStore()
    const fault = { isDown: false }
    const guard =
      <Args extends unknown[], Result>(task: (...args: Args) => Promise<Result>) =>
      (...args: Args) =>
        fault.isDown ? Promise.reject<Result>(new Error('The store is down')) : task(...args)
    const { create, write, read, list, delete: remove } = store
    const broken = {
      ...store,
      create: guard(create),
      write: guard(write),
      read: guard(read),
      list: guard(list),
      delete: guard(remove),
    }
    return { store: broken, fault }
  }

  test('at the start: without a key the response comes unkept, with one it is 503', async () => {
    const { store, fault } = failing()
    const site = openSite({ store })
    fault.isDown = true
    const keyed = await site.start({ key: 'k' })
    expect(keyed.status).toBe(503)
    expect(keyed.headers.get('retry-after')).toBe('1')
    expect(site.upstream.requests).toHaveLength(0)
    const { response, upstream } = await openStream(site)
    upstream.push(FINISH + DONE)
    upstream.end()
    expect(await readBody(response)).toEqual({ text: ROLE + say('Hel') + FINISH + DONE, isBroken: false })
    expect(site.errors.length).toBeGreaterThan(0)
  })

  test.each(['create', 'write', 'read', 'list', 'delete'] as const)(
    'by never settling, in %s: handle() says so after 5 s',
    async (operation) => {
      const store = memoryStore()
      let isDown = false
      const hanging = new Proxy(store, {
        get: (target, name: keyof typeof store) =>
          isDown && name === operation ? () => new Promise(() => {}) : target[name],
      })
      const site = openSite({ store: hanging })
      const { id } = await openStream(site, { conversation: 'c1' })
      const other = openSite({ store: hanging, clock: site.clock, ingest: true })
      await site.clock.advance(100)
      isDown = true
      const asked = {
        create: () =>
          other.get(`${PATH}/notes`, { method: 'PUT', headers: { 'content-type': 'text/plain' } }),
        write: () => other.stop('c1'),
        read: () => other.get(`${PATH}/${id}`),
        list: () => other.latest('c1'),
        delete: () => other.get(`${PATH}/${id}`, { method: 'DELETE' }),
      }[operation]()
      await site.clock.advance(7_500)
      const response = await asked
      expect(response.status).toBe(503)
      expect(await response.json()).toMatchObject({ error: { code: 'storage_unavailable' } })
      expect(String(other.errors[0])).toContain(`${operation}: no reply from the store within 5 s`)
    },
  )

  describe.each(['rejects', 'hangs'])(
    'and %s, after a key was claimed and before the first output',
    (how) => {
      /** Two servers, of which the first is cut off from the store. */
      async function cutOff() {
        const store = memoryStore()
        const isCut = { value: false }
        const cut = new Proxy(store, {
          get:
            (target, name: keyof StreamStore) =>
            (...args: never[]) => {
              if (!isCut.value || name === 'watch')
                return (target[name] as (...all: never[]) => unknown)(...args)
              return how === 'hangs' ? new Promise(() => {}) : Promise.reject(new Error('Cut off'))
            },
        })
        const first = openSite({ store: cut })
        const second = openSite({ store, clock: first.clock })
        const started = first.start({ key: 'k', conversation: 'c1' })
        const upstream = await first.upstream.request()
        return { first, second, started, upstream, isCut }
      }

      test('its headers are held back, and its upstream is closed before the key runs elsewhere', async () => {
        const { first, second, started, upstream, isCut } = await cutOff()
        isCut.value = true
        upstream.response()
        void second.start({ key: 'k' })
        await first.clock.advance(9_000)
        expect(upstream.isClosed()).toBe(false)
        await first.clock.advance(5_000)
        expect(upstream.isClosed()).toBe(true)
        expect((await started).status).toBe(503)
        expect(second.upstream.requests).toHaveLength(0)
        await first.clock.advance(3_000)
        expect(second.upstream.requests).toHaveLength(1)
      })

      test.each([
        ['its first bytes', ROLE + say('Hel')],
        ['all of it', WHOLE],
      ])(
        '%s: nobody is given a byte of it, and its upstream is closed before the key runs elsewhere',
        async (_what, pushed) => {
          const { first, second, started, upstream, isCut } = await cutOff()
          upstream.response()
          const read = started.then(readBody)
          await first.clock.advance(100)
          isCut.value = true
          upstream.push(pushed)
          if (pushed === WHOLE) upstream.end()
          const joined = second.start({ key: 'k' }).then(readBody)
          await first.clock.advance(14_000)
          if (pushed !== WHOLE) expect(upstream.isClosed()).toBe(true)
          expect(await read).toEqual({ text: '', isBroken: true })
          await first.clock.advance(3_000)
          expect(await joined).toEqual({ text: '', isBroken: true })
          expect((await openStream(second, { key: 'k' })).response.status).toBe(200)
          isCut.value = false
          await first.clock.advance(10_000)
          expect(second.upstream.requests[0]?.isClosed()).toBe(false)
        },
      )

      test('and is stopped elsewhere: its key is not run again', async () => {
        const { first, second, upstream, isCut, started } = await cutOff()
        isCut.value = true
        expect((await second.stop('c1')).status).toBe(204)
        await first.clock.advance(14_000)
        expect(upstream.isClosed()).toBe(true)
        expect((await started).status).toBe(503)
        isCut.value = false
        await first.clock.advance(6_000)
        const again = second.start({ key: 'k' })
        await first.clock.advance(100)
        expect(second.upstream.requests).toHaveLength(0)
        expect((await again).status).toBe(409)
      })

      test('for a while: they come when they are stored, and the key runs once', async () => {
        const { first, second, started, upstream, isCut } = await cutOff()
        isCut.value = true
        upstream.response()
        upstream.push(ROLE + say('Hel'))
        await first.clock.advance(4_000)
        isCut.value = false
        await first.clock.advance(6_000)
        upstream.push(FINISH + DONE)
        upstream.end()
        await first.clock.advance(1_000)
        const whole = { text: ROLE + say('Hel') + FINISH + DONE, isBroken: false }
        expect(await readBody(await started)).toEqual(whole)
        expect(await readBody(await second.start({ key: 'k' }))).toEqual(whole)
      })
    },
  )

  describe('and has done the first write with bytes, whose reply was lost', () => {
    /** Two servers: the first is cut off as soon as it has stored something, and a reader of the second is given it. */
    async function cutOff() {
      const store = memoryStore()
      const isCut = { value: false }
      let writes = 0
      const cut = new Proxy(store, {
        get:
          (target, name: keyof StreamStore) =>
          (...args: never[]) => {
            if (name === 'watch') return () => {}
            const result = isCut.value || (target[name] as (...all: never[]) => unknown)(...args)
            // The first has the headers.
            if (name === 'write' && ++writes === 2) isCut.value = true
            return isCut.value ? Promise.reject(new Error('Cut off')) : result
          },
      })
      const first = openSite({ store: cut })
      const second = openSite({ store, clock: first.clock })
      const { response, upstream } = await openStream(first, { key: 'k' })
      const reads = [readBody(response), second.start({ key: 'k' }).then(readBody)] as const
      return { first, second, upstream, reads, isCut }
    }

    test.each([1_000, 4_000, 8_000])('for %i ms: the response goes on', async (ms) => {
      const { first, second, upstream, reads, isCut } = await cutOff()
      await first.clock.advance(ms)
      isCut.value = false
      await first.clock.advance(6_000)
      upstream.push(FINISH + DONE)
      upstream.end()
      await first.clock.advance(2_000)
      for (const read of [...reads, second.start({ key: 'k' }).then(readBody)]) {
        expect(await read).toEqual({ text: ROLE + say('Hel') + FINISH + DONE, isBroken: false })
      }
      expect(second.upstream.requests).toHaveLength(0)
    })

    test('for 12 s: it breaks off, its bytes stay, and the key is not run again', async () => {
      const { first, second, upstream, reads, isCut } = await cutOff()
      await first.clock.advance(12_000)
      expect(upstream.isClosed()).toBe(true)
      expect(await reads[0]).toEqual({ text: '', isBroken: true })
      isCut.value = false
      await first.clock.advance(6_000)
      const elsewhere = await reads[1]
      expect(elsewhere.text).toContain(ROLE + say('Hel'))
      expect(elsewhere.isBroken).toBe(true)
      expect(await readBody(await second.start({ key: 'k' }))).toEqual(elsewhere)
      expect(second.upstream.requests).toHaveLength(0)
    })
  })

  describe('while the model thinks, before the first output of a run with a key', () => {
    async function think() {
      const { store, fault } = failing()
      const other = openSite({ store })
      const kept = { write: store.write }
      const write: StreamStore['write'] = async (...args) => {
        // No reply is there in the turn in which it was asked for.
        await new Promise<void>((resolve) => site.clock.timer(1, resolve))
        return kept.write(...args)
      }
      const site = openSite({ store: { ...store, write } })
      const started = site.start({ key: 'k' })
      const upstream = await site.upstream.request()
      const finish = async () => {
        upstream.response()
        upstream.push(WHOLE)
        upstream.end()
        await site.clock.advance(1_000)
        return readBody(await started)
      }
      return { site, other, kept, fault, finish }
    }

    test.each([2_900, 4_000, 5_500])('for 6 s, after %i ms: the response comes', async (ms) => {
      const { site, fault, finish } = await think()
      await site.clock.advance(ms)
      fault.isDown = true
      await site.clock.advance(6_000)
      fault.isDown = false
      await site.clock.advance(20_000)
      expect(await finish()).toEqual({ text: WHOLE, isBroken: false })
    })

    test.each([8_000, 9_700, 9_990])(
      'for good, and after %i ms it hangs: its upstream is closed in time',
      async (ms) => {
        const { site, kept } = await think()
        const [upstream] = site.upstream.requests
        kept.write = async () => Promise.reject(new Error('Cut off'))
        await site.clock.advance(ms)
        expect(upstream?.isClosed()).toBe(false)
        kept.write = () => new Promise(() => {})
        await site.clock.advance(14_000 - ms)
        expect(upstream?.isClosed()).toBe(true)
      },
    )

    test('for a moment, and its process is frozen in it: the response comes', async () => {
      const { site, fault, finish } = await think()
      await site.clock.advance(2_900)
      fault.isDown = true
      await site.clock.advance(200)
      fault.isDown = false
      await site.clock.freeze(60_000)
      await site.clock.advance(20_000)
      expect(await finish()).toEqual({ text: WHOLE, isBroken: false })
    })

    test('for good, in what is read after a refusal: its upstream is closed in time', async () => {
      const { site, kept, fault } = await think()
      const [upstream] = site.upstream.requests
      fault.isDown = true
      kept.write = async () => false
      await site.clock.advance(9_000)
      expect(upstream?.isClosed()).toBe(false)
      await site.clock.advance(5_000)
      expect(upstream?.isClosed()).toBe(true)
    })

    test('not at all, but its process was frozen: the response comes', async () => {
      const { site, finish } = await think()
      await site.clock.advance(1_000)
      await site.clock.freeze(60_000)
      await site.clock.advance(20_000)
      expect(await finish()).toEqual({ text: WHOLE, isBroken: false })
    })

    test('not at all, but its process was frozen and declared dead: its upstream is closed', async () => {
      const { site, other } = await think()
      await site.clock.advance(1_000)
      void other.start({ key: 'k' })
      await other.clock.advance(17_000)
      expect(other.upstream.requests).toHaveLength(1)
      await site.clock.freeze(17_000)
      await site.clock.advance(100)
      expect(site.upstream.requests[0]?.isClosed()).toBe(true)
    })
  })

  test.each(['c1', 'id'])('and hangs: a Stop by %s reaches what runs here at once', async (by) => {
    const store = memoryStore()
    let isDown = false
    const hanging = new Proxy(store, {
      get: (target, name: keyof typeof store) =>
        isDown && name !== 'watch' ? () => new Promise(() => {}) : target[name],
    })
    const site = openSite({ store: hanging })
    const { response, upstream, id } = await openStream(site, { conversation: 'c1' })
    upstream.push('x'.repeat(200_000))
    await site.clock.advance(1_000)
    isDown = true
    const stopped = by === 'id' ? site.get(`${PATH}/${id}/stop`, { method: 'POST' }) : site.stop('c1')
    await site.clock.advance(100)
    expect(upstream.isClosed()).toBe(true)
    await site.clock.advance(5_000)
    expect((await stopped).status).toBe(204)
    await response.body?.cancel()
  })

  test.each(['rejects', 'hangs'])(
    'and %s: who stops a run of which nothing is stored is told at once',
    async (how) => {
      const store = memoryStore()
      let isDown = false
      const failed = () => (how === 'hangs' ? new Promise(() => {}) : Promise.reject(new Error('Away')))
      const site = openSite({
        store: new Proxy(store, {
          get: (target, name: keyof typeof store) => (isDown && name !== 'watch' ? failed : target[name]),
        }),
      })
      const started = site.start({ key: 'k', conversation: 'c1' })
      const upstream = await site.upstream.request()
      upstream.response()
      const reads = [started.then(readBody), site.start({ key: 'k' }).then(readBody)]
      await site.clock.advance(100)
      isDown = true
      upstream.push(ROLE + say('Hel'))
      await site.clock.advance(100)
      void site.stop('c1')
      let ended = 0
      for (const read of reads) void read.then(() => ended++)
      await site.clock.advance(300)
      expect(ended).toBe(2)
      for (const read of reads) {
        const { text, isBroken } = await read
        expect(text).toMatch(/^data: \{"error":.*"code":"stopped".*\}\n\n$/)
        expect(isBroken).toBe(true)
      }
      isDown = false
      await site.clock.advance(10_000)
      expect((await readBody(await site.start({ key: 'k' }))).text).toContain('"code":"stopped"')
      expect(site.upstream.requests).toHaveLength(1)
    },
  )

  test.each([
    ['latest()', (site: Site) => site.latest('c1')],
    ['live=stream', (site: Site, id: string) => site.get(`${PATH}/${id}?live=stream`)],
    ['live=long-poll', (site: Site, id: string) => site.get(`${PATH}/${id}?live=long-poll&offset=0`)],
    ['DELETE', (site: Site, id: string) => site.get(`${PATH}/${id}`, { method: 'DELETE' })],
  ])('for good, while somebody waits in %s: nothing goes on watching it', async (_how, wait) => {
    const { store, fault } = failing()
    const site = openSite()
    void site.start({ conversation: 'c1' })
    await site.upstream.request()
    let watching = 0
    const other = openSite({
      clock: site.clock,
      store: {
        ...site.store,
        read: (...args) => (fault.isDown ? store.read(...args) : site.store.read(...args)),
        watch: () => {
          watching++
          fault.isDown = true
          return () => void watching--
        },
      },
    })
    const [id = ''] = await site.store.list('ann', 'c1')
    const waiting = wait(other, id)
    await site.clock.advance(1_000)
    expect(watching).toBe(1)
    await site.clock.advance(30_000)
    await waiting
    expect(watching).toBe(0)
  })

  test.each([
    ['rejects', 0],
    ['hangs', 5_000],
  ])('and %s for good: who reads elsewhere is told in 25 s', async (_how, ms) => {
    const site = openSite()
    const fault = { isDown: false }
    const failing: StreamStore['read'] = (...args) => {
      if (!fault.isDown) return site.store.read(...args)
      return new Promise((_resolve, reject) => site.clock.timer(ms, () => reject(new Error('Away'))))
    }
    const second = openSite({ store: { ...site.store, read: failing }, clock: site.clock })
    const { id } = await openStream(site)
    await site.clock.advance(100)
    let isOver = false
    const read = readBody(await second.get(`${PATH}/${id}?live=stream`)).finally(() => (isOver = true))
    await site.clock.advance(1_000)
    fault.isDown = true
    await site.clock.advance(18_000)
    expect(isOver).toBe(false)
    await site.clock.advance(7_000)
    expect(isOver).toBe(true)
    expect(await read).toMatchObject({ isBroken: true })
  })

  test('for less than a second breaks no reader, however many chunks come meanwhile', async () => {
    const { store, fault } = failing()
    const site = openSite({ store })
    const { response, upstream } = await openStream(site)
    upstream.push('x'.repeat(200_000))
    await site.clock.advance(1_000)
    fault.isDown = true
    // It is behind what is kept in memory.
    const read = readBody(response)
    for (let count = 0; count < 60; count++) {
      upstream.push(say(` ${count}`))
      await site.clock.advance(15)
    }
    fault.isDown = false
    await site.clock.advance(2_000)
    upstream.push(FINISH + DONE)
    upstream.end()
    await site.clock.advance(3_000)
    expect(await read).toMatchObject({ isBroken: false })
  })

  test('mid-stream, for a while: the response goes on here, and is whole in the store afterwards', async () => {
    const { store, fault } = failing()
    const site = openSite({ store })
    const { response, upstream, id } = await openStream(site)
    await site.clock.advance(100)
    fault.isDown = true
    for (let count = 0; count < 20; count++) {
      upstream.push(say(` word ${count}`))
      await site.clock.advance(500)
    }
    fault.isDown = false
    await site.clock.advance(6_000)
    upstream.push(FINISH + DONE)
    upstream.end()
    await site.clock.advance(1_000)
    const here = await readBody(response)
    expect(here.isBroken).toBe(false)
    expect(await readBody(await site.get(`${PATH}/${id}?live=stream`))).toEqual(here)
    expect(here.text).toContain('word 19')
  })

  test('for good: who reads it here has all of it', async () => {
    const { store, fault } = failing()
    const site = openSite({ store })
    const { response, upstream } = await openStream(site)
    await site.clock.advance(100)
    fault.isDown = true
    upstream.push(FINISH + DONE)
    upstream.end()
    await site.clock.advance(120_000)
    expect(await readBody(response)).toMatchObject({ isBroken: false })
  })

  test('a write whose answer is lost is not done twice', async () => {
    const store = memoryStore()
    let lost = 0
    const write: typeof store.write = async (...args) => {
      const isWritten = await store.write(...args)
      if (args[2].bytes && lost++ % 2 === 0) throw new Error('Connection lost')
      return isWritten
    }
    const site = openSite({ store: { ...store, write } })
    const { response, upstream, id } = await openStream(site)
    for (let count = 0; count < 6; count++) {
      upstream.push(say(` ${count}`))
      await site.clock.advance(2_000)
    }
    upstream.push(FINISH + DONE)
    upstream.end()
    await site.clock.advance(5_000)
    const here = await readBody(response)
    expect(await readBody(await site.get(`${PATH}/${id}?live=stream`))).toEqual(here)
    expect(lost).toBeGreaterThan(4)
  })
})

describe('a store that gives fewer bytes than it has', () => {
  /** A response that has ended well, and another process that the store gives only the first of its bytes. */
  async function shortened(
    part: (bytes: Uint8Array) => Uint8Array | string = (bytes) => bytes.subarray(0, 20),
  ) {
    const site = openSite()
    const { upstream, id } = await openStream(site)
    upstream.push(FINISH + DONE)
    upstream.end()
    await site.clock.advance(1_000)
    const fault = { isShort: true }
    const read: StreamStore['read'] = async (name, from, maxBytes) => {
      const stored = await site.store.read(name, from, maxBytes)
      if (!stored || !fault.isShort || maxBytes === 0) return stored
      const all = await site.store.read(name, 0, 1_000)
      return { ...stored, bytes: part(all?.bytes ?? new Uint8Array()).slice(from) as Uint8Array }
    }
    const other = openSite({ store: { ...site.store, read }, clock: site.clock })
    const settled = async <Value>(asked: Promise<Value>) => {
      await site.clock.advance(30_000)
      return asked
    }
    return { other, id, fault, clock: site.clock, settled }
  }

  test.each(['stream', 'sse'])('breaks its body, and has no clean end: %s', async (live) => {
    const { other, id, settled } = await shortened()
    const response = await other.get(`${PATH}/${id}?offset=0&live=${live}`)
    const body = await settled(readBody(response))
    expect(body.isBroken).toBe(true)
    expect(body.text).not.toContain('streamClosed')
    expect(other.errors).toMatchObject([{ message: expect.stringContaining('the store gives none') }])
  })

  test('breaks a catch-up in its middle', async () => {
    const { other, id, settled } = await shortened()
    const response = await other.get(`${PATH}/${id}`)
    expect(await settled(readBody(response))).toMatchObject({ isBroken: true })
  })

  test.each(['', '&live=long-poll'])('is a 503 where none is left: %s', async (live) => {
    const { other, id, settled } = await shortened()
    const response = await settled(other.get(`${PATH}/${id}?offset=20${live}`))
    expect([response.status, response.headers.get('stream-closed')]).toEqual([503, null])
  })

  test('has all of them a moment later: nothing is missed', async () => {
    const { other, id, fault, clock } = await shortened()
    const body = readBody(await other.get(`${PATH}/${id}?live=stream`))
    await clock.advance(3_000)
    fault.isShort = false
    await clock.advance(3_000)
    expect(await body).toEqual({ text: ROLE + say('Hel') + FINISH + DONE, isBroken: false })
  })

  test('as text, which is no bytes, has failed', async () => {
    const { other, id, settled } = await shortened((bytes) => new TextDecoder().decode(bytes))
    const body = await settled(readBody(await other.get(`${PATH}/${id}?live=sse&offset=0`)))
    expect(body).toEqual({ text: '', isBroken: true })
    expect(other.errors).toMatchObject([{ message: expect.stringContaining('got bytes of type string') }])
  })
})

describe('If-None-Match', () => {
  const half = ROLE + say('Hel')
  const ask = async (site: Site, id: string, method = 'GET', etag?: string | null) => {
    const response = await site.get(`${PATH}/${id}`, {
      method,
      headers: etag ? { 'if-none-match': etag } : {},
    })
    await response.body?.cancel()
    return { status: response.status, etag: response.headers.get('etag') }
  }

  test.each([
    ['fails', (upstream: UpstreamRequest) => upstream.cut()],
    ['ends well', (upstream: UpstreamRequest) => upstream.end()],
  ])('finds a stream changed that %s without another byte', async (how, end) => {
    const site = openSite()
    const { upstream, id } = await openStream(site)
    if (how === 'ends well') upstream.push(FINISH + DONE)
    await site.clock.advance(100)
    const open = await ask(site, id)
    expect((await ask(site, id, 'GET', open.etag)).status).toBe(304)
    end(upstream)
    await site.clock.advance(100)
    const ended = await ask(site, id, 'GET', open.etag)
    expect(ended.status).toBe(200)
    expect((await ask(site, id, 'GET', ended.etag)).status).toBe(304)
  })

  test('takes what HEAD has named, in every state', async () => {
    const site = openSite()
    const { upstream, id } = await openStream(site)
    await site.clock.advance(100)
    expect((await ask(site, id, 'HEAD')).etag).toBe((await ask(site, id)).etag)
    upstream.cut()
    await site.clock.advance(100)
    expect((await ask(site, id, 'HEAD')).etag).toBe((await ask(site, id)).etag)
    const late = await site.get(`${PATH}/${id}?offset=${half.length}`)
    expect(late.headers.get('stream-error')).toBe('network_error')
  })
})

test('all streams of a user are listed, or those of one conversation', async () => {
  const site = openSite()
  const first = await openStream(site, { conversation: 'c1' })
  first.upstream.push(FINISH + DONE)
  first.upstream.end()
  await openStream(site, { conversation: 'c2' })
  await site.clock.advance(100)
  const all = (await (await site.get(PATH)).json()) as { streams: { state: string; conversation: string }[] }
  expect(all.streams.map(({ state, conversation }) => [conversation, state])).toEqual([
    ['c2', 'streaming'],
    ['c1', 'ended'],
  ])
  const one = (await (await site.get(`${PATH}?conversation=c1`)).json()) as { streams: unknown[] }
  expect(one.streams).toMatchObject([{ id: first.id, verdict: 'complete', url: `${PATH}/${first.id}` }])
})

describe('a wrong option is a TypeError that says what was passed and what is accepted', () => {
  const authorize = () => 'ann'
  const store = memoryStore()
  const { delete: _, ...noDelete } = store
  const list = `takes '*' or a list of origins such as ["https://app.example.com"]`
  const origin = 'takes an origin such as "https://app.example.com"'

  test.each<[unknown, string]>([
    [undefined, 'Wrong option options: got undefined, takes an object with store, authorize, fetch, path'],
    [{ store: {} }, 'Wrong option store: got [object Object], takes a store such as sqliteStore(path)'],
    [{ store: noDelete }, 'Wrong option store'],
    [{ authorize: undefined }, 'Wrong option authorize: got undefined, takes a function'],
    [{ maxBytes: 0 }, 'Wrong option maxBytes: got 0, takes a whole number, 1 or more'],
    [{ ttlMs: '60' }, 'Wrong option ttlMs: got "60"'],
    [{ ttl: 60 }, 'Unknown option ttl: there are store, authorize, fetch, path, ttlMs'],
    [{ path: 'streams' }, 'Wrong option path: got "streams"'],
    [{ path: '/api/streams/*' }, 'Wrong option path'],
    [{ path: 5 }, 'Wrong option path: got 5'],
    [{ fetch: 'x' }, 'Wrong option fetch: got "x", takes a function'],
    [{ waitUntil: 5 }, 'Wrong option waitUntil'],
    [{ onError: null }, 'Wrong option onError: got null'],
    [{ ingest: 'no' }, 'Wrong option ingest: got "no", takes true or false'],
    [{ origins: 'https://app.example.com' }, `Wrong option origins: got "https://app.example.com", ${list}`],
    [{ origins: true }, `Wrong option origins: got true, ${list}`],
    [{ origins: ['https://a.example', '*'] }, `Wrong option origins[1]: got "*", ${origin}`],
    [{ origins: ['https://app.example.com/'] }, `got "https://app.example.com/", ${origin}`],
    [{ origins: ['https://app.example.com:443'] }, origin],
    [{ origins: ['https://App.example.com'] }, origin],
    [{ origins: ['https://*.example.com'] }, origin],
    [{ origins: ['app.example.com'] }, origin],
    [{ origins: ['localhost:3000'] }, origin],
    [{ origins: ['null'] }, origin],
    [{ origins: [''] }, origin],
    [{ origins: [/example/] }, origin],
  ])('createStreams %o', (options, message) => {
    const all = options && { store, authorize, ...options }
    expect(() => createStreams(all as never)).toThrow(TypeError)
    expect(() => createStreams(all as never)).toThrow(message)
  })

  test.each<[unknown, string]>([
    [undefined, 'Wrong option options: got undefined'],
    [{}, 'Wrong option url: got undefined, takes an absolute URL'],
    ['https://a.example', 'Wrong option options: got "https://a.example", takes an object'],
    [{ url: '/v1/chat/completions' }, 'Wrong option url: got "/v1/chat/completions"'],
    [
      { url: 'https://a.example', method: 'POST' },
      'Unknown option method: there are conversation, url, init',
    ],
    [{ url: 'https://a.example', init: 'POST' }, 'Wrong option init: got "POST"'],
    [{ respond: new Response() }, 'Wrong option respond: got [object Response], takes a function'],
    [{ respond: () => new Response(), init: {} }, 'Unknown option init: there are conversation, respond'],
    [{ url: 'https://a.example', conversation: null }, 'Wrong option conversation: got null, takes a string'],
    [{ url: 'https://a.example', conversation: {} }, 'Wrong option conversation: got [object Object]'],
  ])('start %o', async (options, message) => {
    const site = openSite()
    const started = site.streams.start(
      new Request('https://app.example/', { headers: { user: 'ann' } }),
      options as never,
    )
    await expect(started).rejects.toThrow(message)
    await expect(started).rejects.toThrow(TypeError)
    expect([site.upstream.requests, site.errors]).toEqual([[], []])
  })

  test.each(['latest', 'stop'] as const)('%s, of a promise of an id', async (method) => {
    const site = openSite()
    const { id } = Promise.resolve({ id: 'c1' }) as never
    const request = new Request('https://app.example/', { headers: { user: 'ann' } })
    await expect(site.streams[method](request, id)).rejects.toThrow(
      'Wrong id: got undefined, takes a string or a number',
    )
  })

  test.each(['start', 'latest', 'stop', 'handle'] as const)(
    '%s, of a request of node:http',
    async (method) => {
      const { streams, errors } = openSite({ authorize: () => 'ann' })
      const request = { method: 'OPTIONS', url: '/api/streams', headers: { host: 'app.example' } } as never
      const second = method === 'start' ? { url: 'https://a.example' } : 'c1'
      await expect(streams[method](request, second as never)).rejects.toThrow('takes a Request')
      expect(errors).toEqual([])
    },
  )
})

test.each([
  'https://app.example.com',
  'http://localhost:3000',
  'http://[::1]:8080',
  'capacitor://localhost',
  'tauri://localhost',
  'app://-',
  'file://',
  'chrome-extension://abcdefgh',
])('pages of a listed origin may read, and no others: %s', async (origin) => {
  const site = openSite({ origins: ['https://b.example', origin] })
  const allowed = async (from: string) => {
    const { headers } = await site.get(PATH, { headers: { origin: from } })
    return [headers.get('access-control-allow-origin'), headers.get('access-control-allow-credentials')]
  }
  expect(await allowed(origin)).toEqual([origin, 'true'])
  for (const other of [origin.slice(0, -1), `${origin}x`, 'null'])
    expect(await allowed(other)).toEqual([null, null])
})

test('the open response of a conversation can be asked for by HEAD, and nobody goes on watching it', async () => {
  const site = openSite()
  const { id } = await openStream(site, { conversation: 'c1' })
  let watching = 0
  const watch: StreamStore['watch'] = (...args) => {
    const end = site.store.watch(...args)
    watching++
    return () => {
      watching--
      end()
    }
  }
  const { streams } = openSite({ store: { ...site.store, watch }, clock: site.clock })
  const ask = (method: string) =>
    streams.latest(new Request('https://app.example/latest', { method, headers: { user: 'ann' } }), 'c1')
  const [head, whole] = [await ask('HEAD'), await ask('GET')]
  expect(head.body).toBeNull()
  expect(head.headers.get('x-streamkeeper-id')).toBe(id)
  expect([head.status, ...head.headers]).toEqual([whole.status, ...whole.headers])
  expect(watching).toBe(1)
  await whole.body?.cancel()
  expect(watching).toBe(0)
})

test('the list can be asked for by HEAD', async () => {
  const site = openSite()
  const response = await site.get(PATH, { method: 'HEAD' })
  expect([response.status, response.body]).toEqual([200, null])
  expect((await site.get(PATH, { method: 'PUT' })).status).toBe(405)
})

test('who waits for a response of another process that has not begun, and leaves, is forgotten', async () => {
  const site = openSite()
  void site.start({ conversation: 'c1' })
  await site.upstream.request()
  let reads = 0
  const store = { ...site.store }
  store.read = (...args) => {
    reads++
    return site.store.read(...args)
  }
  const other = openSite({ store, clock: site.clock })
  const left = new AbortController()
  const request = (url: string) => new Request(url, { headers: { user: 'ann' }, signal: left.signal })
  const [id] = await site.store.list('ann', 'c1')
  const waiting = [
    other.streams.latest(request('https://app.example/latest'), 'c1'),
    other.streams.handle(request(`https://app.example${PATH}/${id}?live=stream`)),
  ]
  await site.clock.advance(5_000)
  expect(reads).toBeGreaterThan(5)
  left.abort()
  await site.clock.advance(0)
  await Promise.all(waiting)
  const before = reads
  await site.clock.advance(60_000)
  expect(reads).toBe(before)
})
