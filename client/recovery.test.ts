import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { deferred } from '../core/deferred.ts'
import type { Status } from '../core/messages/status.ts'
import { REQUEST_ID_HEADER } from '../core/messages/request-id.ts'
import type { Current } from './create-keeper.ts'
import { streamChatWith } from './stream-chat.ts'

/** A page whose worker has it, and what that page asks the worker for. */
const page = {
  emit: (_status: unknown): void => undefined,
  attach: (_from: number): Promise<Response> => Promise.reject(new Error('404')),
  asked: [] as number[],
  pulls: 0,
}

const keeper = {
  isChat: () => true,
  fetch: undefined,
  keeper: {
    state: 'controlling',
    on: (_name: string, listener: (status: unknown) => void) => {
      page.emit = listener
      return () => undefined
    },
    attach: (_id: string, { from }: { from: number }) => {
      page.asked.push(from)
      return page.attach(from)
    },
    cancel: () => undefined,
  },
} as unknown as Current

const say = (word: string) => `data: ${JSON.stringify({ word })}\n\n`

function response(text: string): Response {
  return new Response(text, { headers: { 'content-type': 'text/event-stream', [REQUEST_ID_HEADER]: 'r1' } })
}

const FINISHED = { status: 'request_finished', requestId: 'r1', at: 1, own: true } as Status

function chat(send: typeof fetch) {
  return streamChatWith<{ word: string }>(() => keeper, 'https://app.test/chat', { body: {}, fetch: send })
}

/** The words of a chat that is answered so; timers run as soon as nothing else is left to do. */
async function wordsOf(first: Response): Promise<string[]> {
  const words: string[] = []
  const reading = (async () => {
    for await (const item of chat(async () => first)) if ('word' in item) words.push(item.word)
  })()
  return withTimers(reading.then(() => words))
}

async function withTimers<Result>(promise: Promise<Result>): Promise<Result> {
  let isOver = false
  const over = () => void (isOver = true)
  promise.then(over, over)
  while (!isOver) {
    await new Promise(setImmediate)
    await vi.advanceTimersByTimeAsync(100)
  }
  return promise
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  page.asked = []
  page.attach = () => Promise.reject(new Error('404'))
})

afterEach(() => {
  vi.useRealTimers()
})

test('a clean end that is told is one', async () => {
  setTimeout(() => page.emit(FINISHED), 20)
  expect(await wordsOf(response(say('one')))).toEqual(['one'])
  expect(page.asked).toEqual([])
})

test('a clean end that nobody tells of is read on: a dead worker’s stream ends so in Firefox', async () => {
  const half = `${say('one')}data: {"wo`
  page.attach = (from) => Promise.resolve(response((half + say('two').slice(10)).slice(from)))
  expect(await wordsOf(response(half))).toEqual(['one', 'two'])
  expect(page.asked).toEqual([half.length])
})

test('or, where there is no more, is worker_lost', async () => {
  await expect(wordsOf(response(say('one')))).rejects.toMatchObject({ code: 'worker_lost' })
})

describe('a connection that breaks when its response has been told to be finished', () => {
  const broken = (text: string) => {
    const bytes = new TextEncoder().encode(text)
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        if (page.pulls++ === 0) return controller.enqueue(bytes)
        page.emit(FINISHED)
        controller.error(new TypeError('Load failed'))
      },
    })
    return new Response(body, response('').clone())
  }

  beforeEach(() => (page.pulls = 0))

  test('is read on', async () => {
    const half = `${say('one')}data: {"wo`
    page.attach = (from) => Promise.resolve(response((half + say('two').slice(10)).slice(from)))
    expect(await wordsOf(broken(half))).toEqual(['one', 'two'])
    expect(page.asked).toEqual([half.length])
  })

  test('is a failure only a moment later, where there is no more: the page may be about to go', async () => {
    let failure: unknown
    const items = chat(async () => broken(say('one')))
    const reading = (async () => {
      while (!(await items.next()).done);
    })().catch((error: unknown) => (failure = error))
    await vi.advanceTimersByTimeAsync(900)
    expect(page.asked).toHaveLength(1)
    expect(failure).toBeUndefined()
    await vi.advanceTimersByTimeAsync(200)
    await reading
    expect(failure).toMatchObject({ code: 'network_error' })
  })
})

describe('what cannot be read on from that byte', () => {
  const NOT_THERE = () => Promise.reject(new Error('404'))
  /** A server gives it again, with other padding. */
  const again = (text: string) => (from: number) => (from > 0 ? NOT_THERE() : Promise.resolve(response(text)))
  const padded = (word: string, obfuscation: string) => `data: ${JSON.stringify({ word, obfuscation })}\n\n`

  test('is read from its start, and goes on where it was: each chunk once', async () => {
    page.attach = again(`: hi\n\n${padded('one', 'y')}${padded('two', 'yy')}${padded('three', 'y')}`)
    setTimeout(() => page.emit(FINISHED), 3_000)
    const first = padded('one', 'xxxxx') + padded('two', 'xxx')
    expect(await wordsOf(response(first))).toEqual(['one', 'two', 'three'])
    expect(page.asked).toEqual([first.length, 0])
  })

  test.each([
    ['says something else there', say('one') + say('2') + say('three')],
    ['lacks something before', say('two') + say('three') + say('four')],
    ['is shorter', say('one')],
    ['has ended before', `${say('one')}data: [DONE]\n\n`],
    ['broke off before', `${say('one')}data: {"error":{"message":"No"}}\n\n`],
  ])('is worker_lost where it %s', async (_words, text) => {
    page.attach = again(text)
    await expect(wordsOf(response(say('one') + say('two')))).rejects.toMatchObject({ code: 'worker_lost' })
  })
})

