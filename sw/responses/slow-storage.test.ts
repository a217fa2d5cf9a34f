import { beforeEach, describe, expect, test } from 'vitest'
import type { RequestStatus, NewStatus } from '../../core/messages/status.ts'
import type { FakeClock } from '../../core/testing/fake-clock.ts'
import { createFakeDatabase, type FakeDatabase } from '../testing/fake-database.ts'
import { createQuietClock } from '../testing/quiet-clock.ts'
import { type Responses, createResponses } from './responses.ts'
import { type Journal, openJournal, type Recorded } from './journal.ts'

const SCOPE = 'https://app.example/'
const DATABASE = `streamkeeper answers ${SCOPE}`
const JSON_TYPE: [string, string][] = [['content-type', 'application/json']]

let clock: FakeClock
let database: FakeDatabase
let emitted: NewStatus<RequestStatus>[]
let unreadable: unknown[]
let who: string | null | undefined

beforeEach(() => {
  clock = createQuietClock()
  database = createFakeDatabase()
  emitted = []
  unreadable = []
  who = 'ann'
})

const openOwn = () => openJournal({ scope: SCOPE, clock, refused: () => {} })

function boot(journal: Journal = openOwn()): Responses {
  return createResponses({
    clock,
    principal: {
      current: () => who,
      known: () => (who === undefined ? Promise.reject(new Error('late')) : Promise.resolve(who)),
    },
    journal,
    keepMs: 600_000,
    graceMs: 30_000,
    onAbort: 'stop',
    isOpen: async () => true,
    pages: async () => ['a'],
    isWorker: async () => false,
    emit: (status) => emitted.push(status),
    unreadable: (error) => unreadable.push(error),
  })
}

/** The data of a response from an earlier worker: its record, and its bytes in batches. */
async function leave(batches: string[], more: Partial<Recorded> = {}) {
  const journal = openOwn()
  const record: Recorded = {
    requestId: 'r1',
    clientId: 'a',
    digest: 'd',
    url: 'https://api.example/v1/chat/completions',
    keep: 'disk',
    at: clock.now(),
    principal: 'ann',
    attempts: 1,
    bytes: 0,
    deliveredWhole: false,
    ...more,
  }
  const entry = journal.open(record)
  entry.touch()
  await journal.flush()
  for (const text of batches) {
    entry.append(new TextEncoder().encode(text))
    await journal.flush()
  }
}

const HEAD = { status: 200, statusText: '', headers: JSON_TYPE, hasBody: true, isEarly: false }
const whole = () => ({ head: HEAD, endedAt: clock.now(), verdict: 'complete' as const })

/** A journal whose storage takes so long to say what it has. */
function slow(ms: number): Journal {
  const journal = openOwn()
  const late = async <Result>(task: () => Promise<Result>): Promise<Result> => {
    const working = task()
    await new Promise<void>((resolve) => clock.timer(ms, resolve))
    return working
  }
  return { ...journal, load: () => late(journal.load) }
}

async function readAll(responses: Responses, advanceMs = 0, requestId = 'r1') {
  const attaching = responses.attach(requestId, 0, 'a')
  await clock.advance(advanceMs)
  const response = await attaching
  if (!response) return 'none'
  const reading = response.text().catch(() => 'broken')
  await clock.advance(1_000)
  return reading
}

const records = () => database.readAll(DATABASE, 'answers') as Promise<Recorded[]>

