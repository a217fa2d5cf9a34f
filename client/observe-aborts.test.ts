import { beforeEach, describe, expect, test, vi } from 'vitest'
import { deferred } from '../core/deferred.ts'
import { forgetAborts, observeAborts, wrapFetch } from './observe-aborts.ts'
import { createRequestOrder } from './request-order.ts'

const URL_OF_CHAT = 'https://app.test/v1/chat/completions'
const ID = 'x-streamkeeper-id'

interface Called {
  input: RequestInfo | URL
  init: RequestInit | undefined
}

let called: Called[] = []
let aborted: string[] = []
let response: () => Promise<Response>
let target: { fetch: typeof fetch }

beforeEach(() => {
  called = []
  aborted = []
  response = () => new Promise(() => {})
  target = {
    fetch: (input, init) => {
      called.push({ input, init })
      return response()
    },
  }
  wrapFetch(target)
  observeAborts({
    isChat: (method, url) => method === 'POST' && url === URL_OF_CHAT,
    aborted: (requestId) => aborted.push(requestId),
  })
})

const sentId = () => (called[0]?.input as Request | undefined)?.headers.get(ID)

describe('the wrapped fetch', () => {
  test('adds an id to a chat, and tells an abort', () => {
    const abort = new AbortController()
    void target.fetch(URL_OF_CHAT, { method: 'POST', body: '{}', signal: abort.signal })
    expect(sentId()).toMatch(/^[0-9a-f]{32}$/)
    abort.abort()
    expect(aborted).toEqual([sentId()])
  })

  test('keeps an id that the app gave, and takes a Request', async () => {
    const abort = new AbortController()
    const headers = { [ID]: 'mine', 'X-Own': 'kept' }
    void target.fetch(
      new Request(URL_OF_CHAT, { method: 'POST', body: 'Hello', headers, signal: abort.signal }),
    )
    const sent = called[0]?.input as Request
    expect([sentId(), sent.headers.get('x-own'), await sent.text()]).toEqual(['mine', 'kept', 'Hello'])
    abort.abort()
    expect(aborted).toEqual(['mine'])
  })

  test.each<[string, RequestInfo | URL, RequestInit | undefined]>([
    ['another URL', 'https://app.test/other', { method: 'POST' }],
    ['another method', URL_OF_CHAT, undefined],
    ['keepalive', URL_OF_CHAT, { method: 'POST', keepalive: true }],
    ['no-cors', URL_OF_CHAT, { method: 'POST', mode: 'no-cors' }],
    ['redirect: manual', URL_OF_CHAT, { method: 'POST', redirect: 'manual' }],
    ['what is no URL', 'http://[', { method: 'POST' }],
  ])('leaves %s alone, arguments and all', (_name, input, init) => {
    void target.fetch(input, init)
    expect(called[0]?.input).toBe(input)
    expect(called[0]?.init).toBe(init)
  })

  test('leaves everything alone while nobody observes', () => {
    observeAborts(undefined)
    const init = { method: 'POST' }
    void target.fetch(URL_OF_CHAT, init)
    expect(called[0]).toEqual({ input: URL_OF_CHAT, init })
  })

  test('tells no abort once the worker has told the end', async () => {
    const abort = new AbortController()
    response = async () => new Response('', { headers: { [ID]: 'any' } })
    await target.fetch(URL_OF_CHAT, { method: 'POST', signal: abort.signal })
    forgetAborts(sentId() ?? '')
    abort.abort()
    expect(aborted).toEqual([])
  })

  test('tells an abort in mid-stream, after the Response is here', async () => {
    const abort = new AbortController()
    response = async () => new Response('', { headers: { [ID]: 'any' } })
    await target.fetch(URL_OF_CHAT, { method: 'POST', signal: abort.signal })
    abort.abort()
    expect(aborted).toEqual([sentId()])
  })

  test('forgets a response in which no worker had a part, and a failure', async () => {
    for (const each of [async () => new Response(''), () => Promise.reject(new TypeError('Failed'))]) {
      const abort = new AbortController()
      response = each
      await target.fetch(URL_OF_CHAT, { method: 'POST', signal: abort.signal }).catch(() => {})
      await Promise.resolve()
      abort.abort()
    }
    expect(aborted).toEqual([])
  })

  test('is not there where there was none', async () => {
    vi.stubGlobal('window', {})
    vi.resetModules()
    await import('./observe-aborts.ts')
    expect(window).toEqual({})
    vi.unstubAllGlobals()
  })

  test('looks like the original', () => {
    expect([target.fetch.name, target.fetch.length]).toEqual(['fetch', 1])
    expect(() => Reflect.construct(target.fetch, [])).toThrow(TypeError)
  })
})

