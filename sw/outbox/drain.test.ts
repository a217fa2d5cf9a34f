import { expect, test } from 'vitest'
import { deferred } from '../../core/deferred.ts'
import { createFakeClock } from '../../core/testing/fake-clock.ts'
import { makeEntry } from '../testing/make-entry.ts'
import { startRun } from './drain.ts'
import { createBacklogs } from './backlog.ts'

const NEVER = { onlineAt: 0, wokenAt: 0, flushedAt: 0 }

function oneEach(...conversations: string[]) {
  const backlogs = createBacklogs()
  for (const name of conversations) backlogs.set(makeEntry(name, { conversation: name }))
  return backlogs
}

test('a conversation that fails ends the run when nothing more is under way, and starts nothing more', async () => {
  const clock = createFakeClock()
  const backlogs = oneEach('a', 'b')
  const results = { a: deferred<boolean>(), b: deferred<boolean>() }
  const delivered: string[] = []
  const { finished, renew } = startRun({
    clock,
    backlog: () => backlogs.of(null),
    deliver: ({ id }) => {
      delivered.push(id)
      return results[id as 'a' | 'b'].promise
    },
    triggers: NEVER,
    settle: () => {},
  })
  let isOver = false
  const over = finished.catch(() => {
    isOver = true
  })
  await clock.advance(0)
  results.a.reject(new Error('Storage'))
  await clock.advance(0)
  backlogs.set(makeEntry('c', { conversation: 'c' }))
  backlogs.set(makeEntry('b2', { conversation: 'b' }))
  renew()
  await clock.advance(0)
  expect(isOver).toBe(false)
  backlogs.remove('b')
  results.b.resolve(true)
  await over
  await expect(finished).rejects.toThrow('Storage')
  expect(delivered).toEqual(['a', 'b'])
})

test('what comes while it runs is sent, too', async () => {
  const clock = createFakeClock()
  const backlogs = oneEach('a')
  const sending = deferred<boolean>()
  const delivered: string[] = []
  const { finished, renew } = startRun({
    clock,
    backlog: () => backlogs.of(null),
    deliver: async ({ id }) => {
      delivered.push(id)
      if (id === 'a') await sending.promise
      backlogs.remove(id)
      return true
    },
    triggers: NEVER,
    settle: () => {},
  })
  await clock.advance(0)
  backlogs.set(makeEntry('b', { conversation: 'b' }))
  renew()
  await clock.advance(0)
  expect(delivered).toEqual(['a', 'b'])
  sending.resolve(true)
  await finished
})

test('S17 conversations that wait for a page hold up no others', async () => {
  const clock = createFakeClock()
  const asking = Array.from({ length: 12 }, (_, n) => `a${n}`)
  const backlogs = oneEach(...asking, 'b', 'c')
  const response = deferred<boolean>()
  const delivered: string[] = []
  const { finished } = startRun({
    clock,
    backlog: () => backlogs.of(null),
    deliver: async ({ id }, { aside }) => {
      if (id.startsWith('a')) await aside(response.promise)
      delivered.push(id)
      backlogs.remove(id)
      return true
    },
    triggers: NEVER,
    settle: () => {},
  })
  await clock.advance(0)
  expect(delivered).toEqual(['b', 'c'])
  response.resolve(true)
  await finished
  expect(delivered).toHaveLength(14)
})

test('what is sent is removed behind it, and the run ends when that is done; where it fails, the run fails', async () => {
  for (const isRefused of [false, true]) {
    const clock = createFakeClock()
    const backlogs = oneEach('a', 'b')
    const removed = deferred<void>()
    const delivered: string[] = []
    const { finished } = startRun({
      clock,
      backlog: () => backlogs.of(null),
      deliver: async ({ id }, { behind }) => {
        delivered.push(id)
        backlogs.remove(id)
        behind(removed.promise)
        return true
      },
      triggers: NEVER,
      settle: () => {},
    })
    let isOver = false
    finished.finally(() => (isOver = true)).catch(() => {})
    await clock.advance(0)
    expect([delivered, isOver]).toEqual([['a', 'b'], false])
    if (isRefused) removed.reject(new Error('Storage'))
    else removed.resolve()
    await (isRefused ? expect(finished).rejects.toThrow('Storage') : finished)
  }
})

test('four are sent at a time, while others are read and removed', async () => {
  const clock = createFakeClock()
  const backlogs = oneEach(...Array.from({ length: 20 }, (_, n) => `c${n}`))
  const responses = Array.from({ length: 20 }, () => deferred<void>())
  let begun = 0
  const sent: string[] = []
  const { finished } = startRun({
    clock,
    backlog: () => backlogs.of(null),
    deliver: async ({ id }, { connected }) => {
      begun++
      await connected(async () => {
        sent.push(id)
        await responses[sent.length - 1]?.promise
      })
      backlogs.remove(id)
      return true
    },
    triggers: NEVER,
    settle: () => {},
  })
  await clock.advance(0)
  expect([begun, sent]).toEqual([12, ['c0', 'c1', 'c2', 'c3']])
  responses[1]?.resolve()
  await clock.advance(0)
  expect([begun, sent]).toEqual([13, ['c0', 'c1', 'c2', 'c3', 'c4']])
  for (const response of responses) response.resolve()
  await finished
  expect(sent).toHaveLength(20)
})

test('what waits for a connection is not sent any more when the storage has failed', async () => {
  const clock = createFakeClock()
  const backlogs = oneEach('a', 'b', 'c', 'd', 'e', 'f')
  const response = deferred<void>()
  const sent: string[] = []
  const { finished } = startRun({
    clock,
    backlog: () => backlogs.of(null),
    deliver: async ({ id }, { connected }) => {
      if (id === 'a') throw new Error('Storage')
      await connected(async () => {
        sent.push(id)
        await response.promise
      })
      backlogs.remove(id)
      return true
    },
    triggers: NEVER,
    settle: () => {},
  })
  await clock.advance(0)
  response.resolve()
  await expect(finished).rejects.toThrow('Storage')
  expect(sent).toEqual(['b', 'c', 'd', 'e'])
})
