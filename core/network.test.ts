import { afterEach, expect, test, vi } from 'vitest'
import { systemNetwork } from './network.ts'

afterEach(() => vi.unstubAllGlobals())

test('where nothing is said of a network, as in Node, it is taken to be online', () => {
  expect(systemNetwork.isOnline()).toBe(true)
  const stop = systemNetwork.onOnline(() => {})
  expect(stop).not.toThrow()
  vi.stubGlobal('navigator', undefined)
  expect(systemNetwork.isOnline()).toBe(true)
})

test('the browser’s word counts, and its event while it is listened to', () => {
  vi.stubGlobal('navigator', { onLine: false })
  const events = new EventTarget()
  vi.stubGlobal('addEventListener', events.addEventListener.bind(events))
  expect(systemNetwork.isOnline()).toBe(false)
  let emitted = 0
  const stop = systemNetwork.onOnline(() => emitted++)
  events.dispatchEvent(new Event('online'))
  events.dispatchEvent(new Event('offline'))
  expect(emitted).toBe(1)
  stop()
  events.dispatchEvent(new Event('online'))
  expect(emitted).toBe(1)
})

test('a worker without that event hears that its connection has changed', () => {
  const connection = new EventTarget()
  vi.stubGlobal('navigator', { onLine: false, connection })
  let emitted = 0
  const stop = systemNetwork.onOnline(() => emitted++)
  connection.dispatchEvent(new Event('change'))
  stop()
  connection.dispatchEvent(new Event('change'))
  expect(emitted).toBe(1)
})