test('a response that says its end itself needs nobody to tell', async () => {
  expect(await wordsOf(response(`${say('one')}data: [DONE]\n\n`))).toEqual(['one'])
  expect(page.asked).toEqual([])
})

test('a request that fails without a word of its worker is worker_lost', async () => {
  const asked = chat(() => Promise.reject(new TypeError('Failed to fetch')))
  await expect(withTimers(asked.next())).rejects.toMatchObject({ code: 'worker_lost' })
})

describe('a response that is attached to', () => {
  const ENDED = { ...FINISHED, requestId: 'r1' }
  const lines = (text: string) => {
    const headers = { 'content-type': 'application/x-ndjson', [REQUEST_ID_HEADER]: 'r1' }
    return new Response(text, { headers })
  }
  const listeners = new Map<string, (status: unknown) => void>()
  const asked: unknown[] = []
  const attaching = {
    ...keeper,
    keeper: {
      ...keeper.keeper,
      on: (_name: string, listener: (status: unknown) => void, { requestId }: { requestId: string }) => {
        listeners.set(requestId, listener)
        return () => listeners.delete(requestId)
      },
      attach: async (id: string, { from }: { from: number }) => {
        asked.push(['attach', id, from])
        return lines('{"a":1}\n{"b":2}\n'.slice(from))
      },
      cancel: (id: string) => asked.push(['cancel', id]),
    },
  } as unknown as Current
  const attachTo = (send: typeof fetch, signal?: AbortSignal) =>
    streamChatWith(() => attaching, 'https://app.test/chat', { body: null, fetch: send, signal })
  const all = async (items: AsyncIterable<unknown>) => {
    const seen: unknown[] = []
    for await (const item of items) seen.push(item)
    return seen
  }

  beforeEach(() => {
    listeners.clear()
    asked.length = 0
  })

  test('ends when its own end is told, whose id is not the new request’s', async () => {
    const items = all(attachTo(async () => lines('{"a":1}\n')))
    await new Promise(setImmediate)
    expect([...listeners.keys()]).toEqual(['r1'])
    listeners.get('r1')?.(ENDED)
    expect(await items).toEqual([{ a: 1 }, ENDED])
    expect([asked, listeners.size]).toEqual([[], 0])
  })

  test('is read on and stopped by its own id', async () => {
    const items = attachTo(async () => lines('{"a":1}\n{"b'))
    expect(await withTimers(items.next())).toMatchObject({ value: { a: 1 } })
    expect(await withTimers(items.next())).toMatchObject({ value: { b: 2 } })
    expect(asked).toEqual([['attach', 'r1', 11]])
    await items.return()
    expect(asked.slice(1)).toEqual([['cancel', 'r1']])
  })

  test('is ended where it comes after Stop', async () => {
    const stop = new AbortController()
    const late = deferred<Response>()
    const cancelled = deferred<void>()
    const next = attachTo(() => late.promise, stop.signal).next()
    stop.abort()
    await expect(next).rejects.toThrow('aborted')
    const body = new ReadableStream({ cancel: () => cancelled.resolve() })
    late.resolve(new Response(body, lines('')))
    await cancelled.promise
    expect([asked.at(-1), listeners.size]).toEqual([['cancel', 'r1'], 0])
  })
})

test('a rest that comes after Stop is neither read nor left open', async () => {
  const rest = deferred<Response>()
  const asked = deferred<void>()
  page.attach = () => {
    asked.resolve()
    return rest.promise
  }
  let isSent = false
  const broken = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        if (isSent) controller.error(new TypeError('network error'))
        else controller.enqueue(new TextEncoder().encode(say('one')))
        isSent = true
      },
    },
    { highWaterMark: 0 },
  )
  const items = chat(async () => new Response(broken, response('')))
  await items.next()
  void items.next()
  await asked.promise
  await items.return()
  const cancelled = deferred<void>()
  let pulls = 0
  const body = new ReadableStream(
    { pull: () => void pulls++, cancel: () => cancelled.resolve() },
    { highWaterMark: 0 },
  )
  rest.resolve(new Response(body, response('')))
  await cancelled.promise
  expect(pulls).toBe(0)
})

describe('where the engine in the page is to have a request', () => {
  const inFallback = {
    ...keeper,
    isChat: () => false,
    keeper: { ...keeper.keeper, state: 'fallback' },
  } as unknown as Current
  const failing = (before: () => void) =>
    streamChatWith(
      () => ({
        ...inFallback,
        fetch: async () => {
          before()
          throw new TypeError('Failed to fetch')
        },
      }),
      'https://app.test/chat',
      { body: {} },
    )

  test('a failure of one that it has not is told at once, as the connection’s', async () => {
    await expect(failing(() => {}).next()).rejects.toMatchObject({ code: 'network_error' })
  })

  test('a failure of one that it has is what it tells', async () => {
    const STATUS = { requestId: 'r1', at: 1, own: true }
    const items = failing(() => {
      page.emit({ ...STATUS, status: 'request_started' })
      setTimeout(() =>
        page.emit({ ...STATUS, status: 'request_failed', code: 'upstream_error', message: '' }),
      )
    })
    await items.next()
    await withTimers(items.next())
    await expect(items.next()).rejects.toMatchObject({ code: 'upstream_error' })
  })
})
