import { beforeEach, describe, expect, test } from 'vitest'
import { parseChatRequest } from '../../core/chat/parse-request.ts'
import { startRequest } from '../../core/chat/run-request.ts'
import { DEFAULT_RETRY, DEFAULT_TIMEOUTS } from '../../core/options/defaults.ts'
import type { RequestStatus, NewStatus } from '../../core/messages/status.ts'
import { createLimits } from '../../core/retry/limits.ts'
import type { FakeClock } from '../../core/testing/fake-clock.ts'
import { DONE, FINISH, say } from '../../core/testing/openai-events.ts'
import { PLAIN_BODY } from '../../core/testing/run-request.ts'
import { failsAfter, saysNothing, type Scripted, streams } from '../../core/testing/scripted-upstream.ts'
import { createFakeNetwork } from '../../core/testing/fake-network.ts'
import { type Giving, located, openaiBackground } from '../../core/testing/resumable.ts'
import { createFakeDatabase } from '../testing/fake-database.ts'
import { createQuietClock } from '../testing/quiet-clock.ts'
import { type Responses, type ResponsesContext, createResponses } from './responses.ts'
import { type Asked, openJournal, type Recorded, type RecordedReadingOn } from './journal.ts'

const URL = 'https://api.example/v1/chat/completions'
const HALF = say('one ') + say('two ')
const WHOLE = HALF + FINISH + DONE

let clock: FakeClock
let emitted: NewStatus<RequestStatus>[]
/** The requests that were reported as lost with their worker. */
let lost: Recorded[]
let lives: number
let who: string | null

beforeEach(() => {
  clock = createQuietClock()
  createFakeDatabase()
  emitted = []
  lost = []
  lives = 0
  who = null
})

/** A worker that has just started; those before it say and write nothing any more. */
function boot(readOn?: ResponsesContext['readOn']): Responses {
  const lifetime = ++lives
  const scope = 'https://app.example/'
  const journal = openJournal({ scope, clock, refused: () => {} })
  const isDead = () => lifetime !== lives
  const never = new Promise<never>(() => {})
  return createResponses({
    clock,
    principal: { current: () => who, known: () => Promise.resolve(who) },
    journal: { ...journal, flush: (handed) => (isDead() ? never : journal.flush(handed)) },
    keepMs: 600_000,
    graceMs: 30_000,
    onAbort: 'stop',
    isOpen: async () => true,
    pages: async () => ['a'],
    isWorker: async () => false,
    unreadable: () => {},
    lost: (record) => lost.push(record),
    emit: (status) => isDead() || emitted.push(status),
    ...(readOn ? { readOn } : {}),
  })
}

/** A page sends a request, and reads what comes. */
async function ask(
  responses: Responses,
  script: Scripted,
  keep: Asked['keep'] = 'disk',
  more: Partial<Asked> = {},
) {
  const asked = {
    requestId: 'r1',
    clientId: 'a',
    digest: 'd',
    url: URL,
    conversation: 'c',
    resumeId: 'chat',
    ...more,
  }
  const stop = new AbortController()
  const begun = responses.begin({ ...asked, keep, principal: null }, stop)
  const random = () => 0
  const description = parseChatRequest(
    { url: URL, headers: new Headers() },
    JSON.stringify(PLAIN_BODY),
    { settings: { url: URL }, groups: {} },
    {},
  )
  const send = (signal: AbortSignal) => begun.recorded.then(() => script(clock, signal))
  const runningRequest = startRequest(
    { ...description, requestId: 'r1', credential: '', send, signal: stop.signal },
    { clock, random, writer: begun.writer, limits: createLimits({ clock, random }), emit: responses.note },
  )
  const response = begun.respond(runningRequest)
  await clock.advance(0)
  void response.then(({ body }) => body?.pipeTo(new WritableStream()).catch(() => {}))
}

/** A page's second reading: the text, and how it ended. */
async function readAgain(responses: Responses, from = 0) {
  const attaching = responses.attach('r1', from, 'b')
  await clock.advance(0)
  const response = await attaching
  if (!response) return undefined
  const reading = readAll(response)
  await clock.advance(250)
  return reading
}

