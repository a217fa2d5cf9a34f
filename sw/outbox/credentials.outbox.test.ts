import { expect, test } from 'vitest'
import { responses } from '../../core/testing/scripted-upstream.ts'
import { createFakeDevice } from '../testing/fake-device.ts'
import { created, noNetwork, type Received } from '../testing/fake-upstream.ts'

const OLD = { authorization: 'Bearer old' }
const NEW = { Authorization: 'Bearer new' }
const onlyNew = ({ headers }: Received) =>
  headers.get('authorization') === 'Bearer new' ? created() : responses(401)

test('401: a page is asked, followers wait, and what it gives is used in their order', async () => {
  const device = createFakeDevice()
  device.upstream.otherwise = onlyNew
  const worker = device.boot()
  await worker.save('/api/a', 'm1', { headers: OLD })
  await worker.save('/api/a', 'm2', { headers: OLD })
  await worker.save('/api/b', 'other')
  await device.advance(600_000)
  expect(device.upstream.bodies().toSorted()).toEqual(['m1', 'other']) // Two conversations: in any order.
  expect(await worker.outbox.counts()).toEqual({ queued: 1, needsAuth: 2, dead: 0 })
  // It is about whichever was refused first.
  const [question] = device.questions
  const heads = (await worker.outbox.list()).filter(({ state }) => state === 'needs_auth')
  const about = heads.find(({ id }) => id === question?.entryId)
  expect(question).toEqual({
    origin: 'https://app.example',
    url: about?.url,
    entryId: about?.id,
    conversation: about?.conversation,
  })
  device.askAuth = () => Promise.resolve(NEW)
  device.upstream.received.length = 0
  void worker.outbox.drain('woken')
  await device.advance(0)
  const inA = device.upstream.received.filter(
    ({ path, headers }) => path === '/api/a' && headers.get('authorization') === 'Bearer new',
  )
  expect(inA.map(({ body }) => body)).toEqual(['m1', 'm2'])
  expect(device.statuses.filter(({ status }) => status === 'save_sent')).toMatchObject([
    { attempts: 1 },
    { attempts: 1 },
    { attempts: 1 },
  ])
  // The page is asked for the first, and what it gives is used for the next at once.
  expect(device.emitted().filter((status) => status === 'save_needs_auth')).toHaveLength(2)
})

test('401 tells once that it needs credentials, over worker restarts, too', async () => {
  const device = createFakeDevice()
  device.upstream.otherwise = () => responses(401)
  const first = device.boot()
  await first.save('/api/a', 'm1')
  await device.advance(1_000)
  first.kill()
  device.boot()
  await device.advance(1_000)
  expect(device.upstream.received).toHaveLength(2)
  expect(device.emitted()).toEqual(['save_queued', 'save_needs_auth'])
})

test.each([
  ['a 401', {}, false],
  ['lost credentials', OLD, true],
])('%s, and what the page gives is refused at once: that is told once', async (_name, headers, isLost) => {
  const device = createFakeDevice()
  device.upstream.otherwise = isLost ? noNetwork : () => responses(401)
  device.askAuth = () => Promise.resolve(device.upstream.received.length > 1 ? NEW : OLD)
  const first = device.boot()
  await first.save('/api/a', 'm1', { headers })
  await device.advance(isLost ? 0 : 1_000)
  if (isLost) {
    first.kill()
    await device.database.remove('streamkeeper https://app.example/', 'keys', 'seal')
    device.upstream.otherwise = () => responses(401)
    device.boot()
    await device.advance(1_000)
  }
  expect(device.upstream.received.length).toBeGreaterThan(1)
  expect(await device.entries()).toMatchObject([{ state: 'needs_auth' }])
  expect(device.emitted().filter((status) => status === 'save_needs_auth')).toHaveLength(1)
})

