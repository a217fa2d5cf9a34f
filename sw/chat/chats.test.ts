import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ChatRouteOptions } from '../../core/options/options.ts'
import type { RequestStatus, NewStatus } from '../../core/messages/status.ts'
import { createLimits } from '../../core/retry/limits.ts'
import type { FakeClock } from '../../core/testing/fake-clock.ts'
import { DONE, FINISH, say } from '../../core/testing/openai-events.ts'
import { createResponses } from '../responses/responses.ts'
import { openJournal } from '../responses/journal.ts'
import { createRepeatGuard } from './repeat-guard.ts'
import { type Chats, createChats } from './chats.ts'
import type { EndedChat } from '../page/ended-chats.ts'
import { createFakeDatabase } from '../testing/fake-database.ts'
import { createQuietClock } from '../testing/quiet-clock.ts'

const URL = 'https://api.example/v1/chat/completions'
const ROUTE = { settings: { url: URL }, groups: {} }
const plainFetch = globalThis.fetch

let clock: FakeClock
let emitted: NewStatus<RequestStatus>[]
let sent: number
let upstream: () => Promise<Response>
let ended: EndedChat[]
let asked: string[]
let signedIn: string | null

beforeEach(() => {
  ended = []
  asked = []
  signedIn = null
  clock = createQuietClock()
  createFakeDatabase()
  emitted = []
  sent = 0
  upstream = async () =>
    new Response(say('Hi') + FINISH + DONE, { headers: { 'content-type': 'text/event-stream' } })
  globalThis.fetch = (_url, { signal } = {}) => {
    sent++
    const aborted = new Promise<never>((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new DOMException('Aborted', 'AbortError')))
    })
    return Promise.race([upstream(), aborted])
  }
})

afterEach(() => {
  globalThis.fetch = plainFetch
})

/** A worker whose journal answers after so long. */
function boot(loadMs = 0): Chats {
  const random = () => 0
  const limits = createLimits({ clock, random })
  const principal = { current: () => signedIn, known: async () => signedIn, of: async () => signedIn }
  const journal = openJournal({ scope: 'https://app.example/', clock, refused: () => {} })
  const responses = createResponses({
    clock,
    principal,
    journal: {
      ...journal,
      load: async () => {
        const loading = journal.load()
        if (loadMs > 0) await new Promise<void>((resolve) => clock.timer(loadMs, resolve))
        return loading
      },
    },
    keepMs: 600_000,
    graceMs: 30_000,
    onAbort: 'stop',
    isOpen: async () => true,
    pages: async () => ['a'],
    isWorker: async () => false,
    emit: (status) => emitted.push(status),
    unreadable: () => {},
  })
  return createChats({
    options: {},
    clock,
    random,
    limits,
    ready: async () => {},
    principal,
    saved: async () => {},
    repeatGuard: createRepeatGuard(clock),
    responses,
    earlyMs: 240_000,
    hidesHeaders: false,
    pageUrl: async (clientId) => `https://app.example/${clientId}`,
    endedChats: {
      asked: ({ clientId, digest }) => asked.push(`${clientId} ${digest}`),
      ended: async (chat) => void ended.push(chat),
    },
  })
}

function start(chats: Chats, id?: string, settings: Partial<ChatRouteOptions> = {}, more: RequestInit = {}) {
  const headers = { 'content-type': 'application/json', ...(id ? { 'X-Streamkeeper-Id': id } : {}) }
  const body = '{"model":"m","stream":true,"chat":"c1"}'
  const request = new Request(URL, { method: 'POST', headers, body, ...more })
  const { response } = chats.handle(request, 'a', { ...ROUTE, settings: { url: URL, ...settings } })
  const read = { text: '' }
  response
    .then((whole) => whole.text())
    .then(
      (text) => (read.text = text),
      () => (read.text = 'broken'),
    )
  return read
}

async function ask(...[chats, ...request]: Parameters<typeof start>) {
  const read = start(chats, ...request)
  await clock.advance(1_000)
  return read
}

describe('S14 a cancel of what has ended stops nothing', () => {
  test.each([1, 2, 3])('%i of them, then the same name again: it is sent', async (times) => {
    const chats = boot()
    await ask(chats, 'r1')
    for (let n = 0; n < times; n++) chats.cancel('r1')
    expect((await ask(chats, 'r1')).text).toContain('Hi')
    expect(sent).toBe(2)
  })

  test('the second of two Stops stops nothing', async () => {
    const chats = boot()
    upstream = () => new Promise(() => {})
    await ask(chats, 'r1')
    chats.cancel('r1')
    await clock.advance(100)
    chats.cancel('r1')
    upstream = async () =>
      new Response(say('Hi') + FINISH + DONE, { headers: { 'content-type': 'text/event-stream' } })
    expect((await ask(chats, 'r1')).text).toContain('Hi')
  })

  test('one that overtakes its own request stops it', async () => {
    const chats = boot()
    chats.cancel('r1')
    expect((await ask(chats, 'r1')).text).toBe('')
    expect(sent).toBe(0)
  })
})

