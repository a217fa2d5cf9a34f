import { describe, expect, test } from 'vitest'
import type { Options, ResumePosition } from '../options/options.ts'
import { createFakeNetwork } from '../testing/fake-network.ts'
import { geminiBackground, located, openaiBackground, openaiKept } from '../testing/resumable.ts'
import { type FakeRequest, type RequestSettings, runRequest, statusOf } from '../testing/run-request.ts'
import { streams } from '../testing/scripted-upstream.ts'
import type { Ask } from './read-on.ts'

// Servers that give a response again, wrongly.

const SSE = { 'content-type': 'text/event-stream' }
const LONG = 2 * 60 * 60_000

/** Ten events of a protocol that nobody knows. */
const WORDS = Array.from({ length: 10 }, (_, n) => `id: ${n + 1}\ndata: {"word":"word${n + 1}"}\n\n`)
const SIX = WORDS.slice(0, 6).join('')

const POSITIONS = ['replay', 'offset', 'last-event-id'] as const

/** A chat of which this much has come before its connection breaks. */
function cutAfter(
  text: string,
  ask: Ask,
  more: RequestSettings & { headers?: Record<string, string> } = {},
): FakeRequest {
  const { headers = {}, ...settings } = more
  const own = { headers: { ...SSE, ...headers } }
  const again = streams([[0, WORDS.join('')]], own)
  return runRequest([streams(text === '' ? [] : [[0, text]], { end: 'reset', ...own }), again], {
    body: { id: 'r1', stream: true },
    ask,
    ...settings,
  })
}

function resumedBy(position: ResumePosition): { options: Options } {
  return { options: { chat: [{ url: '*', resume: { url: '/runs/:id', key: 'body.id', position } }] } }
}

const gives = (text: string, headers: Record<string, string> = {}): Ask => {
  return async () => new Response(text, { headers: { ...SSE, ...headers } })
}

describe.each(POSITIONS)('a reset of an unknown protocol, read on by %s', (position) => {
  test.each([
    ['nothing', ''],
    ['less than the page has', WORDS.slice(0, 2).join('')],
    ['an event that says no', 'event: error\ndata: no such stream\n\n'],
    ['a page under its label', '<!doctype html>\n\n<p>Sign in</p>\n\n'],
    ['JSON under its label', '{"error":"no such stream"}'],
  ])('and answered with %s that closes cleanly stays a cut', async (_name, text) => {
    const run = cutAfter(SIX, gives(text), resumedBy(position))
    await run.clock.advance(LONG)
    expect(run.page.error).toBeInstanceOf(TypeError)
    expect(run.page.text).toBe(SIX)
    expect(statusOf(run, 'request_failed').code).toMatch(/network_error|truncated/)
    expect(run.sentAt).toHaveLength(1)
  })
})

test('a place that has nothing, after a reset before the first byte, is asked until the budget is used up', async () => {
  const run = cutAfter('', gives(''), resumedBy('replay'))
  await run.clock.advance(LONG)
  expect(run.page.error).toBeInstanceOf(TypeError)
  expect(run.sentAt).toHaveLength(1)
})

describe('opaque ids', () => {
  const { events, body, options, path } = geminiBackground()
  const gemini = { body, options, path }
  const KINDS = [
    { name: 'SSE ids', all: WORDS, more: resumedBy('last-event-id') },
    { name: 'Gemini Interactions', all: events, more: gemini },
  ]

  describe.each(KINDS)('by $name', ({ all, more }) => {
    test.each([
      ['the rest, then some of it again', [...all.slice(5, 8), ...all.slice(6)]],
      ['the rest, then all of it again', [...all.slice(5), ...all]],
      ['the last one, then all of it again', [...all.slice(5, 6), ...all]],
      ['each event twice', all.slice(5).flatMap((event) => [event, event])],
      ['each new event twice', [...all.slice(5, 6), ...all.slice(6).flatMap((event) => [event, event])]],
    ])('given as %s: nothing is shown twice', async (_name, again) => {
      const run = cutAfter(all.slice(0, 6).join(''), gives(again.join('')), more)
      await run.clock.advance(LONG)
      const parts = run.page.text.split('\n\n').filter((part) => part !== '' && !part.includes('"error"'))
      expect(new Set(parts).size).toBe(parts.length)
    })
  })
})

