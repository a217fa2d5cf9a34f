import { describe, expect, test } from 'vitest'
import { responses, saysNothing } from '../../core/testing/scripted-upstream.ts'
import { createFakeDevice, type FakeDevice, type FakeWorker } from '../testing/fake-device.ts'
import { created, noNetwork } from '../testing/fake-upstream.ts'

const TOKEN = { authorization: 'Bearer s3cret' }
const DATABASE = 'streamkeeper https://app.example/'
const QUOTA = new DOMException('Quota exceeded', 'QuotaExceededError')

/** A save whose response comes in its own time. */
function track(saving: Promise<Response>) {
  const seen: { response?: Response; error?: unknown } = {}
  void saving.then(
    (response) => (seen.response = response),
    (error: unknown) => (seen.error = error),
  )
  return seen
}

/** The index is lost without a word, while a worker has it open. */
function loseInMidLife(): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const opening = indexedDB.open('streamkeeper https://app.example/', 1)
    opening.addEventListener('success', () => {
      const stores = ['entries', 'latest', 'keys']
      const transaction = opening.result.transaction(stores, 'readwrite')
      for (const store of stores) transaction.objectStore(store).clear()
      transaction.addEventListener('complete', () => resolve())
    })
    opening.addEventListener('error', () => reject(opening.error ?? new Error('Cannot open')))
  })
}

async function isEmpty(device: FakeDevice) {
  expect(await device.entries()).toEqual([])
  expect(device.caches.readAll().size).toBe(0)
}

describe('storage refused: straight to the network, once, and nothing is left behind', () => {
  test('the Cache API is full', async () => {
    const device = createFakeDevice()
    const worker = device.boot()
    device.caches.fault = (operation) => (operation === 'put' ? QUOTA : undefined)
    device.upstream.script['/api/a'] = [responses(201, { 'content-type': 'application/json' }, '{"seq":1}')]
    const headers = { authorization: 'Bearer s3cret' }
    const response = await worker.save('/api/a?q=1', 'm1', { headers })
    expect(await response.json()).toEqual({ seq: 1 })
    await device.advance(60_000)
    expect(device.emitted()).toEqual(['storage_degraded'])
    expect(device.upstream.received).toHaveLength(1)
    expect(device.upstream.received[0]?.url).toMatch(/\?q=1$/)
    expect(device.upstream.received[0]?.headers.get('authorization')).toBe('Bearer s3cret')
    await isEmpty(device)
    device.caches.fault = () => undefined
    device.boot()
    await device.advance(60_000)
    expect(device.upstream.received).toHaveLength(1)
  })

  test.each([
    ['refuses', new DOMException('Internal error', 'UnknownError')],
    ['never answers', 'hang' as const],
  ])('IndexedDB %s to open', async (_name, fault) => {
    const device = createFakeDevice()
    device.database.fault = () => fault
    const worker = device.boot()
    const save = track(worker.save('/api/a', 'm1'))
    await device.advance(10_000)
    expect(save.response?.status).toBe(201)
    expect(device.upstream.bodies()).toEqual(['m1'])
    expect(device.emitted()).toContain('storage_degraded')
    device.database.fault = () => undefined
    device.boot()
    await device.advance(60_000)
    expect(device.upstream.bodies()).toEqual(['m1'])
    await isEmpty(device)
  })

  test('the network’s failure is the page’s, as without us', async () => {
    const device = createFakeDevice()
    const worker = device.boot()
    device.caches.fault = (operation) => (operation === 'put' ? QUOTA : undefined)
    device.upstream.otherwise = noNetwork
    const save = track(worker.save('/api/a', 'm1'))
    await device.advance(60_000)
    expect(save.error).toBeInstanceOf(TypeError)
    expect(device.upstream.received).toHaveLength(1)
    await isEmpty(device)
  })

  test('storage that never answers costs the first save its deadlines, and those behind it hardly more', async () => {
    const device = createFakeDevice()
    device.caches.fault = () => 'hang'
    const worker = device.boot()
    const saves = Array.from({ length: 10 }, (_, n) => track(worker.save(`/api/${n}`, `m${n}`)))
    await device.advance(9_000)
    expect(saves.map(({ response }) => response?.status)).toEqual(Array(10).fill(201))
    expect(device.upstream.received).toHaveLength(10)
  })

  test('what the cache stores after its deadline is not sent again', async () => {
    const device = createFakeDevice()
    const worker = device.boot()
    await device.advance(0)
    device.caches.delay = (operation) => (operation === 'put' ? 5_000 : 0)
    const save = track(worker.save('/api/a', 'm1'))
    await device.advance(60_000)
    expect(save.response?.status).toBe(201)
    worker.kill()
    device.boot()
    await device.advance(60_000)
    expect(device.upstream.bodies()).toEqual(['m1'])
    await isEmpty(device)
  })
})