test('the network is a reason to try again for what has met none, not for what waits for credentials', async () => {
  const device = createFakeDevice()
  device.upstream.otherwise = ({ path }) => (path === '/api/a' ? responses(401) : noNetwork())
  const worker = device.boot()
  await worker.save('/api/a', 'needs a page')
  await worker.save('/api/b', 'needs the network')
  await device.advance(10)
  device.upstream.received.length = 0
  void worker.outbox.drain('online')
  await device.advance(10)
  expect(device.upstream.bodies()).toEqual(['needs the network'])
  void worker.outbox.drain('woken')
  await device.advance(10)
  expect(device.upstream.bodies().toSorted()).toEqual([
    'needs a page',
    'needs the network',
    'needs the network',
  ])
})

test('what a page gives is stored nowhere', async () => {
  const device = createFakeDevice()
  device.upstream.otherwise = ({ headers }) =>
    headers.get('authorization') === 'Bearer new' ? responses(503) : responses(401)
  device.askAuth = () => Promise.resolve(NEW)
  const worker = device.boot()
  await worker.save('/api/a?q=querysecret', 'm1', { headers: OLD })
  await device.advance(10)
  expect(device.upstream.received).toHaveLength(2)
  const everything = JSON.stringify([await device.entries(), ...device.caches.readAll()])
  expect(decodeURIComponent(everything)).toContain('/api/a')
  expect(decodeURIComponent(everything)).not.toMatch(/Bearer|querysecret/)
})

test('nothing that is told or asked names a header, a query or a body', async () => {
  const device = createFakeDevice()
  device.upstream.otherwise = () => responses(401)
  const worker = device.boot()
  await worker.save('/api/a?q=querysecret', 'bodysecret', { headers: OLD })
  await device.advance(10)
  device.caches.loseAll()
  await worker.outbox.drain('flush')
  const emitted = JSON.stringify([device.statuses, device.questions, await worker.outbox.list()])
  expect(emitted).not.toMatch(/Bearer|querysecret|bodysecret/)
})

test('403 with new headers that work is sent', async () => {
  const device = createFakeDevice()
  device.upstream.script['/api/a'] = [responses(403)]
  device.askAuth = () => Promise.resolve(NEW)
  const worker = device.boot()
  await worker.save('/api/a', 'm1', { headers: OLD })
  await device.advance(0)
  expect(device.emitted()).toEqual(['save_queued', 'save_sent'])
  expect(device.questions).toHaveLength(1)
})

test('headers that no request takes are as good as none: the message stays', async () => {
  const device = createFakeDevice()
  device.upstream.script['/api/a'] = [responses(401)]
  device.askAuth = () => Promise.resolve({ 'not a header': 'x' })
  const worker = device.boot()
  await worker.save('/api/a', 'm1')
  await device.advance(0)
  expect(await worker.outbox.list()).toMatchObject([{ state: 'waiting' }])
})

test('sealed headers that are lost: what the page gives is used, in its place', async () => {
  const device = createFakeDevice()
  device.upstream.otherwise = noNetwork
  const first = device.boot()
  await first.save('/api/a', 'm1', { headers: OLD })
  await first.save('/api/a', 'm2', { headers: OLD })
  await device.advance(0)
  first.kill()
  device.database.loseAll()
  device.upstream.otherwise = onlyNew
  device.upstream.received.length = 0
  device.askAuth = () => Promise.resolve(NEW)
  device.boot()
  await device.advance(0)
  expect(device.upstream.bodies()).toEqual(['m1', 'm2'])
  expect(device.emitted().slice(-5)).toEqual([
    'outbox_restored',
    'save_needs_auth',
    'save_sent',
    'save_needs_auth',
    'save_sent',
  ])
})

test.each([
  ['401', responses(401), 'needs_auth'],
  ['a dead letter that holds', responses(400), 'dead'],
])('%s stops those that were stored before it was sent, too', async (_name, refusal, state) => {
  const device = createFakeDevice()
  device.upstream.otherwise = noNetwork
  const worker = device.boot()
  const settings = { afterDead: 'hold' } as const
  for (const body of ['m1', 'm2']) await worker.save('/api/a', body, { settings })
  await device.advance(10)
  device.upstream.received.length = 0
  device.upstream.otherwise = () => refusal
  void worker.outbox.drain('woken')
  await device.advance(600_000)
  expect(device.upstream.bodies()).toEqual(['m1'])
  expect(await worker.outbox.list()).toMatchObject([{ state }, { state: 'queued' }])
})
