import { afterAll, describe, expect, test } from 'vitest'
import { createEventReader } from '../providers/inspection/event-reader.ts'
import { createFakeClock } from '../testing/fake-clock.ts'
import { createFakeNetwork } from '../testing/fake-network.ts'
import {
  geminiBackground,
  GIVEN_BYTES,
  type Giving,
  GOOD,
  located,
  openaiBackground,
  openaiKept,
  REFUSALS,
  replayed,
  type Resumable,
  sseIds,
} from '../testing/resumable.ts'
import { type FakeRequest, runRequest, statusOf, type RequestSettings } from '../testing/run-request.ts'
import { streams } from '../testing/scripted-upstream.ts'
import type { Ask } from './read-on.ts'
import { NO_READER } from './chat-request.ts'

const KINDS = [
  openaiBackground(),
  openaiBackground('\r\n'),
  geminiBackground(),
  sseIds(),
  replayed(),
  located(),
]
const ENDS = ['reset', 'close', 'open'] as const
/** By then all waits, and a stall before them, are over. */
const LONG = 20 * 60_000
const OPENAI = openaiBackground()

let cases = 0
afterAll(() => console.log(`${cases} cuts: 0 events doubled, 0 missing, 0 clean ends on a cut`))

/** Which event says that the response is whole; only an end marker may follow. */
function lastNeeded({ name, events }: Resumable): number {
  return name.startsWith('OpenAI') ? events.length : events.length - 1
}

/** Where to cut: every 23rd byte, or with EVERY_BYTE=1 every one. */
function cutsOf({ whole }: Resumable, from: number): number[] {
  const step = process.env.EVERY_BYTE ? 1 : 23
  return Array.from({ length: Math.ceil((whole.length - from) / step) }, (_, n) => from + n * step)
}

/** A chat that is cut at this byte; a POST that comes again would have all of it. */
function cutAt(
  kind: Resumable,
  cut: number,
  end: (typeof ENDS)[number],
  ask: Ask,
  more: RequestSettings = {},
): FakeRequest {
  const { path, body, options, headers } = kind
  const pieces = cut === 0 ? [] : [[0, kind.whole.subarray(0, cut)] as const]
  const script = [streams(pieces, { end, headers }), streams([[0, kind.whole]], { headers })]
  return runRequest(script, { path, body, options, ask, ...more })
}

/** A server that gives this, whenever it is asked. */
function gives(kind: Resumable, giving: Giving, asked: string[] = []): Ask {
  return async (url, { headers }) => {
    asked.push(url)
    const { status, headers: own, body } = kind.give(new URL(url), new Headers(headers), giving)
    return new Response(status === 204 ? null : (body as Uint8Array<ArrayBuffer>), { status, headers: own })
  }
}

/** The events that a page's parser sees, but for an error event of ours. */
function eventsOf(text: string): string[] {
  const events: string[] = []
  const reader = createEventReader({
    onEvent: ({ id = '', name = '', text: data }) => events.push(`${id} ${name} ${data}`),
  })
  reader.feed(text)
  return events.filter(
    (event) => !/"(network_error|truncated|transport_idle|first_output_timeout)"/.test(event),
  )
}