async function readAll(response: Response) {
  const reader = response.body?.getReader()
  let text = ''
  try {
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true }
      if (done) return { text, end: 'closed' }
      text += new TextDecoder().decode(value as Uint8Array)
    }
  } catch {
    return { text, end: 'broken' }
  }
}

async function claim(
  responses: Responses,
  { digest = 'd', ...more }: { requestId?: string; clientId?: string; digest?: string } = {},
) {
  const claiming = responses.claim({ clientId: 'a', digest: Promise.resolve(digest), ...more })
  await clock.advance(0)
  return (await claiming).found
}

describe('a response that was under way when its worker died', () => {
  const script = streams(
    [
      [0, HALF],
      [60_000, FINISH + DONE],
    ],
    {},
  )

  test('is read up to its last batch, then breaks in its protocol’s own words', async () => {
    await ask(boot(), script)
    await clock.advance(1_000)
    const again = await readAgain(boot())
    expect(again?.end).toBe('broken')
    expect(again?.text.slice(0, HALF.length)).toBe(HALF)
    expect(again?.text.slice(HALF.length)).toContain('"code":"worker_lost"')
    expect(emitted.map(({ status }) => status)).toEqual(['request_failed'])
    expect(emitted[0]).toMatchObject({ requestId: 'r1', code: 'worker_lost', attempts: 1 })
    expect(lost).toMatchObject([{ requestId: 'r1', conversation: 'c' }])
  })

  test('is so for every worker to come, and told once', async () => {
    await ask(boot(), script)
    await clock.advance(1_000)
    const first = await readAgain(boot())
    await clock.advance(1_000)
    expect(await readAgain(boot())).toEqual(first)
    expect(emitted.filter(({ status }) => status === 'request_failed')).toHaveLength(1)
  })

  test('is listed as lost', async () => {
    await ask(boot(), script)
    await clock.advance(1_000)
    const listing = boot().list()
    await clock.advance(100)
    expect(await listing).toMatchObject([
      { requestId: 'r1', conversation: 'c', state: 'ended', verdict: 'worker_lost', deliveredWhole: false },
    ])
  })

  test('is whole when all of it had come', async () => {
    await ask(boot(), streams([[0, WHOLE]], { end: 'open' }))
    await clock.advance(1_000)
    expect(await readAgain(boot())).toEqual({ text: WHOLE, end: 'closed' })
    expect(emitted).toEqual([])
  })

  test('is cut where nobody could tell its end', async () => {
    const headers = { 'content-type': 'text/plain' }
    await ask(boot(), streams([[0, 'half a']], { headers, end: 'open' }))
    await clock.advance(1_000)
    expect(await readAgain(boot())).toEqual({ text: 'half a', end: 'broken' })
    expect(emitted[0]).toMatchObject({ code: 'worker_lost' })
  })

  test.each([
    ['the end that its app has named is missing', HALF, 'broken'],
    ['it has the end that its app has named', `${HALF}event: end\ndata: x\n\n`, 'closed'],
  ])('is judged by its own protocol: %s', async (_name, text, end) => {
    const judgedBy = { ends: 'event=end', choices: 1 }
    await ask(boot(), streams([[0, text]], { end: 'open' }), 'disk', { judgedBy })
    await clock.advance(250)
    expect((await readAgain(boot()))?.end).toBe(end)
  })

  test('is judged by all the choices that it was to have', async () => {
    await ask(boot(), streams([[0, HALF + FINISH]], { end: 'open' }), 'disk', { judgedBy: { choices: 2 } })
    await clock.advance(250)
    expect((await readAgain(boot()))?.end).toBe('broken')
  })

  test('cannot be read from a byte that never reached the disk', async () => {
    await ask(boot(), script)
    await clock.advance(1_000)
    expect(await readAgain(boot(), HALF.length + 500)).toBeUndefined()
  })

  test('is gone when it was kept in memory only', async () => {
    await ask(boot(), script, 'memory')
    await clock.advance(1_000)
    expect(await readAgain(boot())).toBeUndefined()
  })
})

test('a response that had ended is read again as it was', async () => {
  await ask(boot(), streams([[0, WHOLE]]))
  await clock.advance(1_000)
  const next = boot()
  expect(await readAgain(next, 10)).toEqual({ text: WHOLE.slice(10), end: 'closed' })
  expect(await next.list()).toMatchObject([
    { verdict: 'complete', bytes: WHOLE.length, deliveredWhole: true },
  ])
})

