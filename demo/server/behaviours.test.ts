import { afterAll, expect, test } from 'vitest'
import { startServer } from './start-server.ts'
import { openSession } from './testing/history.ts'

const server = await startServer()
afterAll(server.close)

test('fail answers as told, as often as told, then works', async () => {
  const { save, behave, messages } = openSession(server)
  await behave({ mode: 'fail', status: 503, headers: { 'Retry-After': '1' }, times: 2 })
  const key = { 'Idempotency-Key': crypto.randomUUID() }
  const first = await save('1', key)
  expect([first.status, first.headers.get('retry-after')]).toEqual([503, '1'])
  expect((await save('1', key)).status).toBe(503)
  expect((await save('1', key)).status).toBe(201)
  expect(await messages()).toHaveLength(1)
})

test('one session’s behaviour does not touch another', async () => {
  const bad = openSession(server)
  const good = openSession(server)
  await bad.behave({ mode: 'fail' })
  expect((await bad.save('1')).status).toBe(503)
  expect((await good.save('1')).status).toBe(201)
})

test('auth takes the right token only', async () => {
  const { save, behave } = openSession(server)
  await behave({ mode: 'auth', token: 'sesame' })
  const refused = await save('1')
  expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
  expect((await save('1', { Authorization: 'Bearer wrong' })).status).toBe(401)
  expect((await save('1', { Authorization: 'Bearer sesame' })).status).toBe(201)
})

test('reject, html and redirect save nothing', async () => {
  const { save, behave, messages } = openSession(server)
  await behave({ mode: 'reject' })
  expect((await save('1')).status).toBe(400)
  await behave({ mode: 'html' })
  const page = await save('1')
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
  await behave({ mode: 'redirect' })
  const moved = await save('1')
  expect([moved.status, moved.headers.get('location')]).toEqual([302, '/api/login'])
  expect(await messages()).toEqual([])
})

test('reset saves nothing, lost saves and says nothing', async () => {
  const { save, behave, messages } = openSession(server)
  const key = { 'Idempotency-Key': crypto.randomUUID() }
  await behave({ mode: 'reset', times: 1 })
  await expect(save('1', key)).rejects.toThrow()
  expect(await messages()).toEqual([])
  await behave({ mode: 'lost', times: 1 })
  await expect(save('1', key)).rejects.toThrow()
  expect(await messages()).toHaveLength(1)
  expect((await save('1', key)).headers.get('idempotency-replayed')).toBe('true')
  expect(await messages()).toHaveLength(1)
})

test('a behaviour nobody knows is refused', async () => {
  const { behave } = openSession(server)
  expect((await behave({ mode: 'explode' as 'ok' })).status).toBe(400)
  expect((await behave({ mode: 'fail', times: 0 })).status).toBe(400)
})