describe.each(KINDS)('a chat by $name that is cut', (kind) => {
  const all = eventsOf(kind.events.join(''))
  const firstEvent = new TextEncoder().encode(kind.events[0]).length
  /** From there on it can be told which response it is. */
  const named = new TextEncoder().encode(kind.events[0]?.trimEnd()).length

  test.each(ENDS)('by %s: its page sees all of it, once, from one POST', async (end) => {
    for (const cut of cutsOf(kind, ENDS.indexOf(end))) {
      cases++
      const run = cutAt(kind, cut, end, gives(kind, 'the rest'))
      await run.clock.advance(end === 'open' ? LONG : 1_000)
      const isUnknown = 'background' in kind.body && cut < named
      // Before the first output the total is the end, as ever.
      const isTimedOut =
        run.statuses.at(-1)?.status === 'request_failed' && !run.timeline.join().includes('first_output')
      if (end === 'open' && isTimedOut) continue
      const seen = eventsOf(run.page.text)
      expect(run.page.closed, `cut at ${cut}: ${run.timeline.join()}`).toBe(true)
      expect(seen, `cut at ${cut}`).toEqual(all.slice(0, Math.max(seen.length, lastNeeded(kind))))
      expect(statusOf(run, 'request_finished').verdict).toBe('complete')
      expect(run.sentAt, `cut at ${cut}`).toHaveLength(isUnknown ? 2 : 1)
    }
  })

  test.each([...GIVEN_BYTES, ...REFUSALS])(
    'each event is shown at most once, given again as: %s',
    async (giving) => {
      for (const cut of cutsOf(kind, 0).filter((at) => at >= firstEvent)) {
        cases++
        const run = cutAt(kind, cut, 'reset', gives(kind, giving))
        await run.clock.advance(60_000)
        const seen = eventsOf(run.page.text)
        const isWhole = run.page.closed
        // Half an event is ended by the error event that follows it.
        const half = (seen.at(-1) ?? '').replace(/\uFFFD+$/, '')
        if (!isWhole && all[seen.length - 1]?.startsWith(half)) seen.pop()
        expect(seen, `cut at ${cut}`).toEqual(all.slice(0, seen.length))
        expect(isWhole, `cut at ${cut}`).toBe(seen.length >= lastNeeded(kind))
        expect(isWhole || run.page.error instanceof TypeError, `cut at ${cut}`).toBe(true)
        expect(run.sentAt).toHaveLength(1)
        if (giving === 'the rest' || (GOOD.includes(giving) && kind.name !== 'Content-Location')) {
          expect(isWhole, `cut at ${cut}`).toBe(true)
        }
      }
    },
  )
})

/** A response of OpenAI that is cut after so many events. */
function openaiCut(events: number, ask: Ask, more: RequestSettings = {}): FakeRequest {
  const { length } = new TextEncoder().encode(OPENAI.events.slice(0, events).join(''))
  return cutAt(OPENAI, length, 'reset', ask, more)
}

const rest = gives(OPENAI, 'the rest')