test('one that had ended badly breaks again', async () => {
  await ask(boot(), streams([[0, HALF]], { end: 'reset' }))
  await clock.advance(1_000)
  expect((await readAgain(boot()))?.end).toBe('broken')
})

test('a name that is used again is the last response’s alone, also on disk', async () => {
  const first = boot()
  await ask(first, streams([[0, WHOLE + WHOLE]]))
  await clock.advance(1_000)
  await ask(first, streams([[0, WHOLE]]))
  await clock.advance(1_000)
  expect(await readAgain(first)).toEqual({ text: WHOLE, end: 'closed' })
  const next = boot()
  expect(await readAgain(next)).toEqual({ text: WHOLE, end: 'closed' })
  expect(await next.list()).toHaveLength(1)
})

test('what is too old is not inherited', async () => {
  await ask(boot(), streams([[0, WHOLE]]))
  await clock.advance(600_001)
  const next = boot()
  expect(await readAgain(next)).toBeUndefined()
})

describe('a request that was sent and not answered when its worker died', () => {
  test('is claimed by the same request, once', async () => {
    await ask(boot(), saysNothing())
    const next = boot()
    expect(await claim(next)).toMatchObject({ requestId: 'r1', attempts: 1 })
    expect(await claim(next)).toBeUndefined()
  })

  test.each([
    ['another page', { clientId: 'b' }],
    ['another body', { digest: 'e' }],
    ['another id', { requestId: 'r2' }],
  ])('is not claimed by one of %s', async (_words, more) => {
    await ask(boot(), saysNothing())
    expect(await claim(boot(), more)).toBeUndefined()
  })

  test('is lost when nobody claims it within five seconds', async () => {
    await ask(boot(), saysNothing())
    const next = boot()
    await next.list()
    await clock.advance(4_999)
    expect(emitted).toEqual([])
    await clock.advance(1)
    expect(emitted).toMatchObject([{ status: 'request_failed', requestId: 'r1', code: 'worker_lost' }])
    expect(lost).toMatchObject([{ requestId: 'r1', conversation: 'c' }])
    await clock.advance(1_000)
    expect(await claim(boot())).toBeUndefined()
  })

  test('is no claim on the worker that sent it', async () => {
    const responses = boot()
    await ask(responses, saysNothing())
    expect(await claim(responses)).toBeUndefined()
  })

  test('counts the attempts that it had', async () => {
    await ask(boot(), failsAfter())
    await clock.advance(1_000)
    expect(await claim(boot())).toMatchObject({ attempts: 3 })
  })

  test('counts one attempt more with every death', async () => {
    await ask(boot(), saysNothing())
    const second = boot()
    const lost = await claim(second)
    second.begin({ ...lost!, keep: 'disk' }, new AbortController(), undefined, (lost?.attempts ?? 0) + 1)
    await clock.advance(250)
    expect(await claim(boot())).toMatchObject({ requestId: 'r1', attempts: 2 })
  })
})

test('a whole response that says only an error is read again as it was, by every worker', async () => {
  const text = '{"error":{"code":"insufficient_quota"}}'
  const refuses = async () => new Response(text, { headers: { 'content-type': 'application/json' } })
  const first = boot()
  await ask(first, refuses)
  await clock.advance(1_000)
  expect(await readAgain(first)).toEqual({ text, end: 'closed' })
  expect(await readAgain(boot())).toEqual({ text, end: 'closed' })
})

