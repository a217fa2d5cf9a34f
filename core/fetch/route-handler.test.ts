import { once } from 'node:events'
import { Agent, request as httpRequest, type RequestOptions } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { deferred } from '../deferred.ts'
import { countConnections } from '../testing/count-connections.ts'
import { DONE, FINISH, ROLE, say, WHOLE } from '../testing/openai-events.ts'
import { type RouteHandler, serveRoute } from '../testing/serve-route.ts'
import { createResilientFetch } from './create-resilient-fetch.ts'

// A proxying route as apps write it, between a client and an upstream, over real connections.

const BODY = JSON.stringify({ model: 'gpt-4o', stream: true })
const SSE = { 'content-type': 'text/event-stream' }

const quick = () => createResilientFetch({ retry: { jitterMs: 0 } })

/** Passes all headers both ways, as the shortest of such handlers do. */
function proxy(upstream: string, resilient = quick()): RouteHandler {
  return async ({ method, headers, body, signal }) => {
    const init = { method, headers, body, signal, duplex: 'half' }
    const { body: reply, status, headers: responseHeaders } = await resilient(upstream, init)
    return new Response(reply, { status, headers: responseHeaders })
  }
}

/** A POST whose headers are sent as they are, which `fetch` would not do. */
async function post(url: string, options: RequestOptions = {}) {
  const sent = httpRequest(url, { method: 'POST', ...options }).end(BODY)
  const [response] = (await once(sent, 'response')) as [Parameters<typeof text>[0] & { statusCode: number }]
  return { status: response.statusCode, text: await text(response) }
}

test('a stream passes event by event', async () => {
  const events = [ROLE + say('One'), say(' two'), say(' three'), FINISH + DONE]
  const wanted = events.map(() => deferred<void>())
  await using upstream = await countConnections((_request, response) => {
    void (async () => {
      response.writeHead(200, SSE)
      for (const [n, event] of events.entries()) {
        await wanted[n]?.promise
        response.write(event)
      }
      response.end()
    })()
  })
  await using route = await serveRoute(proxy(upstream.url))
  wanted[0]?.resolve()
  const response = await fetch(route.url, { method: 'POST', body: BODY })
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  for (const [n, event] of events.entries()) {
    // The upstream says the next only when this one is here.
    expect(await reader?.read()).toEqual({ done: false, value: event })
    wanted[n + 1]?.resolve()
  }
  expect((await reader?.read())?.done).toBe(true)
})

describe('a client that leaves closes the connection to the upstream', () => {
  const dropSignal =
    (resilient: typeof fetch): typeof fetch =>
    (input, init) =>
      resilient(input, { ...init, signal: null })

  test.each([
    ['in mid-answer', ROLE + say('Hel'), quick()],
    ['in mid-answer, without a signal', ROLE + say('Hel'), dropSignal(quick())],
    ['before the first output', ROLE, quick()],
  ])('%s', async (_when, said, resilient) => {
    const arrived = deferred<void>()
    const closed = deferred<void>()
    await using upstream = await countConnections((request, response) => {
      request.socket.on('close', () => closed.resolve())
      response.writeHead(200, SSE).write(said, () => arrived.resolve())
    })
    await using route = await serveRoute(proxy(upstream.url, resilient))
    const client = new AbortController()
    const asked = fetch(route.url, { method: 'POST', body: BODY, signal: client.signal })
    await (said === ROLE ? arrived.promise : (await asked).body?.getReader().read())
    client.abort()
    await asked.catch(() => {}) // It had no response yet, or has lost it.
    await closed.promise
    expect(upstream.requests()).toBe(1)
  })
})

describe('a rate limit', () => {
  test('is waited out, and the client sees one response', async () => {
    const sentAt: number[] = []
    await using upstream = await countConnections((_request, response) => {
      sentAt.push(performance.now())
      if (sentAt.length < 3) response.writeHead(429, { 'retry-after-ms': '50' }).end('{}')
      else response.writeHead(200, SSE).end(WHOLE)
    })
    await using route = await serveRoute(proxy(upstream.url))
    expect(await post(route.url)).toEqual({ status: 200, text: WHOLE })
    expect(upstream.requests()).toBe(3)
    expect(route.requests()).toBe(1)
    // A timer of Node's may be early by a millisecond.
    for (const n of [1, 2]) expect((sentAt[n] ?? 0) - (sentAt[n - 1] ?? 0)).toBeGreaterThan(48)
  })

  test('a rate limit that asks for too long is passed on with its own words and its Retry-After', async () => {
    await using upstream = await countConnections((_request, response) => {
      response.writeHead(429, { 'retry-after': '3600' }).end('{"error":{"message":"Slow down"}}')
    })
    await using route = await serveRoute(proxy(upstream.url))
    const response = await fetch(route.url, { method: 'POST', body: BODY })
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('3600')
    expect(await response.json()).toEqual({ error: { message: 'Slow down' } })
    expect(upstream.requests()).toBe(1)
  })
})

