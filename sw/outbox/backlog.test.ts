import { describe, expect, test } from 'vitest'
import { makeEntry } from '../testing/make-entry.ts'
import type { Entry } from './entry.ts'
import { createBacklogs } from './backlog.ts'

function backlogsOf(...entries: Entry[]) {
  const backlogs = createBacklogs()
  for (const entry of entries) backlogs.set(entry)
  return backlogs
}

/** Everything that can be sent, in its order, by conversation. */
function order(backlogs: ReturnType<typeof createBacklogs>, principal: string | null = null) {
  const backlog = backlogs.of(principal)
  const found: Record<string, string[]> = {}
  for (const conversation of Array.from(backlog.conversations())) {
    for (let head = backlog.head(conversation); head; head = backlog.head(conversation)) {
      ;(found[conversation] ??= []).push(head.id)
      backlogs.remove(head.id)
    }
  }
  return found
}

describe('head()', () => {
  test('is the oldest of its conversation, in whatever order they came', () => {
    const backlogs = backlogsOf(makeEntry('1'), makeEntry('2', { conversation: 'b' }), makeEntry('4'))
    backlogs.set(makeEntry('5'))
    backlogs.set(makeEntry('3'))
    expect(order(backlogs)).toEqual({ a: ['1', '3', '4', '5'], b: ['2'] })
  })

  test('is no dead letter', () => {
    expect(order(backlogsOf(makeEntry('1', { state: 'dead' }), makeEntry('2')))).toEqual({ a: ['2'] })
  })

  test('is none behind a dead letter that holds, in its conversation only', () => {
    const dead = makeEntry('2', { state: 'dead', afterDead: 'hold' })
    const backlogs = backlogsOf(makeEntry('1'), dead, makeEntry('3'), makeEntry('4', { conversation: 'b' }))
    expect(order(backlogs)).toEqual({ a: ['1'], b: ['4'] })
    backlogs.remove('2')
    expect(order(backlogs)).toEqual({ a: ['3'] })
  })

  test('is none while an older one is being stored', () => {
    const backlogs = backlogsOf(makeEntry('1', { state: 'storing' }), makeEntry('2'))
    backlogs.set(makeEntry('3', { conversation: 'b' }))
    const backlog = backlogs.of(null)
    expect(['a', 'b'].map((name) => backlog.head(name)?.id)).toEqual([undefined, '3'])
    expect(backlog.counts()).toMatchObject({ queued: 3 })
    backlogs.set(makeEntry('1'))
    expect(order(backlogs)).toEqual({ a: ['1', '2'], b: ['3'] })
  })

  test('could not be stored: those behind it go', () => {
    const backlogs = backlogsOf(makeEntry('1', { state: 'storing' }), makeEntry('2'))
    backlogs.remove('1')
    expect(order(backlogs)).toEqual({ a: ['2'] })
  })

  test('is nobody else’s', () => {
    const backlogs = backlogsOf(makeEntry('1', { principal: 'ada' }), makeEntry('2', { principal: 'grace' }))
    expect(backlogs.of('ada').head('a')?.id).toBe('1')
    expect(backlogs.of('grace').head('a')?.id).toBe('2')
    expect(backlogs.of(null).head('a')).toBeUndefined()
    expect(backlogs.of('ada').counts()).toMatchObject({ queued: 1 })
    expect(backlogs.of(null).counts()).toEqual({ queued: 0, needsAuth: 0, dead: 0 })
  })
})

test('reset() takes over what is stored, and what is being stored keeps its place', () => {
  const backlogs = backlogsOf(makeEntry('1'), makeEntry('2', { state: 'storing' }), makeEntry('3'))
  // The index has it as it will be.
  backlogs.reset([makeEntry('2'), makeEntry('3'), makeEntry('4', { state: 'dead' })])
  expect([backlogs.get('1'), backlogs.get('2')?.state]).toEqual([undefined, 'storing'])
  expect(backlogs.of(null).head('a')).toBeUndefined()
  expect(backlogs.of(null).counts()).toMatchObject({ queued: 2, dead: 1 })
  backlogs.set(makeEntry('2'))
  expect(order(backlogs)).toEqual({ a: ['2', '3'] })
})

test('following() is what comes behind the head', () => {
  const backlogs = backlogsOf(
    makeEntry('1', { state: 'dead' }),
    makeEntry('2'),
    makeEntry('3'),
    makeEntry('4'),
  )
  expect(backlogs.of(null).following('a', 1)).toEqual(['3'])
  expect(backlogs.of(null).following('a', 5)).toEqual(['3', '4'])
  expect(backlogs.of(null).following('b', 5)).toEqual([])
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
      backlogsOf(...entries)
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
    const backlogs = backlogsOf(...entries)
    backlogs.set(makeEntry('3', { conversation: 'b', state: 'dead' }))
    backlogs.remove('4')
    backlogs.remove('4')
    backlogs.set(makeEntry('1', { conversation: 'a', retryAt: 50 }))
    expect(backlogs.of(null).counts()).toEqual({ queued: 2, needsAuth: 0, dead: 2, nextAttemptAt: 50 })
  })

  test('names no time when there is none', () => {
    expect(backlogsOf().of(null).counts()).toEqual({ queued: 0, needsAuth: 0, dead: 0 })
  })
})
