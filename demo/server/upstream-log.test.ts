import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, expect, test } from 'vitest'
import { startServer } from './start-server.ts'
import { chat, fault, logOf, readUntil } from './testing/chat.ts'
import { fingerprint } from './upstream/upstream-log.ts'

const server = await startServer({ tokensPerSecond: () => 0 })
afterAll(server.close)

test('a client that leaves in mid-stream is seen leaving', async () => {
  const stop = new AbortController()
  const asked = fault([
    { kind: 'answer', text: 'one two three', pauses: [{ afterTokens: 2, ms: 'forever' }] },
  ])
  const response = await chat(server, { fault: asked }, { signal: stop.signal })
  await readUntil(response, 'two')
  const [open] = await logOf(server, asked.id)
  expect(open).toMatchObject({ attempt: 1, status: 200, tokens: 2 })
  expect(open?.closedAt).toBeUndefined()
  stop.abort()
  await expect.poll(() => logOf(server, asked.id)).toMatchObject([{ closedBy: 'client', tokens: 2 }])
})

test('a client that leaves before the headers is seen leaving', async () => {
  const stop = new AbortController()
  const asked = fault([{ kind: 'hang' }])
  const response = chat(server, { fault: asked }, { signal: stop.signal })
  response.catch(() => {}) // It fails by our own doing, below.
  await expect.poll(() => logOf(server, asked.id)).toHaveLength(1)
  stop.abort()
  await expect.poll(() => logOf(server, asked.id)).toMatchObject([{ closedBy: 'client', sentBytes: 0 }])
  expect((await logOf(server, asked.id))[0]?.status).toBeUndefined()
  await expect(response).rejects.toThrow()
})

test('what the provider ends is not blamed on the client', async () => {
  const asked = fault([{ kind: 'reset' }, { kind: 'answer', cut: { afterTokens: 1, by: 'reset' } }])
  await expect(chat(server, { fault: asked })).rejects.toThrow()
  await expect(chat(server, { fault: asked }).then((response) => response.text())).rejects.toThrow()
  await (await chat(server, { fault: asked })).text()
  await expect
    .poll(() => logOf(server, asked.id))
    .toMatchObject([{ closedBy: 'server' }, { closedBy: 'server', tokens: 1 }, { closedBy: 'server' }])
})

test('secrets can be compared, not read', async () => {
  const asked = fault([])
  const headers = { Authorization: 'Bearer sk-secret', Cookie: 'session=1', 'Idempotency-Key': 'k1' }
  await (await chat(server, { fault: asked }, { headers })).text()
  const [attempt] = await logOf(server, asked.id)
  expect(attempt?.headers).toMatchObject({
    authorization: fingerprint('Bearer sk-secret'),
    'idempotency-key': 'k1',
  })
  expect(JSON.stringify(attempt)).not.toMatch(/sk-secret|session=1/)
})

test('requests one after the other share a connection, and a refused one does not break it', async () => {
  const asked = fault([
    { kind: 'status', status: 429 },
    { kind: 'answer', tokens: 2 },
  ])
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  for (let attempt = 1; attempt <= 3; attempt++) {
    const sent = request(`${server.url}/v1/chat/completions`, { agent, method: 'POST' })
    sent.end(JSON.stringify({ model: 'demo-small', messages: [{ role: 'user' }], fault: asked }))
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    await text(response)
  }
  agent.destroy()
  const sockets = new Set((await logOf(server, asked.id)).map(({ socket }) => socket))
  expect(sockets.size).toBe(1)
  const response = await fetch(`${server.url}/__upstream/sockets?id=${asked.id}`)
  expect(await response.json()).toMatchObject({ sockets: [{ socket: [...sockets][0], requests: 3 }] })
})

test('clearing one id leaves the others, and counts it from one again', async () => {
  const kept = fault([])
  const cleared = fault([{ kind: 'status', status: 500 }])
  await (await chat(server, { fault: kept })).text()
  expect((await chat(server, { fault: cleared })).status).toBe(500)
  await fetch(`${server.url}/__upstream/log?id=${cleared.id}`, { method: 'DELETE' })
  expect(await logOf(server, cleared.id)).toEqual([])
  expect(await logOf(server, kept.id)).toHaveLength(1)
  expect((await chat(server, { fault: cleared })).status).toBe(500)
})