describe('storage that is busy is not refused', () => {
  /** The statuses of that many saves at once, as far as they have been answered after so long. */
  async function saveMany(count: number, ms: number, delay: (put: number) => number) {
    const device = createFakeDevice()
    device.upstream.otherwise = noNetwork
    const worker = device.boot()
    await device.advance(0)
    let puts = 0
    device.caches.delay = (operation) => (operation === 'put' ? delay(puts++) : 0)
    const saves = Array.from({ length: count }, (_, n) => track(worker.save(`/api/${n}`, `m${n}`)))
    await device.advance(ms)
    return { device, saves, statuses: saves.map(({ response, error }) => response?.status ?? error) }
  }

  test('busy: 100 messages at once, of which it stores ten in a second', async () => {
    const { statuses } = await saveMany(100, 10_000, (put) => (put + 1) * 100)
    expect(statuses).toEqual(Array(100).fill(202))
  })

  test('slow: each takes 2.9 s', async () => {
    const { statuses } = await saveMany(3, 9_000, (put) => (put + 1) * 2_900)
    expect(statuses).toEqual([202, 202, 202])
  })

  test('dead: refused after 3 s, all of them', async () => {
    const { statuses } = await saveMany(100, 3_400, () => 1e9)
    expect(statuses.map(String)).toEqual(Array(100).fill(expect.stringContaining('TypeError')))
  })

  test('one late response does not make it refuse what is slow for good', async () => {
    const { device, saves } = await saveMany(1, 4_000, () => 3_500)
    expect(saves[0]?.error).toBeInstanceOf(TypeError)
    device.caches.delay = (operation) => (operation === 'put' ? 1_000 : 0)
    const next = track(device.boot().save('/api/next', 'next'))
    await device.advance(2_000)
    expect(next.response?.status).toBe(202)
  })
})

