import { describe, expect, test } from 'vitest'
import type { Options } from '../options/options.ts'
import type { Status } from '../messages/status.ts'
import { WHOLE } from '../testing/openai-events.ts'
import { openaiBackground } from '../testing/resumable.ts'
import { createResilientFetch, type ResilientFetchOptions } from './create-resilient-fetch.ts'

const CHAT = 'https://api.example/v1/chat/completions'
const BODY = JSON.stringify({ model: 'gpt-4o', stream: true })
const QUICK = { baseMs: 0, rateLimitBaseMs: 0, jitterMs: 0 }

type Respond = (request: Request) => Response | Promise<Response>

/** A resilient fetch over a stand-in that answers request after request; the last answer repeats. */
function over(script: Respond[], options: ResilientFetchOptions = {}) {
  const requests: Request[] = []
  const statuses: Status[] = []
  const send = createResilientFetch({
    retry: QUICK,
    onStatus: (status) => statuses.push(status),
    ...options,
    fetch: async (input, init) => {
      const request = new Request(input, init)
      requests.push(request)
      const respond = script[Math.min(requests.length, script.length) - 1]
      if (!respond) throw new Error('The script is empty')
      return respond(request)
    },
  })
  return { send, requests, statuses }
}

const stream = () => new Response(WHOLE, { headers: { 'content-type': 'text/event-stream' } })
const never = ({ signal }: Request) =>
  new Promise<Response>((_resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason))
  })

test('each attempt carries the same body, method and headers', async () => {
  const { send, requests } = over([() => new Response('', { status: 503 }), stream])
  const response = await send(CHAT, { method: 'POST', body: BODY, headers: { authorization: 'Bearer k' } })
  expect(await response.text()).toBe(WHOLE)
  expect(requests).toHaveLength(2)
  for (const request of requests) {
    expect(request.method).toBe('POST')
    expect(request.url).toBe(CHAT)
    expect(request.headers.get('authorization')).toBe('Bearer k')
    expect(await request.text()).toBe(BODY)
  }
})

test('options that only a worker can use are checked, and left alone', async () => {
  const shared: Options = {
    saves: ['/save'],
    notifications: { finished: { title: 'Answered', body: 'text' } },
  }
  const send = createResilientFetch({ ...shared, fetch: async () => stream() })
  expect(await (await send(CHAT, { method: 'POST', body: BODY })).text()).toBe(WHOLE)
  const wrong = { notifications: { finished: {} } } as Options
  expect(() => createResilientFetch(wrong)).toThrow('Missing option notifications.finished.title')
})

test("the page's id goes into every status and not to the upstream", async () => {
  const { send, requests, statuses } = over([stream])
  const response = await send(CHAT, { method: 'POST', body: BODY, headers: { 'X-Streamkeeper-Id': 'my-id' } })
  await response.text()
  expect(requests[0]?.headers.has('X-Streamkeeper-Id')).toBe(false)
  expect(response.headers.get('X-Streamkeeper-Id')).toBe('my-id')
  expect(statuses.map(({ status }) => status)).toEqual([
    'request_started',
    'first_output',
    'request_finished',
  ])
  for (const status of statuses) {
    expect(status).toMatchObject({ requestId: 'my-id', own: true, at: expect.any(Number) as number })
  }
})

test('what was given as a Request works as well', async () => {
  const { send, requests } = over([() => new Response('', { status: 503 }), stream])
  const response = await send(new Request(CHAT, { method: 'POST', body: BODY }))
  expect(await response.text()).toBe(WHOLE)
  expect(await requests[1]?.text()).toBe(BODY)
})

test('a conflict with the key of an attempt before it is waited for', async () => {
  const refuse = (status: number) => () => new Response('', { status })
  const script = [refuse(503), refuse(409), stream]
  const keyed = over(script)
  const headers = { 'Idempotency-Key': 'k' }
  expect(await (await keyed.send(CHAT, { method: 'POST', body: BODY, headers })).text()).toBe(WHOLE)
  const plain = over(script)
  expect((await plain.send(CHAT, { method: 'POST', body: BODY })).status).toBe(409)
})

