import { beforeEach, describe, expect, test } from 'vitest'
import { createFakeDatabase, type FakeDatabase } from '../testing/fake-database.ts'
import { createQuietClock } from '../testing/quiet-clock.ts'
import type { FakeClock } from '../../core/testing/fake-clock.ts'
import { createFakeCaches, type FakeCaches } from '../testing/fake-caches.ts'
import { openPrincipal, type Principal } from './principal.ts'

const SCOPE = 'https://app.example/'

let database: FakeDatabase
let clock: FakeClock
let caches: FakeCaches

beforeEach(() => {
  database = createFakeDatabase()
  clock = createQuietClock()
  caches = createFakeCaches(clock)
})

/** A worker that has just started: its storage has not answered yet. */
const start = (initial?: string | null) =>
  openPrincipal({
    scope: SCOPE,
    caches: caches.of(() => false),
    clock,
    initial,
    isPage: async (id) => id.startsWith('page'),
  })

async function boot(initial?: string | null) {
  const principal = start(initial)
  await principal.known()
  return principal
}

/** The principal of that page's request, as soon as it is known; `'?'` until then. */
function filed(principal: Principal, clientId: string) {
  const seen: { as: string | null; refused?: boolean } = { as: '?' }
  principal.of(clientId).then(
    (id) => (seen.as = id),
    () => (seen.refused = true),
  )
  return seen
}

test('who is signed in is known to the next worker', async () => {
  const first = await boot()
  expect(first.current()).toBeNull()
  await first.set('ann')
  expect(first.current()).toBe('ann')
  expect((await boot()).current()).toBe('ann')
})

test.each(['ann', null])('a lost database makes nobody another: %s', async (id) => {
  await (await boot('bob')).set(id)
  database.loseAll()
  expect((await boot('bob')).current()).toBe(id)
  caches.loseAll()
  expect((await boot('bob')).current()).toBe(id)
})

test('a page that signs in another while the copy is still read changes nothing of what it sent before', async () => {
  await (await boot()).set('ann', 'page1')
  await clock.advance(1_000)
  caches.delay = (operation) => (operation === 'match' ? 50 : 0)
  const principal = start()
  const seen = filed(principal, 'page1')
  const named = principal.set('bob', 'page1')
  await clock.advance(100)
  await named
  expect(seen.as).toBe('ann')
  caches.delay = () => 0
  expect((await boot()).current()).toBe('bob')
})

test('a Cache API that does not answer changes nothing', async () => {
  await (await boot()).set('ann')
  caches.fault = () => 'hang'
  const known = start().known()
  await clock.advance(1_000)
  expect(await known).toBe('ann')
  const unsaid = createFakeDatabase()
  const knowing = start().known()
  await clock.advance(1_000)
  expect(await knowing).toBeNull()
  expect(await unsaid.readAll(`streamkeeper principal ${SCOPE}`, 'principal')).toEqual([])
  const setting = start().set('bob')
  await clock.advance(10_000)
  await setting
  caches.fault = () => undefined
  expect((await boot()).current()).toBe('bob')
})

test('the option says it for the first time only', async () => {
  const first = await boot('ann')
  expect(first.current()).toBe('ann')
  await first.set(null)
  expect((await boot('ann')).current()).toBeNull()
})

test('what is set before the storage has answered stands', async () => {
  await (await boot()).set('ann')
  const principal = start()
  await principal.set('bob')
  await principal.known()
  expect(principal.current()).toBe('bob')
})

test('whoever asks while the storage is read is told who it was then, although another signs in meanwhile', async () => {
  await (await boot()).set('ann')
  const principal = start()
  const asked = principal.known()
  await principal.set('bob')
  expect(await asked).toBe('ann')
  expect(await principal.known()).toBe('bob')
})

test('another worker that is still at work hears of it', async () => {
  const [old, fresh] = [await boot(), await boot()]
  await fresh.set('ann')
  await expect.poll(old.current).toBe('ann')
})

describe('S2 “not known yet” is not “nobody”', () => {
  test('while the storage has not answered it is neither', async () => {
    await (await boot()).set('ann')
    const principal = start()
    expect(principal.current()).toBeUndefined()
    await principal.known()
    expect(principal.current()).toBe('ann')
  })

  test('a storage that never answers: who asks is told so in time, and a page’s word is enough', async () => {
    database.fault = () => 'hang'
    const principal = start()
    const asked = filed(principal, '')
    await clock.advance(2_999)
    expect(asked).toEqual({ as: '?' })
    await clock.advance(1)
    expect(asked).toEqual({ as: '?', refused: true })
    expect(principal.current()).toBeUndefined()
    void principal.set('ann')
    expect(principal.current()).toBe('ann')
    await expect(principal.known()).resolves.toBe('ann')
  })

  test('a storage that refuses is asked again', async () => {
    await (await boot()).set('ann')
    database.fault = () => new Error('refused')
    const principal = start()
    await expect(principal.known()).rejects.toThrow('refused')
    expect(principal.current()).toBeUndefined()
    database.fault = () => undefined
    await expect(principal.known()).resolves.toBe('ann')
  })
})

