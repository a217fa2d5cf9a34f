import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { keepAwake } from './keep-awake.ts'
import { createStatusStore } from './status-store.ts'

let page: EventTarget
let told: string[]
let life: AbortController

beforeEach(() => {
  vi.useFakeTimers()
  page = new EventTarget()
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  vi.stubGlobal('document', Object.assign(new EventTarget(), { hidden: false }))
  told = []
  life = new AbortController()
})

afterEach(() => {
  life.abort()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

function start() {
  const store = createStatusStore()
  const tell = (type: string) => void told.push(type)
  keepAwake(store, { tell, look: async () => {}, listen: () => new Promise(() => {}) }, life.signal)
  return store
}

const empty = { queued: 0, needsAuth: 0, dead: 0 }

test.each([
  ['those behind one that waits for credentials', { ...empty, queued: 3, needsAuth: 1 }, 0],
  ['those behind a dead letter that holds', { ...empty, queued: 1, dead: 1 }, 0],
  ['what is due', { ...empty, queued: 1, nextAttemptAt: 0 }, 6],
])('S17 %s: pings in a minute', (_name, outbox, expected) => {
  start().set({ outbox })
  vi.advanceTimersByTime(60_000)
  expect(told.filter((type) => type === 'ping')).toHaveLength(expected)
})

test.each(['pointerdown', 'keydown'])(
  'S15 a page that is used after it announced its end has stayed: %s',
  (type) => {
    start()
    page.dispatchEvent(new Event(type))
    page.dispatchEvent(new Event('beforeunload'))
    // A server may be slow: that the page is there for some time says nothing.
    vi.advanceTimersByTime(4_000)
    expect(told).toEqual(['leaving'])
    page.dispatchEvent(new Event(type))
    page.dispatchEvent(new Event(type))
    expect(told).toEqual(['leaving', 'staying'])
  },
)

test('S15 one that announces it again has stayed until then', () => {
  start()
  page.dispatchEvent(new Event('beforeunload'))
  vi.advanceTimersByTime(500)
  page.dispatchEvent(new Event('beforeunload'))
  expect(told).toEqual(['leaving', 'staying', 'leaving'])
})

test('S15 one that goes has not stayed', () => {
  start()
  page.dispatchEvent(new Event('beforeunload'))
  page.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: false }))
  vi.advanceTimersByTime(60_000)
  expect(told).toEqual(['leaving', 'leaving'])
})