// nginx asks its upstreams with `Connection: close` unless told otherwise.
test.each([
  ['', undefined],
  [', from clients that close theirs', false as const],
])('20 requests one after the other, 5 of them 429: one connection to the upstream%s', async (_, agent) => {
  const limited = new Set([2, 6, 9, 15, 22])
  // A retry within the very millisecond would come before Node's fetch has its socket free.
  await using upstream = await countConnections((request, response) => {
    request.resume().on('end', () => {
      if (limited.has(upstream.requests())) response.writeHead(429, { 'retry-after-ms': '20' }).end('{}')
      else response.writeHead(200, SSE).end(WHOLE)
    })
  })
  await using route = await serveRoute(proxy(upstream.url))
  for (let n = 0; n < 20; n++) {
    const options = agent === false ? { agent, headers: { connection: 'close' } } : {}
    expect(await post(route.url, options)).toEqual({ status: 200, text: WHOLE })
  }
  expect(upstream.requests()).toBe(25)
  expect(upstream.connections()).toBe(1)
  expect(route.connections()).toBe(agent === false ? 20 : 1)
})

describe("one connection's headers stay with it", () => {
  test.each([
    ['connection', 'close, authorization'],
    ['keep-alive', 'timeout=5'],
    ['upgrade', 'h2c'],
    ['te', 'trailers'],
    ['trailer', 'x-checksum'],
    ['proxy-authorization', 'Basic eDp5'],
    ['expect', '100-continue'],
    ['transfer-encoding', 'chunked'],
    ['host', 'app.example'],
  ])('a request passes without its %s, and whole', async (name, value) => {
    let passed: Record<string, unknown> = {}
    let body = ''
    await using upstream = await countConnections((request, response) => {
      passed = request.headers
      void text(request).then((received) => {
        body = received
        response.writeHead(200, SSE).end(WHOLE)
      })
    })
    await using route = await serveRoute(proxy(upstream.url))
    const headers = { authorization: 'Bearer k', 'x-mine': '1', [name]: value }
    expect(await post(route.url, { headers })).toEqual({ status: 200, text: WHOLE })
    expect(upstream.requests()).toBe(1)
    expect(passed[name]).not.toBe(value)
    expect(passed).toMatchObject({ authorization: 'Bearer k', 'x-mine': '1' })
    expect(passed['content-length']).toBe(String(BODY.length))
    expect(body).toBe(BODY)
  })

  test("an upstream that closes its connection does not close the client's", async () => {
    await using upstream = await countConnections((_request, response) => {
      response.writeHead(200, { ...SSE, connection: 'close', upgrade: 'h2,h2c' }).end(WHOLE)
    })
    await using route = await serveRoute(proxy(upstream.url))
    const agent = new Agent({ keepAlive: true })
    for (let n = 0; n < 3; n++) expect((await post(route.url, { agent })).text).toBe(WHOLE)
    agent.destroy()
    expect(upstream.connections()).toBe(3)
    expect(route.connections()).toBe(1)
  })

  test('a response in chunks, with trailers, reaches a client that knows neither', async () => {
    await using upstream = await countConnections((_request, response) => {
      response.writeHead(200, { ...SSE, trailer: 'x-checksum' }).write(ROLE + say('Hello'))
      response.addTrailers({ 'x-checksum': '1' })
      response.end(FINISH + DONE)
    })
    await using route = await serveRoute(proxy(upstream.url))
    const { hostname, port, pathname } = new URL(route.url)
    const socket = connect(Number(port), hostname)
    socket.write(`POST ${pathname} HTTP/1.0\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`)
    const [head, body] = (await text(socket)).split(/\r\n\r\n/)
    expect(head).toMatch(/^HTTP\/1.1 200/)
    expect(head).not.toMatch(/transfer-encoding|trailer/i)
    expect(body).toBe(WHOLE)
  })
})