describe("a caller's own fetch", () => {
  type Init = RequestInit & { proxy?: string }

  /** As fetch functions of libraries are: another realm's Request is no URL to them. */
  function ownFetch(script: ((url: URL, headers: Headers) => Response)[]) {
    const inits: [url: string, init: Init][] = []
    const send = async (input: RequestInfo | URL, init: Init = {}) => {
      const url = new URL(input as string | URL)
      inits.push([url.href, init])
      return script[inits.length - 1]?.(url, new Headers(init.headers)) ?? stream()
    }
    return { send, inits }
  }

  const proxy = 'http://proxy.example'

  test.each([
    ['a text', CHAT],
    ['a URL', new URL(CHAT)],
  ])('gets the URL, and all that the caller has set: %s', async (_name, url) => {
    const { send, inits } = ownFetch([() => new Response('', { status: 503 })])
    const resilient = createResilientFetch({ fetch: send, retry: QUICK })
    const init: Init = { method: 'post', body: BODY, headers: { authorization: 'Bearer k' }, proxy }
    expect(await (await resilient(url, init)).text()).toBe(WHOLE)
    expect(inits).toHaveLength(2)
    for (const [sentTo, { method, headers, body, signal, ...more }] of inits) {
      expect([sentTo, method, more]).toEqual([CHAT, 'POST', { proxy }])
      expect(new Headers(headers).get('authorization')).toBe('Bearer k')
      expect(await new Response(body).text()).toBe(BODY)
      expect(signal).toBeInstanceOf(AbortSignal)
    }
  })

  test('is asked for the rest of a response with all of it, too', async () => {
    const { events, headers, give } = openaiBackground()
    const rest = (url: URL, asking: Headers) => {
      const provided = give(url, asking, 'the rest')
      return new Response(provided.body as Uint8Array<ArrayBuffer>, provided)
    }
    const broken = () => {
      const said = [new TextEncoder().encode(events.slice(0, 4).join(''))]
      const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
        const bytes = said.shift()
        if (bytes) controller.enqueue(bytes)
        else controller.error(new TypeError('terminated'))
      }
      return new Response(new ReadableStream({ pull }), { headers })
    }
    const { send, inits } = ownFetch([broken, rest])
    const resilient = createResilientFetch({ fetch: send, retry: QUICK })
    const body = JSON.stringify({ stream: true, background: true })
    const init: Init = { method: 'POST', body, proxy, credentials: 'include' }
    await (await resilient('https://api.example/v1/responses', init)).text()
    expect(inits[1]).toMatchObject([
      expect.stringContaining('https://api.example/v1/responses/resp_1?'),
      { method: 'GET', redirect: 'manual', proxy, credentials: 'include' },
    ])
    expect(inits[1]?.[1].body ?? null).toBeNull()
  })

  test('gets the Request that the caller has given, whatever else belongs to it', async () => {
    const { send, requests } = over([() => new Response('', { status: 503 }), stream])
    const request = new Request(CHAT, { method: 'POST', body: BODY, redirect: 'error', cache: 'no-cache' })
    expect(await (await send(request, { headers: { 'x-own': '1' } })).text()).toBe(WHOLE)
    for (const { method, redirect, cache, headers } of requests) {
      expect([method, redirect, cache, headers.get('x-own')]).toEqual(['POST', 'error', 'no-cache', '1'])
    }
    expect(await requests[1]?.text()).toBe(BODY)
  })

  test('gets what a Request in the place of the init says', async () => {
    const { send, requests } = over([stream])
    const request = new Request('https://other.example/', { method: 'POST', body: BODY, redirect: 'error' })
    await (await send(CHAT, request)).text()
    expect([requests[0]?.url, requests[0]?.method, requests[0]?.redirect]).toEqual([CHAT, 'POST', 'error'])
    expect(await requests[0]?.text()).toBe(BODY)
  })
})

describe('what is no chat request goes straight on', () => {
  const notFound = () => new Response('', { status: 503 })

  test.each(['GET', 'DELETE'])('%s, when no chat is configured', async (method) => {
    const { send, requests, statuses } = over([notFound])
    expect((await send('https://api.example/v1/models', { method })).status).toBe(503)
    expect(requests).toHaveLength(1)
    expect(statuses).toEqual([])
  })

  test('another URL, when chat is configured', async () => {
    const { send, requests, statuses } = over([notFound], { chat: [CHAT] })
    await send('https://api.example/v1/embeddings', { method: 'POST', body: '{}' })
    expect(requests).toHaveLength(1)
    expect(await requests[0]?.text()).toBe('{}')
    expect(statuses).toEqual([])
  })

  test('another URL given as a Request keeps its body', async () => {
    const { send, requests } = over([notFound], { chat: [CHAT] })
    await send(new Request('https://api.example/v1/embeddings', { method: 'POST', body: '{"input":"a"}' }))
    expect(await requests[0]?.text()).toBe('{"input":"a"}')
  })
})