describe('what the app calls by a name of its own', () => {
  test('is resumed in flight, also by a page that never had it', async () => {
    const responses = boot()
    await ask(responses, streams([[0, HALF]], { end: 'open' }))
    expect((await responses.resume('chat', 'b'))?.status).toBe(200)
    expect(await responses.resume('another', 'b')).toBeUndefined()
  })

  test('is not when it was delivered whole: the app has it', async () => {
    const responses = boot()
    await ask(responses, streams([[0, WHOLE]]))
    await clock.advance(0)
    expect(await responses.resume('chat', 'a')).toBeUndefined()
  })

  test('is, cut, once and only to the page that had it', async () => {
    const responses = boot()
    await ask(responses, streams([[0, HALF]], { end: 'reset' }))
    await clock.advance(0)
    expect(await responses.resume('chat', 'b', 'cut')).toBeUndefined()
    expect((await responses.resume('chat', 'a', 'cut'))?.status).toBe(200)
    expect(await responses.resume('chat', 'a', 'cut')).toBeUndefined()
  })

  test('is not, cut, before its server has been asked', async () => {
    const responses = boot()
    await ask(responses, streams([[0, HALF]], { end: 'reset' }))
    await clock.advance(0)
    expect(await responses.resume('chat', 'a')).toBeUndefined()
    expect((await responses.resume('chat', 'a', 'cut'))?.status).toBe(200)
  })

  test('is stopped while it is under way', async () => {
    const responses = boot()
    await ask(responses, streams([[0, HALF]], { end: 'open' }))
    expect([responses.stop('another', 'a'), responses.stop('chat', 'a')]).toEqual([false, true])
    await clock.advance(0)
    expect(await responses.list()).toMatchObject([{ verdict: 'cancelled' }])
    expect(responses.stop('chat', 'a')).toBe(false)
  })
})