describe('S5 a request that the browser delivers again to a worker whose journal is late', () => {
  test.each([
    ['as it came', undefined],
    ['under the name that its page gave it', 'r1'],
  ])('%s: it counts the attempt before, and says so', async (_name, id) => {
    upstream = () => new Promise(() => {})
    await ask(boot(), id)
    emitted.length = 0
    upstream = () =>
      new Promise((resolve) =>
        clock.timer(700, () =>
          resolve(
            new Response(say('Hi') + FINISH + DONE, { headers: { 'content-type': 'text/event-stream' } }),
          ),
        ),
      )
    await ask(boot(500), id)
    expect(emitted.find(({ status }) => status === 'network_retry')).toMatchObject({
      phase: 'worker_lost',
      attempt: 2,
    })
    expect(sent).toBe(2)
  })

  test('nothing is told after its end', async () => {
    upstream = () => new Promise(() => {})
    await ask(boot())
    emitted.length = 0
    upstream = async () =>
      new Response(say('Hi') + FINISH + DONE, { headers: { 'content-type': 'text/event-stream' } })
    await ask(boot(500))
    await clock.advance(5_000)
    expect(emitted.at(-1)?.status).toBe('request_finished')
  })

  test('its end counts all attempts', async () => {
    upstream = () => new Promise(() => {})
    await ask(boot())
    let reply = (_response: Response) => {}
    upstream = () => new Promise((resolve) => (reply = resolve))
    await ask(boot(500))
    reply(new Response(say('Hi') + FINISH + DONE, { headers: { 'content-type': 'text/event-stream' } }))
    await clock.advance(1_000)
    expect(emitted.at(-1)).toMatchObject({ status: 'request_finished', attempts: 2 })
  })

  test('a request that no worker had before is the first', async () => {
    await ask(boot(500))
    expect(emitted.some(({ status }) => status === 'network_retry')).toBe(false)
  })
})

describe('the end of a chat', () => {
  const settings = { conversation: 'body.chat' } as const

  const wordsOf = async (chat: EndedChat | undefined) => {
    const reading = chat?.firstWords?.(120)
    await clock.advance(1_000)
    return reading
  }

  test('is told with its conversation, its page and its first words', async () => {
    await ask(boot(), 'r1', settings)
    expect(ended).toMatchObject([
      { requestId: 'r1', clientId: 'a', principal: null, conversation: 'c1', isFailed: false },
    ])
    expect(await wordsOf(ended[0])).toBe('Hi')
    expect(await ended[0]?.pageUrl).toBe('https://app.example/a')
  })

  test.each(['memory', false] as const)(
    'is told without its words where its journal is %j',
    async (journal) => {
      await ask(boot(), 'r1', { ...settings, journal })
      expect(ended).toHaveLength(1)
      expect(await wordsOf(ended[0])).toBe('')
    },
  )

  test('is told when it failed, with the words before that', async () => {
    upstream = async () => new Response(say('Hi'), { headers: { 'content-type': 'text/event-stream' } })
    await ask(boot(), 'r1', settings)
    expect(ended).toMatchObject([{ requestId: 'r1', isFailed: true }])
    expect(await wordsOf(ended[0])).toBe('Hi')
    upstream = async () => Response.json({ error: { message: 'No' } }, { status: 400 })
    await ask(boot(), 'r2', settings)
    expect(ended).toMatchObject([{ requestId: 'r1' }, { requestId: 'r2', isFailed: true }])
    expect(await wordsOf(ended[1])).toBe('')
  })

  test('a chat that is sent again is known by its page and what it asks', async () => {
    const chats = boot()
    await ask(chats, 'r1', settings)
    await ask(chats, 'r2', settings)
    await ask(chats, 'r3', settings, { body: '{}' })
    const [first, second, third] = ended.map(({ clientId, digest }) => `${clientId} ${digest}`)
    expect(asked).toEqual([first, second, third])
    expect([first === second, first === third]).toEqual([true, false])
  })

  test('is not told when a person stopped it', async () => {
    const chats = boot()
    upstream = () => new Promise(() => {})
    await ask(chats, 'r1', settings)
    chats.cancel('r1')
    await clock.advance(1_000)
    expect(emitted.at(-1)?.status).toBe('request_cancelled')
    expect(ended).toEqual([])
  })

  test('is not told of an EventSource, which comes back', async () => {
    const headers = { accept: 'text/event-stream' }
    await ask(boot(), undefined, settings, { method: 'GET', body: null, headers, cache: 'no-store' })
    expect(emitted.at(-1)?.status).toBe('request_finished')
    expect(ended).toEqual([])
  })
})

