import { buffer } from 'node:stream/consumers'
import { stream } from '@durable-streams/client'
import { DurableStreamTestServer } from '@durable-streams/server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { concat } from '../../core/concat.ts'
import { DONE, FINISH, ROLE, say } from '../../core/testing/openai-events.ts'
import { createStreams } from '../create-streams.ts'
import { controlledUpstream } from '../testing/controlled-upstream.ts'
import { serveStreams } from '../testing/serve-streams.ts'
import { describeStore } from '../testing/store-contract.ts'
import { durableStreamsStore } from './durable-streams-store.ts'
import { encodeFrame } from './frames.ts'
import { memoryStore } from './memory-store.ts'

const server = new DurableStreamTestServer({ port: 0 })
beforeAll(() => server.start())
afterAll(() => server.stop())

describeStore('durableStreamsStore() with the reference server', () => {
  const url = `${server.url}/v1/answers`
  return { store: durableStreamsStore({ url }), other: durableStreamsStore({ url }) }
})

describe('a server that is none', () => {
  const page = (body: string, init?: ResponseInit) => async () => new Response(body, init)
  const NEW = { id: 'a1', owner: 'ann', info: '{}', ttlMs: 60_000 }

  test.each<[string, typeof fetch | undefined, string]>([
    [
      'cannot be reached',
      undefined,
      'Cannot reach the Durable Streams server http://127.0.0.1:9/v1: fetch failed',
    ],
    ['fails', async () => Response.error(), 'no response'],
    ['is a 404', page('', { status: 404 }), 'it answered PUT with 404'],
    ['is a page', page('<!doctype html>'), 'it answered PUT with 200'],
  ])('that %s is named, with the cause', async (_name, send, message) => {
    const store = durableStreamsStore({ url: 'http://127.0.0.1:9/v1', ...(send ? { fetch: send } : {}) })
    await expect(store.create(NEW)).rejects.toThrow(message)
    await expect(store.create(NEW)).rejects.toThrow('http://127.0.0.1:9/v1')
  })

  test('that is a page is asked once, and not for ever', async () => {
    let requests = 0
    const send = async () => {
      if (requests++ > 10) throw new Error('Asked again and again')
      return new Response('<!doctype html>')
    }
    const store = durableStreamsStore({ url: 'http://127.0.0.1:9/v1', fetch: send })
    await expect(store.list('ann')).rejects.toThrow('no Stream-Next-Offset')
    await expect(store.read('a1', 0, 10)).rejects.toThrow('no Stream-Next-Offset')
    expect(requests).toBe(2)
  })

  test.each<[unknown, string]>([
    [undefined, 'Wrong option options: got undefined, takes an object with url, headers'],
    [{}, 'Wrong option url: got undefined'],
    [{ url: 'answers' }, 'Wrong option url: got "answers"'],
    [{ url: 'localhost:4437/v1' }, 'Wrong option url'],
    [{ url: 'https://a.example/v1?token=x' }, 'Wrong option url'],
    [{ url: new URL('https://a.example/v1') }, 'Wrong option url'],
    [{ url: 'https://a.example/v1', header: {} }, 'Unknown option header: there are url, headers'],
    [{ url: 'https://a.example/v1', requestMs: 0 }, 'Wrong option requestMs: got 0'],
    [{ url: 'https://a.example/v1', fetch: 'x' }, 'Wrong option fetch: got "x"'],
    [{ url: 'https://a.example/v1', headers: 'Bearer x' }, 'Wrong option headers: got "Bearer x"'],
  ])('that %o names is a TypeError', (options, message) => {
    expect(() => durableStreamsStore(options as never)).toThrow(TypeError)
    expect(() => durableStreamsStore(options as never)).toThrow(message)
  })
})

test.each([
  ['an object', { Authorization: 'Bearer x' }],
  ['Headers', new Headers({ authorization: 'Bearer x' })],
  ['a list', [['authorization', 'Bearer x']] as [string, string][]],
])('headers go with each request: %s', async (_name, headers) => {
  const sent: (string | null)[] = []
  const send: typeof fetch = async (_input, init) => {
    sent.push(new Headers(init?.headers).get('authorization'))
    return new Response('', { status: 404 })
  }
  const store = durableStreamsStore({ url: 'http://127.0.0.1:9/v1', headers, fetch: send })
  await store.read('a1', 0, 10)
  await store.list('ann')
  expect(sent).toEqual(['Bearer x', 'Bearer x'])
})