describe('an endpoint that never brings anything new', () => {
  const silent = { start: () => {} }
  test.each([
    ['headers, then silence', async () => new Response(new ReadableStream(silent), { headers: SSE })],
    ['no headers', () => new Promise<Response>(() => {})],
  ])('by %s holds a reader for ten minutes at most', async (_name, ask) => {
    const run = cutAfter(SIX, ask, resumedBy('replay'))
    await run.clock.advance(10 * 60_000)
    expect(run.page.error).toBeInstanceOf(TypeError)
  })

  test.each([
    ['a refusal', async () => new Response('', { status: 503 })],
    ['headers, then silence', async () => new Response(new ReadableStream(silent), { headers: SSE })],
    ['no headers', () => new Promise<Response>(() => {})],
  ])('before the first output, by %s, ends with the total', async (_name, ask) => {
    const { options } = resumedBy('replay')
    const run = cutAfter('', ask, { options: { ...options, timeouts: { totalMs: 2_000 } } })
    await run.clock.advance(2_100)
    expect(run.page.error).toBeInstanceOf(TypeError)
    expect(run.sentAt).toHaveLength(1)
  })
})

test.each(['', SIX])('a browser that is offline for an hour reads on: after %j', async (before) => {
  const network = createFakeNetwork(false)
  const run = cutAfter(before, gives(WORDS.join('')), { ...resumedBy('replay'), network })
  await run.clock.advance(60 * 60_000)
  network.say(true)
  await run.clock.advance(LONG)
  expect(run.page).toMatchObject({ text: WORDS.join(''), closed: true })
})

test('a machine that sleeps for an hour while it waits to ask again reads on', async () => {
  let asked = 0
  const ask: Ask = async (...all) => {
    return ++asked < 4 ? new Response('', { status: 503 }) : gives(WORDS.join(''))(...all)
  }
  const run = cutAfter(SIX, ask, resumedBy('replay'))
  await run.clock.advance(600)
  await run.clock.sleep(60 * 60_000, 'counts')
  await run.clock.advance(LONG)
  expect(run.page).toMatchObject({ text: WORDS.join(''), closed: true })
})

describe.each([
  { kind: openaiBackground(), blank: 'event: ping\ndata: {}\n\n' },
  { kind: geminiBackground(), blank: 'event: ping\ndata: {}\n\n' },
  { kind: openaiBackground(), blank: 'retry: 3000\n\n' },
  { kind: geminiBackground(), blank: ': waiting\nretry: 3000\n\n' },
])('a keep-alive by $blank of $kind.name', ({ kind, blank }) => {
  const { events, body, options, path } = kind
  const more = { body, options, path }
  const shown = events.slice(0, 6)
  test.each([
    ['right before the cut', [...shown, blank], events.slice(5)],
    ['before the last event', [...shown.slice(0, 5), blank, ...shown.slice(5)], events.slice(5)],
    ['before what is given again', shown, [blank, ...events.slice(5)]],
    ['within it', shown, [...events.slice(5, 6), blank, ...events.slice(6)]],
  ])('%s costs nothing: the rest is read', async (_name, before, again) => {
    const run = cutAfter(before.join(''), gives(again.join('')), more)
    await run.clock.advance(LONG)
    expect(run.page.closed).toBe(true)
    const text = run.page.text.replaceAll(blank, '')
    expect(text).toBe(events.join(''))
  })
})

test.each([openaiBackground(), geminiBackground()])(
  'a first event of $name that lacks only its blank line says which response it is',
  async ({ events, body, options, path }) => {
    const run = cutAfter(events[0]?.slice(0, -1) ?? '', gives(events.join('')), { body, options, path })
    await run.clock.advance(LONG)
    expect(run.page).toMatchObject({ text: events.join(''), closed: true })
    expect(run.sentAt).toHaveLength(1)
  },
)

test('what is polled goes on with the number after the last one, wherever the numbers began', async () => {
  const kept = openaiKept()
  const renumber = (event: string) =>
    event.replace(/"sequence_number":(\d+)/, (_, number: string) => `"sequence_number":${Number(number) + 5}`)
  const before = kept.events.slice(0, 8).map(renumber).join('')
  const run = cutAfter(
    before,
    async (url) => {
      if (new URL(url).searchParams.has('stream')) return new Response('', { status: 400 })
      return Response.json(kept.whole)
    },
    { path: kept.path, body: kept.body },
  )
  await run.clock.advance(LONG)
  const numbers = Array.from(run.page.text.matchAll(/"sequence_number":(\d+)/g), ([, number]) =>
    Number(number),
  )
  expect(run.page.closed).toBe(true)
  expect(numbers).toEqual(numbers.map((_, index) => index + 5))
})