describe('S2 nothing of a chat goes out with the cookies of the next who signs in', () => {
  const overloaded = async () => new Response('{}', { status: 503, headers: { 'retry-after': '5' } })

  test.each([
    ['another person', 'ada', 'bob'],
    ['nobody', 'ada', null],
    ['somebody, after nobody', null, 'bob'],
  ])('%s: it is not tried again', async (_name, before, after) => {
    signedIn = before
    upstream = overloaded
    const read = await ask(boot(), 'r1')
    expect(sent).toBe(1)
    signedIn = after
    await clock.advance(60_000)
    expect(sent).toBe(1)
    expect(read.text).toBe('')
  })

  test('the same person, again: it is', async () => {
    signedIn = 'ada'
    upstream = overloaded
    const read = await ask(boot(), 'r1')
    signedIn = 'bob'
    await clock.advance(1_000)
    signedIn = 'ada'
    upstream = async () =>
      new Response(say('Hi') + FINISH + DONE, { headers: { 'content-type': 'text/event-stream' } })
    await clock.advance(60_000)
    expect(sent).toBe(2)
    expect(read.text).toContain('Hi')
  })
})

test('a limit of one user holds back no other', async () => {
  const chats = boot()
  signedIn = 'ada'
  upstream = async () => new Response('{}', { status: 429, headers: { 'retry-after': '900' } })
  await ask(chats)
  await ask(chats)
  expect(sent).toBe(1)
  signedIn = 'bob'
  upstream = async () =>
    new Response(say('Hi') + FINISH + DONE, { headers: { 'content-type': 'text/event-stream' } })
  expect((await ask(chats)).text).toContain('Hi')
})

describe('the same id again, while its request is under way', () => {
  const whole = async () =>
    new Response(say('Hi') + FINISH + DONE, { headers: { 'content-type': 'text/event-stream' } })

  test('in the same turn: both read the same response', async () => {
    const chats = boot()
    upstream = whole
    const both = [start(chats, 'r1'), await ask(chats, 'r1')]
    expect(both.map(({ text }) => text.includes('Hi'))).toEqual([true, true])
    expect(sent).toBe(1)
  })

  test('just after it was stopped: it is sent', async () => {
    const chats = boot()
    upstream = whole
    start(chats, 'r1')
    chats.cancel('r1')
    expect((await ask(chats, 'r1')).text).toContain('Hi')
    expect(sent).toBe(1)
  })
})

test('how its protocol ends is known to a later worker', async () => {
  await ask(boot(), 'r1', { ends: 'event=end', errors: 'ok=false' })
  await clock.advance(1_000)
  const journal = openJournal({ scope: 'https://app.example/', clock, refused: () => {} })
  const [record] = await journal.load()
  expect(record?.judgedBy).toMatchObject({ ends: 'event=end', errors: 'ok=false' })
})

describe('the guard against repeats', () => {
  const refuses = (status: number, error: object) => async () => Response.json({ error }, { status })

  test.each([
    ['a session that has expired', 401, { message: 'Sign in' }],
    ['a form that is too old', 419, { message: 'Page expired' }],
    ['what only its owner may see', 404, { message: 'Not found' }],
    ['another response that is under way', 409, { message: 'Busy' }],
    ['an account without credits', 429, { code: 'insufficient_quota' }],
  ])('%s counts for nothing: another tab may mend it', async (_name, status, error) => {
    const chats = boot()
    upstream = refuses(status, error)
    for (let n = 0; n < 4; n++) await ask(chats)
    expect(sent).toBe(4)
    upstream = async () =>
      new Response(say('Hi') + FINISH + DONE, { headers: { 'content-type': 'text/event-stream' } })
    expect((await ask(chats)).text).toContain('Hi')
  })

  test('what the upstream will refuse again is not sent a fourth time', async () => {
    const chats = boot()
    upstream = refuses(400, { message: 'No such field' })
    for (let n = 0; n < 4; n++) await ask(chats)
    expect(sent).toBe(3)
    expect(emitted.at(-1)).toMatchObject({ code: 'retry_budget_exhausted', attempts: 0 })
  })
})

test.each<[string, Partial<ChatRouteOptions>, RequestInit, number]>([
  ['its key', { idempotencyKey: true }, {}, 3],
  ['the app’s key', {}, { headers: { 'Idempotency-Key': 'k' } }, 3],
  ['no key', {}, {}, 2],
])('a conflict after an attempt with %s', async (_name, settings, init, attempts) => {
  const chats = boot()
  upstream = async () => new Response('{}', { status: sent === 1 ? 503 : sent === 2 ? 409 : 200 })
  await ask(chats, undefined, settings, init)
  await clock.advance(60_000)
  expect(sent).toBe(attempts)
})
