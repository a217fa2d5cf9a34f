import { expect, test } from 'vitest'
import { responses, saysNothing } from '../../core/testing/scripted-upstream.ts'
import { createFakeDevice, createRequest } from '../testing/fake-device.ts'
import { after, created, noNetwork } from '../testing/fake-upstream.ts'
import { quiet } from '../testing/quiet-clock.ts'
import { openMessageIndex } from './message-index.ts'

test('a message arrives as the page sent it: method, bytes, headers, query, credentials', async () => {
  const device = createFakeDevice()
  const worker = device.boot()
  const bytes = Uint8Array.from({ length: 256 }, (_, n) => n)
  const request = new Request('https://app.example/api/a?b=%20c', {
    method: 'PUT',
    body: bytes,
    credentials: 'include',
    referrerPolicy: 'no-referrer',
    headers: { 'Content-Type': 'application/octet-stream', 'X-App': '1', 'X-Streamkeeper-Id': 'abc' },
  })
  await worker.outbox.accept(request, { settings: { url: '*' }, groups: {} }, 'page')
  await device.advance(0)
  const [sent] = device.upstream.received
  expect(sent?.method).toBe('PUT')
  expect(sent?.url).toBe('https://app.example/api/a?b=%20c')
  expect(sent?.headers.get('content-type')).toBe('application/octet-stream')
  expect(sent?.headers.get('x-app')).toBe('1')
  expect(sent?.headers.has('x-streamkeeper-id')).toBe(false)
  expect(sent?.init).toMatchObject({
    mode: 'cors',
    credentials: 'include',
    referrerPolicy: 'no-referrer',
    cache: 'no-store',
  })
  expect(new Uint8Array(await new Response(sent?.init.body ?? null).arrayBuffer())).toEqual(bytes)
})

test('a message without a body arrives without one', async () => {
  const device = createFakeDevice()
  const worker = device.boot()
  await worker.save('/api/a', '', { method: 'DELETE' })
  await device.advance(0)
  expect(device.upstream.received[0]).toMatchObject({ method: 'DELETE', body: '', init: { body: null } })
})

test('the worker is asked to wake only for what is stored', async () => {
  const device = createFakeDevice()
  const worker = device.boot()
  device.caches.delay = (operation) => (operation === 'put' ? 100 : 0)
  const saving = worker.save('/api/a', 'm1')
  await device.advance(50)
  expect(device.syncs()).toBe(0)
  await device.advance(100)
  await saving
  expect(device.syncs()).toBe(1)
})

test('a body that cannot be read fails as without us: nothing is stored, sent or told', async () => {
  const device = createFakeDevice()
  const worker = device.boot()
  const request = createRequest(device.clock, '/api/a', 'm1', {})
  Object.defineProperty(request, 'arrayBuffer', { value: () => Promise.reject(new TypeError('gone')) })
  const saving = worker.outbox.accept(request, { settings: { url: '*' }, groups: {} }, 'page')
  await expect(saving).rejects.toThrow('gone')
  expect((await worker.save('/api/a', 'm2')).status).toBe(202)
  await device.advance(0)
  expect(device.upstream.bodies()).toEqual(['m2'])
  expect(device.emitted()).toEqual(['save_queued', 'save_sent'])
})

test('many at once keep their order, however slow the storage is', async () => {
  const device = createFakeDevice()
  const messageIndex = openMessageIndex('https://app.example/', device.clock)
  const latest = async () => {
    await new Promise<void>((resolve) => device.clock.timer(200, resolve))
    return messageIndex.latest()
  }
  const worker = device.boot({ messageIndex: { ...messageIndex, latest } })
  await device.advance(1_000)
  const texts = Array.from({ length: 200 }, (_, n) => `m${n}`)
  const saving = Promise.all(texts.map((text) => worker.save('/api/a', text)))
  await device.advance(60_000)
  await saving
  expect(device.upstream.bodies()).toEqual(texts)
})

test('accept order is kept when a big body is read slower than a later small one', async () => {
  const device = createFakeDevice()
  const worker = device.boot()
  const saves = [worker.save('/api/a', 'big', { bodyMs: 4_000 }), worker.save('/api/a', 'small')]
  await device.advance(5_000)
  expect((await Promise.all(saves)).map(({ status }) => status)).toEqual([202, 202])
  expect(device.upstream.bodies()).toEqual(['big', 'small'])
})

test('at most four conversations are sent at a time, and the others follow one by one', async () => {
  const device = createFakeDevice()
  device.upstream.otherwise = () => after(1_000, created())
  const worker = device.boot()
  for (let n = 0; n < 15; n++) await worker.save(`/api/${n}`, `m${n}`)
  await device.advance(900)
  expect(device.upstream.open()).toBe(4)
  await device.advance(10_000)
  expect(device.upstream.mostOpen()).toBe(4)
  expect(new Set(device.upstream.bodies()).size).toBe(15)
  expect(device.upstream.received).toHaveLength(15)
})

