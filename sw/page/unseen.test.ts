import { beforeEach, expect, test } from 'vitest'
import type { FakeClock } from '../../core/testing/fake-clock.ts'
import { createFakeDatabase, type FakeDatabase } from '../testing/fake-database.ts'
import { createQuietClock } from '../testing/quiet-clock.ts'
import { openUnseen } from './unseen.ts'

let database: FakeDatabase
let clock: FakeClock

beforeEach(() => {
  database = createFakeDatabase()
  clock = createQuietClock()
})

const boot = () => openUnseen('https://app.example/', clock)

test('what ended unseen is counted by conversation, and known to the next worker', async () => {
  const store = boot()
  await store.add('ann', 'b')
  await store.add('ann', 'a')
  await store.add('ann', 'b')
  expect(await boot().counts('ann')).toEqual({ a: 1, b: 2 })
})

test('two that end at once are both counted', async () => {
  const [one, other] = [boot(), boot()]
  await Promise.all([one.add('ann', 'a'), other.add('ann', 'a'), one.add('ann', 'a')])
  expect(await one.counts('ann')).toEqual({ a: 3 })
})

test('the same conversation of another person is another', async () => {
  const store = boot()
  await store.add('ann', 'a')
  await store.add('bob', 'a')
  await store.add(null, 'a')
  await store.remove('ann', 'a')
  expect(await Promise.all(['ann', 'bob', null].map(store.counts))).toEqual([{}, { a: 1 }, { a: 1 }])
})

test('clear() forgets all of one person, and nothing of another', async () => {
  const store = boot()
  for (const whose of ['ann', 'anna', null, 'an']) {
    for (const conversation of ['', 'a', '__proto__', '\uffff', '😀']) await store.add(whose, conversation)
  }
  await store.clear('ann')
  expect(await store.counts('ann')).toEqual({})
  for (const whose of ['anna', null, 'an']) {
    expect(Object.entries(await store.counts(whose))).toEqual([
      ['', 1],
      ['__proto__', 1],
      ['a', 1],
      ['😀', 1],
      ['\uffff', 1],
    ])
  }
})

test('500 conversations are remembered, and the one that ended first goes first', async () => {
  const store = boot()
  for (let index = 0; index < 502; index++) {
    await store.add(index === 1 ? 'bob' : 'ann', `c${index}`)
    await clock.advance(1)
    // Another answer ended there: it is not the oldest any more.
    if (index === 0 || index === 400) await store.add('ann', 'c0')
  }
  const counts = await store.counts('ann')
  expect([counts.c0, counts.c2, counts.c3, counts.c501]).toEqual([3, undefined, 1, 1])
  expect(await store.counts('bob')).toEqual({})
  expect(Object.keys(counts)).toHaveLength(500)
})

test.each([new Error('refused'), 'hang' as const])(
  'rejects when the storage does not work: %s',
  async (fault) => {
    database.fault = () => fault
    const store = boot()
    const asked = [store.add('ann', 'a'), store.remove('ann', 'a'), store.clear('ann'), store.counts('ann')]
    const settled = Promise.allSettled(asked)
    await clock.advance(3_000)
    expect((await settled).map(({ status }) => status)).toEqual(Array(4).fill('rejected'))
    database.fault = () => undefined
    const again = fault === 'hang' ? boot() : store
    await again.add('ann', 'a')
    expect(await again.counts('ann')).toEqual({ a: 1 })
  },
)