describe('an abort', () => {
  test('while the request body is still being produced rejects at once, and sends nothing', async () => {
    const { send, requests } = over([stream])
    const controller = new AbortController()
    const body = new ReadableStream({ start: (open) => open.enqueue(new TextEncoder().encode('{')) })
    const response = send(CHAT, {
      method: 'POST',
      body,
      duplex: 'half',
      signal: controller.signal,
    } as RequestInit)
    setImmediate(() => controller.abort(new Error('Enough')))
    await expect(response).rejects.toThrow('Enough')
    expect(requests).toEqual([])
  })

  test('before the call is thrown, and nothing is sent', async () => {
    const { send, requests } = over([stream])
    const signal = AbortSignal.abort()
    await expect(send(CHAT, { method: 'POST', body: BODY, signal })).rejects.toMatchObject({
      name: 'AbortError',
    })
    expect(requests).toHaveLength(0)
  })

  test('in the same turn as the call ends it', async () => {
    const { send, requests } = over([never])
    const controller = new AbortController()
    const reply = send(CHAT, { method: 'POST', body: BODY, signal: controller.signal })
    controller.abort()
    await expect(reply).rejects.toMatchObject({ name: 'AbortError' })
    expect(requests.every(({ signal }) => signal.aborted)).toBe(true)
  })

  test('before the headers ends the upstream', async () => {
    let arrived = () => {}
    const sent = new Promise<void>((resolve) => (arrived = resolve))
    const { send, requests, statuses } = over([
      (request) => {
        arrived()
        return never(request)
      },
    ])
    const controller = new AbortController()
    const reply = send(CHAT, { method: 'POST', body: BODY, signal: controller.signal })
    await sent
    controller.abort()
    await expect(reply).rejects.toMatchObject({ name: 'AbortError' })
    expect(requests[0]?.signal.aborted).toBe(true)
    expect(statuses.at(-1)).toMatchObject({ status: 'request_cancelled', by: 'page' })
  })

  test("rejects with the caller's own reason", async () => {
    const { send } = over([never])
    const controller = new AbortController()
    const reply = send(CHAT, { method: 'POST', body: BODY, signal: controller.signal })
    setImmediate(() => controller.abort(new Error('Enough')))
    await expect(reply).rejects.toThrow('Enough')
  })
})

test("an abort in mid-stream breaks the body with the caller's own reason", async () => {
  const open = (request: Request) => {
    const body = new ReadableStream({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode(WHOLE.slice(0, 200)))
        request.signal.addEventListener('abort', () => controller.error(request.signal.reason))
      },
    })
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  }
  const { send } = over([open])
  const read = async (reason: unknown) => {
    const controller = new AbortController()
    const response = await send(CHAT, { method: 'POST', body: BODY, signal: controller.signal })
    controller.abort(reason)
    return response.text().catch((error: unknown) => error)
  }
  expect(await read(new DOMException('Too late', 'TimeoutError'))).toMatchObject({ name: 'TimeoutError' })
  expect(await read(undefined)).toMatchObject({ name: 'AbortError' })
  // A reason that is no error must not look like a clean end.
  expect(await read('')).toMatchObject({ name: 'AbortError' })
})

describe('a network error that lasts', () => {
  test('is thrown as fetch throws it, with the last cause', async () => {
    let count = 0
    const { send, requests } = over([
      () => Promise.reject(new TypeError('fetch failed', { cause: { code: 'ECONNRESET', nth: ++count } })),
    ])
    const thrown: unknown = await send(CHAT, { method: 'POST', body: BODY }).catch((error: unknown) => error)
    expect(thrown).toBeInstanceOf(TypeError)
    expect(thrown).toMatchObject({ message: 'fetch failed', cause: { code: 'ECONNRESET', nth: 12 } })
    expect(requests).toHaveLength(12)
  })

  test('is a TypeError whatever the given fetch throws, which is its cause', async () => {
    const reason = new Error('socket hang up')
    const { send } = over([() => Promise.reject(reason)])
    const thrown: unknown = await send(CHAT, { method: 'POST', body: BODY }).catch((error: unknown) => error)
    expect(thrown).toBeInstanceOf(TypeError)
    expect(thrown).toHaveProperty('cause', reason)
  })

  test('a network error that was a silence has our timeout as its cause', async () => {
    const { send } = over([never], { timeouts: { headersMs: 1, totalMs: 1 } })
    await expect(send(CHAT, { method: 'POST', body: BODY })).rejects.toMatchObject({
      name: 'TypeError',
      cause: { name: 'TimeoutError' },
    })
  })
})

test('a listener that throws harms nothing', async () => {
  const { send } = over([stream], {
    onStatus: () => {
      throw new Error('Broken listener')
    },
  })
  const response = await send(CHAT, { method: 'POST', body: BODY })
  expect(await response.text()).toBe(WHOLE)
})

test('a wrong option is a TypeError that names it', () => {
  expect(() => createResilientFetch({ timeouts: { headersMs: -1 } })).toThrow('timeouts.headersMs')
  expect(() => createResilientFetch({ chat: ['relative/path'] })).toThrow('chat[0]')
})

