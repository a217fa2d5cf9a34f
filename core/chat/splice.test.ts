import * as fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { createEventReader } from '../providers/inspection/event-reader.ts'
import { growsLinearly } from '../testing/growth.ts'
import {
  geminiBackground,
  GIVEN_BYTES,
  type Giving,
  GOOD,
  located,
  openaiBackground,
  replayed,
  type Resumable,
  sseIds,
  URL_OF_CHAT,
} from '../testing/resumable.ts'
import { parseChatRequest } from './parse-request.ts'
import { createSplice } from './place.ts'
import type { Splice } from './splice.ts'

const KINDS = [
  openaiBackground(),
  openaiBackground('\r\n'),
  geminiBackground(),
  sseIds(),
  replayed(),
  located(),
]

let cases = 0
afterAll(() => console.log(`${cases} cuts: 0 events doubled, 0 missing, 0 invented`))

function spliceOf({ path, body, options, headers }: Resumable): Splice {
  const url = `${URL_OF_CHAT}${path}`
  const [route = { url }] = options.chat ?? []
  const settings = typeof route === 'string' ? { url: route } : route
  const { readingOn } = parseChatRequest(
    { url, headers: new Headers() },
    JSON.stringify(body),
    { settings, groups: {} },
    options,
  )
  const splice = createSplice(new Response('', { headers }), readingOn)
  if (!splice) throw new Error(`${path} is not read on`)
  return splice
}

/** The events that a page's parser sees. */
function eventsIn(bytes: Uint8Array[]): string[] {
  const events: string[] = []
  const reader = createEventReader({
    onEvent: ({ id = '', name = '', text }) => events.push(`${id} ${name} ${text}`),
  })
  const decoder = new TextDecoder()
  for (const chunk of bytes) reader.feed(decoder.decode(chunk, { stream: true }))
  return events
}

/** Hands chunks to a splice; whether it took them all. */
function feed(splice: Splice, bytes: Uint8Array, size: number, out: Uint8Array[]): boolean {
  for (let at = 0; at < bytes.length; at += size) {
    const accepted = splice.take(bytes.subarray(at, at + size))
    if (!accepted) return false
    out.push(...accepted)
  }
  return true
}

/** Cuts a response at a byte, and reads on from a server that gives this. */
function readOn(kind: Resumable, cut: number, giving: Giving, size: number) {
  cases++
  const splice = spliceOf(kind)
  const out: Uint8Array[] = []
  feed(splice, kind.whole.subarray(0, cut), size, out)
  // Of a response that has said nothing, nothing can be compared: all that comes is new.
  const isProvable = out.length > 0 || giving === 'the rest'
  const request = isProvable ? splice.reconnect() : undefined
  if (!request) return { out, hasAsked: false }
  const provided = kind.give(request.url, new Headers(request.headers), giving)
  if (provided.status === 200) {
    splice.begin(provided)
    feed(splice, provided.body, size, out)
  }
  return { out, hasAsked: true }
}

describe.each(KINDS)('a response of $name that is cut at any byte', (kind) => {
  const all = eventsIn([kind.whole])
  const cuts = Array.from({ length: kind.whole.length + 1 }, (_, at) => at)

  test.each(GIVEN_BYTES)('each event is handed on at most once, given again as: %s', (giving) => {
    // A server that counts bytes wrong is not believed.
    const isGood = giving === 'the rest' || (GOOD.includes(giving) && kind.name !== 'Content-Location')
    for (const cut of cuts) {
      const { out, hasAsked } = readOn(kind, cut, giving, 1 + (cut % 37))
      const seen = eventsIn(out)
      const wanted = isGood && hasAsked ? all.length : seen.length
      // Thousands of comparisons: one string each.
      if (seen.join() === all.slice(0, wanted).join()) continue
      expect(seen, `cut at ${cut}`).toEqual(all.slice(0, wanted))
    }
  })

  test('twice in a row, also before what is known has come again', () => {
    for (const cut of cuts) {
      const splice = spliceOf(kind)
      const out: Uint8Array[] = []
      feed(splice, kind.whole.subarray(0, cut), 64, out)
      let first = splice.reconnect()
      if (!first) continue
      const again = kind.give(first.url, new Headers(first.headers), 'the rest').body
      feed(splice, again.subarray(0, Math.floor(again.length / 3)), 64, out)
      first = splice.reconnect()
      if (!first) throw new Error('It is no longer read on')
      feed(splice, kind.give(first.url, new Headers(first.headers), 'the rest').body, 64, out)
      cases++
      const seen = eventsIn(out)
      if (seen.join() !== all.join()) expect(seen, `cut at ${cut}`).toEqual(all)
    }
  })

  test('has given every byte to its reader as it came, as long as it was not cut', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 }), (sizes) => {
        const splice = spliceOf(kind)
        const out: Uint8Array[] = []
        for (let at = 0, n = 0; at < kind.whole.length; n++) {
          const size = sizes[n % sizes.length] ?? 1
          out.push(...(splice.take(kind.whole.subarray(at, at + size)) ?? []))
          at += size
        }
        expect(Buffer.concat(out).equals(kind.whole)).toBe(true)
      }),
    )
  })
})

