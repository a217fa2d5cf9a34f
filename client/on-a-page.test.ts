import { registerHooks } from 'node:module'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { deferred } from '../core/deferred.ts'
import type * as client from './index.ts'
import { createKeeper, register } from './index.ts'

// Node with what the client reads of a page.

/** The browser refuses all that concerns workers, as Firefox does where cookies are blocked. */
const refuse = () => Promise.reject(new DOMException('The operation is insecure.', 'SecurityError'))

const WORKER = { scriptURL: 'https://app.test/sw.js', postMessage: () => {}, state: 'activated' }

/** The listeners for messages of workers. */
let listeners: ((event: MessageEvent) => void)[]
let userAgent: string

/** The browser’s word on workers. */
function setContainer(more: object): void {
  listeners = []
  const serviceWorker = Object.assign(new EventTarget(), {
    addEventListener: (type: string, listener: (event: MessageEvent) => void) => {
      if (type === 'message') listeners.push(listener)
    },
    controller: null,
    startMessages: () => {},
    getRegistration: async () => undefined,
    register: refuse,
    ready: new Promise(() => {}),
    ...more,
  })
  vi.stubGlobal('navigator', { userAgent, serviceWorker })
}

beforeEach(() => {
  const window = Object.assign(new EventTarget(), { fetch: async () => new Response() })
  vi.stubGlobal('addEventListener', window.addEventListener.bind(window))
  vi.stubGlobal('window', window)
  vi.stubGlobal('fetch', async () => new Response())
  vi.stubGlobal('location', { origin: 'https://app.test', href: 'https://app.test/' })
  vi.stubGlobal('document', Object.assign(new EventTarget(), { baseURI: 'https://app.test/' }))
  vi.stubGlobal('isSecureContext', true)
  vi.spyOn(console, 'warn').mockReturnValue()
  userAgent = 'Chrome/156'
  setContainer({})
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

test.each([
  ['with the ready-made worker', '/sw.js'],
  ['with a worker of the app’s own', undefined],
])('where site data is blocked, register() resolves %s, and says why', async (_with, scriptUrl) => {
  setContainer({ getRegistration: refuse })
  const { state, reason } = await register(scriptUrl, { chat: ['/site-data-is-blocked'] })
  expect([state, reason]).toEqual(['fallback', 'blocked'])
  expect(console.warn).toHaveBeenCalledWith(expect.stringContaining('SecurityError'))
})

test('a wrong option still rejects', async () => {
  setContainer({ getRegistration: refuse })
  const { ready } = createKeeper('/sw.js', { chat: [{ url: 7 as unknown as string }] })
  await expect(ready).rejects.toThrow('chat[0].url')
})

test.each(['route', 'stopRoute'])(
  'a wrong pattern in resume.%s rejects, and reaches no worker',
  async (name) => {
    const register = vi.fn<() => Promise<void>>(refuse)
    setContainer({ register })
    const { ready } = createKeeper('/sw.js', { resume: { [name]: '/chat/:id((/stream', key: 'body.id' } })
    await expect(ready).rejects.toThrow(`Wrong option resume.${name}: "/chat/:id((/stream" is no URL pattern`)
    expect(register).not.toHaveBeenCalled()
  },
)

test('a wrong path in resume.streams rejects', async () => {
  const { ready } = createKeeper('/sw.js', { resume: { streams: '/api/streams/' } })
  await expect(ready).rejects.toThrow('Wrong option resume.streams: got "/api/streams/"')
})

test('a frame that may not ask for its workers has a keeper, and knows why it has none', async () => {
  const sandboxed = {
    get serviceWorker() {
      throw new DOMException('The document is sandboxed', 'SecurityError')
    },
  }
  vi.stubGlobal('navigator', sandboxed)
  const keeper = createKeeper('/sw.js', { chat: ['/in-a-sandbox'] })
  expect([keeper.state, keeper.reason]).toEqual(['fallback', 'blocked'])
  expect(await keeper.ready).toBe(keeper)
})

/** The client as modules that Node itself loads: of those, each may come or not. */
async function loadClient(load: (file: string) => string | undefined): Promise<typeof client> {
  const hooks = registerHooks({
    resolve: (specifier, context, next) => {
      const resolved = next(specifier, context)
      const isOwn = /\/(client|core)\//.test(resolved.url)
      return isOwn ? { ...resolved, url: `${resolved.url}?${copies}` } : resolved
    },
    load: (url, context, next) => {
      const source = load(/[^/]*(?=\?)/.exec(url)?.[0] ?? '')
      return source === undefined ? next(url, context) : { format: 'module', source, shortCircuit: true }
    },
  })
  copies++
  unload = () => hooks.deregister()
  const node = 'data:text/javascript,export const load = (url) => import(url)'
  const { load: native } = (await import(node)) as { load: (url: string) => Promise<typeof client> }
  return native(new URL('./index.ts', import.meta.url).href)
}

let copies = 0
let unload = () => {}
afterEach(() => unload())

test('a part of the client that does not load keeps no app from starting', async () => {
  const { createKeeper } = await loadClient((file) => {
    if (file === 'connection.ts') throw new TypeError('Failed to fetch')
    return undefined
  })
  const { state, reason } = await createKeeper('/sw.js', { chat: ['/chat'] }).ready
  expect([state, reason]).toEqual(['fallback', 'blocked'])
})

describe('in Firefox, what guards a response', () => {
  const RESPONSE = () => new Response('Hello', { headers: { 'X-Streamkeeper-Id': 'r1' } })

  /** A page that its worker has from the start. */
  async function open(load: (file: string) => string | undefined): Promise<void> {
    window.fetch = async () => RESPONSE()
    const { createKeeper, workerUrl } = await loadClient(load)
    const options = { chat: ['/chat'] }
    userAgent = 'Gecko/20100101 Firefox/153.0'
    setContainer({ controller: { ...WORKER, scriptURL: workerUrl('/sw.js', options) } })
    createKeeper('/sw.js', options)
  }

  test('is loaded before there is one', async () => {
    const loaded = deferred<void>()
    await open((file) => {
      if (file === 'guard-response.ts') loaded.resolve()
      return undefined
    })
    await loaded.promise
  })

  test.each(['connection.ts', 'guard-response.ts'])(
    'holds none for longer than a second where %s does not come',
    async (stalled) => {
      await open((file) => (file === stalled ? 'await new Promise(() => {})' : undefined))
      vi.useFakeTimers({ toFake: ['setTimeout'] })
      const text = window
        .fetch('https://app.test/chat', { method: 'POST' })
        .then((response) => response.text())
      for (let ms = 0; ms < 1_000; ms += 100) {
        await new Promise(setImmediate)
        await vi.advanceTimersByTimeAsync(100)
      }
      expect(await Promise.race([text, new Promise((resolve) => setImmediate(resolve, 'held'))])).toBe(
        'Hello',
      )
    },
  )
})

/** The words of the page to a worker that asks for credentials, until the first of them or for so long, ms. */
async function wordsOf(worker: typeof WORKER, waitMs = 0): Promise<unknown[]> {
  const { port1, port2 } = new MessageChannel()
  const words: unknown[] = []
  const first = new Promise<void>((resolve) => {
    port1.addEventListener('message', ({ data }) => {
      words.push(data)
      resolve()
    })
  })
  port1.start()
  const question = { streamkeeper: 1, type: 'auth', origin: 'https://app.test', url: '', entryId: 'e' }
  const event = { data: question, source: worker, ports: [port2] } as unknown as MessageEvent
  for (const listener of listeners) {
    listener(event)
    // As in a browser, what is settled goes on before the next listener is called.
    for (let count = 0; count < 10; count++) await Promise.resolve()
  }
  await first
  await new Promise((resolve) => setTimeout(resolve, waitMs))
  port1.close()
  return words
}

describe('a page with several keepers, when a worker asks for credentials', () => {
  const FRESH = { authorization: 'Bearer fresh' }
  const provide = async () => {
    await new Promise((resolve) => setTimeout(resolve, 5))
    return FRESH
  }

  beforeEach(() => setContainer({ controller: WORKER }))

  test.each([
    ['of a user who was signed in before', '/sw.js'],
    ['of another worker', '/other/sw.js'],
  ])('gives those that one of them has, though there is a keeper %s', async (_of, scriptUrl) => {
    const options = { saves: ['/saves'], principal: 'ann' }
    createKeeper(scriptUrl, options)
    createKeeper('/sw.js', { ...options, principal: 'bob' }).provideAuth(provide)
    createKeeper(scriptUrl, options)
    expect(await wordsOf(WORKER)).toEqual([FRESH])
  })

  test('says once that it has none, when each has decided', async () => {
    const decided: string[] = []
    for (const principal of ['ann', 'bob']) {
      createKeeper('/sw.js', { principal }).provideAuth(async () => {
        await new Promise((resolve) => setTimeout(resolve, principal === 'ann' ? 10 : 0))
        decided.push(principal)
        return null
      })
    }
    expect(await wordsOf(WORKER, 20)).toEqual([null])
    expect(decided).toEqual(['bob', 'ann'])
  })
})