test('of a response that is closed, less than its own length is no end', async () => {
  const { whole, headers, path, body, events } = located()
  const end = String(whole.length).padStart(16, '0')
  const closed = { ...SSE, 'stream-closed': 'true', 'stream-next-offset': end }
  let asked = 0
  const run = cutAfter(
    events.slice(0, 3).join(''),
    async (url) => {
      const from = Number(new URL(url).searchParams.get('offset'))
      asked++
      return new Response(whole.slice(from, asked === 1 ? 400 : undefined), { headers: closed })
    },
    { path, body, headers },
  )
  await run.clock.advance(LONG)
  expect(run.page).toMatchObject({ text: events.join(''), closed: true })
  expect(asked).toBe(2)
})

test('a page under the label of events ends the reading on, also after words', async () => {
  let asked = 0
  const ask: Ask = async (...all) => {
    asked++
    return gives('<!doctype html>\n\n<p>Sign in</p>')(...all)
  }
  const run = cutAfter(SIX, ask, resumedBy('last-event-id'))
  await run.clock.advance(LONG)
  expect([asked, run.page.error instanceof TypeError]).toEqual([1, true])
})

test('the end of another response is none', async () => {
  const { events, body, options, path } = openaiBackground()
  const other = events.at(-1)?.replaceAll('resp_1', 'resp_2') ?? ''
  const run = cutAfter(events.slice(0, 6).join(''), gives([...events.slice(5, -1), other].join('')), {
    body,
    options,
    path,
  })
  await run.clock.advance(LONG)
  expect(run.page.error).toBeInstanceOf(TypeError)
  expect(run.page.text).not.toContain('resp_2')
})

test('an empty key names nothing: nothing is asked', async () => {
  let asked = 0
  const run = cutAfter(
    SIX,
    async () => {
      asked++
      return new Response('', { headers: SSE })
    },
    { ...resumedBy('replay'), body: { id: '', stream: true } },
  )
  await run.clock.advance(LONG)
  expect([asked, run.page.error instanceof TypeError]).toEqual([0, true])
})

describe('a body under the label of events that ends before its first event does', () => {
  const { body, options, path } = openaiBackground()
  const HOW = [
    ['last-event-id', resumedBy('last-event-id')],
    ['replay', resumedBy('replay')],
    ['background', { body, options, path }],
  ] as const
  const BODIES = [
    '{"id":1}',
    '{"id":1}\n',
    'Hello, world',
    '{"a":1}\n{"a":2}\n',
    'data: {"word":1}\n',
    'data: {"word":1}',
  ]

  test.each(HOW.flatMap(([name, more]) => BODIES.map((text) => [name, text, more] as const)))(
    'passes as it came: %s, %j',
    async (_name, text, more) => {
      const run = runRequest([streams([[0, text]], { headers: SSE })], {
        body: { id: 'r1', stream: true },
        ask: gives(''),
        ...more,
      })
      await run.clock.advance(LONG)
      expect(run.page).toMatchObject({ text, closed: true })
      expect(run.sentAt).toHaveLength(1)
    },
  )
})

test.each([
  ': hi\n\n',
  ': hi\n',
  '\n',
  'retry: 1\n\n',
  'event: ping\ndata: {}\n\n',
  'id: 7\n\n',
  'id: 7\ndata:\n\n',
])(
  'what only keeps a connection open is no progress: %j, time after time, ends with the total',
  async (text) => {
    const { options } = resumedBy('last-event-id')
    const breaksOff: Ask = async () => {
      let isRead = false
      const pull = (controller: ReadableStreamDefaultController) => {
        if (isRead) return controller.error(new TypeError('terminated'))
        isRead = true
        controller.enqueue(new TextEncoder().encode(text))
      }
      return new Response(new ReadableStream({ pull }), { headers: SSE })
    }
    const run = cutAfter('', breaksOff, { options: { ...options, timeouts: { totalMs: 2_000 } } })
    await run.clock.advance(2_100)
    expect(run.page.error).toBeInstanceOf(TypeError)
  },
)

test.each(['event: interaction.created\ndata', 'event: interaction.created\n', 'data: {"event_ty'])(
  'a background response that is closed in the middle of its first event is asked for once more: %j',
  async (text) => {
    const { events, body, options, path } = geminiBackground()
    const again = streams([[0, events.join('')]], { headers: SSE })
    const run = runRequest([streams([[0, text]], { headers: SSE }), again], {
      body,
      options,
      path,
      ask: gives(''),
    })
    await run.clock.advance(LONG)
    expect(run.page).toMatchObject({ text: events.join(''), closed: true })
  },
)