describe('S3 clear() has deleted what it says', () => {
  test('it waits for a journal that loads slowly', async () => {
    await leave(['{"a":1}'], whole())
    const responses = boot(slow(1_000))
    const clearing = responses.clear()
    await clock.advance(2_000)
    await clearing
    expect(await records()).toEqual([])
    expect(await readAll(boot())).toBe('none')
    expect(await readAll(responses)).toBe('none')
  })

  test('it rejects where the journal cannot be read, and where nothing could be deleted', async () => {
    await leave(['{"a":1}'], whole())
    const unreadable = { ...openOwn(), load: () => Promise.reject(new Error('refused')) }
    await expect(boot(unreadable).clear()).rejects.toThrow('refused')
    const undeletable = { ...openOwn(), clear: () => Promise.reject(new Error('read only')) }
    await expect(boot(undeletable).clear()).rejects.toThrow('read only')
  })

  test('it rejects while it is not known who is signed in', async () => {
    await leave(['{"a":1}'], whole())
    who = undefined
    await expect(boot().clear()).rejects.toThrow('late')
    expect(await records()).toHaveLength(1)
  })

  const asked = (requestId: string) => ({
    requestId,
    clientId: 'a',
    digest: 'd',
    url: 'https://a.example/',
    keep: 'disk' as const,
    principal: who,
  })

  test('what is asked after it goes on, however slow the storage is', async () => {
    const responses = boot(slow(1_000))
    const clearing = responses.clear()
    const stop = new AbortController()
    responses.begin(asked('r2'), stop)
    await clock.advance(2_000)
    await clearing
    expect(stop.signal.aborted).toBe(false)
    expect(await records()).toMatchObject([{ requestId: 'r2' }])
    await responses.clear()
    expect(stop.signal.aborted).toBe(true)
    expect(await records()).toEqual([])
  })

  test('told late, it stops what came before it was asked, of whoever the page said', async () => {
    const responses = boot()
    const stops = ['r1', 'r2', 'r3'].map(() => new AbortController())
    responses.begin(asked('r1'), stops[0]!)
    await clock.advance(10)
    const askedAt = clock.now()
    await clock.advance(10)
    responses.begin(asked('r2'), stops[1]!)
    responses.begin({ ...asked('r3'), principal: 'bob' }, stops[2]!)
    const before = who
    who = 'bob'
    await responses.clear({ principal: before, askedAt })
    expect(stops.map(({ signal }) => signal.aborted)).toEqual([true, false, false])
    await clock.advance(1_000)
    expect(await records()).toMatchObject([{ requestId: 'r2' }, { requestId: 'r3' }])
  })

  test('what came before it, and begins later, goes with it', async () => {
    const responses = boot()
    const [arrival, ofUnknown] = [responses.arrive(), responses.arrive()]
    await responses.clear()
    const stops = [new AbortController(), new AbortController()] as const
    responses.begin(asked('r1'), stops[0], arrival)
    const begun = responses.begin({ ...asked('r2'), principal: undefined }, stops[1], ofUnknown)
    expect(stops.map(({ signal }) => signal.aborted)).toEqual([true, false])
    begun.belongsTo(who ?? null)
    expect(stops[1].signal.aborted).toBe(true)
    await clock.advance(1_000)
    expect(await records()).toEqual([])
    expect(await responses.list()).toEqual([])
  })

  test('it leaves no bytes whose record the browser lost', async () => {
    await leave(['{"a":1}'], whole())
    await leave(['{"b":2}'], { ...whole(), requestId: 'r2', principal: 'bob' })
    await database.remove(DATABASE, 'answers', 'r1')
    await boot().clear()
    expect(await database.readAll(DATABASE, 'bytes')).toHaveLength(1)
    expect(await records()).toMatchObject([{ requestId: 'r2' }])
  })
})

describe('S4 a stored response is given whole, or as broken', () => {
  const TEXT = ['{"choices":', '[{"message":', '{"content":"Hi"}}]}']

  test('where the first batch, the last or all are lost it breaks, for every reader', async () => {
    for (const lost of [[0], [TEXT[0]!.length], [0, TEXT[0]!.length, TEXT[0]!.length + TEXT[1]!.length]]) {
      createDatabaseAnew()
      await leave(TEXT, whole())
      for (const offset of lost) await database.remove(DATABASE, 'bytes', ['r1', offset] as never)
      const responses = boot()
      expect(await readAll(responses)).toBe('broken')
      expect(await readAll(responses)).toBe('broken')
      expect(await records()).toHaveLength(1)
    }
  })

  test('where the storage was too slow it is whole for the next who asks', async () => {
    await leave(TEXT, whole())
    let isSlow = true
    const journal = openOwn()
    const responses = boot({
      ...journal,
      read: (id) => (isSlow ? Promise.reject(new Error('late')) : journal.read(id)),
    })
    expect(await readAll(responses)).toBe('broken')
    isSlow = false
    expect(await readAll(responses)).toBe(TEXT.join(''))
  })

  test('an attach waits for a journal that loads slowly, and leaves what is there', async () => {
    await leave(TEXT, whole())
    const responses = boot(slow(2_000))
    expect(await readAll(responses, 2_000)).toBe(TEXT.join(''))
    await clock.advance(1_000)
    expect(await records()).toMatchObject([{ requestId: 'r1', deliveredWhole: true }])
    expect(await readAll(boot())).toBe(TEXT.join(''))
  })

  test('reading never deletes: a note that cannot be written leaves the response on the disk', async () => {
    await leave(TEXT, whole())
    const responses = boot()
    const attaching = responses.attach('r1', 0, 'a')
    await clock.advance(0)
    const text = (await attaching)?.text()
    await clock.advance(0)
    await text
    // The delivery is recorded; now the storage refuses the record.
    const put = Object.getOwnPropertyDescriptor(IDBObjectStore.prototype, 'put')
    const full = () => {
      throw new DOMException('full', 'QuotaExceededError')
    }
    Object.defineProperty(IDBObjectStore.prototype, 'put', { ...put, value: full })
    await clock.advance(1_000)
    Object.defineProperty(IDBObjectStore.prototype, 'put', put ?? {})
    await clock.advance(1_000)
    expect(await records()).toHaveLength(1)
    expect(await readAll(boot())).toBe(TEXT.join(''))
  })

  test('a cut response whose bytes are lost is cut, and its request lost', async () => {
    await leave(TEXT, { head: HEAD })
    await database.remove(DATABASE, 'bytes', ['r1', 0] as never)
    const responses = boot()
    expect(await readAll(responses)).toBe('broken')
    expect(await responses.list()).toMatchObject([{ state: 'ended', verdict: 'worker_lost' }])
    expect(emitted).toMatchObject([{ status: 'request_failed', code: 'worker_lost' }])
  })
})

