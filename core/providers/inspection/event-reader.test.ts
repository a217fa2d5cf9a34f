import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hasCorpus, readCorpus, skipReason } from '../../testing/corpus.ts'
import { createEventReader } from './event-reader.ts'

interface Told {
  event?: string
  data: string
}

function read(chunks: (Uint8Array | string)[], end = false): Told[] {
  const events: Told[] = []
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const reader = createEventReader({
    onEvent: ({ name, text }) =>
      events.push(name === undefined ? { data: text } : { event: name, data: text }),
  })
  for (const chunk of chunks) {
    reader.feed(typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))
  }
  if (end) reader.end()
  return events
}

test('an event reader gives the same events whatever the chunks, in mid-character too', () => {
  const bytes = new TextEncoder().encode(
    'event: ä\ndata: 👋\ndata: zwei\n\n: note\r\n\r\ndata: 語\r\rdata: last\n\n',
  )
  const whole = read([bytes])
  expect(whole).toEqual([{ event: 'ä', data: '👋\nzwei' }, { data: '語' }, { data: 'last' }])
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
      const places = [0, ...cuts.sort((a, b) => a - b), bytes.length]
      const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end))
      expect(read(chunks)).toEqual(whole)
    }),
  )
})

test('an event reader holds a half event back until its end', () => {
  expect(read(['data: 1\n\ndata: 2\n'])).toEqual([{ data: '1' }])
  expect(read(['data: 1\n\ndata: 2\n', '\n'])).toEqual([{ data: '1' }, { data: '2' }])
})

test.each(['data: last', 'data: last\n', 'data: last\n\n', 'data: last\r\n'])('end() reads %j', (text) => {
  expect(read([text], true)).toEqual([{ data: 'last' }])
})

interface ParserCase {
  name: string
  /** Base64. */
  bytes: string
  chunks?: string[]
  splitEveryByte?: number
  whatwgEvents?: { event: string; data: string }[]
  /** Where the standard says nothing: what the library that tests it expects. */
  events?: { event: string; data: string }[]
}

describe(`the recorded parser cases${skipReason}`, () => {
  const { cases } = readCorpus<{ cases: ParserCase[] }>('parser/sse-conformance.json', { cases: [] })

  test.skipIf(!hasCorpus)('are there, all of them', () => {
    expect(cases).toHaveLength(257)
  })

  test.each(cases)('$name', ({ bytes, chunks, splitEveryByte: size, events, whatwgEvents = events }) => {
    const whole = Buffer.from(bytes, 'base64')
    const pieces = size
      ? Array.from({ length: Math.ceil(whole.length / size) }, (_, n) =>
          whole.subarray(n * size, (n + 1) * size),
        )
      : (chunks ?? [bytes]).map((chunk) => Buffer.from(chunk, 'base64'))
    const told = (whatwgEvents ?? []).map(({ event, data }) =>
      event === 'message' ? { data } : { event, data },
    )
    expect(read(pieces)).toEqual(told)
  })
})
