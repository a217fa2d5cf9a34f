import { describe, expect, test } from 'vitest'
import { makeEntry } from '../testing/make-entry.ts'
import { entryOf, isRecord, recordOf, toPublic } from './entry.ts'

describe('toPublic()', () => {
  test('shows neither headers nor what is sealed', () => {
    const shown = toPublic(makeEntry('1', { sealed: 'abc', headers: [['idempotency-key', 'k']] }))
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
    const waiting = { state: 'waiting', retryAt: 9, code: 'overloaded' } as const
    expect(toPublic(makeEntry('1', waiting))).toMatchObject({ state: 'waiting', retryAt: 9 })
    expect(toPublic(makeEntry('1', { ...waiting, state: 'sending' }))).not.toHaveProperty('retryAt')
  })

  test('says why it is dead, only when it is', () => {
    const why = { code: 'upstream_error', preview: '400 No' } as const
    expect(toPublic(makeEntry('1', { ...why, state: 'dead' }))).toMatchObject({ state: 'dead', ...why })
    expect(toPublic(makeEntry('1', why))).not.toHaveProperty('code')
    expect(toPublic(makeEntry('1', why))).not.toHaveProperty('preview')
  })
})

describe('a record', () => {
  test('is the part of an entry that never changes, and an entry can be made from it', () => {
    const entry = makeEntry('1', { sealed: 'x' })
    const tried = {
      ...entry,
      state: 'dead',
      attempts: 3,
      retryAt: 5,
      code: 'unsure',
      preview: '400',
    } as const
    expect(entryOf(recordOf(tried))).toEqual(entry)
  })

  test('with whenUnsure: hold leaves it to a person: what became of it is not known', () => {
    const entry = makeEntry('1', { whenUnsure: 'hold' })
    expect(entryOf(recordOf(entry))).toEqual({ ...entry, state: 'dead', code: 'unsure' })
  })

  test.each([undefined, null, 'text', {}, { ...makeEntry('1'), id: 7 }, { ...makeEntry('1'), headers: 'x' }])(
    'is not %j',
    (value) => expect(isRecord(value)).toBe(false),
  )

  test('is what it is', () => {
    expect(isRecord(recordOf(makeEntry('1')))).toBe(true)
  })
})