describe.each([openaiBackground(), located()])('a response by $name whose worker died', (kind) => {
  const half = kind.events.slice(0, 5).join('')
  const whole = kind.events.join('')
  const readingOn: RecordedReadingOn = {
    url: `https://api.example${kind.path}`,
    isBackground: true,
    credentials: 'same-origin',
    needsAuth: false,
    timeouts: DEFAULT_TIMEOUTS,
  }
  let asked: string[]
  let stops: string[]
  let task: Promise<unknown>[]
  let ends: string[]

  beforeEach(() => {
    asked = []
    stops = []
    task = []
    ends = []
  })

  /** The next worker, whose server gives this. */
  function bootOn(giving: Giving, end: 'close' | 'open' = 'close'): Responses {
    return boot({
      random: () => 0,
      retry: DEFAULT_RETRY,
      network: createFakeNetwork(),
      track: (reading) => task.push(reading),
      ended: (record, isFailed) => ends.push(`${record.requestId} ${isFailed ? 'failed' : 'whole'}`),
      ask:
        () =>
        async (url, { method, headers }) => {
          if (method === 'POST') {
            stops.push(url)
            return new Response('')
          }
          asked.push(url)
          const provided = kind.give(new globalThis.URL(url), new Headers(headers), giving)
          if (provided.status === 204) return new Response(null, provided)
          // One that stays open has said about half of what is missing.
          const said = end === 'open' ? provided.body.subarray(0, provided.body.length * 0.6) : provided.body
          const body = new ReadableStream<Uint8Array>({
            start: (controller) => {
              controller.enqueue(said)
              if (end === 'close') controller.close()
            },
          })
          return new Response(body, provided)
        },
    })
  }

  async function die(keep: Asked['keep'] = 'disk') {
    await ask(boot(), streams([[0, half]], { end: 'open', headers: kind.headers }), keep, { readingOn })
    await clock.advance(250)
    emitted.length = 0
  }

  test('is read on by the next one: whoever attaches reads all of it, once', async () => {
    await die()
    const responses = bootOn('the rest')
    expect(await readAgain(responses)).toEqual({ text: whole, end: 'closed' })
    expect(asked).toHaveLength(1)
    expect(emitted.map(({ status }) => status)).toEqual([
      'stream_detached',
      'stream_resuming',
      'stream_attached',
      'stream_resumed',
      'request_finished',
    ])
    expect(await responses.list()).toMatchObject([
      { state: 'ended', verdict: 'complete', bytes: kind.whole.length },
    ])
    expect(await readAgain(boot())).toEqual({ text: whole, end: 'closed' })
    await Promise.all(task)
    expect(ends).toEqual(['r1 whole'])
  })

  test('is read on by the one after that, if the next one dies, too', async () => {
    await die()
    const responses = bootOn('the rest', 'open')
    await responses.list()
    await clock.advance(500)
    expect(await readAgain(bootOn('the rest'))).toEqual({ text: whole, end: 'closed' })
    expect(asked).toHaveLength(2)
    expect(asked[0]).not.toBe(asked[1])
  })

  test.each(['another response', 404, 'nothing'] as const)(
    'is cut where the server gives %s, and says so',
    async (giving) => {
      await die()
      const again = await readAgain(bootOn(giving))
      expect(again?.end).toBe('broken')
      expect(again?.text.startsWith(half)).toBe(true)
      expect(emitted.at(-1)).toMatchObject({ status: 'request_failed' })
      expect(ends).toEqual(['r1 failed'])
    },
  )

  test.each([true, false])(
    'is stopped by its page, here and at its server; attached: %s',
    async (isAttached) => {
      await die()
      const responses = bootOn('the rest', 'open')
      if (isAttached) {
        const attached = responses.attach('r1', 0, 'a')
        await clock.advance(500)
        void (await attached)?.body?.pipeTo(new WritableStream()).catch(() => {})
      }
      expect(responses.cancel('r1')).toBe(isAttached)
      await clock.advance(500)
      expect(stops).toHaveLength(1)
      expect(emitted.at(-1)).toMatchObject({ status: 'request_cancelled', by: 'page' })
      expect(await responses.list()).toMatchObject([{ state: 'ended', verdict: 'cancelled' }])
    },
  )

  test('is read on for nobody else', async () => {
    await die()
    const responses = bootOn('the rest')
    who = 'bob'
    await readAgain(responses)
    expect(asked).toEqual([])
  })

  test('is given from a byte that was lost only where its bytes are the same again', async () => {
    await die()
    const responses = bootOn('the rest')
    await responses.list()
    const from = new TextEncoder().encode(half).length + 10
    const again = await readAgain(responses, from)
    if (kind.name === 'Content-Location') {
      expect(again).toEqual({ text: new TextDecoder().decode(kind.whole.subarray(from)), end: 'closed' })
    } else expect(again).toBeUndefined()
  })
  describe('a response of which nothing is kept but its place', () => {
    const isPlaced = kind.name === 'Content-Location'

    test('leaves no byte on the disk', async () => {
      await die('server')
      const journal = openJournal({ scope: 'https://app.example/', clock, refused: () => {} })
      expect(await journal.read('r1')).toEqual([])
      // Only the bytes say where a background response lies: nothing of it is kept at all.
      expect(await journal.load()).toHaveLength(isPlaced ? 1 : 0)
    })

    test.runIf(isPlaced)('is read by the next one from its first byte on', async () => {
      await die('server')
      expect(await readAgain(bootOn('the rest'))).toEqual({ text: whole, end: 'closed' })
      expect(new globalThis.URL(asked[0] ?? '').searchParams.get('offset')).toBe('0'.repeat(16))
      expect(emitted.at(-1)).toMatchObject({ status: 'request_finished', bytes: kind.whole.length })
      expect(ends).toEqual(['r1 whole'])
    })

    test.runIf(isPlaced)('is read again when it has ended, and its end is not told twice', async () => {
      await die('server')
      await readAgain(bootOn('the rest'))
      emitted.length = 0
      const responses = bootOn('the rest')
      expect(await responses.list()).toMatchObject([
        { state: 'ended', verdict: 'complete', bytes: kind.whole.length, location: '/streams/s1' },
      ])
      expect(asked).toHaveLength(1)
      expect(await readAgain(responses)).toEqual({ text: whole, end: 'closed' })
      expect(await readAgain(responses, kind.whole.length - 5)).toMatchObject({ end: 'closed' })
      expect(asked).toHaveLength(2)
      expect(emitted).toEqual([])
      expect(ends).toEqual(['r1 whole'])
    })

    test.runIf(isPlaced)('never looks whole where its server has it no more', async () => {
      await die('server')
      await readAgain(bootOn('the rest'))
      const responses = bootOn(404)
      expect(await readAgain(responses)).toMatchObject({ end: 'broken' })
      expect(await responses.list()).toEqual([])
      // And not where nobody can ask it.
      expect(await readAgain(boot())).toBeUndefined()
    })

    test.runIf(isPlaced)(
      'is broken where nobody can ask its server, and whole when somebody can',
      async () => {
        await die('server')
        await readAgain(bootOn('the rest'))
        expect(await readAgain(boot())).toEqual({ text: '', end: 'broken' })
        expect(await readAgain(bootOn('the rest'))).toEqual({ text: whole, end: 'closed' })
      },
    )
  })
})