describe('a protocol of the app’s own', () => {
  const options: ResilientFetchOptions = {
    chat: [{ url: 'https://api.example/*', ends: ['type=done', 'event=done'], errors: 'type=failed' }],
  }
  const lines = (...values: object[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('')
  const responses = (body: string) => () => new Response(body, { headers: { 'content-type': 'text/plain' } })

  test.each([
    ['lines', lines({ type: 'token', text: 'a' }, { type: 'done' })],
    ['events', 'event: token\ndata: a\n\nevent: done\ndata: {}\n\n'],
    ['one JSON value', '{"type":"done","text":"a"}'],
  ])('is whole with its end: %s', async (_name, body) => {
    const { send, requests, statuses } = over([responses(body)], options)
    const response = await send(CHAT, { method: 'POST', body: '{}' })
    expect(await response.text()).toBe(body)
    expect([requests.length, statuses.at(-1)?.status]).toEqual([1, 'request_finished'])
  })

  test('is truncated without it, and breaks', async () => {
    const body = lines({ type: 'token', text: 'a' })
    const { send, requests, statuses } = over([responses(body)], options)
    const response = await send(CHAT, { method: 'POST', body: '{}' })
    await expect(response.text()).rejects.toThrow()
    expect(requests).toHaveLength(1)
    expect(statuses.at(-1)).toMatchObject({ status: 'request_failed', code: 'truncated' })
  })

  test('a failure in the app’s own protocol is retried before the first output, and later is an error in the stream', async () => {
    const whole = lines({ type: 'token', text: 'a' }, { type: 'done' })
    const early = over([responses(lines({ type: 'failed' })), responses(whole)], options)
    expect(await (await early.send(CHAT, { method: 'POST', body: '{}' })).text()).toBe(whole)
    expect(early.requests).toHaveLength(2)

    const late = over([responses(lines({ type: 'token' }, { type: 'failed' }))], options)
    await expect((await late.send(CHAT, { method: 'POST', body: '{}' })).text()).rejects.toThrow()
    expect(late.statuses.at(-1)).toMatchObject({ status: 'request_failed', code: 'error_in_stream' })
  })

  test('is told by name where a matcher is none', () => {
    expect(() => createResilientFetch({ chat: [{ url: '/a', ends: '' }] })).toThrow(
      'Wrong option chat[0].ends: got "", takes \'data=<text>\'',
    )
    expect(() => createResilientFetch({ chat: [{ url: '/a', errors: ['type=error', '=x'] }] })).toThrow(
      'Wrong option chat[0].errors[1]: got "=x"',
    )
  })
})

describe('a cut of a response that its server gives again', () => {
  const { events, headers, whole, give } = openaiBackground()
  const cut = () => {
    const said = [new TextEncoder().encode(events.slice(0, 4).join(''))]
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        const bytes = said.shift()
        if (bytes) controller.enqueue(bytes)
        else controller.error(new TypeError('terminated'))
      },
    })
    return new Response(body, { headers })
  }
  const rest = (request: Request) => {
    const provided = give(new URL(request.url), request.headers, 'the rest')
    return new Response(provided.body as Uint8Array<ArrayBuffer>, provided)
  }

  test('is read on with the key of the request, following no redirect', async () => {
    const { send, requests, statuses } = over([cut, rest])
    const response = await send('https://api.example/v1/responses?api-version=1', {
      method: 'POST',
      body: JSON.stringify({ stream: true, background: true }),
      headers: { authorization: 'Bearer k', 'content-type': 'application/json' },
    })
    expect(await response.bytes()).toEqual(whole)
    expect(requests.map(({ method, url, redirect }) => [method, url, redirect])).toEqual([
      ['POST', 'https://api.example/v1/responses?api-version=1', 'follow'],
      ['GET', 'https://api.example/v1/responses/resp_1?api-version=1&stream=true&starting_after=2', 'manual'],
    ])
    expect(requests[1]?.headers.get('authorization')).toBe('Bearer k')
    expect(requests[1]?.headers.has('content-type')).toBe(false)
    expect(statuses.map(({ status }) => status)).toContain('stream_resumed')
  })
})

test.each([1, 7, 100, 1_000])(
  'an answer that may be read on comes whole, however many pieces its events come in: %i bytes each',
  async (size) => {
    const { whole, headers } = openaiBackground()
    const send = createResilientFetch({
      fetch: async () => {
        let at = 0
        const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
          controller.enqueue(whole.slice(at, (at += size)))
          if (at >= whole.length) controller.close()
        }
        return new Response(new ReadableStream({ pull }), { headers })
      },
    })
    const body = JSON.stringify({ stream: true, background: true })
    const response = await send('https://api.example/v1/responses', { method: 'POST', body })
    expect(await response.text()).toBe(new TextDecoder().decode(whole))
  },
)