test.each(['reset', 'close'] as const)(
  'a server that says its end and never gives it leaves the cut: %s',
  async (end) => {
    const { whole, headers, path, body, events } = located()
    const closed = {
      ...SSE,
      'stream-closed': 'true',
      'stream-next-offset': String(whole.length).padStart(16, '0'),
    }
    const unknown = WORDS.slice(0, 3).join('')
    const run = runRequest([streams([[0, unknown]], { end, headers: { ...headers } })], {
      path,
      body,
      ask: async (url) => {
        const from = Number(new URL(url).searchParams.get('offset'))
        return new Response(unknown.slice(from), { headers: closed })
      },
    })
    await run.clock.advance(LONG)
    expect(events.length).toBeGreaterThan(3)
    expect(run.page.error).toBeInstanceOf(TypeError)
  },
)

test.each([
  ['gemini', geminiBackground().events, { ...geminiBackground() }],
  ['SSE ids', WORDS, resumedBy('last-event-id')],
] as const)('an id that comes again with other bytes is not shown twice: %s', async (_name, events, more) => {
  const { options, ...about } = { body: { id: 'r1', stream: true }, path: '/chat', ...more }
  const again = [events[5], events[6], events[6]?.replace('}', ' }'), ...events.slice(7)].join('')
  const run = cutAfter(events.slice(0, 6).join(''), gives(again), {
    options,
    body: about.body,
    path: about.path,
  })
  await run.clock.advance(LONG)
  expect(run.page.error).toBeInstanceOf(TypeError)
})

test.each(['id: 0\ndata:\n\n', 'id: 0\n\n'])(
  'an empty event with an id, before a cut, may come again: %j',
  async (first) => {
    const run = cutAfter(first, gives(first + WORDS.join('')), resumedBy('last-event-id'))
    await run.clock.advance(LONG)
    expect(run.page.closed).toBe(true)
    expect(run.page.text.replaceAll(first, '')).toBe(WORDS.join(''))
  },
)

test('several events with one id are read on, where they were so before', async () => {
  const groups = WORDS.map((event, index) => event.replace(/^id: \d+/, `id: ${Math.floor(index / 2)}`))
  const run = cutAfter(
    groups.slice(0, 6).join(''),
    gives(groups.slice(3).join('')),
    resumedBy('last-event-id'),
  )
  await run.clock.advance(LONG)
  expect(run.page).toMatchObject({ text: groups.join(''), closed: true })
})

test('a keep-alive with a number of its own is the next event', async () => {
  const { events, body, options, path } = openaiBackground()
  const alive = 'event: keepalive\ndata: {"type":"keepalive","sequence_number":6}\n\n'
  const rest = events
    .slice(6)
    .map((event) =>
      event.replace(
        /"sequence_number":(\d+)/,
        (_, number: string) => `"sequence_number":${Number(number) + 1}`,
      ),
    )
  const run = cutAfter(events.slice(0, 6).join(''), gives([events[5], alive, ...rest].join('')), {
    body,
    options,
    path,
  })
  await run.clock.advance(LONG)
  expect(run.page).toMatchObject({ closed: true })
  expect(run.page.text).toContain('"sequence_number":12')
})

test('lines that end in a bare CR pass as they come, byte by byte, too', async () => {
  const text = 'data: {"word":"one"}\r\rdata: {"word":"two"}\r\r'
  const run = runRequest(
    [
      streams(
        Array.from(text, (byte, at) => [at, byte] as const),
        { headers: SSE },
      ),
    ],
    {
      body: { id: 'r1', stream: true },
      ask: gives(''),
      ...resumedBy('last-event-id'),
    },
  )
  await run.clock.advance(LONG)
  expect(run.page).toMatchObject({ text, closed: true })
})

test.each(['application/json', 'application/x-ndjson'])(
  'a page under the label %s is no rest',
  async (type) => {
    const page = '<!doctype html><p>Sign in</p>'
    const run = cutAfter('', gives(page, { 'content-type': type }), {
      ...resumedBy('replay'),
      headers: { 'content-type': type },
    })
    await run.clock.advance(LONG)
    expect(run.page.text).not.toContain('Sign in')
    expect(run.page.error).toBeInstanceOf(TypeError)
  },
)
