import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { keepAwake } from './keep-awake.ts'
import { createStatusStore } from './status-store.ts'

let page: EventTarget
let posted: string[]
let looks: number
let lifetime: AbortController

beforeEach(() => {
  vi.useFakeTimers()
  page = new EventTarget()
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  vi.stubGlobal('document', Object.assign(new EventTarget(), { hidden: false }))
  posted = []
  looks = 0
  lifetime = new AbortController()
})

afterEach(() => {
  lifetime.abort()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

function start() {
  const store = createStatusStore()
  const post = (type: string) => void posted.push(type)
  const look = async () => void looks++
  keepAwake(store, { post, look, listen: () => new Promise(() => {}) }, lifetime.signal)
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
  expect(posted.filter((type) => type === 'ping')).toHaveLength(expected)
})

test.each(['pointerdown', 'keydown'])(
  'S15 a page that is used after it announced its end has stayed: %s',
  (type) => {
    start()
    page.dispatchEvent(new Event(type))
    page.dispatchEvent(new Event('beforeunload'))
    // A server may be slow: that the page is there for some time says nothing.
    vi.advanceTimersByTime(4_000)
    expect(posted).toEqual(['leaving'])
    page.dispatchEvent(new Event(type))
    page.dispatchEvent(new Event(type))
    expect(posted).toEqual(['leaving', 'staying'])
  },
)

test('S15 one that announces it again has stayed until then', () => {
  start()
  page.dispatchEvent(new Event('beforeunload'))
  vi.advanceTimersByTime(500)
  page.dispatchEvent(new Event('beforeunload'))
  expect(posted).toEqual(['leaving', 'staying', 'leaving'])
})

test('S15 one that goes has not stayed', () => {
  start()
  page.dispatchEvent(new Event('beforeunload'))
  page.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: false }))
  vi.advanceTimersByTime(60_000)
  expect(posted).toEqual(['leaving', 'leaving'])
})

test.each([
  ['comes back from the browser’s cache asks where everything stands', true, 1],
  ['is loaded has asked', false, 0],
])('a page that %s', (_name, persisted, expected) => {
  start()
  page.dispatchEvent(Object.assign(new Event('pageshow'), { persisted }))
  expect([posted, looks]).toEqual([['wake'], expected])
})