describe('S2 what a page sends before it has said who it is', () => {
  test('is filed under the one whom a call names, if it comes first; what comes before a later call is not', async () => {
    const principal = await boot('ann')
    const early = filed(principal, 'page')
    await clock.advance(500)
    const setting = principal.set('bob', 'page')
    const between = filed(principal, 'page')
    await setting
    const late = principal.set('eve', 'page')
    await clock.advance(5_000)
    await late
    expect([early.as, between.as]).toEqual(['bob', 'bob'])
  })

  test('nor is what comes before the first call that a new worker hears', async () => {
    const first = await boot()
    first.met('page')
    await first.set('ann', 'page')
    await clock.advance(500)
    const principal = start()
    const early = filed(principal, 'page')
    void principal.set('bob', 'page')
    await clock.advance(500)
    expect(early.as).toBe('ann')
  })

  test('is filed under the one whom it names', async () => {
    const principal = await boot('ann')
    const early = filed(principal, 'page')
    await clock.advance(500)
    expect(early.as).toBe('?')
    principal.met('page', 'bob')
    const later = filed(principal, 'page')
    await clock.advance(0)
    expect([early.as, later.as]).toEqual(['bob', 'bob'])
  })

  test('under who was named then, also where somebody else is named at once after', async () => {
    const principal = await boot('ann')
    const early = filed(principal, 'page')
    await clock.advance(0)
    principal.met('page', 'bob')
    principal.met('page2', 'cara')
    await clock.advance(0)
    expect(early.as).toBe('bob')
    expect(principal.current()).toBe('cara')
  })

  test('under nobody, where it says that nobody is signed in', async () => {
    const principal = await boot('ann')
    const early = filed(principal, 'page')
    principal.met('page', null)
    await clock.advance(0)
    expect(early.as).toBeNull()
  })

  test('under who is signed in, where it has nothing to say', async () => {
    const principal = await boot('ann')
    const early = filed(principal, 'page')
    principal.met('page')
    await clock.advance(0)
    expect(early.as).toBe('ann')
  })

  test('after 3 s, too: that page has no module', async () => {
    const principal = await boot('ann')
    const early = filed(principal, 'page')
    await clock.advance(2_999)
    expect(early.as).toBe('?')
    await clock.advance(1)
    expect(early.as).toBe('ann')
    expect(await principal.of('page')).toBe('ann')
  })

  test.each([['worker'], ['']])('at once, where it comes from no page: %j', async (clientId) => {
    const principal = await boot('ann')
    const early = filed(principal, clientId)
    await clock.advance(0)
    expect(early.as).toBe('ann')
  })

  test('at once, in an app that never says who is signed in', async () => {
    const principal = await boot()
    const early = filed(principal, 'page')
    await clock.advance(0)
    expect(early.as).toBeNull()
  })

  test('at once, where it has said its first word to the worker before this one', async () => {
    const first = await boot('ann')
    first.met('page')
    await clock.advance(0)
    const principal = start('ann')
    const early = filed(principal, 'page')
    await clock.advance(0)
    expect(early.as).toBe('ann')
  })

  test('at once, too, where another page was faster than this worker’s storage', async () => {
    ;(await boot('ann')).met('page')
    await clock.advance(0)
    const principal = start('ann')
    principal.met('page2', 'bob')
    const early = filed(principal, 'page')
    await clock.advance(0)
    expect(early.as).toBe('bob')
  })
})

test('S2 what was sent before somebody else signed in is not theirs, though it is known only after', async () => {
  const first = await boot('ann')
  first.met('page')
  await clock.advance(0)
  const principal = start('ann')
  const early = filed(principal, 'page')
  void principal.set('bob')
  const later = filed(principal, 'page')
  await clock.advance(0)
  expect([early.as, later.as, principal.current()]).toEqual(['ann', 'bob', 'bob'])
})

test('S2 a page’s word is enough where the storage never answers', async () => {
  database.fault = () => 'hang'
  const principal = start('ann')
  const early = filed(principal, 'page')
  principal.met('page', 'bob')
  await clock.advance(3_000)
  expect(early).toEqual({ as: 'bob' })
})