function createDatabaseAnew() {
  database = createFakeDatabase()
}

describe('S5 a journal that is late', () => {
  const ASKED = { clientId: 'a', digest: 'd' }
  const CLAIM = { clientId: 'a', digest: Promise.resolve('d') }

  test.each([
    ['at once', 0],
    ['at last', 150],
    ['at last', 2_900],
  ])('says what it knows %s (%i ms)', async (_name, ms) => {
    await leave([])
    const responses = boot(slow(ms))
    const claiming = responses.claim(CLAIM)
    await clock.advance(100)
    const { found, late } = await claiming
    expect(found !== undefined).toBe(ms < 100)
    await clock.advance(3_000)
    expect(found ?? (await late)).toMatchObject({ requestId: 'r1', attempts: 1 })
  })

  test('knows a request also by a name that the page has given it again', async () => {
    await leave([])
    await clock.advance(1)
    const responses = boot(slow(1_000))
    const claiming = responses.claim({ ...CLAIM, requestId: 'r1' })
    await clock.advance(100)
    const { late } = await claiming
    const asked = {
      ...ASKED,
      requestId: 'r1',
      url: 'https://a.example/',
      keep: 'disk' as const,
      principal: 'ann',
    }
    const begun = responses.begin(asked, new AbortController())
    await clock.advance(1_000)
    const lost = await late
    expect(lost).toMatchObject({ requestId: 'r1', attempts: 1 })
    begun.wasLost(lost!)
    await clock.advance(1_000)
    // The one that is under way keeps its place, and counts the attempt before.
    expect(await records()).toMatchObject([{ requestId: 'r1', attempts: 2 }])
  })

  test('a journal that cannot be read at all is told as a failure', async () => {
    await leave([])
    const responses = boot({ ...openOwn(), load: () => Promise.reject(new Error('refused')) })
    const { found, late } = await responses.claim(CLAIM)
    expect([found, await late]).toEqual([undefined, undefined])
    expect(unreadable).toHaveLength(1)
  })
})

describe('S2 a response whose person is not known yet', () => {
  const asked = {
    requestId: 'r1',
    clientId: 'a',
    digest: 'd',
    url: 'https://a.example/',
    keep: 'disk' as const,
  }

  test('is the page’s alone that asked for it, until it is', async () => {
    const responses = boot()
    const begun = responses.begin({ ...asked, principal: undefined }, new AbortController())
    begun.emit({ status: 'stream_attached', requestId: 'r1', from: 0 })
    expect(emitted).toHaveLength(1)
    expect(await responses.list()).toEqual([])
    expect(responses.stop('r1', 'b')).toBe(false)
    begun.belongsTo('bob')
    begun.emit({ status: 'stream_attached', requestId: 'r1', from: 0 })
    expect(emitted).toHaveLength(1)
    who = 'bob'
    expect(await responses.list()).toMatchObject([{ requestId: 'r1' }])
    await clock.advance(1_000)
    expect(await records()).toMatchObject([{ principal: 'bob' }])
  })

  test('is not cleared as somebody’s', async () => {
    const responses = boot()
    responses.begin({ ...asked, principal: undefined }, new AbortController())
    await clock.advance(1_000)
    await responses.clear()
    who = null
    await responses.clear()
    expect(await records()).toHaveLength(1)
  })
})