describe('a splice of events', () => {
  test('hands on whole events, and comments between them at once', () => {
    const splice = spliceOf(openaiBackground())
    const [created = '', , next = ''] = openaiBackground().events
    const take = (text: string) => {
      const accepted = splice.take(new TextEncoder().encode(text)) ?? []
      return Buffer.concat(accepted).toString()
    }
    expect(take(created)).toBe(created)
    expect(take(next.slice(0, 20))).toBe('')
    expect(take(next.slice(20))).toBe(next)
    expect(take(': keep')).toBe('')
    expect(take('-alive\n\n: an')).toBe(': keep-alive\n\n')
  })

  test('goes on with the next number or nothing', () => {
    const [created = '', progress = '', , added = ''] = openaiBackground().events
    const splice = spliceOf(openaiBackground())
    const take = (text: string) => splice.take(new TextEncoder().encode(text))
    take(created + progress)
    splice.reconnect()
    expect(take(progress)).toEqual([])
    expect(take(added)).toBeUndefined()
  })

  test.each([
    ['leaves a number out', [6, 7, 9]],
    ['says a number twice', [6, 7, 7]],
  ])('takes nothing more of a server that %s', (_, numbers) => {
    const { events } = openaiBackground()
    const splice = spliceOf(openaiBackground())
    const take = (text = '') => splice.take(new TextEncoder().encode(text))
    take(events.slice(0, 6).join(''))
    splice.reconnect()
    expect(take(events[5])).toEqual([])
    const accepted = numbers.map((number) => take(events[number]))
    expect(accepted.map((bytes) => bytes !== undefined)).toEqual([true, true, false])
  })

  test('whose ids come again is not read on: nobody can tell the same words from the next', () => {
    const splice = spliceOf(geminiBackground())
    const write = (event_id: string) => {
      const data = { event_type: 'step.delta', event_id, delta: { type: 'text', text: 'ha' } }
      return new TextEncoder().encode(`data: ${JSON.stringify(data)}\n\n`)
    }
    splice.take(new TextEncoder().encode(geminiBackground().events[0]))
    for (const id of ['a', 'b', 'a']) splice.take(write(id))
    expect(splice.reconnect()).toBeUndefined()
  })

  test('takes nothing more of a server that gives an id again after the last one', () => {
    const { events } = geminiBackground()
    const splice = spliceOf(geminiBackground())
    const take = (text = '') => splice.take(new TextEncoder().encode(text))
    take(events.slice(0, 4).join(''))
    splice.reconnect()
    expect(take(events[3])).toEqual([])
    expect(take(events[2])).toBeUndefined()
  })

  test('names ids of any characters', () => {
    const splice = spliceOf(sseIds())
    splice.take(new TextEncoder().encode('id: ü日\ndata: {"a":1}\n\nid: x\ndata: {"a":2}\n\n'))
    const value = new Headers(splice.reconnect()?.headers).get('last-event-id') ?? ''
    expect(Buffer.from(value, 'latin1').toString()).toBe('ü日')
  })

  test('names a response whose id is no well-formed text', () => {
    const splice = spliceOf(openaiBackground())
    const data = String.raw`{"type":"response.created","sequence_number":0,"response":{"id":"\ud800"}}`
    splice.take(new TextEncoder().encode(`data: ${data}\n\n`))
    expect(splice.isKnown()).toBe(true)
  })

  test.each(['.', '..'])('never leads to another path by the id %s', (id) => {
    const read = (splice: Splice, event: object) => {
      splice.take(new TextEncoder().encode(`data: ${JSON.stringify(event)}\n\n`))
      return [splice.reconnect()?.url, splice.stopUrl()]
    }
    const response = { id, background: true, status: 'queued' }
    const openai = { type: 'response.created', sequence_number: 0, response }
    const gemini = { event_type: 'interaction.created', event_id: 'a', interaction: response }
    const body = { id, stream: true }
    for (const urls of [
      read(spliceOf(openaiBackground()), openai),
      read(spliceOf(geminiBackground()), gemini),
      read(spliceOf({ ...sseIds(), body }), {}),
      read(spliceOf({ ...replayed(), body }), {}),
    ])
      for (const url of urls) expect(url?.pathname ?? '%252E').toContain('%252E')
  })

  test('names no id that no header can have, but the one before', () => {
    const splice = spliceOf(sseIds())
    const write = (id: string) => splice.take(new TextEncoder().encode(`id: ${id}\ndata: ${id}\n\n`))
    const long = 'x'.repeat(60_000) // Servers refuse such a request.
    for (const id of ['a', 'b', 'c\u0001', 'd\u007F', 'e\tf', long]) write(id)
    expect(splice.reconnect()?.headers).toEqual({ 'last-event-id': 'a' })
    for (const id of ['b', 'c\u0001', 'd\u007F', 'e\tf', long]) expect(write(id)).toEqual([])
    expect(write('g')).toHaveLength(1)
  })

  test.each(['\r', '\r\n\r'])('holds nothing back where lines end in a bare CR', (blank) => {
    const splice = spliceOf(sseIds())
    const text = `id: 1\rdata: {"a":"Grüße"}\r${blank}`
    const accepted = splice.take(new TextEncoder().encode(text)) ?? []
    expect(Buffer.concat(accepted).toString()).toBe(text)
    expect(splice.reconnect()).toBeUndefined()
  })

  test('a stream whose server says no id is not held back, and not read on', () => {
    const splice = spliceOf(openaiBackground())
    const take = (text: string) => Buffer.concat(splice.take(new TextEncoder().encode(text)) ?? []).toString()
    expect(take('data: {"text":"a"}\n\ndata: {"te')).toBe('data: {"text":"a"}\n\ndata: {"te')
    expect(take('xt":')).toBe('xt":')
    expect([splice.reconnect(), splice.isKnown()]).toEqual([undefined, false])
  })

  test('a stream whose events never end is held back up to a limit', () => {
    const splice = spliceOf(openaiBackground())
    const chunk = new TextEncoder().encode('data: x\r'.repeat(8_192))
    let handed = 0
    for (let n = 0; n < 128; n++) for (const { length } of splice.take(chunk) ?? []) handed += length
    expect(handed).toBe(128 * chunk.length)
    expect(splice.reconnect()).toBeUndefined()
  })

  test('costs a long event time in proportion to its length', () => {
    const read = (text: string) => {
      const splice = spliceOf(openaiBackground())
      const bytes = new TextEncoder().encode(`data: {"a":"${text}"}\n\n`)
      feed(splice, bytes, 16, [])
    }
    expect(growsLinearly(read, 'x'.repeat(500_000))).toBe(true)
  })
})

