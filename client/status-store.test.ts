import { describe, expect, test } from 'vitest'
import type { Status } from '../core/messages/status.ts'
import type { Snapshot } from './keeper.ts'
import { createStatusStore } from './status-store.ts'

const started = (requestId: string): Status => ({
  status: 'request_started',
  requestId,
  url: 'https://app.test/v1/chat/completions',
  reasoning: false,
  at: 1,
  own: true,
})
const finished = (requestId: string): Status => ({
  status: 'request_cancelled',
  requestId,
  by: 'page',
  at: 2,
  own: true,
})

describe('the snapshot', () => {
  test('is the same object until something changed', () => {
    const store = createStatusStore()
    const first = store.getSnapshot()
    store.set({ state: 'starting' })
    expect(store.getSnapshot()).toBe(first)
    store.set({ state: 'controlling' })
    expect(store.getSnapshot()).not.toBe(first)
    expect(first.state).toBe('starting')
  })

  test('has the requests that are under way', () => {
    const store = createStatusStore()
    store.receive(started('a'))
    store.receive(started('b'))
    store.receive(finished('a'))
    expect(store.getSnapshot().requests).toMatchObject([{ requestId: 'b', own: true }])
  })

  test('has the outbox as it was told last', () => {
    const store = createStatusStore()
    store.receive(started('a'), { queued: 1, needsAuth: 0, dead: 0, nextAttemptAt: 5 })
    store.receive(finished('a'))
    expect(store.getSnapshot().outbox).toEqual({ queued: 1, needsAuth: 0, dead: 0, nextAttemptAt: 5 })
  })
})

describe('subscribe()', () => {
  test('calls at once, then after every change, until it is ended', () => {
    const store = createStatusStore()
    const seen: Snapshot['state'][] = []
    const end = store.subscribe(({ state }) => seen.push(state))
    store.set({ state: 'controlling' })
    store.set({ state: 'controlling' })
    end()
    store.set({ state: 'fallback' })
    expect(seen).toEqual(['starting', 'controlling'])
  })

  test('one that throws keeps nothing from the others', () => {
    const reported: unknown[] = []
    globalThis.reportError = (error: unknown) => void reported.push(error)
    const store = createStatusStore()
    const seen: string[] = []
    store.subscribe(() => {
      throw new Error('Broken')
    })
    store.subscribe(({ state }) => seen.push(state))
    store.set({ state: 'controlling' })
    expect(seen).toEqual(['starting', 'controlling'])
    expect(reported).toHaveLength(2)
  })
})

describe('on()', () => {
  test('hears one name, or all', () => {
    const store = createStatusStore()
    const some: string[] = []
    const all: string[] = []
    store.on('request_started', ({ requestId }) => some.push(requestId))
    store.on('*', ({ status }) => all.push(status))
    store.receive(started('a'))
    store.receive(finished('a'))
    expect([some, all]).toEqual([['a'], ['request_started', 'request_cancelled']])
  })

  test('hears one request, when asked to', () => {
    const store = createStatusStore()
    const seen: string[] = []
    store.on('request_started', ({ requestId }) => seen.push(requestId), { requestId: 'b' })
    store.receive(started('a'))
    store.receive(started('b'))
    expect(seen).toEqual(['b'])
  })

  test('ends by its return value, and by a signal', () => {
    const store = createStatusStore()
    let received = 0
    const abort = new AbortController()
    const listener = () => void received++
    const end = store.on('*', listener)
    store.on('*', listener, { signal: abort.signal })
    store.on('*', listener, { signal: AbortSignal.abort() })
    store.receive(started('a'))
    end()
    abort.abort()
    store.receive(started('b'))
    expect(received).toBe(2)
  })

  test('a listener may end itself, and others, while it is called', () => {
    const store = createStatusStore()
    let received = 0
    const ends = [1, 2, 3].map(() =>
      store.on('*', () => {
        received++
        for (const end of ends) end()
      }),
    )
    store.receive(started('a'))
    store.receive(started('b'))
    expect(received).toBe(3)
  })
})
