import { afterAll, expect, test } from 'vitest'
import type { Conversation } from './history/conversations.ts'
import { startServer } from './start-server.ts'
import { openSession } from './testing/history.ts'

const server = await startServer()
afterAll(server.close)

const api = (method: string, path: string, body?: unknown) =>
  fetch(`${server.url}/api${path}`, {
    method,
    headers: { 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

test('the first message makes its session, and messages come back in the order of arrival', async () => {
  const { session, save, messages } = openSession(server)
  expect(await messages()).toEqual([])
  const answer = await save('b', {}, { createdAt: 2_000, model: 'demo-small' })
  expect(answer.status).toBe(201)
  await save('a', {}, { createdAt: '1970-01-01T00:00:01Z', content: [{ type: 'text', text: 'Hi' }] })
  const saved = await messages()
  expect(saved).toMatchObject([
    { id: 'b', session, role: 'user', content: 'Message b', createdAt: 2_000, model: 'demo-small' },
    { id: 'a', createdAt: 1_000, content: [{ type: 'text', text: 'Hi' }] },
  ])
  expect(saved[0]!.seq).toBeLessThan(saved[1]!.seq)
  expect(await answer.json()).toEqual(saved[0])
})

test('conversations are listed, the last changed first, renamed and deleted', async () => {
  const first = openSession(server)
  const second = openSession(server)
  await first.save('1')
  await api('POST', '/conversations', { id: second.session, title: 'Second' })
  const list = async () => (await (await api('GET', '/conversations')).json()) as Conversation[]
  const mine = (await list()).filter(({ id }) => id === first.session || id === second.session)
  expect(mine).toMatchObject([
    { id: second.session, title: 'Second', messages: 0 },
    { id: first.session, title: 'Message 1', messages: 1 },
  ])
  const renamed = await api('PATCH', `/conversations/${first.session}`, { title: 'First' })
  expect(await renamed.json()).toMatchObject({ id: first.session, title: 'First', messages: 1 })
  expect((await api('DELETE', `/conversations/${first.session}`)).status).toBe(204)
  expect((await api('DELETE', `/conversations/${first.session}`)).status).toBe(204)
  expect(await first.messages()).toEqual([])
  expect((await api('PATCH', `/conversations/${first.session}`, { title: 'Gone' })).status).toBe(404)
})

test('a log-out asks the browser to forget what the site has stored', async () => {
  const answer = await api('POST', '/logout')
  expect([answer.status, answer.headers.get('clear-site-data')]).toEqual([204, '"storage"'])
})

test('the same key again gets the first response again', async () => {
  const { save, messages, log } = openSession(server)
  const key = { 'Idempotency-Key': crypto.randomUUID() }
  const first = await save('1', key)
  const again = await save('1', key)
  expect([first.status, again.status]).toEqual([201, 201])
  expect(first.headers.get('idempotency-replayed')).toBeNull()
  expect(again.headers.get('idempotency-replayed')).toBe('true')
  expect(await again.json()).toEqual(await first.json())
  expect(await messages()).toHaveLength(1)
  expect(await log()).toMatchObject([{ replayed: false }, { replayed: true, status: 201 }])
})

test('the same key with another payload is refused', async () => {
  const { save } = openSession(server)
  const key = { 'Idempotency-Key': crypto.randomUUID() }
  await save('1', key)
  expect((await save('2', key)).status).toBe(422)
})

test('a key whose request is under way is refused for now', async () => {
  const { save, behave, log, messages } = openSession(server)
  const key = { 'Idempotency-Key': crypto.randomUUID() }
  await behave({ mode: 'slow', delayMs: 300, times: 1 })
  const slow = save('1', key)
  await expect.poll(log).toMatchObject([{ bodyBytes: expect.any(Number) }])
  expect((await save('1', key)).status).toBe(409)
  expect((await slow).status).toBe(201)
  expect((await save('1', key)).headers.get('idempotency-replayed')).toBe('true')
  expect(await messages()).toHaveLength(1)
})

test('a refused message leaves its key free', async () => {
  const { save } = openSession(server)
  const key = { 'Idempotency-Key': crypto.randomUUID() }
  expect((await save('1', key, { role: 'nobody' })).status).toBe(400)
  expect((await save('1', key)).status).toBe(201)
})

test('without a key, a message that is there already is a conflict', async () => {
  const { save, messages } = openSession(server)
  await save('1')
  const again = await save('1')
  expect(again.status).toBe(409)
  expect(await again.json()).toMatchObject({ error: { code: 'duplicate_id' } })
  expect(await messages()).toHaveLength(1)
})

test('a body over 1 MB is refused, and the client hears why', async () => {
  const { save } = openSession(server)
  const answer = await save('1', {}, { content: 'x'.repeat(2 ** 20) })
  expect(answer.status).toBe(413)
  expect(await answer.json()).toMatchObject({ error: { code: 'request_too_large' } })
})

test('the log says that secrets came, not which, and whose the cookie is', async () => {
  const { save, log, session } = openSession(server)
  await save('1', {
    Authorization: 'Bearer secret',
    Cookie: 'a=secret; who=ada',
    'Idempotency-Key': 'k' + session,
  })
  const seen = await log()
  expect(seen).toMatchObject([
    { session, key: `k${session}`, authorization: true, cookie: true, who: 'ada', status: 201 },
  ])
  expect(JSON.stringify(seen)).not.toContain('secret')
})

test('a page from elsewhere cannot reach the history', async () => {
  const { session, messages } = openSession(server)
  const path = `/sessions/${session}/messages`
  const from = (Origin: string) =>
    fetch(`${server.url}/api${path}`, { method: 'POST', headers: { Origin }, body: '{"id":"1"}' })
  expect((await from('https://evil.example')).status).toBe(403)
  expect(await messages()).toEqual([])
  const near = await from('http://localhost:5173')
  expect(near.status).toBe(400)
  expect(near.headers.get('access-control-allow-origin')).toBe('http://localhost:5173')
})