describe('the wrapped fetch, where requests may be delivered in another order', () => {
  const URL_OF_SAVE = 'https://app.test/messages'
  const order = createRequestOrder(new EventTarget(), 'starting')
  const urls = () => called.map(({ input }) => (input instanceof Request ? input.url : String(input)))

  beforeEach(() => {
    observeAborts({
      isChat: (method, url) => method === 'POST' && url === URL_OF_CHAT,
      orderOf: (_method, url) => (url.startsWith('https://app.test/other') ? undefined : order),
      aborted: () => {},
    })
  })

  test('leaves a save alone, arguments and all, where nothing came before it', async () => {
    const init = { method: 'POST', body: 'Hello' }
    const responding = Promise.resolve(new Response())
    response = () => responding
    expect(target.fetch(URL_OF_SAVE, init)).toBe(responding)
    expect(called).toEqual([{ input: URL_OF_SAVE, init }])
    await responding
  })

  test('sends what follows a call after it, as it was when it was asked for; nothing else waits', async () => {
    response = async () => new Response()
    const done = deferred<void>()
    const calling = order.call(() => done.promise)
    const body = new TextEncoder().encode('Hello')
    const saving = target.fetch(URL_OF_SAVE, { method: 'POST', body })
    const chatting = target.fetch(URL_OF_CHAT, { method: 'POST', body: '{}' })
    void target.fetch('https://app.test/other', { method: 'POST' })
    body.fill(0)
    expect(urls()).toEqual(['https://app.test/other'])
    done.resolve()
    await calling
    await Promise.all([saving, chatting])
    expect(urls()).toEqual(['https://app.test/other', URL_OF_SAVE, URL_OF_CHAT])
    expect(await new Request(called[1]?.input ?? '').text()).toBe('Hello')
  })

  test.each([URL_OF_SAVE, URL_OF_CHAT])('an abort ends the wait of %s', async (url) => {
    const done = deferred<void>()
    const calling = order.call(() => done.promise)
    const abort = new AbortController()
    response = () => {
      const signal = (called[0]?.input as Request | undefined)?.signal
      return signal?.aborted ? Promise.reject(signal.reason) : Promise.resolve(new Response())
    }
    const sending = target.fetch(url, { method: 'POST', body: '{}', signal: abort.signal })
    const reason = new Error('Enough')
    abort.abort(reason)
    const late = new Promise((resolve) => setTimeout(resolve, 500, 'late'))
    expect(await Promise.race([sending.catch((error: unknown) => error), late])).toBe(reason)
    done.resolve()
    await calling
  })

  test('never holds a call, though a pattern takes all', async () => {
    response = async () => new Response()
    void target.fetch(URL_OF_SAVE, { method: 'POST' })
    const calling = order.call(() => target.fetch('https://app.test/__streamkeeper/call', { method: 'POST' }))
    const late = new Promise((resolve) => setTimeout(resolve, 500, 'late'))
    expect(await Promise.race([calling.then(() => 'made'), late])).toBe('made')
  })

  test('makes a call after the save that was sent before it', async () => {
    const stored = deferred<Response>()
    response = () => stored.promise
    void target.fetch(URL_OF_SAVE, { method: 'POST', body: 'Hello' })
    let isCalled = false
    const calling = order.call(async () => (isCalled = true))
    await new Promise((resolve) => setImmediate(resolve))
    expect(isCalled).toBe(false)
    stored.resolve(new Response())
    await calling
    expect(isCalled).toBe(true)
  })
})
