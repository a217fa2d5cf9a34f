import { expect, test } from 'vitest'
import { deferred } from '../../core/deferred.ts'
import { createFakeClock } from '../../core/testing/fake-clock.ts'
import { makeEntry } from '../testing/make-entry.ts'
import { startRun } from './drain.ts'
import { createQueues } from './queues.ts'

const NEVER = { wokenAt: 0, flushedAt: 0 }

function oneEach(...conversations: string[]) {
  const queues = createQueues()
  for (const name of conversations) queues.set(makeEntry(name, { conversation: name }))
  return queues
}

test('a conversation that fails ends the run when nothing more is under way, and starts nothing more', async () => {
  const clock = createFakeClock()
  const queues = oneEach('a', 'b')
  const results = { a: deferred<boolean>(), b: deferred<boolean>() }
  const delivered: string[] = []
  const { finished, renew } = startRun({
    clock,
    queue: () => queues.of(null),
    deliver: ({ id }) => {
      delivered.push(id)
      return results[id as 'a' | 'b'].promise
    },
    triggers: NEVER,
  })
  let isOver = false
  const over = finished.catch(() => {
    isOver = true
  })
  await clock.advance(0)
  results.a.reject(new Error('Storage'))
  await clock.advance(0)
  queues.set(makeEntry('c', { conversation: 'c' }))
  queues.set(makeEntry('b2', { conversation: 'b' }))
  renew()
  await clock.advance(0)
  expect(isOver).toBe(false)
  queues.remove('b')
  results.b.resolve(true)
  await over
  await expect(finished).rejects.toThrow('Storage')
  expect(delivered).toEqual(['a', 'b'])
})

test('what comes while it runs is sent, too', async () => {
  const clock = createFakeClock()
  const queues = oneEach('a')
  const sending = deferred<boolean>()
  const delivered: string[] = []
  const { finished, renew } = startRun({
    clock,
    queue: () => queues.of(null),
    deliver: async ({ id }) => {
      delivered.push(id)
      if (id === 'a') await sending.promise
      queues.remove(id)
      return true
    },
    triggers: NEVER,
  })
  await clock.advance(0)
  queues.set(makeEntry('b', { conversation: 'b' }))
  renew()
  await clock.advance(0)
  expect(delivered).toEqual(['a', 'b'])
  sending.resolve(true)
  await finished
})

test('S17 conversations that wait for a page hold up no others', async () => {
  const clock = createFakeClock()
  const asking = Array.from({ length: 12 }, (_, n) => `a${n}`)
  const queues = oneEach(...asking, 'b', 'c')
  const answer = deferred<boolean>()
  const delivered: string[] = []
  const { finished } = startRun({
    clock,
    queue: () => queues.of(null),
    deliver: async ({ id }, aside) => {
      if (id.startsWith('a')) await aside(answer.promise)
      delivered.push(id)
      queues.remove(id)
      return true
    },
    triggers: NEVER,
  })
  await clock.advance(0)
  expect(delivered).toEqual(['b', 'c'])
  answer.resolve(true)
  await finished
  expect(delivered).toHaveLength(14)
})