describe('S2 what a page says late', () => {
  const LONG_AGO = -1

  test('changes nobody whom another page has named since', async () => {
    const principal = await boot()
    const saidAt = clock.now()
    await clock.advance(60_000)
    await principal.set('bob', 'page2')
    principal.met('page', 'ann', saidAt)
    await principal.set('ann', 'page', saidAt)
    await principal.set('ann', 'page', saidAt, true)
    expect([principal.current(), principal.changes()]).toEqual(['bob', 1])
  })

  test('nor when a new worker hears it, before its storage has answered', async () => {
    const first = await boot()
    const saidAt = clock.now()
    await clock.advance(60_000)
    await first.set('bob', 'page2')
    const principal = start()
    const seen: unknown[] = [principal.current()]
    principal.met('page', 'ann', saidAt)
    for (let round = 0; round < 50; round++) {
      await clock.advance(0)
      seen.push(principal.current())
    }
    expect(new Set(seen)).toEqual(new Set([undefined, 'bob']))
  })

  test('nor is it changed by what another said before it, though that comes later, or to a worker that has just started', async () => {
    const first = await boot()
    const saidAt = clock.now()
    await clock.advance(100)
    first.met('page', 'bob', clock.now())
    await clock.advance(500)
    await first.set('ann', 'page2', saidAt)
    expect(first.current()).toBe('bob')
    const principal = start()
    const setting = principal.set('eve', 'page2', clock.now())
    expect(principal.current()).toBe('eve')
    await clock.advance(500)
    await setting
    principal.met('page', 'cara', clock.now() - 400)
    expect(principal.current()).toBe('cara')
  })

  test('counts, where nobody was named since; nobody else is signed in for a moment', async () => {
    await (await boot()).set('bob')
    await clock.advance(60_000)
    const principal = start()
    const seen: unknown[] = []
    void principal.known().then(() => seen.push(principal.current()))
    principal.met('page', 'eve', clock.now() - 2)
    principal.met('page', 'ann', clock.now() - 1)
    for (let round = 0; round < 50; round++) {
      seen.push(principal.current())
      await clock.advance(0)
    }
    expect(new Set(seen)).toEqual(new Set([undefined, 'ann']))
    expect((await boot()).current()).toBe('ann')
  })

  test.each([
    ['nobody was named since', 1, 'ann'],
    ['another was named since', -1, 'bob'],
  ])(
    'to a worker that has just started, where %s: what the page sends after it',
    async (_what, ms, expected) => {
      const first = await boot()
      await first.set('bob')
      const principal = start()
      principal.met('page', 'ann', clock.now() + ms)
      const later = filed(principal, 'page')
      await clock.advance(10)
      expect(later.as).toBe(expected)
    },
  )

  test('to one whose storage never answers: what the page sends after it is its person’s', async () => {
    database.fault = () => 'hang'
    const principal = start('bob')
    principal.met('page', 'ann', clock.now())
    const later = filed(principal, 'page')
    await clock.advance(3_000)
    expect(later).toEqual({ as: 'ann' })
  })

  test('what the page has sent before is its person’s all the same', async () => {
    const principal = await boot('bob')
    await principal.set('bob')
    const early = filed(principal, 'page')
    principal.met('page', 'ann', clock.now() + LONG_AGO)
    await clock.advance(0)
    expect([early.as, principal.current()]).toEqual(['ann', 'bob'])
  })

  test('counts where the clock was set back since another was named', async () => {
    const principal = await boot()
    await principal.set('bob', 'page2', clock.now() + 3_600_000)
    principal.met('page', 'ann', clock.now())
    expect(principal.current()).toBe('ann')
  })

  test('is enough where the storage never answers', async () => {
    database.fault = () => 'hang'
    const principal = start('bob')
    principal.met('page', 'ann', clock.now())
    await clock.advance(2_999)
    expect(principal.current()).toBeUndefined()
    await clock.advance(1)
    expect(principal.current()).toBe('ann')
  })
})

test.each(['database', 'cache', 'both'])(
  'a full %s goes on naming nobody who has signed out',
  async (full) => {
    const first = await boot()
    await first.set('ann')
    const put = Reflect.get(IDBObjectStore.prototype, 'put') as () => IDBRequest
    const isFull = () => {
      throw new DOMException('Full', 'QuotaExceededError')
    }
    if (full !== 'cache') IDBObjectStore.prototype.put = isFull
    if (full !== 'database')
      caches.fault = (operation) => (operation === 'put' ? new Error('Full') : undefined)
    await first.set('bob')
    IDBObjectStore.prototype.put = put
    caches.fault = () => undefined
    if (full !== 'both') expect((await boot()).current()).toBe('bob')
    if (full === 'cache') database.loseAll()
    expect((await boot()).current()).toBe(full === 'database' ? 'bob' : null)
  },
)

test('a database that comes back with an older name than its copy has is not believed', async () => {
  const name = `streamkeeper principal ${SCOPE}`
  await (await boot()).set('ann')
  await clock.advance(1_000)
  database.fault = () => 'hang'
  const worker = start()
  const setting = worker.set('bob')
  await clock.advance(3_000)
  await setting
  database.fault = () => undefined
  expect(await database.readAll(name, 'principal')).toContain('ann')
  expect((await boot()).current()).toBe('bob')
})
