import { describe, expect, test } from 'vitest'
import { createFakeDevice } from '../testing/fake-device.ts'
import { created, noNetwork } from '../testing/fake-upstream.ts'
import { answers } from '../../core/testing/scripted-upstream.ts'

const HOUR = 3_600_000
const TOKEN = { authorization: 'Bearer old' }

describe('one person’s messages are nobody else’s', () => {
  async function leaveOne() {
    const device = createFakeDevice()
    device.upstream.otherwise = noNetwork
    await device.principal.set('ada')
    const worker = device.boot()
    await worker.save('/api/a', 'hers', { headers: TOKEN })
    await device.advance(0)
    device.upstream.received.length = 0
    device.statuses.length = 0
    device.upstream.otherwise = created
    await device.advance(1)
    await device.principal.set('grace')
    return { device, worker }
  }

  test('they are neither sent, listed, counted, told nor asked about', async () => {
    const { device, worker } = await leaveOne()
    void worker.outbox.drain('flush')
    await device.advance(HOUR)
    expect(device.upstream.received).toEqual([])
    expect(await worker.outbox.list()).toEqual([])
    expect(await worker.outbox.counts()).toEqual({ queued: 0, needsAuth: 0, dead: 0 })
    expect(device.statuses).toEqual([])
    expect(device.questions).toEqual([])
  })

  test('nor read, retried, discarded or cleared', async () => {
    const { device, worker } = await leaveOne()
    const [entry] = await device.entries()
    const id = entry?.id ?? ''
    expect(await worker.outbox.body(id)).toBeNull()
    expect(await worker.outbox.retry(id)).toBe(false)
    expect(await worker.outbox.discard(id)).toBe(false)
    await worker.outbox.clear()
    await worker.outbox.forget()
    await device.advance(0)
    expect(await device.entries()).toHaveLength(1)
    expect(device.upstream.received).toEqual([])
  })

  test('nothing is left to send only without them, or when they are too old', async () => {
    const { device, worker } = await leaveOne()
    expect(await worker.outbox.isEmpty()).toBe(false)
    await device.advance(7 * 24 * HOUR)
    expect(await worker.outbox.isEmpty()).toBe(true)
  })

  test('they go when their sender comes back, with their own secrets, over a restart too', async () => {
    const { device, worker } = await leaveOne()
    worker.kill()
    await device.principal.set('ada')
    device.boot()
    await device.advance(0)
    expect(device.upstream.received).toMatchObject([{ body: 'hers' }])
    expect(device.upstream.received[0]?.headers.get('authorization')).toBe('Bearer old')
    expect(await device.entries()).toEqual([])
  })

  test('they hold up none of the next one’s in the same conversation', async () => {
    const { device, worker } = await leaveOne()
    await worker.save('/api/a', 'mine')
    await device.advance(0)
    expect(device.upstream.bodies()).toEqual(['mine'])
  })

  test('what is put back after the index was lost is still theirs', async () => {
    const { device, worker } = await leaveOne()
    worker.kill()
    device.database.lose()
    const next = device.boot()
    await device.advance(HOUR)
    expect(device.upstream.received).toEqual([])
    expect(await next.outbox.list()).toEqual([])
    await device.principal.set('ada')
    device.askAuth = () => Promise.resolve({ Authorization: 'Bearer new' })
    void next.outbox.drain('woken')
    await device.advance(0)
    expect(device.upstream.bodies()).toEqual(['hers'])
  })

  test('somebody else signs in between two messages: the second one stays', async () => {
    const device = createFakeDevice()
    await device.principal.set('ada')
    device.upstream.otherwise = () => {
      void device.principal.set('grace')
      return created()
    }
    const worker = device.boot()
    for (const body of ['m1', 'm2']) await worker.save('/api/a', body)
    await device.advance(HOUR)
    expect(device.upstream.bodies()).toEqual(['m1'])
    expect(await device.entries()).toMatchObject([{ principal: 'ada', state: 'queued' }])
  })

  test('what a page gives for one person is not used for the next', async () => {
    const device = createFakeDevice()
    device.upstream.otherwise = ({ headers }) => (headers.has('authorization') ? created() : answers(401))
    device.askAuth = () => Promise.resolve({ Authorization: `Bearer of ${device.principal.current()}` })
    const worker = device.boot()
    for (const name of ['ada', 'grace']) {
      await device.principal.set(name)
      await worker.save('/api/a', name)
      await device.advance(0)
    }
    const sent = device.upstream.received.map(
      ({ body, headers }) => `${body}: ${headers.get('authorization')}`,
    )
    expect(sent).toEqual(['ada: null', 'ada: Bearer of ada', 'grace: null', 'grace: Bearer of grace'])
  })
})