describe('bytes that lie far behind in the log', () => {
  const STREAM = { id: 'long', owner: 'ann', info: '{}', ttlMs: 60_000 }
  const piece = (number: number) => `${String(number).padStart(7)};`

  /** A log of many small writes, that one process has read whole and another goes on with. */
  async function longLog(folder: string) {
    const url = `${server.url}/v1/${folder}`
    const writer = durableStreamsStore({ url })
    await writer.create(STREAM)
    const frames: Uint8Array[] = []
    for (let number = 0; number < 5_000; number++) {
      frames.push(encodeFrame({ version: number + 2, bytes: new TextEncoder().encode(piece(number)) }))
    }
    const headers = { 'content-type': 'application/octet-stream' }
    await fetch(`${url}/long`, { method: 'POST', headers, body: concat(frames) })
    return url
  }

  test('are read, however many writes come before them', async () => {
    const url = await longLog('far')
    const store = durableStreamsStore({ url })
    expect((await store.read('long', 0, 0))?.length).toBe(40_000)
    await store.write('long', 5_001, { bytes: new TextEncoder().encode('end') })
    for (const from of [0, 20_000, 39_992]) {
      const stored = await store.read('long', from, 8)
      expect(new TextDecoder().decode(stored?.bytes)).toBe(piece(from / 8))
    }
  })

  test('and that the server has lost are not taken for none', async () => {
    const url = await longLog('cut')
    let isCut = false
    const cutting: typeof fetch = async (input, init) => {
      const response = await fetch(input, init)
      if (!isCut || init?.method) return response
      const bytes = new Uint8Array(await response.arrayBuffer())
      return new Response(bytes.subarray(0, 1_000), response)
    }
    const store = durableStreamsStore({ url, fetch: cutting })
    await store.write('long', 5_001, { bytes: new TextEncoder().encode('end') })
    await store.read('long', 0, 0)
    isCut = true
    await expect(store.read('long', 20_000, 8)).rejects.toThrow('bytes are missing')
  })
})

test('the reference server keeps a response whose bytes another process gives out as they were', async () => {
  const url = `${server.url}/v1/shared`
  const { fetch, request } = controlledUpstream()
  const authorize = () => 'ann'
  const first = createStreams({ store: durableStreamsStore({ url }), authorize, fetch })
  const second = createStreams({ store: durableStreamsStore({ url }), authorize })
  const asked = first.start(new Request('https://a.example/', { method: 'POST' }), {
    url: 'https://b.example/',
  })
  const upstream = await request()
  upstream.response()
  const id = (await asked).headers.get('x-streamkeeper-id')
  const there = second
    .handle(new Request(`https://a.example/api/streams/${id}?live=stream`))
    .then((got) => got.text())
  const events = [ROLE, ...Array.from({ length: 200 }, (_, index) => say(` é😀 ${index}`)), FINISH, DONE]
  for (const event of events) upstream.push(event)
  upstream.end()
  expect(await there).toBe(events.join(''))
})

test.each([false, 'long-poll', 'sse'] as const)(
  'the reference client reads our streams, live: %s',
  async (live) => {
    const { fetch, request } = controlledUpstream()
    const streams = createStreams({ store: memoryStore(), authorize: () => 'ann', fetch })
    await using served = await serve(streams.handle)
    const asked = streams.start(new Request('https://a.example/', { method: 'POST' }), {
      url: 'https://b.example/',
    })
    const upstream = await request()
    upstream.response()
    const where = (await asked).headers.get('content-location') ?? ''
    const pieces = [
      ROLE,
      say('é😀'),
      'data: {"a":"line\\r\\n"}\r\n\r\n',
      say('x'.repeat(300_000)),
      FINISH + DONE,
    ]
    const all = new TextEncoder().encode(pieces.join(''))
    const push = async () => {
      // Cut anywhere, also within a character.
      for (let at = 0; at < all.length; at += 33_333) {
        upstream.push(all.subarray(at, at + 33_333))
        await new Promise((resolve) => setImmediate(resolve))
      }
      upstream.end()
    }
    if (live === false) await push()
    const response = stream({ url: `${served.url}${where}`, offset: '-1', live })
    const reading = response.then((found) => buffer(found.bodyStream()))
    if (live !== false) await push()
    const read = await reading
    expect(read.length).toBe(all.length)
    expect(read.equals(all)).toBe(true)
  },
)

async function serve(handle: (request: Request) => Promise<Response>) {
  const { url, close } = await serveStreams(handle)
  return { url, [Symbol.asyncDispose]: close }
}
