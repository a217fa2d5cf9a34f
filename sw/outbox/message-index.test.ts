import { expect, test } from 'vitest'
import { createFakeClock } from '../../core/testing/fake-clock.ts'
import { createFakeDatabase } from '../testing/fake-database.ts'
import { makeEntry } from '../testing/make-entry.ts'
import type { Entry } from './entry.ts'
import { openMessageIndex } from './message-index.ts'

const SCOPE = 'https://app.example/'
const NAME = `streamkeeper ${SCOPE}`

function open() {
  const database = createFakeDatabase()
  return { database, messageIndex: openMessageIndex(SCOPE, createFakeClock()) }
}

/** Writes to the database behind the message index's back. */
function write(name: string, version: number, store: string, ...values: unknown[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version)
    request.addEventListener('upgradeneeded', () => request.result.createObjectStore('of a later version'))
    request.addEventListener('error', () => reject(request.error ?? new Error('Cannot open')))
    request.addEventListener('success', () => {
      const database = request.result
      const transaction = database.transaction(store, 'readwrite')
      for (const value of values) transaction.objectStore(store).put(value)
      transaction.addEventListener('complete', () => {
        database.close()
        resolve()
      })
    })
  })
}

test('what is asked for at the same time is done in its order, in few transactions', async () => {
  const { messageIndex } = open()
  await messageIndex.latest()
  let transactions = 0
  const { prototype } = IDBDatabase as { prototype: { transaction: (...args: unknown[]) => unknown } }
  const begin = prototype.transaction
  prototype.transaction = function (this: unknown, ...args) {
    transactions++
    return Reflect.apply(begin, this, args)
  }
  try {
    const asked = [
      messageIndex.put(makeEntry('1')),
      messageIndex.change('1', (entry) => ({ ...entry, state: 'sending' })),
      messageIndex.put(makeEntry('2')),
      messageIndex.remove('1'),
      messageIndex.change('1', (entry) => entry),
      messageIndex.putBack('2'),
      messageIndex.all(),
    ]
    expect(await Promise.all(asked)).toEqual([
      undefined,
      makeEntry('1', { state: 'sending' }),
      '1',
      true,
      undefined,
      false,
      { entries: [makeEntry('2')], latest: '2' },
    ])
  } finally {
    prototype.transaction = begin
  }
  expect(transactions).toBeLessThanOrEqual(2)
})

test('what is asked of many entries at once is done in its order for each', async () => {
  const { messageIndex } = open()
  await messageIndex.put(makeEntry('1'))
  const asked = [
    messageIndex.change('1', (entry) => ({ ...entry, attempts: entry.attempts + 1 })),
    messageIndex.put(makeEntry('2')),
    messageIndex.change('1', (entry) => ({ ...entry, attempts: entry.attempts + 1 })),
    messageIndex.all(),
    messageIndex.change('2', (entry) => ({ ...entry, state: 'waiting' })),
    messageIndex.remove('2'),
    messageIndex.put(makeEntry('3')),
    messageIndex.remove('1'),
    messageIndex.all(),
  ] as const
  const [, , , before, , , , , after] = await Promise.all(asked)
  expect(before.entries.map(({ id, attempts }) => [id, attempts])).toEqual([
    ['1', 2],
    ['2', 0],
  ])
  expect(after).toEqual({ entries: [makeEntry('3')], latest: '3' })
})

test('a row that makes no sense blocks nothing, and is replaced', async () => {
  const { messageIndex } = open()
  await messageIndex.put(makeEntry('1'))
  await write(NAME, 1, 'entries', { id: '2', nonsense: true })
  await messageIndex.put(makeEntry('3'))
  const ids = async () => (await messageIndex.all()).entries.map(({ id }) => id)
  expect(await ids()).toEqual(['1', '3'])
  expect(await messageIndex.change('2', (entry) => entry)).toBeUndefined()
  expect(await messageIndex.putBack('2', makeEntry('2'))).toBe(true)
  expect(await ids()).toEqual(['1', '2', '3'])
})

test('a place that is kept is no entry; one is put back there unless it was removed, or is there', async () => {
  const { messageIndex } = open()
  expect(await messageIndex.putBack('1')).toBe(true)
  expect(await messageIndex.all()).toEqual({ entries: [], latest: undefined })
  expect(await messageIndex.change('1', (entry) => entry)).toBeUndefined()
  await messageIndex.remove('1')
  expect(await messageIndex.putBack('1', makeEntry('1'))).toBe(false)
  await messageIndex.putBack('2')
  expect(await messageIndex.putBack('2', makeEntry('2', { attempts: 1 }))).toBe(true)
  expect([await messageIndex.putBack('2'), await messageIndex.putBack('2', makeEntry('2'))]).toEqual([
    false,
    false,
  ])
  expect(await messageIndex.all()).toEqual({ entries: [makeEntry('2', { attempts: 1 })], latest: '2' })
})

test('a step that fails fails for those beside it, too, and leaves nothing half done', async () => {
  const { messageIndex } = open()
  const unstorable = { ...makeEntry('2'), code: (() => {}) as never } satisfies Entry
  const asked = await Promise.allSettled([messageIndex.put(makeEntry('1')), messageIndex.put(unstorable)])
  expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(await messageIndex.all()).toEqual({ entries: [], latest: undefined })
  await messageIndex.put(makeEntry('3'))
  expect((await messageIndex.all()).entries).toHaveLength(1)
})

test('a database of a later version is used as it is', async () => {
  const { database, messageIndex } = open()
  await messageIndex.put(makeEntry('1'))
  const self = {}
  database.owner = self
  await write(NAME, 7, 'entries')
  expect((await messageIndex.all()).entries.map(({ id }) => id)).toEqual(['1'])
  expect(await messageIndex.put(makeEntry('2'))).toBe('1')
})

test('each name has a key of its own, which stays the same until it is forgotten', async () => {
  const { database, messageIndex } = open()
  const readAll = () => database.readAll(NAME, 'keys')
  const [first, again] = await Promise.all([messageIndex.key('seal'), messageIndex.key('seal')])
  await messageIndex.key('seal of ada')
  expect(await readAll()).toHaveLength(2)
  const secrets = { search: '?q', headers: [] }
  expect(await again.unseal(await first.seal(secrets))).toEqual(secrets)
  await messageIndex.forgetKey('seal')
  expect(await readAll()).toHaveLength(1)
})

test('a long index is read in parts, each of which counts as an answer of the storage', async () => {
  const { messageIndex } = open()
  const ids = Array.from({ length: 2_001 }, (_, number) => String(number).padStart(5, '0'))
  await Promise.all(ids.map((id) => messageIndex.put(makeEntry(id))))
  const before = messageIndex.progress()
  const { entries, latest } = await messageIndex.all()
  expect(entries.map(({ id }) => id)).toEqual(ids)
  expect(latest).toBe('02000')
  expect(messageIndex.progress() - before).toBeGreaterThanOrEqual(3)
})
