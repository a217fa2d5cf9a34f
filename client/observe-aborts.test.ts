import { beforeEach, describe, expect, test } from 'vitest'
import { forgetAborts, observeAborts, wrapFetch } from './observe-aborts.ts'

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

  test('looks like the original', () => {
    expect([target.fetch.name, target.fetch.length]).toEqual(['fetch', 1])
    expect(() => Reflect.construct(target.fetch, [])).toThrow(TypeError)
  })
})
