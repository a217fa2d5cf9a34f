import { expect, test } from 'vitest'
import { createResilientFetch } from '../core/fetch/create-resilient-fetch.ts'
import { DONE, FINISH, ROLE, say } from '../core/testing/openai-events.ts'
import { createStreams } from './create-streams.ts'
import { memoryStore } from './stores/memory-store.ts'
import { controlledUpstream } from './testing/controlled-upstream.ts'
import { serveStreams } from './testing/serve-streams.ts'

const events = [ROLE, ...Array.from({ length: 30 }, (_, word) => say(` é😀 ${word}`)), FINISH, DONE]
const whole = events.join('')

/** Breaks the first response after so many bytes. */
function cutting(after: number): typeof fetch {
  let isFirst = true
  return async (input, init) => {
    const response = await fetch(input, init)
    if (!isFirst || !response.body) return response
    isFirst = false
    let left = after
    const cut = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        controller.enqueue(chunk.subarray(0, left))
        left -= chunk.length
        if (left <= 0) controller.error(new TypeError('terminated'))
      },
    })
    const { status, headers } = response
    const broken = new Response(response.body.pipeThrough(cut), { status, headers })
    Object.defineProperty(broken, 'url', { value: response.url })
    return broken
  }
}

test.each([1, 57, 400, 1_111, whole.length - 20])(
  'an engine in front of it reads on after a cut at byte %i: the same bytes, one request upstream',
  async (after) => {
    let requests = 0
    const upstream: typeof fetch = async () => {
      requests++
      let next = 0
      const body = new ReadableStream<string>({
        pull: async (controller) => {
          await new Promise((resolve) => setTimeout(resolve, 2))
          const event = events[next++]
          if (event === undefined) controller.close()
          else controller.enqueue(event)
        },
      })
      return new Response(body.pipeThrough(new TextEncoderStream()), {
        headers: { 'content-type': 'text/event-stream' },
      })
    }
    const streams = createStreams({ store: memoryStore(), authorize: () => 'ann', fetch: upstream })
    const { url, close } = await serveStreams((request) =>
      request.method === 'POST'
        ? streams.start(request, { url: 'https://api.example/v1/chat/completions' })
        : streams.handle(request),
    )
    const statuses: string[] = []
    const send = createResilientFetch({
      fetch: cutting(after),
      onStatus: ({ status }) => statuses.push(status),
    })
    const response = await send(`${url}/api/chat`, { method: 'POST', body: '{"stream":true}' })
    expect(await response.text()).toBe(whole)
    expect(requests).toBe(1)
    expect(statuses).toContain('stream_resumed')
    await close()
  },
)

test('a Stop while the model has not said a word stops the run, and nothing of it comes back', async () => {
  const upstream = controlledUpstream()
  const streams = createStreams({ store: memoryStore(), authorize: () => 'ann', fetch: upstream.fetch })
  const { url, close } = await serveStreams((request) =>
    request.method === 'POST' && new URL(request.url).pathname === '/api/chat'
      ? streams.start(request, { url: 'https://api.example/v1/chat/completions', conversation: 'c' })
      : streams.handle(request),
  )
  const stop = new AbortController()
  const send = createResilientFetch({})
  const asking = send(`${url}/api/chat`, { method: 'POST', body: '{"stream":true}', signal: stop.signal })
  const request = await upstream.request(0)
  request.response()
  request.push(ROLE)
  const latest = () => streams.latest(new Request(`${url}/api/chat/c/stream`), 'c')
  await expect.poll(async () => (await latest()).status).toBe(200)
  // The engine has the head, which names the place, and waits for a word.
  await new Promise((resolve) => setTimeout(resolve, 200))
  stop.abort()
  await expect(asking).rejects.toThrow()
  await request.closed
  await expect.poll(async () => (await latest()).status).toBe(204)
  await close()
})

test('a Stop by an engine in front of it stops the run; a cut connection does not', async () => {
  const upstream = controlledUpstream()
  const streams = createStreams({ store: memoryStore(), authorize: () => 'ann', fetch: upstream.fetch })
  const { url, close } = await serveStreams((request) =>
    request.method === 'POST' && new URL(request.url).pathname === '/api/chat'
      ? streams.start(request, { url: 'https://api.example/v1/chat/completions' })
      : streams.handle(request),
  )
  const ask = async (send: typeof fetch, signal: AbortSignal) => {
    const asking = send(`${url}/api/chat`, { method: 'POST', body: '{"stream":true}', signal })
    const request = await upstream.request(upstream.requests.length)
    request.response()
    request.push(ROLE + say('Hel'))
    const reader = (await asking).body?.getReader()
    await reader?.read()
    return request
  }
  const [plain, kept] = [new AbortController(), new AbortController()]
  const left = await ask(fetch, plain.signal)
  const stopped = await ask(createResilientFetch({}), kept.signal)
  plain.abort()
  kept.abort()
  await stopped.closed
  expect(left.isClosed()).toBe(false)
  left.end()
  await close()
})