describe('nobody said who is signed in', () => {
  async function waitFor(ms: number, headers: Record<string, string> = {}) {
    const device = createFakeDevice()
    device.upstream.otherwise = noNetwork
    const worker = device.boot()
    await worker.save('/api/a', 'm1', { headers })
    await device.advance(ms)
    device.upstream.otherwise = created
    device.upstream.received.length = 0
    void worker.outbox.drain('woken')
    await device.advance(0)
    return { device, worker }
  }

  test('a message that relies on cookies is sent for an hour', async () => {
    const { device } = await waitFor(HOUR - 1_000)
    expect(device.upstream.bodies()).toEqual(['m1'])
  })

  test('after that it needs somebody to vouch for it', async () => {
    const { device, worker } = await waitFor(HOUR + 1_000)
    expect(device.upstream.received).toEqual([])
    expect(device.told().filter((name) => name !== 'save_retry')).toEqual(['save_queued', 'save_needs_auth'])
    expect(await worker.outbox.list()).toMatchObject([{ state: 'needs_auth' }])
    await device.advance(1)
    // A page that has nothing to add, and says so.
    device.askAuth = () => Promise.resolve({})
    void worker.outbox.drain('woken')
    await device.advance(0)
    expect(device.upstream.bodies()).toEqual(['m1'])
  })

  test('a person can vouch for it, too; flush() alone does not', async () => {
    const { device, worker } = await waitFor(HOUR + 1_000)
    void worker.outbox.drain('flush')
    await device.advance(0)
    expect(device.upstream.received).toEqual([])
    const [entry] = await worker.outbox.list()
    await worker.outbox.retry(entry?.id ?? '')
    await device.advance(0)
    expect(device.upstream.bodies()).toEqual(['m1'])
  })

  test.each([TOKEN, { 'x-api-key': 'k' }])(
    'a message with credentials of its own needs nobody: %j',
    async (headers) => {
      const { device } = await waitFor(HOUR + 1_000, headers)
      expect(device.upstream.bodies()).toEqual(['m1'])
    },
  )
})

describe('forget()', () => {
  test('deletes messages, the key to their secrets and what pages gave', async () => {
    const device = createFakeDevice()
    device.upstream.otherwise = noNetwork
    const worker = device.boot()
    await worker.save('/api/a?q=1', 'm1', { headers: TOKEN })
    await device.advance(0)
    expect(await device.database.readAll('streamkeeper https://app.example/', 'keys')).toHaveLength(1)
    await worker.outbox.forget()
    expect(await device.entries()).toEqual([])
    expect(device.caches.readAll().size).toBe(0)
    expect(await device.database.readAll('streamkeeper https://app.example/', 'keys')).toEqual([])
    expect(await worker.outbox.list()).toEqual([])
    // The next message has a new key.
    device.upstream.otherwise = created
    await worker.save('/api/a', 'm2', { headers: TOKEN })
    await device.advance(0)
    expect(device.upstream.received.at(-1)?.headers.get('authorization')).toBe('Bearer old')
  })

  test('what is under way then leaves nothing behind', async () => {
    const device = createFakeDevice()
    device.upstream.otherwise = noNetwork
    const worker = device.boot()
    void worker.save('/api/a', 'm1')
    await device.advance(0)
    void worker.outbox.drain('flush')
    await worker.outbox.forget()
    await device.advance(HOUR)
    expect(await device.entries()).toEqual([])
    expect(device.caches.readAll().size).toBe(0)
  })
})
