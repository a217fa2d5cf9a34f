import { buffer } from 'node:stream/consumers'
import { stream } from '@durable-streams/client'
import { DurableStreamTestServer } from '@durable-streams/server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DONE, FINISH, ROLE, say } from '../../core/testing/openai-events.ts'
import { createStreams } from '../create-streams.ts'
import { controlledUpstream } from '../testing/controlled-upstream.ts'
import { serveStreams } from '../testing/serve-streams.ts'
import { describeStore } from '../testing/store-contract.ts'
import { durableStreamsStore } from './durable-streams-store.ts'
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

  test('that is no URL is a TypeError', () => {
    expect(() => durableStreamsStore({ url: 'answers' })).toThrow('Wrong option url: got answers')
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