/** A body that says this and breaks off. */
function breaks(text: string): Response {
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      if (text) controller.enqueue(new TextEncoder().encode(text))
      else controller.error(new TypeError('terminated'))
      text = ''
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

describe('reading on', () => {
  test('is told with its attempt and its time, and when it goes on', async () => {
    let asked = 0
    const run = openaiCut(6, async (url, init) => {
      if (++asked < 3) throw new TypeError('fetch failed')
      return rest(url, init)
    })
    await run.clock.advance(LONG)
    expect(run.timeline).toEqual([
      '0 request_started',
      '0 send',
      '0 first_output',
      '0 stream_resuming',
      '0 stream_resuming',
      '500 stream_resuming',
      '1500 stream_resumed',
      '1500 request_finished',
    ])
    expect(run.statuses[3]).toEqual({
      status: 'stream_resuming',
      requestId: 'r1',
      from: 'server',
      attempt: 2,
      retryAt: run.startedAt + 500,
    })
    expect(statusOf(run, 'stream_resumed').gapMs).toBe(1_500)
  })

  test('100 times in a row spends no budget, as long as each brings something new', async () => {
    const events = Array.from({ length: 102 }, (_, n) => {
      const data =
        n === 0 ? { response: { id: 'resp_1', background: true } } : { item_id: 'm', delta: `${n} ` }
      const type =
        n === 0 ? 'response.created' : n === 101 ? 'response.completed' : 'response.output_text.delta'
      return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: n, ...data })}\n\n`
    })
    let asked = 0
    const run = runRequest([streams([[0, events[0] ?? '']], { end: 'reset' })], {
      path: '/v1/responses',
      body: OPENAI.body,
      ask: async (url) => {
        asked++
        const after = new URL(url).searchParams.get('starting_after')
        const start = after === null ? 0 : Number(after) + 1
        return breaks(events.slice(start, start === 0 ? 2 : start + 2).join(''))
      },
    })
    await run.clock.advance(LONG)
    expect(run.page).toMatchObject({ text: events.join(''), closed: true })
    expect(asked).toBe(101)
    // Nor does one wait longer than the one before.
    expect(run.timeline.at(-1)).toBe('0 request_finished')
    expect(run.statuses.filter(({ status }) => status === 'stream_resumed')).toHaveLength(101)
  })

  test('reading on that brings nothing new ends with its budget: the cut stands', async () => {
    let asked = 0
    const run = openaiCut(6, async () => {
      asked++
      return breaks('')
    })
    await run.clock.advance(LONG)
    expect(run.page.error).toBeInstanceOf(TypeError)
    expect(statusOf(run, 'request_failed').code).toBe('network_error')
    expect(run.timeline.at(-1)).toBe('30000 request_failed')
    expect(asked).toBe(10)
  })

  test('waits as long as the server asks, never shorter', async () => {
    let asked = 0
    const run = openaiCut(6, async (url, init) => {
      if (++asked === 1) return new Response('', { status: 429, headers: { 'retry-after': '20' } })
      return rest(url, init)
    })
    await run.clock.advance(LONG)
    expect(run.page.closed).toBe(true)
    expect(statusOf(run, 'stream_resumed').gapMs).toBe(20_000)
  })

  test('after waits of a millisecond asks no faster than by itself, and ends', async () => {
    let asked = 0
    const run = openaiCut(6, async () => {
      asked++
      return new Response('', { status: 429, headers: { 'retry-after-ms': '1' } })
    })
    await run.clock.advance(LONG)
    expect(run.page.error).toBeInstanceOf(TypeError)
    expect(asked).toBeLessThan(20)
  })

  test('goes on after a cut of what its server says is all', async () => {
    const kind = located()
    let asked = 0
    const run = cutAt(kind, 300, 'reset', async (url) => {
      const from = Number(new URL(url).searchParams.get('offset'))
      const closed = { ...kind.headers, 'stream-closed': 'true' }
      const part = new TextDecoder().decode(kind.whole.subarray(from, 400))
      if (++asked === 1) return new Response(breaks(part).body, { headers: closed })
      return new Response(kind.whole.slice(from), { headers: closed })
    })
    await run.clock.advance(LONG)
    expect(run.page).toMatchObject({ text: kind.events.join(''), closed: true })
  })

  test('does not wait longer than its budget', async () => {
    const run = openaiCut(6, async () => new Response('', { status: 429, headers: { 'retry-after': '120' } }))
    await run.clock.advance(1_000)
    expect(run.page.error).toBeInstanceOf(TypeError)
  })

  test.each([{ 'retry-after': '0' }, { 'retry-after-ms': '1' }, { 'retry-after-ms': '100' }])(
    'comes to an end where the server says “again at once” each time: %o',
    async (headers) => {
      let asked = 0
      const run = openaiCut(6, async () => {
        asked++
        return new Response('', { status: 429, headers })
      })
      await run.clock.advance(LONG)
      expect(run.page.error).toBeInstanceOf(TypeError)
      expect(asked).toBeLessThan(20)
    },
  )

  test.each([503, 500, 409])('after a %i is tried again', async (status) => {
    let asked = 0
    const run = openaiCut(6, async (url, init) =>
      ++asked === 1 ? new Response('', { status }) : rest(url, init),
    )
    await run.clock.advance(LONG)
    expect([run.page.closed, asked]).toEqual([true, 2])
  })

  test('waits for a browser that is offline, uncharged', async () => {
    const network = createFakeNetwork(false)
    const run = openaiCut(6, rest, { network })
    await run.clock.advance(120_000)
    expect([run.page.closed, run.page.error]).toEqual([false, undefined])
    expect(run.timeline.at(-1)).toBe('0 network_wait')
    network.say(true)
    await run.clock.advance(LONG)
    expect(run.page.closed).toBe(true)
  })

  test.each([
    ['redirected', () => Response.redirect('https://api.example/other', 302)],
    ['answered by a page that a redirect led to', () => redirected()],
    ['answered by JSON', () => Response.json({ id: 'resp_1' })],
    ['forbidden', () => new Response('', { status: 403 })],
  ])('%s is none: the cut stands', async (_name, reply) => {
    let asked = 0
    const run = openaiCut(6, async () => {
      asked++
      return reply()
    })
    await run.clock.advance(LONG)
    expect(run.page.error).toBeInstanceOf(TypeError)
    expect(asked).toBe(1)
  })

  test.each(['text/html', 'application/json', 'application/xhtml+xml; charset=utf-8'])(
    'by %s that says its offset is none: nothing of it is shown, though nothing was shown before',
    async (type) => {
      let asked = 0
      const run = cutAt(located(), 0, 'reset', async () => {
        asked++
        const headers = { 'content-type': type, 'stream-next-offset': '0'.repeat(16) }
        return new Response('<!doctype html><p>Sign in</p>', { headers })
      })
      await run.clock.advance(LONG)
      expect(run.page.error).toBeInstanceOf(TypeError)
      expect(run.page.text).not.toContain('Sign in')
      expect(asked).toBe(1)
    },
  )

  test.each(
    [sseIds(), replayed(), located()].flatMap((kind) =>
      ['<!doctype html>\n\n<p>Sign in</p>\n\n', '\uFEFF\n\n <html><p>Sign in</p>'].flatMap((page) =>
        [4, 99].map((size) => ({ kind, name: kind.name, page, size })),
      ),
    ),
  )('by a page under the label of events is none, $name, $page by $size', async ({ kind, page, size }) => {
    let asked = 0
    const run = cutAt(kind, 0, 'reset', async () => {
      asked++
      const bytes = new TextEncoder().encode(page)
      const body = new ReadableStream({
        start: (controller) => {
          for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size))
          controller.close()
        },
      })
      return new Response(body, { headers: kind.headers })
    })
    await run.clock.advance(LONG)
    expect(run.page.error).toBeInstanceOf(TypeError)
    expect(run.page.text).not.toMatch(/html|Sign in/)
    expect(asked).toBe(1)
  })

  test.each([undefined, 'application/octet-stream'])(
    'by raw bytes that say their offset is good: %s',
    async (type) => {
      const { whole, headers } = located()
      const run = cutAt(located(), 400, 'reset', async (url) => {
        const from = Number(new URL(url).searchParams.get('offset'))
        const own = {
          ...(type && { 'content-type': type }),
          'stream-next-offset': headers['stream-next-offset'] ?? '',
        }
        return new Response(whole.slice(from), { headers: own })
      })
      await run.clock.advance(LONG)
      expect(run.page).toMatchObject({ text: located().events.join(''), closed: true })
    },
  )

  test('lets go of a connection that gives another response', async () => {
    let isClosed = false
    const run = openaiCut(6, async () => {
      const text = 'data: {"type":"response.output_text.delta","sequence_number":9}\n\n'
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
        cancel: () => void (isClosed = true),
      })
      return new Response(body, { headers: OPENAI.headers })
    })
    await run.clock.advance(1_000)
    expect(statusOf(run, 'request_failed').code).toBe('truncated')
    expect(isClosed).toBe(true)
  })

  test('begins when the old connection is closed', async () => {
    const seen: boolean[] = []
    const run: FakeRequest = cutAt(OPENAI, OPENAI.whole.length - 300, 'open', async (url, init) => {
      seen.push(run.signals[0]?.aborted === true)
      return rest(url, init)
    })
    await run.clock.advance(LONG)
    expect(run.page.closed).toBe(true)
    expect(seen).toEqual([true])
  })

  test('has a clock for its own silence, and its own time for headers', async () => {
    let asked = 0
    const run = openaiCut(6, async (url, init) => {
      asked++
      if (asked === 1) return new Promise<Response>(() => {})
      if (asked === 2) return new Response(new ReadableStream(), { headers: OPENAI.headers })
      return rest(url, init)
    })
    await run.clock.advance(LONG)
    expect(run.page.closed).toBe(true)
    expect(asked).toBe(3)
    expect(statusOf(run, 'stream_resumed').gapMs).toBe(30_000 + 500 + 180_000 + 1_000)
  })

  test('reads no further ahead of its page than before', async () => {
    const clock = createFakeClock()
    let pulled = 0
    const [created = ''] = OPENAI.events
    const delta = (n: number) => {
      const data = {
        type: 'response.output_text.delta',
        sequence_number: n,
        item_id: 'm',
        delta: 'x'.repeat(1_000),
      }
      return `data: ${JSON.stringify(data)}\n\n`
    }
    const flood = new ReadableStream<Uint8Array>(
      {
        pull: (controller) =>
          controller.enqueue(new TextEncoder().encode(pulled === 0 ? created : delta(pulled))),
        start: () => {},
      },
      { highWaterMark: 0 },
    )
    const counting = flood.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>(
        {
          transform: (chunk, controller) => {
            pulled++
            controller.enqueue(chunk)
          },
        },
        { highWaterMark: 0 },
        { highWaterMark: 0 },
      ),
    )
    const run = runRequest([streams([[0, created]], { end: 'reset' })], {
      clock,
      path: OPENAI.path,
      body: OPENAI.body,
      ask: async () => new Response(counting, { headers: OPENAI.headers }),
      isFrozen: true,
    })
    await clock.advance(1_000)
    const before = pulled
    await clock.advance(LONG)
    expect(pulled).toBe(before)
    expect(pulled).toBeLessThan(5)
    expect(run.page.error).toBeUndefined()
  })
})

/** A response of `fetch` after a redirect that somebody followed. */
function redirected(): Response {
  const response = new Response(OPENAI.whole as Uint8Array<ArrayBuffer>, { headers: OPENAI.headers })
  return Object.defineProperty(response, 'redirected', { value: true })
}

describe('a response that its server streams no more', () => {
  const kept = openaiKept()
  const { whole } = kept
  const all = eventsOf(kept.events.join(''))
  /** Of these nothing but the texts is known to a reader, so what was said of them in part is not finished. */
  const inCall = new Set([24, 25])

  /** A chat that is cut at this byte; the whole is what its server says, time after time. */
  function cutOff(cut: number | Uint8Array, replies: (() => Response)[], asked: string[] = []): FakeRequest {
    const begun = typeof cut === 'number' ? bytesOf(kept.events.join('')).subarray(0, cut) : cut
    return runRequest([streams([[0, begun]], { end: 'reset' })], {
      path: kept.path,
      body: kept.body,
      ask: async (url) => {
        asked.push(url.replace('https://api.example/v1/responses/', ''))
        if (url.includes('stream=true')) return tooOld()
        const reply = replies.length > 1 ? replies.shift() : replies[0]
        return reply?.() ?? tooOld()
      },
    })
  }
  const bytesOf = (text: string) => new TextEncoder().encode(text)
  const upTo = (count: number) => bytesOf(kept.events.slice(0, count).join(''))
  const tooOld = () =>
    Response.json(
      { error: { message: 'This response can no longer be streamed because it is more than 5 minutes old' } },
      { status: 400 },
    )
  const is = (response: unknown) => () => Response.json(response)
  const notDone = is({ ...whole, status: 'in_progress', output: [] })

  /** A reader's view of events: each that is no delta, by its place; the texts of the deltas. */
  function read(events: string[]) {
    const texts: Record<string, string> = {}
    const others: string[] = []
    for (const event of events) {
      const data = JSON.parse(event.slice(event.indexOf('{'))) as Record<string, string | number | undefined>
      const { type = '', output_index, content_index, summary_index, delta } = data
      const place = [output_index, content_index ?? summary_index].filter((index) => index !== undefined)
      const key = place.join()
      if (delta === undefined) others.push([type, ...place].join(' '))
      else texts[key] = `${texts[key] ?? ''}${delta}`
    }
    return { texts, others, numbers: events.map((event) => /"sequence_number":(\d+)/.exec(event)?.[1]) }
  }

  test('is asked for as a whole until it is done, and what is missing of it is handed on: cut at every byte', async () => {
    const wanted = read(all)
    const length = upTo(all.length).length
    const step = process.env.EVERY_BYTE ? 1 : 7
    for (let cut = upTo(1).length; cut < length - 1; cut += step) {
      cases++
      const shown = kept.events.findIndex((_, index) => upTo(index + 1).length > cut)
      const asked: string[] = []
      const run = cutOff(cut, [notDone, is(whole)], asked)
      await run.clock.advance(LONG)
      const events = eventsOf(run.page.text)
      if (inCall.has(shown)) {
        expect(run.page.error, `cut after ${shown}`).toBeInstanceOf(TypeError)
        expect(all.slice(0, shown)).toEqual(events.slice(0, shown))
        continue
      }
      expect(run.page.closed, `cut after ${shown}: ${run.timeline.join()}`).toBe(true)
      expect(events.slice(0, shown)).toEqual(all.slice(0, shown))
      const { texts, others, numbers } = read(events)
      // A call that nothing was said of comes at once, as a whole.
      const isCallMissing = shown < 24
      expect(texts, `cut after ${shown}`).toEqual(
        isCallMissing ? { ...wanted.texts, '2': undefined } : wanted.texts,
      )
      const unsaid = isCallMissing ? ['response.function_call_arguments.done 2'] : []
      // Its states on the way are over.
      if (shown < 2) unsaid.push('response.in_progress')
      expect(others).toEqual(wanted.others.filter((event) => !unsaid.includes(event)))
      expect(numbers).toEqual(numbers.map((_, index) => String(index)))
      expect(asked.slice(1)).toEqual(['resp_1', 'resp_1'])
      expect(statusOf(run, 'request_finished').verdict).toBe('complete')
      expect(run.sentAt).toHaveLength(1)
    }
  })

  const [thought, message, call] = whole.output as [object, { content: { text: string }[] }, object]
  const [first, second] = message.content as [{ text: string }, object]
  const withOutput = (...output: object[]) => is({ ...whole, output })

  test.each([
    ['is another', is({ ...whole, id: 'resp_2' })],
    [
      'has other words',
      withOutput(thought, { ...message, content: [{ ...first, text: 'Grüsse' }, second] }, call),
    ],
    ['has fewer words', withOutput(thought, { ...message, content: [{ ...first, text: 'Gr' }] })],
    ['has another message', withOutput(thought, { ...message, id: 'msg_2' }, call)],
    [
      'has another thought',
      withOutput({ ...thought, summary: [{ type: 'summary_text', text: 'No' }] }, message),
    ],
    ['lacks a part', withOutput(thought, { ...message, content: [] })],
    ['lacks an item', withOutput(thought)],
    [
      'says what no text can',
      withOutput(thought, { ...message, content: [first, { type: 'refusal', refusal: 'No' }] }),
    ],
    ['has no list of items', is({ ...whole, output: 'none' })],
    ['was cancelled', is({ ...whole, status: 'cancelled' })],
    ['is not known', () => new Response('', { status: 404 })],
    ['is a page', () => new Response('<p>Sign in</p>', { headers: { 'content-type': 'text/html' } })],
    ['is nothing', () => new Response(null, { status: 204 })],
    ['is given by a redirect', () => Response.redirect('https://api.example/other', 302)],
    ['is null', is(null)],
  ])('and %s stays cut', async (_name, reply) => {
    const asked: string[] = []
    const run = cutOff(upTo(12), [reply], asked)
    await run.clock.advance(LONG)
    expect(run.page.error).toBeInstanceOf(TypeError)
    expect(eventsOf(run.page.text)).toEqual(all.slice(0, 12))
    expect(asked).toEqual(['resp_1?stream=true&starting_after=10', 'resp_1'])
    expect(run.timeline.at(-1)).toBe('0 request_failed')
  })

  test('may have items of any type', async () => {
    const item = { type: 'constructor', id: 'item_1', content: [] }
    const run = cutOff(upTo(1), [withOutput(item)])
    await run.clock.advance(LONG)
    expect(run.page.closed).toBe(true)
    expect(run.page.text).toContain(`"item":${JSON.stringify(item)}`)
  })

  test('is reported as failed if it was cut short or has failed', async () => {
    const short = cutOff(upTo(12), [is({ ...whole, status: 'incomplete' })])
    const failed = cutOff(upTo(12), [
      is({ ...whole, status: 'failed', error: { code: 'server_error', message: 'No' } }),
    ])
    for (const { clock } of [short, failed]) await clock.advance(LONG)
    expect(read(eventsOf(short.page.text)).others.at(-1)).toBe('response.incomplete')
    expect(short.page.closed).toBe(true)
    expect(read(eventsOf(failed.page.text)).others.at(-1)).toBe('response.failed')
    expect(statusOf(failed, 'request_failed').code).toBe('error_in_stream')
  })

  test('is asked for as often as its server says that it goes on, for ten minutes', async () => {
    const asked: string[] = []
    const run = cutOff(upTo(12), [notDone], asked)
    await run.clock.advance(LONG)
    expect(run.page.error).toBeInstanceOf(TypeError)
    expect(run.timeline.at(-1)).toBe('595000 request_failed')
    expect(asked).toHaveLength(1 + 600_000 / 5_000)
  })

  test('waits for a server in trouble within its budget, which each word of it renews', async () => {
    const asked: string[] = []
    const trouble = () => new Response('', { status: 503 })
    const never = () => new Response(new ReadableStream())
    const replies = [
      ...Array<typeof trouble>(4).fill(trouble),
      notDone,
      never,
      ...Array<typeof trouble>(4).fill(trouble),
    ]
    const run = cutOff(upTo(12), [...replies, is(whole)], asked)
    await run.clock.advance(LONG)
    expect(run.page.closed).toBe(true)
    const hopeless = cutOff(upTo(12), [trouble])
    await hopeless.clock.advance(LONG)
    expect(hopeless.timeline.at(-1)).toBe('30000 request_failed')
  })

  test('a response that is stopped is requested no more, and ends at its server', async () => {
    const asked: string[] = []
    const run = cutOff(upTo(12), [notDone], asked)
    await run.clock.advance(12_000)
    run.runningRequest.cancel()
    await run.clock.advance(LONG)
    expect(run.timeline.at(-1)).toBe('12000 request_cancelled')
    expect(asked).toEqual([
      'resp_1?stream=true&starting_after=10',
      'resp_1',
      'resp_1',
      'resp_1',
      'resp_1/cancel',
    ])
  })
})

test('an event that takes ten minutes to come is progress, though its page has nothing of it yet', async () => {
  const { path, headers, events } = OPENAI
  const [created = '', , , , , , delta = ''] = events
  const more = events.slice(7)
  const long = delta.replace('data: resp', 'G'.repeat(600))
  const slow = Array.from({ length: 601 }, (_, second) => {
    return [second * 1_000, long.slice(second, second < 600 ? second + 1 : undefined)] as const
  })
  const pieces = [[0, created] as const, ...slow, [601_000, more.join('')] as const]
  for (const background of [true, false]) {
    const run = runRequest([streams(pieces, { headers })], {
      path,
      body: { ...OPENAI.body, background },
      ask: rest,
    })
    await run.clock.advance(LONG)
    expect(run.page, run.timeline.join()).toMatchObject({
      text: created + long + more.join(''),
      closed: true,
    })
    expect(run.timeline.join()).not.toMatch(/stalled|resuming/)
  }
})

describe('a response that is never asked for', () => {
  test.each([
    ['that did not ask for a background', { body: { ...OPENAI.body, background: false } }],
    ['of an EventSource, which connects again by itself', { isEventSource: true }],
  ])('one %s', async (_name, settings) => {
    const asked: string[] = []
    const run = openaiCut(6, gives(OPENAI, 'the rest', asked), settings)
    await run.clock.advance(LONG)
    expect(asked).toEqual([])
    expect(statusOf(run, 'request_failed').code).toBe('network_error')
  })

  test('one that is whole, however its connection ends', async () => {
    const asked: string[] = []
    const run = openaiCut(OPENAI.events.length, gives(OPENAI, 'the rest', asked))
    await run.clock.advance(LONG)
    expect(run.page.closed).toBe(true)
    expect(asked).toEqual([])
  })

  test('one that has said that it failed', async () => {
    const asked: string[] = []
    const failed =
      'event: error\ndata: {"type":"error","sequence_number":3,"code":"server_error","message":"no"}\n\n'
    const text = OPENAI.events.slice(0, 3).join('') + failed
    const run = runRequest([streams([[0, text]], { end: 'reset' })], {
      path: OPENAI.path,
      body: OPENAI.body,
      ask: gives(OPENAI, 'the rest', asked),
    })
    await run.clock.advance(LONG)
    expect(asked).toEqual([])
    expect(statusOf(run, 'request_failed').code).toBe('error_in_stream')
  })
})

describe('an end without its last blank line', () => {
  const text = OPENAI.events.join('').trimEnd()
  const settings = { path: OPENAI.path, body: OPENAI.body }

  test.each([
    ['that comes a second time is one', async () => new Response(text, { headers: OPENAI.headers })],
    ['that the server no longer gives is one', async () => new Response('', { status: 404 })],
  ])('%s', async (_name, ask) => {
    const run = runRequest([streams([[0, text]])], { ...settings, ask })
    await run.clock.advance(0)
    expect(run.page).toMatchObject({ text, closed: true })
  })

  test('is finished where the connection was cut just there', async () => {
    const run = runRequest([streams([[0, text]])], { ...settings, ask: rest })
    await run.clock.advance(0)
    expect(run.page).toMatchObject({ text: OPENAI.events.join(''), closed: true })
  })
})

describe('a response of an unknown protocol', () => {
  const text = 'data: one\n\ndata: two\n\n'
  const cutText = 'data: one\n\ndat'
  const SSE = { 'content-type': 'text/event-stream' }
  const resume = { url: '/again/:id', key: 'body.id', position: 'replay' } as const
  const own: RequestSettings = {
    path: '/own',
    body: { id: 'a' },
    options: { chat: [{ url: '*', stream: true, resume }] },
  }
  const again: Ask = async () => new Response(text, { headers: SSE })

  test('a response of an unknown protocol is read on after a reset', async () => {
    const run = runRequest([streams([[0, text.slice(0, 14)]], { end: 'reset' })], { ...own, ask: again })
    await run.clock.advance(LONG)
    expect(run.page).toMatchObject({ text, closed: true })
  })

  test('a response of an unknown protocol is whole when its connection is closed', async () => {
    const asked: string[] = []
    const ask: Ask = async (url, init) => {
      asked.push(url)
      return again(url, init)
    }
    const run = runRequest([streams([[0, text.slice(0, 11)]])], { ...own, ask })
    await run.clock.advance(LONG)
    expect(run.page).toMatchObject({ text: text.slice(0, 11), closed: true })
    expect(asked).toEqual([])
  })

  test.each([1, 3, 14, 20])(
    'a response of an unknown protocol that is closed in mid-event, after %i bytes, is read on',
    async (at) => {
      const run = runRequest([streams([[0, text.slice(0, at)]])], { ...own, ask: again })
      await run.clock.advance(LONG)
      expect(run.page).toMatchObject({ text, closed: true })
    },
  )

  test.each([
    ['gives no more', async () => new Response(cutText, { headers: SSE })],
    ['gives another', async () => new Response('data: another\n\n', { headers: SSE })],
    ['gives nothing', async () => new Response(null, { status: 204 })],
    ['breaks off', async () => breaks(cutText)],
  ])('that is closed in mid-event is whole, as ever, where its server %s', async (_name, ask) => {
    for (const position of ['replay', 'last-event-id'] as const) {
      const chat = [{ url: '*', stream: true, resume: { ...resume, position } }]
      const run = runRequest([streams([[0, cutText]])], { ...own, options: { chat }, ask })
      await run.clock.advance(LONG)
      expect(run.page).toMatchObject({ text: cutText, closed: true })
      expect(statusOf(run, 'request_finished').verdict).toBe('complete')
    }
  })

  test('whose server says where it lies is whole when that says so', async () => {
    const headers = { 'content-location': '/s', 'stream-next-offset': '0'.repeat(16) }
    const run = runRequest([streams([[0, text.slice(0, 14)]], { headers })], {
      path: '/own',
      body: {},
      ask: async (url) => {
        const from = Number(new URL(url).searchParams.get('offset'))
        const closed = {
          'stream-closed': 'true',
          'stream-next-offset': String(text.length).padStart(16, '0'),
        }
        return new Response(text.slice(from), { headers: { 'content-type': 'text/event-stream', ...closed } })
      },
    })
    await run.clock.advance(LONG)
    expect(run.page).toMatchObject({ text, closed: true })
    expect(run.statuses.filter(({ status }) => status === 'stream_resuming')).toHaveLength(1)
  })
})

describe('Stop', () => {
  const asked: { method: string; url: string }[] = []
  async function stopWith(reason?: unknown) {
    asked.length = 0
    const run = openaiCut(6, async (url, { method, signal }) => {
      asked.push({ method, url })
      if (method === 'POST') return new Response('{}')
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    })
    await run.clock.advance(1_000)
    run.runningRequest.cancel(reason)
    await run.clock.advance(LONG)
    return run
  }

  test('ends a background response at its server, too', async () => {
    const run = await stopWith()
    expect(asked.filter(({ method }) => method === 'POST')).toEqual([
      { method: 'POST', url: 'https://api.example/v1/responses/resp_1/cancel' },
    ])
    expect(run.timeline.at(-1)).toBe('1000 request_cancelled')
    expect(run.page.error).toMatchObject({ name: 'AbortError' })
  })

  test('is not what happens when nobody is left to read it', async () => {
    const run = await stopWith(NO_READER)
    expect(asked.filter(({ method }) => method === 'POST')).toEqual([])
    expect(statusOf(run, 'request_cancelled').by).toBe('grace')
  })
})
