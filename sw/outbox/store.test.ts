import { expect, test } from 'vitest'
import { createFakeClock } from '../../core/testing/fake-clock.ts'
import { deferred } from '../../core/deferred.ts'
import { createFakeCaches } from '../testing/fake-caches.ts'
import { createFakeDatabase } from '../testing/fake-database.ts'
import { makeEntry } from '../testing/make-entry.ts'
import { openMessageCache } from './message-cache.ts'
import { openMessageIndex } from './message-index.ts'
import { openStore } from './store.ts'

const ORIGIN = 'https://app.example'
const BODY = new TextEncoder().encode('text').buffer

/** Two workers over the same stores; the first one's place in the index, or its message, comes when it is let go. */
function open(late: 'index' | 'cache') {
  createFakeDatabase()
  const clock = createFakeClock()
  const caches = createFakeCaches(clock)
  const letGo = deferred<void>()
  const index = openMessageIndex(`${ORIGIN}/`, clock)
  const cache = openMessageCache(
    `${ORIGIN}/`,
    ORIGIN,
    caches.of(() => false),
  )
  const lateIndex: typeof index = {
    ...index,
    put: (entry) => (late === 'index' ? letGo.promise.then(() => index.put(entry)) : index.put(entry)),
  }
  const lateCache: typeof cache = {
    ...cache,
    put: (record, body) =>
      late === 'cache' ? letGo.promise.then(() => cache.put(record, body)) : cache.put(record, body),
  }
  const first = openStore(lateIndex, lateCache, clock, () => {})
  const second = openStore(index, cache, clock, () => {})
  const stored = async () => [
    (await index.all()).entries.map(({ id }) => id),
    await cache.ids(),
    [first.backlog(null).has('a'), second.backlog(null).has('a')],
  ]
  return { first, second, stored, letGo }
}

test('what another worker has put back and removed leaves no place in the index when that comes late', async () => {
  const { first, second, stored, letGo } = open('index')
  await first.load()
  const adding = first.add(makeEntry('1'), BODY)
  await expect.poll(() => second.load()).toEqual(['1'])
  await second.remove('1').wasThere
  letGo.resolve()
  await adding
  expect(await stored()).toEqual([[], [], [false, false]])
})

test('what another worker has removed before its message was stored is put back whole', async () => {
  const { first, second, stored, letGo } = open('cache')
  await first.load()
  const adding = first.add(makeEntry('1'), BODY)
  await expect.poll(() => second.load()).toEqual(['1'])
  await second.remove('1').wasThere
  letGo.resolve()
  await adding
  await first.load()
  expect(await stored()).toEqual([['1'], ['1'], [true, false]])
})