describe('between the two stores', () => {
  test('a message whose body is stored later than its index is not taken for lost', async () => {
    const device = createFakeDevice()
    const worker = device.boot()
    await worker.save('/api/a', 'm1')
    await device.advance(0)
    // From now on the cache is slow: other messages are sent while this one is half stored.
    device.caches.delay = (operation) => (operation === 'put' ? 1_000 : 0)
    const slow = track(worker.save('/api/slow', 'm2'))
    await device.advance(100)
    await worker.outbox.drain('flush')
    await device.advance(2_000)
    expect(slow.response?.status).toBe(202)
    expect(device.upstream.bodies()).toEqual(['m1', 'm2'])
    expect(device.emitted()).not.toContain('save_dead')
    await isEmpty(device)
  })

  test('another worker over the same stores does not take it for lost either', async () => {
    const device = createFakeDevice()
    const old = device.boot()
    const fresh = device.boot()
    await device.advance(0)
    device.caches.delay = (operation) => (operation === 'put' ? 1_000 : 0)
    const slow = track(fresh.save('/api/slow', 'm1'))
    await device.advance(100)
    await old.outbox.drain('flush')
    await device.advance(60_000)
    expect(slow.response?.status).toBe(202)
    expect(device.upstream.bodies()).toEqual(['m1'])
    expect(device.emitted()).not.toContain('save_dead')
    await isEmpty(device)
  })

  test('body lost while queued: a dead letter, which can be discarded', async () => {
    const device = createFakeDevice()
    const worker = device.boot()
    device.upstream.otherwise = noNetwork
    await worker.save('/api/a', 'm1')
    await device.advance(500)
    device.caches.loseAll()
    await device.advance(60_000)
    const [dead] = await worker.outbox.list()
    expect(dead).toMatchObject({ state: 'dead', code: 'storage_unavailable' })
    expect(await worker.outbox.body(dead?.id ?? '')).toBeNull()
    expect(await worker.outbox.discard(dead?.id ?? '')).toBe(true)
    expect(await worker.outbox.discard(dead?.id ?? '')).toBe(false)
    await isEmpty(device)
  })

  test.each(['resend', 'hold'] as const)(
    'the cache lost while one is being sent: a dead letter, whatever came of it: %s',
    async (whenUnsure) => {
      const device = createFakeDevice()
      const worker = device.boot()
      device.upstream.otherwise = ({ method }) => (method === 'HEAD' ? created() : saysNothing())
      await worker.save('/api/a', 'm1', { settings: { whenUnsure } })
      await device.advance(0)
      worker.kill()
      device.caches.loseAll()
      const next = device.boot()
      await device.advance(60_000)
      expect(await next.outbox.list()).toMatchObject([{ state: 'dead', code: 'storage_unavailable' }])
      expect(device.emitted()).toEqual(['save_queued', 'save_dead'])
    },
  )

  test.each(['resend', 'hold'] as const)(
    'the cache lost in mid-life, and made anew by another save: what was being sent is a dead letter: %s',
    async (whenUnsure) => {
      const device = createFakeDevice()
      const worker = device.boot()
      device.upstream.otherwise = ({ method }) => (method === 'HEAD' ? created() : saysNothing())
      await worker.save('/api/a', 'm1', { settings: { whenUnsure } })
      await device.advance(0)
      device.caches.loseAll()
      const other = track(worker.save('/api/b', 'm2'))
      await device.advance(1_000)
      expect(other.response?.status).toBe(202)
      worker.kill()
      device.upstream.otherwise = created
      const next = device.boot()
      await device.advance(60_000)
      expect(await next.outbox.list()).toMatchObject([
        { conversation: '/api/a', state: 'dead', code: 'storage_unavailable' },
      ])
      expect(device.upstream.bodies().filter((body) => body === 'm1')).toHaveLength(1)
    },
  )

  test('what came after a cache was lost is known by the mark of the new one', async () => {
    const device = createFakeDevice()
    device.upstream.otherwise = saysNothing
    const worker = device.boot()
    await device.advance(0)
    device.caches.loseAll()
    // A page comes, and the cache has a new mark.
    void worker.outbox.drain('woken')
    await device.advance(0)
    await worker.save('/api/a', 'm1')
    await device.advance(0)
    worker.kill()
    const [entry] = await device.entries()
    device.caches.loseAll(entry?.id)
    device.boot()
    await device.advance(60_000)
    expect(device.emitted()).toEqual(['save_queued', 'save_sent'])
    await isEmpty(device)
  })

  test('what 0.1 was sending, and removed, counts as sent: its entries have no mark', async () => {
    const device = createFakeDevice()
    device.upstream.otherwise = saysNothing
    const worker = device.boot()
    await worker.save('/api/a', 'm1')
    await device.advance(0)
    worker.kill()
    const [entry] = await device.entries()
    const { mark, ...asOf01 } = entry ?? {}
    expect(mark).toBeDefined()
    await device.database.remove(DATABASE, 'entries', entry?.id ?? '')
    await device.database.put(DATABASE, 'entries', asOf01)
    device.caches.loseAll(entry?.id)
    device.boot()
    await device.advance(60_000)
    expect(device.emitted()).toEqual(['save_queued', 'save_sent'])
    await isEmpty(device)
  })

  test('body lost while sending: it was sent', async () => {
    const device = createFakeDevice()
    const worker = device.boot()
    device.upstream.otherwise = saysNothing
    await worker.save('/api/a', 'm1')
    await device.advance(0)
    worker.kill()
    // As a worker that dies between the two steps of a removal leaves it.
    const [entry] = await device.entries()
    device.caches.loseAll(entry?.id)
    device
      .boot()
      .outbox.drain()
      .catch(() => {})
    await device.advance(60_000)
    expect(device.emitted()).toEqual(['save_queued', 'save_sent'])
    expect(device.upstream.received).toHaveLength(1)
    await isEmpty(device)
  })
})

