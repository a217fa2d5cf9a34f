import { expect, test } from 'vitest'
import { responses } from '../../core/testing/scripted-upstream.ts'
import { createFakeDevice, type FakeDevice } from '../testing/fake-device.ts'
import { created, noNetwork } from '../testing/fake-upstream.ts'

const askPage = { authorization: 'ask-page' } as const
const TOKEN = { authorization: 'Bearer old' }

async function everything(device: FakeDevice) {
  const keys = await device.database.readAll('streamkeeper https://app.example/', 'keys')
  return JSON.stringify([await device.entries(), ...device.caches.readAll(), keys.length])
}

test('secrets are stored nowhere, not even sealed, and are sent while the worker lives', async () => {
  const device = createFakeDevice()
  device.upstream.otherwise = noNetwork
  const worker = device.boot(askPage)
  await worker.save('/api/a?q=secret', 'm1', { headers: TOKEN })
  await device.advance(10_000)
  expect(await everything(device)).not.toMatch(/sealed|Bearer|secret,/)
  expect((await everything(device)).endsWith(',0]')).toBe(true)
  device.upstream.otherwise = created
  void worker.outbox.drain('woken')
  await device.advance(0)
  const last = device.upstream.received.at(-1)
  expect([last?.url, last?.headers.get('authorization')]).toEqual([
    'https://app.example/api/a?q=secret',
    'Bearer old',
  ])
})

test('when the worker has died it waits in its place until a page gives them', async () => {
  const device = createFakeDevice()
  device.upstream.otherwise = noNetwork
  const first = device.boot(askPage)
  await first.save('/api/a', 'm1', { headers: TOKEN })
  await first.save('/api/a', 'm2')
  await device.advance(0)
  first.kill()
  device.upstream.received.length = 0
  device.upstream.otherwise = ({ headers }) => (headers.has('authorization') ? created() : responses(400))
  const second = device.boot(askPage)
  await device.advance(600_000)
  expect(device.upstream.received).toEqual([])
  expect(await second.outbox.list()).toMatchObject([{ state: 'needs_auth' }, { state: 'queued' }])
  device.askAuth = () => Promise.resolve({ Authorization: 'Bearer new' })
  void second.outbox.drain('woken')
  await device.advance(0)
  const sent = device.upstream.received.map(({ body, headers }) => `${body} ${headers.get('authorization')}`)
  expect(sent[0]).toBe('m1 Bearer new')
  expect(device.upstream.bodies()).toEqual(['m1', 'm2'])
})

test('a query cannot be given again: its message is a dead letter that can be read', async () => {
  const device = createFakeDevice()
  device.upstream.otherwise = noNetwork
  const first = device.boot(askPage)
  await first.save('/api/a?q=secret', 'm1')
  await device.advance(0)
  first.kill()
  const second = device.boot(askPage)
  await device.advance(600_000)
  const [entry] = await second.outbox.list()
  expect(entry).toMatchObject({ state: 'dead', code: 'storage_unavailable' })
  expect(await (await second.outbox.body(entry?.id ?? ''))?.text()).toBe('m1')
})
