import { beforeEach, expect, test, vi } from 'vitest'
import { deferred } from '../core/deferred.ts'
import { createRequestOrder, type RequestOrder } from './request-order.ts'

let page: EventTarget
let order: RequestOrder
let made: string[]

beforeEach(() => {
  vi.useFakeTimers()
  page = new EventTarget()
  order = createRequestOrder(page, 'starting')
  made = []
  return () => void vi.useRealTimers()
})

const call = (name: string, result: Promise<unknown> = Promise.resolve()) =>
  order.call(async () => {
    made.push(name)
    return result
  })

const held = (isSave: boolean) => order.held(isSave)?.(new AbortController().signal)

const settle = () => vi.advanceTimersByTimeAsync(0)

test('where nothing was sent before it, a call is made in its very turn', () => {
  expect(order.held(true)).toBeUndefined()
  void call('first')
  expect(made).toEqual(['first'])
})

test.each(['resolves', 'rejects'])(
  'a call waits until a request before it has a response: it %s',
  async (how) => {
    const response = deferred<void>()
    order.sent(response.promise, false)
    void call('first')
    await settle()
    expect(made).toEqual([])
    if (how === 'resolves') response.resolve()
    else response.reject(new TypeError('Failed'))
    await settle()
    expect(made).toEqual(['first'])
  },
)

test('what comes after a call waits for it, and no longer', async () => {
  const done = deferred<void>()
  void call('first', done.promise)
  void call('second')
  let isSent = false
  void held(true)?.then(() => (isSent = true))
  await settle()
  expect([made, isSent]).toEqual([['first'], false])
  done.resolve()
  await settle()
  expect(made).toEqual(['first', 'second'])
  await settle()
  expect([isSent, order.held(true)]).toEqual([true, undefined])
})

test('a save waits for the save before it, and a chat for none', async () => {
  const [first, second] = [deferred<void>(), deferred<void>()]
  const sent: string[] = []
  order.sent(first.promise, true)
  order.sent(
    held(true)!.then(() => (sent.push('second'), second.promise)),
    true,
  )
  void held(true)?.then(() => sent.push('third'))
  expect(order.held(false)).toBeUndefined()
  await settle()
  expect(sent).toEqual([])
  first.resolve()
  await settle()
  expect(sent).toEqual(['second'])
  second.resolve()
  await settle()
  expect([sent, order.held(true)]).toEqual([['second', 'third'], undefined])
})

test('where only a dying worker gets requests out of order, a call waits for saves, and a save for calls', async () => {
  order = createRequestOrder(page, 'dying')
  const response = deferred<void>()
  order.sent(response.promise, true)
  expect(order.held(true)).toBeUndefined()
  void call('first')
  await settle()
  expect(made).toEqual([])
  let isSent = false
  void held(true)?.then(() => (isSent = true))
  response.resolve()
  await settle()
  expect([made, isSent]).toEqual([['first'], true])
  order.sent(new Promise(() => {}), false)
  void call('second')
  expect(made).toEqual(['first', 'second'])
})

test('a call that fails holds nothing up, and tells', async () => {
  await expect(call('first', Promise.reject(new Error('No')))).rejects.toThrow('No')
  expect(order.held(true)).toBeUndefined()
})

test('nothing waits for longer than a second', async () => {
  order.sent(new Promise(() => {}), false)
  void call('first', new Promise(() => {}))
  await vi.advanceTimersByTimeAsync(999)
  expect(made).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(made).toEqual(['first'])
  let isSent = false
  void held(true)?.then(() => (isSent = true))
  await vi.advanceTimersByTimeAsync(1_000)
  expect(isSent).toBe(true)
})

test('nothing waits when the page is being unloaded', async () => {
  order.sent(new Promise(() => {}), false)
  void call('first')
  page.dispatchEvent(new Event('pagehide'))
  await settle()
  expect(made).toEqual(['first'])
})

test.each(['before', 'meanwhile'])('what is aborted %s waits no longer', async (when) => {
  void call('first', new Promise(() => {}))
  const abort = new AbortController()
  if (when === 'before') abort.abort()
  let isOver = false
  void order
    .held(true)?.(abort.signal)
    .then(() => (isOver = true))
  abort.abort()
  await settle()
  expect(isOver).toBe(true)
})

test('nothing begins to wait once the page is being unloaded, until it is back', async () => {
  const waits: boolean[] = []
  const look = () => waits.push(order.held(true) !== undefined)
  page.addEventListener('pagehide', look)
  void call('first', new Promise(() => {}))
  page.dispatchEvent(new Event('pagehide'))
  look()
  void call('second', new Promise(() => {}))
  expect([waits, made]).toEqual([
    [false, false],
    ['first', 'second'],
  ])
  page.dispatchEvent(new Event('pageshow'))
  look()
  expect(waits.at(-1)).toBe(true)
})
