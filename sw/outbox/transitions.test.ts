import { describe, expect, test } from 'vitest'
import { makeEntry } from '../testing/make-entry.ts'
import type { Entry, State } from './entry.ts'
import { isDue, move } from './transitions.ts'

describe('isDue()', () => {
  const never = { onlineAt: 0, wokenAt: 0, flushedAt: 0 }
  const onlineAt = (at: number) => ({ ...never, onlineAt: at })
  const wokenAt = (at: number) => ({ ...onlineAt(at), wokenAt: at })
  const flushedAt = (at: number) => ({ ...wokenAt(at), flushedAt: at })
  const tried = { triedAt: 50, retryAt: 200 }
  const offline = { ...tried, state: 'waiting', code: 'network_error' } as const
  const refused = { ...tried, state: 'waiting', code: 'overloaded' } as const
  const locked = { state: 'needs_auth', triedAt: 50, retryAt: 0 } as const
  test.each<[string, Partial<Entry>, typeof never, boolean]>([
    ['never tried', {}, never, true],
    ['tried in the future', { triedAt: 101, retryAt: 9_000 }, never, true],
    ['found sending', { state: 'sending', triedAt: 50 }, never, true],
    ['waiting', refused, never, false],
    ['waiting until now', { ...refused, retryAt: 100 }, never, true],
    ['waiting, and woken', refused, wokenAt(100), false],
    ['waiting, and flushed', refused, flushedAt(100), true],
    ['waiting, flushed before the try', refused, flushedAt(50), false],
    ['without a network, and woken', offline, wokenAt(100), true],
    ['without a network, woken before the try', offline, wokenAt(50), false],
    ['without a network, which is back', offline, onlineAt(100), true],
    ['without credentials, and the network is back', locked, onlineAt(100), false],
    ['without credentials', locked, never, false],
    ['without credentials, and woken', locked, wokenAt(100), true],
    ['without credentials, woken before the try', locked, wokenAt(50), false],
    ['without credentials, and flushed', locked, flushedAt(100), true],
  ])('%s', (_name, more, triggers, expected) => {
    expect(isDue(makeEntry('1', more), 100, triggers)).toBe(expected)
  })
})

describe('move()', () => {
  const states: State[] = ['queued', 'sending', 'waiting', 'needs_auth', 'dead']

  test.each(states.filter((state) => state !== 'dead'))('from %s anywhere', (from) => {
    for (const to of states) {
      expect(move(makeEntry('1', { state: from }), to, { attempts: 3 })).toEqual(
        makeEntry('1', { state: to, attempts: 3 }),
      )
    }
  })

  test('a dead letter only comes back to the queue', () => {
    const dead = makeEntry('1', { state: 'dead' })
    expect(states.filter((state) => move(dead, state))).toEqual(['queued'])
  })
})
