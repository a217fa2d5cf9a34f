import { expect, test } from 'vitest'
import { deferred } from '../../core/deferred.ts'
import { createFakeClock } from '../../core/testing/fake-clock.ts'
import { startRun } from './drain.ts'
import { type Entry, UNTRIED } from './entry.ts'

const entry = (id: string, conversation = id): Entry => ({
  ...UNTRIED,
  id,
  conversation,
  createdAt: 1,
  clientId: 'page',
  method: 'POST',
  url: `https://app.example/${id}`,
  mode: 'cors',
  credentials: 'same-origin',
  referrer: '',
  referrerPolicy: '',
  headers: [],
  hasQuery: false,
  accept: undefined,
  duplicateStatus: undefined,
  afterDead: undefined,
})

const NEVER = { wokenAt: 0, flushedAt: 0 }

test('a conversation that fails while the next list is read ends the run, and starts nothing more', async () => {
  const clock = createFakeClock()
  const first = deferred<boolean>()
  const second = deferred<Entry[]>()
  const lists = [Promise.resolve([entry('a')]), second.promise]
  const delivered: string[] = []
  const { finished, renew } = startRun({
    clock,
    list: () => lists.shift() ?? Promise.resolve([]),
    deliver: (id) => {
      delivered.push(id)
      return first.promise
    },
    triggers: NEVER,
  })
  await clock.advance(0)
  renew()
  await clock.advance(0)
  first.reject(new Error('Storage'))
  await clock.advance(0)
  second.resolve([entry('b')])
  await expect(finished).rejects.toThrow('Storage')
  expect(delivered).toEqual(['a'])
})

test('a run whose list fails ends after what is under way', async () => {
  const clock = createFakeClock()
  const sending = deferred<boolean>()
  const lists = [() => Promise.resolve([entry('a')]), () => Promise.reject(new Error('Storage'))]
  const { finished, renew } = startRun({
    clock,
    list: () => lists.shift()?.() ?? Promise.resolve([]),
    deliver: () => sending.promise,
    triggers: NEVER,
  })
  let isOver = false
  const over = finished.catch(() => {
    isOver = true
  })
  await clock.advance(0)
  renew()
  await clock.advance(0)
  expect(isOver).toBe(false)
  sending.resolve(true)
  await over
  await expect(finished).rejects.toThrow('Storage')
})

test('a clock that goes back between two looks keeps no run going for ever', async () => {
  const { now, timer } = createFakeClock()
  const at = now()
  const times = [at, at - 10]
  const { finished } = startRun({
    clock: { now: () => times.shift() ?? at - 10, timer },
    list: () => Promise.resolve([{ ...entry('a'), retryAt: at }]),
    deliver: () => Promise.resolve(true),
    triggers: NEVER,
  })
  await finished
})