test('an index that refuses a removal: the message is not sent again, and told of once', async () => {
  const device = createFakeDevice()
  device.upstream.otherwise = created
  const worker = device.boot()
  await device.advance(0)
  const { prototype } = IDBObjectStore
  const remove = Object.getOwnPropertyDescriptor(prototype, 'delete') ?? {}
  Object.defineProperty(prototype, 'delete', {
    ...remove,
    value: function (this: IDBObjectStore, key: string) {
      const asked: unknown = Reflect.apply(remove.value, this, [key])
      this.transaction.abort()
      return asked
    },
  })
  await worker.save('/api/a', 'm1')
  await device.advance(1_000)
  Object.defineProperty(prototype, 'delete', remove)
  expect(device.emitted()).toEqual(['save_queued', 'storage_degraded'])
  expect(await worker.outbox.list()).toMatchObject([{ state: 'sending' }])
  await device.advance(60_000)
  expect(device.emitted()).toEqual(['save_queued', 'storage_degraded', 'save_sent'])
  expect(device.upstream.bodies()).toEqual(['m1'])
  await isEmpty(device)
})

test.each([{}, { whenUnsure: 'hold' as const }])(
  'a cache that refuses a removal: the message is not sent again, and no dead letter: %j',
  async (settings) => {
    const device = createFakeDevice()
    device.upstream.otherwise = created
    device.caches.fault = (operation) => (operation === 'delete' ? QUOTA : undefined)
    const worker = device.boot()
    await worker.save('/api/a', 'm1', { settings })
    await device.advance(130_000)
    worker.kill()
    const next = device.boot()
    await device.advance(130_000)
    expect(await next.outbox.list()).toMatchObject([{ state: 'sending' }])
    device.caches.fault = () => undefined
    await device.advance(60_000)
    expect(device.upstream.bodies().filter((body) => body === 'm1')).toHaveLength(1)
    expect(device.emitted().filter((name) => name !== 'storage_degraded')).toEqual([
      'save_queued',
      'save_sent',
    ])
    await isEmpty(device)
  },
)

test('the next of a conversation goes out when the message before it cannot come back', async () => {
  const device = createFakeDevice()
  device.upstream.otherwise = created
  device.caches.delay = (operation) => (operation === 'delete' ? 2_000 : 0)
  const worker = device.boot()
  for (const [path, body] of [
    ['/api/a', 'm1'],
    ['/api/a', 'm2'],
    ['/api/b', 'm3'],
  ] as const)
    await worker.save(path, body)
  await device.advance(1_000)
  expect(device.upstream.bodies()).toEqual(['m1', 'm3'])
  await device.advance(2_000)
  expect(device.upstream.bodies()).toEqual(['m1', 'm3', 'm2'])
})

test('what has just come is sent without being read again, and after a failure from the cache', async () => {
  const device = createFakeDevice()
  const worker = device.boot()
  await worker.save('/api/a', 'm1')
  await device.advance(0)
  expect([device.upstream.bodies(), device.caches.count('match')]).toEqual([['m1'], 0])
  device.upstream.script['/api/a'] = [noNetwork()]
  await worker.save('/api/a', 'm2')
  await device.advance(10_000)
  expect(device.upstream.bodies()).toEqual(['m1', 'm2', 'm2'])
  expect(device.caches.count('match')).toBe(1)
})

test('what is removed unsent leaves its room in memory to others', async () => {
  const device = createFakeDevice()
  device.upstream.otherwise = noNetwork
  const worker = device.boot()
  for (let n = 0; n < 20; n++) await worker.save('/api/a', 'x'.repeat(60_000))
  const clearing = worker.outbox.clear()
  await device.advance(0)
  await clearing
  device.upstream.otherwise = created
  const before = device.caches.count('match')
  await worker.save('/api/a', 'y'.repeat(60_000))
  await device.advance(0)
  expect(device.upstream.bodies().at(-1)).toMatch(/^y+$/)
  expect(device.caches.count('match')).toBe(before)
})

test('what is next in its conversation is read while the one before it is sent', async () => {
  const device = createFakeDevice()
  device.upstream.otherwise = noNetwork
  const first = device.boot()
  for (const body of ['m1', 'm2', 'm3', 'm4']) await first.save('/api/a', body)
  await device.advance(0)
  first.kill()
  const before = device.caches.count('match')
  device.upstream.otherwise = saysNothing
  device.boot()
  await device.advance(1_000)
  // The first, and two behind it.
  expect(device.caches.count('match') - before).toBe(3)
  device.upstream.otherwise = created
  device.upstream.received.length = 0
  await device.advance(60_000)
  expect(device.upstream.bodies()).toEqual(['m1', 'm2', 'm3', 'm4'])
})

