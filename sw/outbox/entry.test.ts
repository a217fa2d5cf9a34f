import { describe, expect, test } from 'vitest'
import { countEntries, type Entry, isDue, queues, toPublic, UNTRIED } from './entry.ts'

const entry = (id: string, more: Partial<Entry> = {}): Entry => ({
  ...UNTRIED,
  id,
  createdAt: 1,
  clientId: 'page',
  conversation: 'a',
  method: 'POST',
  url: 'https://app.example/api/a',
  mode: 'cors',
  credentials: 'same-origin',
  referrer: '',
  referrerPolicy: '',
  headers: [['content-type', 'application/json']],
  hasQuery: false,
  accept: undefined,
  duplicateStatus: undefined,
  afterDead: undefined,
  ...more,
})

describe('isDue()', () => {
  const never = { wokenAt: 0, flushedAt: 0 }
  const tried = { triedAt: 50, retryAt: 200 }
  const offline = { ...tried, code: 'network_error' } as const
  const refused = { ...tried, code: 'overloaded' } as const
  const locked = { state: 'needs_auth', triedAt: 50, retryAt: 0 } as const
  test.each<[string, Partial<Entry>, typeof never, boolean]>([
    ['never tried', {}, never, true],
    ['tried in the future', { triedAt: 101, retryAt: 9_000 }, never, true],
    ['found sending', { state: 'sending', triedAt: 50 }, never, true],
    ['waiting', refused, never, false],
    ['waiting until now', { ...refused, retryAt: 100 }, never, true],
    ['waiting, and woken', refused, { wokenAt: 100, flushedAt: 0 }, false],
    ['waiting, and flushed', refused, { wokenAt: 0, flushedAt: 100 }, true],
    ['waiting, flushed before the try', refused, { wokenAt: 0, flushedAt: 50 }, false],
    ['without a network, and woken', offline, { wokenAt: 100, flushedAt: 0 }, true],
    ['without a network, woken before the try', offline, { wokenAt: 50, flushedAt: 0 }, false],
    ['without credentials', locked, never, false],
    ['without credentials, and woken', locked, { wokenAt: 100, flushedAt: 0 }, true],
    ['without credentials, woken before the try', locked, { wokenAt: 50, flushedAt: 0 }, false],
    ['without credentials, and flushed', locked, { wokenAt: 0, flushedAt: 100 }, true],
  ])('%s', (_name, more, triggers, expected) => {
    expect(isDue(entry('1', more), 100, triggers)).toBe(expected)
  })
})

describe('queues()', () => {
  const ids = (entries: Entry[]) =>
    Object.fromEntries(Array.from(queues(entries), ([name, each]) => [name, each.map(({ id }) => id)]))

  test('sorts by conversation and keeps the order', () => {
    expect(ids([entry('1'), entry('2', { conversation: 'b' }), entry('3')])).toEqual({
      a: ['1', '3'],
      b: ['2'],
    })
  })

  test('leaves dead letters out', () => {
    expect(ids([entry('1', { state: 'dead' }), entry('2')])).toEqual({ a: ['2'] })
  })

  test('stops behind a dead letter that holds, and only in its conversation', () => {
    const dead = entry('2', { state: 'dead', afterDead: 'hold' })
    expect(ids([entry('1'), dead, entry('3'), entry('4', { conversation: 'b' })])).toEqual({
      a: ['1'],
      b: ['4'],
    })
  })
})

describe('countEntries()', () => {
  test('counts by what a person can do about it', () => {
    const entries = [
      entry('1', { conversation: 'a', retryAt: 500 }),
      entry('2', { conversation: 'a', retryAt: 100 }),
      entry('3', { conversation: 'b', state: 'sending', retryAt: 400 }),
      entry('4', { conversation: 'c', state: 'needs_auth' }),
      entry('5', { conversation: 'd', state: 'dead' }),
    ]
    // Of each conversation the first counts; who needs credentials has no time.
    expect(countEntries(entries)).toEqual({ queued: 3, needsAuth: 1, dead: 1, nextAttemptAt: 400 })
  })

  test('names no time when there is none', () => {
    expect(countEntries([])).toEqual({ queued: 0, needsAuth: 0, dead: 0 })
    expect(countEntries([entry('1', { state: 'dead' })])).toEqual({ queued: 0, needsAuth: 0, dead: 1 })
  })
})

describe('toPublic()', () => {
  test('shows neither headers nor what is sealed', () => {
    const shown = toPublic(entry('1', { sealed: 'abc', headers: [['idempotency-key', 'k']] }))
    expect(shown).toEqual({
      id: '1',
      conversation: 'a',
      url: 'https://app.example/api/a',
      method: 'POST',
      state: 'queued',
      createdAt: 1,
      attempts: 0,
    })
  })

  test('says until when it waits, only while it waits', () => {
    const waiting = { failures: 1, retryAt: 9, code: 'overloaded' } as const
    expect(toPublic(entry('1', waiting))).toMatchObject({ state: 'waiting', retryAt: 9 })
    expect(toPublic(entry('1', { ...waiting, state: 'sending' }))).not.toHaveProperty('retryAt')
  })

  test('says why it is dead, only when it is', () => {
    const why = { code: 'upstream_error', preview: '400 No' } as const
    expect(toPublic(entry('1', { ...why, state: 'dead' }))).toMatchObject({ state: 'dead', ...why })
    expect(toPublic(entry('1', why))).not.toHaveProperty('code')
    expect(toPublic(entry('1', why))).not.toHaveProperty('preview')
  })
})