describe('a place', () => {
  const at = (headers: Record<string, string>, url = 'https://api.example/chat') =>
    createSplice(new Response('', { headers: { 'content-type': 'text/event-stream', ...headers } }), {
      url,
      isBackground: false,
    })

  test.each([
    ['of another origin', 'https://evil.example/s'],
    ['of another scheme', 'data:text/event-stream,a'],
    ['with a password', 'https://user:secret@api.example/s'],
    ['of another port', 'https://api.example:8443/s'],
    ['that is no URL', 'https://['],
  ])('%s is none: a key never follows it', (_name, location) => {
    expect(at({ 'content-location': location, 'stream-next-offset': '0'.repeat(16) })).toBeUndefined()
  })

  test('is none where a redirect led to another origin: the key would follow it', () => {
    const response = new Response('', {
      headers: {
        'content-type': 'text/event-stream',
        'content-location': '/s',
        'stream-next-offset': '0'.repeat(16),
      },
    })
    const readingOn = { url: 'https://api.example/chat', isBackground: true }
    expect(createSplice(response, readingOn)).toBeDefined()
    Object.defineProperty(response, 'url', { value: 'https://evil.example/chat' })
    expect(createSplice(response, readingOn)).toBeUndefined()
  })

  test('is not looked for where nothing says that there is one: not even a URL is parsed', () => {
    expect(at({ 'content-location': '/s' }, 'no URL')).toBeUndefined()
  })

  test('without an offset is none, and neither is an offset without a place', () => {
    expect(at({ 'content-location': '/s' })).toBeUndefined()
    expect(at({ 'stream-next-offset': '0'.repeat(16) })).toBeUndefined()
  })

  test('is where the Location header says, with the id of the last event but one (LangGraph)', () => {
    const place = { url: 'location', position: 'last-event-id' } as const
    const readingOn = { url: 'https://api.example/threads/t/runs/stream', isBackground: false, place }
    const open = (headers: Record<string, string>) =>
      createSplice(
        new Response('', { headers: { 'content-type': 'text/event-stream', ...headers } }),
        readingOn,
      )
    expect(open({})).toBeUndefined()
    expect(open({ location: 'https://evil.example/runs/r' })).toBeUndefined()
    const splice = open({ location: '/threads/t/runs/r/stream' })
    splice?.take(new TextEncoder().encode('id: 7-0\nevent: metadata\ndata: {}\n\nid: 9-0\ndata: 1\n\n'))
    const asked = splice?.reconnect()
    expect([asked?.url.href, asked?.headers]).toEqual([
      'https://api.example/threads/t/runs/r/stream',
      { 'last-event-id': '7-0' },
    ])
  })

  test('whose offsets nobody can count with is read from its first byte, and compared', () => {
    const splice = at({ 'content-location': '/s?a=1', 'stream-next-offset': '0_7' })
    splice?.take(new TextEncoder().encode('data: a\n\n'))
    expect(splice?.reconnect()?.url.href).toBe('https://api.example/s?a=1&offset=0_7')
    expect(splice?.take(new TextEncoder().encode('data: b'))).toBeUndefined()
  })
})
