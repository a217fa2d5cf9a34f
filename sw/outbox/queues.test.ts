import { describe, expect, test } from 'vitest'
import { makeEntry } from '../testing/make-entry.ts'
import type { Entry } from './entry.ts'
import { createQueues } from './queues.ts'

function queuesOf(...entries: Entry[]) {
  const queues = createQueues()
  for (const entry of entries) queues.set(entry)
  return queues
}

/** Everything that can be sent, in its order, by conversation. */
function order(queues: ReturnType<typeof createQueues>, principal: string | null = null) {
  const queue = queues.of(principal)
  const found: Record<string, string[]> = {}
  for (const conversation of Array.from(queue.conversations())) {
    for (let head = queue.head(conversation); head; head = queue.head(conversation)) {
      ;(found[conversation] ??= []).push(head.id)
      queues.remove(head.id)
    }
  }
  return found
}

describe('head()', () => {
  test('is the oldest of its conversation, in whatever order they came', () => {
    const queues = queuesOf(makeEntry('1'), makeEntry('2', { conversation: 'b' }), makeEntry('4'))
    queues.set(makeEntry('5'))
    queues.set(makeEntry('3'))
    expect(order(queues)).toEqual({ a: ['1', '3', '4', '5'], b: ['2'] })
  })

  test('is no dead letter', () => {
    expect(order(queuesOf(makeEntry('1', { state: 'dead' }), makeEntry('2')))).toEqual({ a: ['2'] })
  })

  test('is none behind a dead letter that holds, in its conversation only', () => {
    const dead = makeEntry('2', { state: 'dead', afterDead: 'hold' })
    const queues = queuesOf(makeEntry('1'), dead, makeEntry('3'), makeEntry('4', { conversation: 'b' }))
    expect(order(queues)).toEqual({ a: ['1'], b: ['4'] })
    queues.remove('2')
    expect(order(queues)).toEqual({ a: ['3'] })
  })

  test('is none while an older one is being stored', () => {
    const queues = queuesOf(makeEntry('1', { state: 'storing' }), makeEntry('2'))
    queues.set(makeEntry('3', { conversation: 'b' }))
    const queue = queues.of(null)
    expect(['a', 'b'].map((name) => queue.head(name)?.id)).toEqual([undefined, '3'])
    expect(queue.counts()).toMatchObject({ queued: 3 })
    queues.set(makeEntry('1'))
    expect(order(queues)).toEqual({ a: ['1', '2'], b: ['3'] })
  })

  test('could not be stored: those behind it go', () => {
    const queues = queuesOf(makeEntry('1', { state: 'storing' }), makeEntry('2'))
    queues.remove('1')
    expect(order(queues)).toEqual({ a: ['2'] })
  })

  test('is nobody else’s', () => {
    const queues = queuesOf(makeEntry('1', { principal: 'ada' }), makeEntry('2', { principal: 'grace' }))
    expect(queues.of('ada').head('a')?.id).toBe('1')
    expect(queues.of('grace').head('a')?.id).toBe('2')
    expect(queues.of(null).head('a')).toBeUndefined()
    expect(queues.of('ada').counts()).toMatchObject({ queued: 1 })
    expect(queues.of(null).counts()).toEqual({ queued: 0, needsAuth: 0, dead: 0 })
  })
})

test('reset() takes over what is stored, and what is being stored keeps its place', () => {
  const queues = queuesOf(makeEntry('1'), makeEntry('2', { state: 'storing' }), makeEntry('3'))
  // The index has it as it will be.
  queues.reset([makeEntry('2'), makeEntry('3'), makeEntry('4', { state: 'dead' })])
  expect([queues.get('1'), queues.get('2')?.state]).toEqual([undefined, 'storing'])
  expect(queues.of(null).head('a')).toBeUndefined()
  expect(queues.of(null).counts()).toMatchObject({ queued: 2, dead: 1 })
  queues.set(makeEntry('2'))
  expect(order(queues)).toEqual({ a: ['2', '3'] })
})

test('following() is what comes behind the head', () => {
  const queues = queuesOf(makeEntry('1', { state: 'dead' }), makeEntry('2'), makeEntry('3'), makeEntry('4'))
  expect(queues.of(null).following('a', 1)).toEqual(['3'])
  expect(queues.of(null).following('a', 5)).toEqual(['3', '4'])
  expect(queues.of(null).following('b', 5)).toEqual([])
})

describe('counts()', () => {
  const entries = [
    makeEntry('1', { conversation: 'a', state: 'waiting', retryAt: 500 }),
    makeEntry('2', { conversation: 'a', retryAt: 100 }),
    makeEntry('3', { conversation: 'b', state: 'sending', retryAt: 400 }),
    makeEntry('4', { conversation: 'c', state: 'needs_auth' }),
    makeEntry('5', { conversation: 'd', state: 'dead' }),
  ]

  test('is what a person can do about it', () => {
    // Of each conversation the first counts; who needs credentials has no time.
    expect(
      queuesOf(...entries)
        .of(null)
        .counts(),
    ).toEqual({
      queued: 3,
      needsAuth: 1,
      dead: 1,
      nextAttemptAt: 400,
    })
  })

  test('follows what becomes of them', () => {
    const queues = queuesOf(...entries)
    queues.set(makeEntry('3', { conversation: 'b', state: 'dead' }))
    queues.remove('4')
    queues.remove('4')
    queues.set(makeEntry('1', { conversation: 'a', retryAt: 50 }))
    expect(queues.of(null).counts()).toEqual({ queued: 2, needsAuth: 0, dead: 2, nextAttemptAt: 50 })
  })

  test('names no time when there is none', () => {
    expect(queuesOf().of(null).counts()).toEqual({ queued: 0, needsAuth: 0, dead: 0 })
  })
})
