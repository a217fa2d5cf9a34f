import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { failuresOf, hasCorpus, readCorpus, skipReason } from '../../testing/corpus.ts'
import { createEventReader } from './event-reader.ts'

interface Reported {
  event?: string
  data: string
}

function read(chunks: (Uint8Array | string)[], end = false): Reported[] {
  const events: Reported[] = []
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const reader = createEventReader({
    onEvent: ({ name, text }) =>
      events.push(name === undefined ? { data: text } : { event: name, data: text }),
  })
  for (const chunk of chunks) {
    reader.feed(typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))
  }
  if (end) reader.feed('\n\n')
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

/** The standard's own steps, line by line, for a stream that ends with a line end. */
function readBySteps(text: string): Reported[] {
  const events: Reported[] = []
  let data: string[] = []
  let type = ''
  for (const line of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .slice(0, -1)) {
    if (line === '') {
      if (data.length > 0) events.push({ ...(type === '' ? {} : { event: type }), data: data.join('\n') })
      data = []
      type = ''
      continue
    }
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    // A comment has an empty field name.
    if (field === 'data') data.push(value)
    if (field === 'event') type = value
  }
  return events
}

const LINE = fc.oneof(
  fc.constantFrom(
    '',
    '',
    'data',
    'data:',
    'data: ',
    'data:  two spaces',
    ': note',
    ':',
    'event: ping',
    'event',
    'id: 7',
    'retry: 5',
  ),
  fc.constantFrom(
    ' data: no field',
    'Data: no field',
    'data : no field',
    'datax: no field',
    'data:a:b',
    'event:a',
    '{"bare": 1}',
  ),
  fc.string({ maxLength: 12 }).map((text) => `data: ${text.replace(/[\r\n\uFEFF]/g, '')}`),
  fc.string({ unit: 'grapheme', maxLength: 6 }).map((text) => `event: ${text.replace(/[\r\n\uFEFF]/g, '')}`),
)

test('an event reader reads any stream as the standard’s steps do, whatever its line ends and chunks', () => {
  const streamed = fc.array(fc.tuple(LINE, fc.constantFrom('\n', '\r\n', '\r')), { maxLength: 20 })
  fc.assert(
    fc.property(streamed, fc.boolean(), fc.array(fc.nat(400), { maxLength: 8 }), (lines, hasMark, cuts) => {
      // A last line of its own: after a lone CR a reader waits for the LF that may follow.
      const text = `${hasMark ? '\uFEFF' : ''}${lines.map((line) => line.join('')).join('')}: end\n`
      const bytes = new TextEncoder().encode(text)
      const places = [
        0,
        ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b),
        bytes.length,
      ]
      const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end))
      expect(read(chunks)).toEqual(readBySteps(text))
    }),
    { numRuns: 2_000 },
  )
})

test.each<[string, Reported[]]>([
  ['data: YHOO\ndata: +2\ndata: 10\n\n', [{ data: 'YHOO\n+2\n10' }]],
  [
    ': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n',
    [{ data: 'first event' }, { data: 'second event' }, { data: ' third event' }],
  ],
  ['data\n\ndata\ndata\n\ndata:', [{ data: '' }, { data: '\n' }]],
  ['data:test\n\ndata: test\n\n', [{ data: 'test' }, { data: 'test' }]],
  [
    'event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n',
    [
      { event: 'add', data: '73857293' },
      { event: 'remove', data: '2153' },
    ],
  ],
  ['event: ping\n\ndata: a\n\n', [{ data: 'a' }]],
  ['data: a\u0000b\n\n', [{ data: 'a\u0000b' }]],
  ['retry: 1000\n\n', []],
])('the standard’s example %j', (text, events) => {
  expect(read([text])).toEqual(events)
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

test.skipIf(!hasCorpus)(`every recorded parser case is read as the standard says${skipReason}`, async () => {
  const { cases } = readCorpus<{ cases: ParserCase[] }>('parser/sse-conformance.json', { cases: [] })
  expect(cases).toHaveLength(257)
  const failures = await failuresOf(
    cases,
    ({ name }) => name,
    ({ bytes, chunks, splitEveryByte: size, events, whatwgEvents = events }) => {
      const whole = Buffer.from(bytes, 'base64')
      const pieces = size
        ? Array.from({ length: Math.ceil(whole.length / size) }, (_, n) =>
            whole.subarray(n * size, (n + 1) * size),
          )
        : (chunks ?? [bytes]).map((chunk) => Buffer.from(chunk, 'base64'))
      const emitted = (whatwgEvents ?? []).map(({ event, data }) =>
        event === 'message' ? { data } : { event, data },
      )
      expect(read(pieces)).toEqual(emitted)
    },
  )
  expect(failures).toEqual([])
})
