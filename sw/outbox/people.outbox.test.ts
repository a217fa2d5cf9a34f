import { describe, expect, test } from 'vitest'
import type { SaveRouteOptions } from '../../core/options/options.ts'
import { createFakeDevice } from '../testing/fake-device.ts'
import { after, created, noNetwork } from '../testing/fake-upstream.ts'
import { responses } from '../../core/testing/scripted-upstream.ts'

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

  test('they are not read, retried, discarded or cleared', async () => {
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
    device.database.loseAll()
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
    device.upstream.otherwise = ({ headers }) => (headers.has('authorization') ? created() : responses(401))
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

describe('another person signs in in mid-send', () => {
  /** Ada's message has been given to `fetch`; its response is a second away. */
  async function inMidSend(settings: Partial<SaveRouteOptions> = {}) {
    const device = createFakeDevice()
    device.upstream.otherwise = ({ method }) => (method === 'HEAD' ? created() : after(1_000, created()))
    const worker = device.boot()
    const signIn = async (name: string | null) => {
      await device.principal.set(name)
      await worker.outbox.stopOthers()
    }
    await device.principal.set('ada')
    await worker.save('/api/a', 'hers', { settings })
    await device.advance(10)
    expect(device.upstream.open()).toBe(1)
    return { device, worker, signIn }
  }

  test('it is stopped, and ended when that is done; its owner sends it again, with the same key', async () => {
    const { device, worker, signIn } = await inMidSend()
    await signIn('grace')
    expect(device.upstream.open()).toBe(0)
    await worker.save('/api/a', 'his')
    await device.advance(HOUR)
    expect(device.upstream.bodies()).toEqual(['hers', 'his'])
    expect(device.statuses.filter(({ status }) => status !== 'save_queued')).toMatchObject([
      { status: 'save_sent', attempts: 1 },
    ])
    expect(await device.entries()).toMatchObject([{ principal: 'ada', state: 'sending', attempts: 0 }])
    await signIn('ada')
    void worker.outbox.drain('woken')
    await device.advance(2_000)
    expect(device.upstream.bodies()).toEqual(['hers', 'his', 'hers'])
    const [first, , again] = device.upstream.received.map(({ headers }) => headers.get('idempotency-key'))
    expect(again).toBe(first)
    expect(await device.entries()).toEqual([])
  })

  test('where it must not be sent twice, its owner is asked', async () => {
    const { device, worker, signIn } = await inMidSend({ whenUnsure: 'hold' })
    await signIn(null)
    await device.advance(HOUR)
    await signIn('ada')
    void worker.outbox.drain('woken')
    await device.advance(HOUR)
    expect(await worker.outbox.list()).toMatchObject([{ state: 'dead', code: 'unsure' }])
    expect(device.emitted()).toEqual(['save_queued', 'save_dead'])
    expect(device.upstream.bodies().filter((body) => body === 'hers')).toHaveLength(1)
  })

  test('a response that is there already counts', async () => {
    const { device, signIn } = await inMidSend()
    await device.advance(990)
    await signIn('grace')
    await device.advance(0)
    expect(await device.entries()).toEqual([])
    expect(device.upstream.bodies()).toEqual(['hers'])
  })

  test('what is under way of the one who is signed in goes on', async () => {
    const { device, signIn } = await inMidSend()
    await signIn('ada')
    expect(device.upstream.open()).toBe(1)
  })

  test.each(['clear', 'forget'] as const)('%s() stops it, too', async (name) => {
    const { device, worker } = await inMidSend()
    await worker.outbox[name]()
    expect(device.upstream.open()).toBe(0)
    await device.advance(HOUR)
    expect(device.upstream.bodies()).toEqual(['hers'])
    expect(device.emitted()).toEqual(['save_queued'])
    expect(await device.entries()).toEqual([])
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
    expect(device.emitted().filter((name) => name !== 'save_retry')).toEqual([
      'save_queued',
      'save_needs_auth',
    ])
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

describe('clear()', () => {
  test('is of whoever was signed in when it was asked, though somebody else signs in at once', async () => {
    const device = createFakeDevice()
    device.upstream.otherwise = noNetwork
    const worker = device.boot()
    await device.principal.set('grace')
    await worker.save('/api/g', 'graces', { headers: TOKEN })
    await device.principal.set('ada')
    await worker.save('/api/a', 'adas', { headers: TOKEN })
    await device.advance(0)
    const clearing = worker.outbox.forget()
    await device.principal.set('grace')
    await device.advance(0)
    await clearing
    expect(await device.entries()).toMatchObject([{ principal: 'grace' }])
    expect(device.caches.readAll().size).toBe(1)
  })

  test('takes nothing that another tab saves after it was asked: that is sent, with its secrets', async () => {
    for (let turns = 1; turns < 15; turns++) {
      const device = createFakeDevice()
      device.upstream.otherwise = noNetwork
      const worker = device.boot()
      await worker.save('/api/a', 'before', { headers: TOKEN })
      await device.advance(10)
      device.caches.delay = (operation) => (operation === 'keys' ? 50 : 0)
      const clearing = worker.outbox.forget()
      for (let done = 0; done < turns; done++) await new Promise((resolve) => setImmediate(resolve))
      const saving = worker.save('/api/b?q=1', 'after', { headers: TOKEN })
      await device.advance(100)
      await clearing
      expect((await saving).status).toBe(202)
      device.upstream.otherwise = created
      device.upstream.received.length = 0
      void worker.outbox.drain('flush')
      await device.advance(100)
      expect([turns, device.upstream.received]).toMatchObject([
        turns,
        [{ body: 'after', url: 'https://app.example/api/b?q=1' }],
      ])
      expect(device.upstream.received[0]?.headers.get('authorization')).toBe(TOKEN.authorization)
      expect(await device.entries()).toEqual([])
    }
  })

  test('takes what was saved before it and is still being stored', async () => {
    const device = createFakeDevice()
    device.upstream.otherwise = noNetwork
    const worker = device.boot()
    await device.advance(0)
    const saving = worker.save('/api/a?q=1', 'm1', { headers: TOKEN, bodyMs: 5_000 })
    await device.advance(1)
    const clearing = worker.outbox.forget()
    await device.advance(5_000)
    expect((await saving).status).toBe(202)
    await clearing
    expect(await device.entries()).toEqual([])
    expect(device.caches.readAll().size).toBe(0)
  })

  test('waits for an upload that never ends 10 s at most', async () => {
    const device = createFakeDevice()
    const worker = device.boot()
    void worker.save('/api/a', 'endless', { bodyMs: 1e9 })
    let isCleared = false
    void worker.outbox.clear().then(() => (isCleared = true))
    await device.advance(9_999)
    expect(isCleared).toBe(false)
    await device.advance(1)
    expect(isCleared).toBe(true)
  })
})

describe('S2 a message waits until it is known whose it is', () => {
  /** Somebody who is known late; `known()` rejects at the storage's deadline. */
  function late(device: ReturnType<typeof createFakeDevice>, ms: number, id: string | null) {
    const known = new Promise<string | null>((resolve, reject) => {
      device.clock.timer(Math.min(ms, 3_000), () => (ms > 3_000 ? reject(new Error('late')) : resolve(id)))
    })
    let isKnown = false
    known.then(
      () => (isKnown = true),
      () => {},
    )
    const current = () => (isKnown ? id : undefined)
    return { ...device.principal, current, known: () => known, of: () => known }
  }

  test.each([150, 1_000, 2_900])('for %i ms: it is filed, sent and listed as hers', async (ms) => {
    const device = createFakeDevice()
    device.upstream.otherwise = noNetwork
    const worker = device.boot({ principal: late(device, ms, 'ada') })
    const counting = worker.outbox.counts()
    const saving = worker.save('/api/a', 'hers')
    await device.advance(ms - 1)
    expect(device.caches.readAll().size).toBe(0)
    await device.advance(10)
    expect(await counting).toMatchObject({ needsAuth: 0, dead: 0 })
    expect((await saving).status).toBe(202)
    expect(await device.entries()).toMatchObject([{ principal: 'ada' }])
    expect(await worker.outbox.list()).toHaveLength(1)
  })

  test('no longer than for the storage itself: then it goes straight to the network, and is filed under nobody', async () => {
    const device = createFakeDevice()
    const worker = device.boot({ principal: late(device, 5_000, 'ada') })
    const saving = worker.save('/api/a', 'hers')
    await device.advance(3_000)
    expect((await saving).status).toBe(201)
    expect(device.caches.readAll().size).toBe(0)
    expect(device.emitted()).toContain('storage_degraded')
  })

  test('nothing is sent, listed or cleared before', async () => {
    const device = createFakeDevice()
    device.upstream.otherwise = noNetwork
    const first = device.boot()
    await first.save('/api/a', 'nobody’s')
    await device.advance(10)
    first.kill()
    device.upstream.received.length = 0
    device.upstream.otherwise = created
    const worker = device.boot({ principal: late(device, 2_000, 'ada') })
    const clearing = worker.outbox.clear()
    await device.advance(1_999)
    expect(device.upstream.received).toEqual([])
    await device.advance(10)
    await clearing
    expect(await device.entries()).toHaveLength(1)
  })

  test('what is saved after clear() was asked for stays', async () => {
    const device = createFakeDevice()
    device.upstream.otherwise = noNetwork
    const worker = device.boot({ principal: late(device, 2_000, 'ada') })
    const before = worker.save('/api/a', 'before')
    const clearing = worker.outbox.clear()
    const after = worker.save('/api/a', 'after')
    await device.advance(3_000)
    await Promise.all([before, clearing, after])
    expect((await device.entries()).map(({ conversation, principal }) => [conversation, principal])).toEqual([
      ['/api/a', 'ada'],
    ])
    expect(device.upstream.bodies().at(-1)).toBe('after')
  })

  test('what is saved after clear() stays, also where it is stored before the stores are read', async () => {
    const device = createFakeDevice()
    device.upstream.otherwise = noNetwork
    const worker = device.boot()
    await device.advance(10)
    const before = worker.save('/api/a', 'before')
    const clearing = worker.outbox.clear()
    const after = worker.save('/api/b', 'after')
    await device.advance(3_000)
    await Promise.all([before, clearing, after])
    expect((await device.entries()).map(({ conversation }) => conversation)).toEqual(['/api/b'])
  })

  test('told late, it deletes what was saved before it was asked, of whoever the page said', async () => {
    const device = createFakeDevice()
    device.upstream.otherwise = noNetwork
    const worker = device.boot()
    await device.principal.set('ada')
    await worker.save('/api/a', 'before', { headers: TOKEN })
    await device.advance(10)
    const askedAt = device.clock.now()
    await device.advance(10)
    await worker.save('/api/a', 'after', { headers: TOKEN })
    await device.principal.set('grace')
    await worker.save('/api/g', 'graces', { headers: TOKEN })
    await device.advance(10)
    await worker.outbox.forget({ principal: 'ada', askedAt })
    expect((await device.entries()).map(({ conversation, principal }) => [conversation, principal])).toEqual([
      ['/api/a', 'ada'],
      ['/api/g', 'grace'],
    ])
    worker.kill()
    device.upstream.received.length = 0
    device.upstream.otherwise = created
    await device.principal.set('ada')
    device.boot()
    await device.advance(60_000)
    // The key that it was sealed with is still there.
    expect(device.upstream.received.map(({ body, headers }) => [body, headers.get('authorization')])).toEqual(
      [['after', TOKEN.authorization]],
    )
  })

  test('told late, it keeps what was saved since and is still being stored', async () => {
    const device = createFakeDevice()
    device.upstream.otherwise = noNetwork
    const worker = device.boot()
    await worker.save('/api/a', 'before', { headers: TOKEN })
    await device.advance(10)
    const askedAt = device.clock.now()
    await device.advance(10)
    device.caches.delay = (operation) => (operation === 'put' ? 50 : 0)
    const clearing = worker.outbox.forget({ askedAt })
    const saving = worker.save('/api/a', 'after', { headers: TOKEN })
    await device.advance(1_000)
    await Promise.all([saving, clearing])
    worker.kill()
    device.upstream.received.length = 0
    device.upstream.otherwise = created
    device.boot()
    await device.advance(60_000)
    // The key that it was sealed with is still there.
    expect(device.upstream.received.map(({ body, headers }) => [body, headers.get('authorization')])).toEqual(
      [['after', TOKEN.authorization]],
    )
  })

  test('it forgets the key to the secrets of whoever is signed in, and nobody else’s', async () => {
    const device = createFakeDevice()
    device.upstream.otherwise = noNetwork
    const worker = device.boot()
    await device.principal.set('ada')
    await worker.save('/api/a', 'adas', { headers: TOKEN })
    await device.principal.set('grace')
    await worker.save('/api/g', 'graces', { headers: TOKEN })
    await device.advance(10)
    worker.kill()
    const next = device.boot()
    await next.outbox.forget()
    next.kill()
    device.upstream.received.length = 0
    device.upstream.otherwise = created
    await device.principal.set('ada')
    device.boot()
    await device.advance(60_000)
    expect(device.upstream.received.map(({ body, headers }) => [body, headers.get('authorization')])).toEqual(
      [['adas', TOKEN.authorization]],
    )
  })

  test('told late, after the clock was set back, it spares nothing that claims to come', async () => {
    const device = createFakeDevice()
    device.upstream.otherwise = noNetwork
    const worker = device.boot()
    await worker.save('/api/a', 'before')
    await device.advance(10)
    device.clock.jump(-3_600_000)
    await worker.outbox.clear({ askedAt: device.clock.now() })
    expect(await device.entries()).toEqual([])
  })

  test('one that 0.1 has stored without saying whose is nobody’s, not everybody’s', async () => {
    const device = createFakeDevice()
    device.upstream.otherwise = noNetwork
    const first = device.boot({ principal: { ...device.principal, of: async () => undefined as never } })
    await first.save('/api/a', 'limbo')
    await device.advance(10)
    first.kill()
    device.upstream.otherwise = created
    device.upstream.received.length = 0
    device.boot({ principal: late(device, 1_000, null) })
    await device.advance(999)
    expect(device.upstream.received).toEqual([])
    await device.advance(100)
    expect(device.upstream.bodies()).toEqual(['limbo'])
  })
})

describe('S17 one message waits for no other', () => {
  test('an upload that never ends holds up nobody else’s conversation', async () => {
    const device = createFakeDevice()
    const worker = device.boot()
    void worker.save('/api/a', 'endless', { bodyMs: 1e9 })
    const saving = worker.save('/api/b', 'quick')
    await device.advance(0)
    expect((await saving).status).toBe(202)
    expect(device.upstream.bodies()).toEqual(['quick'])
  })

  test.each([
    ['its own', '/api/a', {}],
    ['one that is named in the body', '/api/b', { settings: { orderBy: 'body.id' as const } }],
  ])('nor %s for longer than 10 s', async (_name, path, more) => {
    const device = createFakeDevice()
    const worker = device.boot()
    void worker.save('/api/a', 'endless', { bodyMs: 1e9 })
    let isSaved = false
    void worker.save(path, 'm2', more).then(() => (isSaved = true))
    await device.advance(9_999)
    expect(isSaved).toBe(false)
    await device.advance(1)
    expect(isSaved).toBe(true)
    const third = worker.save(path, 'm3', more)
    await device.advance(0)
    expect((await third).status).toBe(202)
    expect(device.upstream.bodies()).toEqual(['m2', 'm3'])
  })

  test('one that takes its time keeps its place', async () => {
    const device = createFakeDevice()
    const worker = device.boot()
    void worker.save('/api/a', 'slow', { bodyMs: 5_000 })
    void worker.save('/api/a', 'quick')
    await device.advance(6_000)
    expect(device.upstream.bodies()).toEqual(['slow', 'quick'])
  })
})