describe('the index is lost', () => {
  test('what is put back keeps its order and its place among newer ones', async () => {
    const device = createFakeDevice()
    device.upstream.otherwise = noNetwork
    const first = device.boot()
    for (const body of ['m1', 'm2', 'm3']) await first.save('/api/a', body)
    await device.advance(0)
    first.kill()
    device.database.loseAll()
    device.upstream.otherwise = created
    device.upstream.received.length = 0
    const second = device.boot()
    const m4 = second.save('/api/a', 'm4')
    await device.advance(1_000)
    expect((await m4).status).toBe(202)
    expect(device.emitted()).toContain('outbox_restored')
    expect(device.upstream.bodies()).toEqual(['m1', 'm2', 'm3', 'm4'])
    await isEmpty(device)
  })

  test('sealed headers cannot be read any more: it needs credentials, in its place, until it is too old', async () => {
    const device = createFakeDevice()
    device.upstream.otherwise = noNetwork
    const first = device.boot()
    await first.save('/api/a', 'm1', { headers: { authorization: 'Bearer old' } })
    await first.save('/api/a', 'm2')
    await device.advance(0)
    first.kill()
    device.database.loseAll()
    device.upstream.otherwise = created
    device.upstream.received.length = 0
    const second = device.boot({ maxAgeMs: 600_000 })
    void second.outbox.drain('woken')
    await device.advance(60_000)
    expect(await second.outbox.list()).toMatchObject([{ state: 'needs_auth' }, { state: 'queued' }])
    expect(device.upstream.received).toEqual([])
    await device.advance(600_000)
    void second.outbox.drain('woken')
    await device.advance(60_000)
    expect(await second.outbox.list()).toMatchObject([{ state: 'dead' }])
    expect(device.upstream.bodies()).toEqual(['m2'])
  })

  test.each([
    ['a new one', (worker: FakeWorker) => void worker.save('/api/a', 'm3')],
    ['its time', () => {}],
  ])(
    'an index that is lost in mid-life is made again before anything is sent: by %s',
    async (_name, come) => {
      const device = createFakeDevice()
      device.upstream.otherwise = () => responses(503)
      const worker = device.boot()
      await worker.save('/api/a', 'm1')
      await worker.save('/api/a', 'm2')
      await device.advance(0)
      device.upstream.received.length = 0
      device.upstream.otherwise = created
      await loseInMidLife()
      come(worker)
      await device.advance(60_000)
      expect(device.upstream.bodies().slice(0, 2)).toEqual(['m1', 'm2'])
      expect(device.emitted()).toContain('outbox_restored')
      await isEmpty(device)
    },
  )

  test('an index that is lost in mid-life is made again once for all that are stored meanwhile', async () => {
    const device = createFakeDevice()
    device.upstream.otherwise = noNetwork
    const worker = device.boot()
    for (let n = 0; n < 20; n++) await worker.save('/api/a', `before ${n}`)
    await device.advance(0)
    await loseInMidLife()
    const looked = device.caches.count('keys')
    const read = device.caches.count('match')
    const saves = Array.from({ length: 20 }, (_, n) => track(worker.save(`/api/${n}`, `after ${n}`)))
    await device.advance(100)
    expect(saves.map(({ response }) => response?.status)).toEqual(Array(20).fill(202))
    expect(device.caches.count('keys') - looked).toBe(1)
    // Each of the twenty that were lost, and the body of the one that is tried again.
    expect(device.caches.count('match') - read).toBeLessThanOrEqual(21)
    expect(await worker.outbox.list()).toHaveLength(40)
  })

  test.each([
    ['another save', (worker: FakeWorker) => void worker.save('/api/b', 'm2', { headers: TOKEN })],
    ['a page', (worker: FakeWorker) => void worker.outbox.drain('woken')],
  ])('in mid-life: the key to sealed headers is put back when it is noticed: by %s', async (_name, come) => {
    const device = createFakeDevice()
    device.upstream.otherwise = noNetwork
    const worker = device.boot()
    await worker.save('/api/a', 'm1', { headers: TOKEN })
    await device.advance(0)
    await loseInMidLife()
    come(worker)
    await device.advance(100)
    worker.kill()
    device.upstream.received.length = 0
    device.upstream.otherwise = created
    device.boot()
    await device.advance(60_000)
    const sent = device.upstream.received.map(({ headers }) => headers.get('authorization'))
    expect(sent.length).toBeGreaterThan(0)
    expect(new Set(sent)).toEqual(new Set(['Bearer s3cret']))
    await isEmpty(device)
  })

  test('in mid-life: a key that another worker has made since is used for what comes', async () => {
    const device = createFakeDevice()
    device.upstream.otherwise = noNetwork
    const old = device.boot()
    await old.save('/api/a', 'm1', { headers: TOKEN })
    await device.advance(0)
    await loseInMidLife()
    const next = device.boot()
    await next.save('/api/b', 'm2', { headers: TOKEN })
    // To the old one nothing seems lost: it compares the two when a page comes.
    void old.outbox.drain('woken')
    await device.advance(0)
    await old.save('/api/c', 'm3', { headers: TOKEN })
    await device.advance(100)
    expect(await device.database.readAll(DATABASE, 'keys')).toHaveLength(1)
    old.kill()
    next.kill()
    device.upstream.received.length = 0
    device.upstream.otherwise = created
    device.boot()
    await device.advance(60_000)
    expect(device.upstream.bodies()).toContain('m3')
  })

  test('clear() also deletes what only the cache still has', async () => {
    const device = createFakeDevice()
    device.upstream.otherwise = noNetwork
    const first = device.boot()
    await first.save('/api/a', 'm1')
    await device.advance(0)
    first.kill()
    const second = device.boot()
    await device.advance(0)
    await loseInMidLife()
    const clearing = second.outbox.clear()
    await device.advance(0)
    await clearing
    await isEmpty(device)
  })
})

