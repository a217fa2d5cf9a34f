import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, expect, test } from 'vitest'
import { type RunningServer, type ServerOptions, startServer } from './start-server.ts'
import { chat, fault, readUntil } from './testing/chat.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** A provider that does as the test says, and a demo server in front of it. */
async function stand(
  answer: (req: IncomingMessage, res: ServerResponse) => unknown,
  options: ServerOptions = {},
): Promise<RunningServer> {
  const upstream = createServer((req, res) => void answer(req, res)).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const { port } = upstream.address() as AddressInfo
  const server = await startServer({ ...options, upstreamUrl: `http://127.0.0.1:${port}/base/v1` })
  closers.push(server.close, () => {
    upstream.closeAllConnections()
    upstream.close()
  })
  return server
}

test('method, path, key and body go through; fault, cookies and origin do not', async () => {
  let seen: { url?: string; headers: IncomingMessage['headers']; body: string } | undefined
  const server = await stand(async (req, res) => {
    seen = { url: req.url ?? '', headers: req.headers, body: await text(req) }
    res.writeHead(201, { 'Set-Cookie': 'a=b', 'X-Request-Id': 'r1', Connection: 'X-Hop', 'X-Hop': '1' })
    res.end('{"ok":true}')
  })
  const response = await fetch(`${server.url}/v1/chat/completions?beta=1`, {
    method: 'POST',
    headers: {
      Authorization: 'Bearer sk-1',
      'Content-Type': 'application/json',
      Cookie: 'session=1',
      Origin: server.url,
    },
    body: JSON.stringify({ model: 'm', fault: fault([{ kind: 'reset' }]), messages: [] }),
  })
  expect(response.status).toBe(201)
  expect(response.headers.get('x-request-id')).toBe('r1')
  expect(response.headers.get('set-cookie')).toBeNull()
  expect(response.headers.get('x-hop')).toBeNull()
  expect(response.headers.get('access-control-allow-origin')).toBe('*')
  expect(await response.json()).toEqual({ ok: true })
  expect(seen).toMatchObject({
    url: '/base/v1/chat/completions?beta=1',
    headers: { authorization: 'Bearer sk-1', 'content-type': 'application/json' },
    body: '{"model":"m","messages":[]}',
  })
  expect(seen?.headers).not.toHaveProperty('cookie')
  expect(seen?.headers).not.toHaveProperty('origin')
})

test('a response is streamed while it is being made', async () => {
  let finish = () => {}
  const server = await stand((_req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: first\n\n')
    finish = () => res.end('data: last\n\n')
  })
  const response = await chat(server, {})
  await readUntil(response, 'first')
  finish()
  await readUntil(response, 'last')
})

test('a client that leaves ends the upstream’s work, before and after the headers', async () => {
  for (const sendsHeaders of [false, true]) {
    let closed = false
    let arrived = () => {}
    const arrival = new Promise<void>((resolve) => (arrived = resolve))
    const server = await stand((_req, res) => {
      res.once('close', () => (closed = true))
      if (sendsHeaders) res.writeHead(200).write('data: first\n\n')
      arrived()
    })
    const stop = new AbortController()
    const response = chat(server, {}, { signal: stop.signal })
    response.catch(() => {}) // It fails by our own doing, below.
    await arrival
    if (sendsHeaders) await readUntil(await response, 'first')
    stop.abort()
    await expect.poll(() => closed).toBe(true)
  }
})

test('an upstream that breaks off is not seen as one that ended', async () => {
  const server = await stand((_req, res) => {
    res.writeHead(200).write('data: first\n\n', () => res.destroy())
  })
  const response = await chat(server, {})
  await expect(response.text()).rejects.toThrow()
})

test('an upstream without headers is a 504, one that cannot be reached a 502', async () => {
  const server = await stand(() => {}, { upstreamHeadersMs: 50 })
  const late = await chat(server, {})
  expect(late.status).toBe(504)
  expect(await late.json()).toMatchObject({ error: { code: 'upstream_timeout' } })

  const alone = await startServer({ upstreamUrl: 'http://127.0.0.1:1/v1' })
  closers.push(alone.close)
  const unreachable = await chat(alone, {})
  expect(unreachable.status).toBe(502)
  expect(await unreachable.json()).toMatchObject({ error: { code: 'upstream_unreachable' } })
})

test('an address that is none is refused at the start', async () => {
  await expect(startServer({ upstreamUrl: 'api.openai.com' })).rejects.toThrow(TypeError)
})