test('a conversation that hangs holds up none that arrives later', async () => {
  const device = createFakeDevice()
  device.upstream.script['/api/hangs'] = [saysNothing()]
  const worker = device.boot()
  await worker.save('/api/hangs', 'h1')
  await worker.save('/api/hangs', 'h2')
  await device.advance(10_000)
  await worker.save('/api/later', 'm1')
  await device.advance(0)
  expect(device.upstream.bodies()).toEqual(['h1', 'm1'])
  await device.advance(60_000)
  expect(device.upstream.bodies()).toEqual(['h1', 'm1', 'h1', 'h2'])
})

test('the timeline of a message that meets 500 three times, then 200', async () => {
  const device = createFakeDevice()
  device.upstream.script['/api/a'] = [responses(500), responses(500), responses(500)]
  const worker = device.boot()
  await worker.save('/api/a', 'm1')
  await device.advance(60_000)
  expect(device.timeline()).toEqual([
    '0 send m1',
    '0 save_queued /api/a',
    '0 save_retry /api/a',
    '1000 send m1',
    '1000 save_retry /api/a',
    '3000 send m1',
    '3000 save_retry /api/a',
    '7000 send m1',
    '7000 save_sent /api/a',
  ])
})

test('neither a network that is back nor a new worker undercuts a Retry-After; flush() does', async () => {
  const device = createFakeDevice()
  await device.principal.set('ada')
  device.upstream.script['/api/a'] = [
    responses(503, { 'retry-after': '3600' }),
    responses(503, { 'retry-after': '3600' }),
  ]
  const first = device.boot()
  await first.save('/api/a', 'm1')
  await device.advance(10_000)
  first.kill()
  const second = device.boot()
  void second.outbox.drain('woken')
  await device.advance(1_000_000)
  expect(device.upstream.received).toHaveLength(1)
  void second.outbox.drain('flush')
  await device.advance(0)
  expect(device.upstream.received).toHaveLength(2)
  await device.advance(3_599_000)
  expect(device.upstream.received).toHaveLength(2)
  await device.advance(1_000)
  expect(device.upstream.received).toHaveLength(3)
})

test('a drain asked for at any moment of a run that ends is not lost', async () => {
  for (let turns = 0; turns < 60; turns++) {
    const device = createFakeDevice()
    device.upstream.otherwise = noNetwork
    const worker = device.boot()
    await worker.save('/api/a', 'm1')
    await device.advance(10)
    device.upstream.otherwise = created
    void worker.outbox.drain()
    for (let admission = 0; admission < turns; admission++)
      await new Promise((resolve) => setImmediate(resolve))
    await worker.outbox.drain('woken')
    await quiet()
    expect(device.emitted(), `after ${turns} turns`).toContain('save_sent')
  }
})

test('respond: sent hands on a refusal, too', async () => {
  const device = createFakeDevice()
  device.upstream.script['/api/a'] = [
    responses(422, { 'content-type': 'application/json' }, '{"error":"long"}'),
  ]
  const worker = device.boot()
  const response = await worker.save('/api/a', 'm1', { settings: { respond: 'sent' } })
  expect([response.status, await response.json()]).toEqual([422, { error: 'long' }])
  expect(await worker.outbox.list()).toMatchObject([{ state: 'dead', preview: '422 {"error":"long"}' }])
})

test('a dead letter that is discarded lets those it held back go', async () => {
  const device = createFakeDevice()
  device.upstream.script['/api/a'] = [responses(400)]
  const worker = device.boot()
  const settings = { afterDead: 'hold' } as const
  await worker.save('/api/a', 'm1', { settings })
  await worker.save('/api/a', 'm2', { settings })
  await device.advance(60_000)
  expect(device.upstream.bodies()).toEqual(['m1'])
  const [dead] = await worker.outbox.list()
  await worker.outbox.discard(dead?.id ?? '')
  await device.advance(0)
  expect(device.upstream.bodies()).toEqual(['m1', 'm2'])
})

test('what is discarded while it is sent stays discarded', async () => {
  const device = createFakeDevice()
  device.upstream.script['/api/a'] = [after(1_000, responses(500))]
  const worker = device.boot()
  await worker.save('/api/a', 'm1')
  await device.advance(500)
  const [sending] = await worker.outbox.list()
  expect(sending?.state).toBe('sending')
  expect(await worker.outbox.discard(sending?.id ?? '')).toBe(true)
  await device.advance(60_000)
  expect(device.upstream.bodies()).toEqual(['m1'])
  expect(await device.entries()).toEqual([])
  expect(device.emitted()).toEqual(['save_queued'])
})