test('storage that fails in one conversation starts no second run beside the first', async () => {
  const device = createFakeDevice()
  const worker = device.boot()
  device.upstream.script['/api/hangs'] = [saysNothing()]
  device.caches.fault = (operation, url) =>
    operation === 'match' && device.upstream.open() > 0 && url !== '' ? QUOTA : undefined
  await worker.save('/api/hangs', 'm1')
  await device.advance(10)
  await worker.save('/api/b', 'm2')
  await device.advance(10)
  expect(device.upstream.open()).toBe(1)
  device.caches.fault = () => undefined
  void worker.outbox.drain('flush')
  await device.advance(10)
  // The first is still under way: it is not sent a second time beside it.
  expect(device.upstream.bodies().filter((body) => body === 'm1')).toHaveLength(1)
  await device.advance(60_000)
  expect(device.upstream.bodies()).toContain('m2')
  await isEmpty(device)
})

test('an index that is lost while the worker lives is made again from the messages', async () => {
  const device = createFakeDevice()
  device.upstream.otherwise = noNetwork
  const worker = device.boot()
  for (const body of ['m1', 'm2']) await worker.save('/api/a', body)
  await device.advance(0)
  const [first] = await device.entries()
  // Behind its back: a row is lost, and nothing tells.
  await device.database.remove('streamkeeper https://app.example/', 'entries', first?.id ?? '')
  device.upstream.otherwise = created
  device.upstream.received.length = 0
  await device.advance(1)
  void worker.outbox.drain('woken')
  await device.advance(0)
  void worker.outbox.drain('flush')
  await device.advance(1_000)
  expect(device.upstream.bodies().toSorted()).toEqual(['m1', 'm2'])
  expect(await device.entries()).toEqual([])
})

test('a letter whose record is damaged hurts no other', async () => {
  const device = createFakeDevice()
  device.upstream.otherwise = noNetwork
  const first = device.boot()
  for (const body of ['m1', 'm2']) await first.save('/api/a', body)
  await device.advance(0)
  first.kill()
  device.database.loseAll()
  device.caches.damage('m1')
  device.upstream.otherwise = created
  device.upstream.received.length = 0
  device.boot()
  await device.advance(0)
  expect(device.upstream.bodies()).toEqual(['m2'])
})
