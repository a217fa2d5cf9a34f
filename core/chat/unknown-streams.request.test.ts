import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runRequest } from '../testing/run-request.ts'
import { streams, type TimedBytes } from '../testing/scripted-upstream.ts'

/** Where each known wire is asked for. */
const PATHS = [
  '/v1/chat/completions',
  '/v1/completions',
  '/v1/responses',
  '/v1/messages',
  '/api/conversations/42/messages',
  '/v1beta/models/m:streamGenerateContent',
  '/v1beta/models/m:generateContent',
  '/v1beta/interactions',
  '/v1/conversations',
  '/v1/conversations/c1',
  '/v2/chat',
  '/api/chat',
  '/api/generate',
  '/threads/t/runs/stream',
  '/my/backend',
]

const LABELS = [
  'text/event-stream',
  'text/event-stream; charset=utf-8',
  'application/x-ndjson',
  'application/jsonl',
  'application/json',
  'text/plain; charset=utf-8',
  'text/html; charset=utf-8',
  'application/octet-stream',
  '',
]

/** Events of apps' own protocols. Many share names or fields with a known wire, and not what is its own. */
const VALUES: unknown[] = [
  { type: 'start' },
  { type: 'token', text: 'Hello' },
  { type: 'done' },
  { type: 'finish' },
  { type: 'message', content: 'Hi' },
  { type: 'message', content: [{ type: 'text', text: 'Hi' }] },
  { type: 'message', role: 'user', content: ['Hi'] },
  { type: 'message_start', message: { role: 'assistant', content: [] } },
  { type: 'message_delta', delta: { text: 'a' } },
  { type: 'message-start', id: 7 },
  { type: 'content-delta', text: 'a' },
  { type: 'text-delta', text: 'a' },
  { type: 'text-delta', payload: { id: '1', text: 'a' } },
  { type: 'start-step', name: 'search' },
  { type: 'status', message: 'Reading', error: null },
  { type: 'response.delta', text: 'a' },
  { type: 'content', content: 'a' },
  // Dify's own field.
  // oxlint-disable-next-line id-denylist
  { event: 'message', answer: 'a', task_id: 't' },
  { choices: [{ text: 'Yes' }, { text: 'No' }], question: 'Sure?' },
  { choices: ['a', 'b'] },
  { choices: [{ message: 'Pick one' }] },
  { candidates: [{ content: 'Alice' }, { content: 'Bob' }] },
  { candidates: [{ index: 0, name: 'Alice' }] },
  { id: 1, title: 'Buy milk', done: false, created_at: '2026-01-01' },
  { id: 2, title: 'Buy eggs', done: true, created_at: '2026-01-01' },
  { object: 'response', output: 'a' },
  { output: 'a', errors: [] },
  { error: null, text: 'a' },
  { error: '', ok: true },
  { done: false },
  { done: true },
  { delta: 'a' },
  { response: 'a' },
  { message: { content: 'a' } },
  { run_id: 'r', data: 1 },
  { content: [1, 2] },
  {},
  [],
  [1, 'two', null],
  [{ a: 1 }],
]

const NAMES = [
  'token',
  'start',
  'message-start',
  'content-delta',
  'message-end',
  'end',
  'data',
  'ping',
  'start-step',
]

const words = fc.oneof(
  fc.constantFrom(
    'Hello',
    '[note]',
    '{hello}',
    '[see below',
    '"',
    'data!',
    'events',
    '0:',
    '<b>bold</b>',
    '12',
    '-',
  ),
  // Half a JSON value is a cut one, whatever it was meant to be; a line with a colon first is a comment.
  fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
    .filter((text) => /^[^\s{[:]/.test(text) && !/^[deir]/.test(text)),
)

const comment = fc.constantFrom(': keep-alive\n\n', ':\n\n', '\n', '\r\n')

const ownSse = fc
  .tuple(
    fc.array(comment, { maxLength: 3 }),
    fc.array(
      fc.record({
        name: fc.option(fc.constantFrom(...NAMES)),
        id: fc.option(fc.nat(99)),
        data: fc.oneof(
          fc.constantFrom(...VALUES).map((value) => JSON.stringify(value)),
          words.map((each) => each.replaceAll(/[\r\n]/g, ' ')).filter((each) => each.trim() !== ''),
          fc.constantFrom('0:"Hel"', '1:"lo"', 'a: b', '{"half":'),
        ),
      }),
      { minLength: 1, maxLength: 12 },
    ),
    fc.constantFrom('\n', '\r\n'),
  )
  .map(([comments, events, newline]) => ({
    kind: 'sse',
    lead: comments.join(''),
    parts: events.map(
      ({ name, id, data }) =>
        (name === null ? '' : `event: ${name}${newline}`) +
        (id === null ? '' : `id: ${id}${newline}`) +
        `data: ${data}${newline}${newline}`,
    ),
  }))

const ownLines = fc
  .tuple(
    fc.array(fc.constantFrom('\n', ' '), { maxLength: 2 }),
    fc.array(fc.constantFrom(...VALUES), { minLength: 1, maxLength: 12 }),
    fc.constantFrom('\n', '\r\n', ''),
  )
  .map(([blanks, values, newline]) => ({
    kind: 'lines',
    lead: blanks.join(''),
    parts: values.map((value) => JSON.stringify(value) + newline),
  }))

const ownJson = fc.tuple(fc.constantFrom(...VALUES), fc.constantFrom(0, 2)).map(([value, indent]) => ({
  kind: 'json',
  lead: '',
  parts: [JSON.stringify({ response: value, n: 1 }, null, indent)],
}))

const ownWords = fc
  .array(words, { minLength: 1, maxLength: 12 })
  .map((parts) => ({ kind: 'words', lead: '', parts }))

/** A stream that is not a page, not an error, not empty, and of no known wire. */
const own = fc.oneof(ownSse, ownLines, ownJson, ownWords)

const ownBytes = fc
  .uint8Array({ minLength: 1, maxLength: 200 })
  .filter(([first = 0]) => !'\t\n\r {[:deir'.includes(String.fromCharCode(first)))

interface Case {
  path: string
  label: string
  stream: boolean | undefined
  pieces: TimedBytes[]
  end: 'close' | 'reset'
  /** When the first byte of content comes, ms. */
  contentAt: number
  all: Uint8Array
}

/** Cuts a body anywhere, with pauses between the pieces. */
function schedule(lead: Uint8Array, content: Uint8Array, cuts: number[], pauses: number[]) {
  const all = Buffer.concat([lead, content])
  const places = [
    ...new Set([0, ...cuts.map((cut) => Math.floor((cut / 1_000) * all.length)), all.length]),
  ].toSorted((a, b) => a - b)
  let at = 0
  let contentAt: number | undefined
  const pieces = places.slice(1).map((end, index): TimedBytes => {
    at += pauses[index % pauses.length] ?? 0
    if (contentAt === undefined && end > lead.length) contentAt = at
    return [at, all.subarray(places[index], end)]
  })
  return { all, pieces, contentAt: contentAt ?? at }
}

const shape = {
  path: fc.constantFrom(...PATHS),
  label: fc.constantFrom(...LABELS),
  stream: fc.constantFrom(true, false, undefined),
  end: fc.constantFrom('close' as const, 'reset' as const),
  cuts: fc.array(fc.nat(1_000), { maxLength: 8 }),
  pauses: fc.array(fc.constantFrom(0, 3, 20, 700, 15_000), { minLength: 1, maxLength: 8 }),
}

async function expectPassed({ path, label, stream, pieces, end, contentAt, all }: Case) {
  const [lastAt = 0] = pieces.at(-1) ?? []
  // A stream that breaks off before the page could have any of it is retried.
  const settled: TimedBytes[] = end === 'reset' ? [...pieces, [lastAt + 50, '']] : pieces
  const upstream = streams(settled, { headers: { 'content-type': label }, end })
  const run = runRequest([upstream, upstream, upstream], {
    path,
    body: { messages: [], ...(stream === undefined ? {} : { stream }) },
  })
  const before = contentAt + 50
  await run.clock.advance(before)
  // A byte of it at least: the rest of what came is on its way.
  const seenEarly = run.page.bytes.length
  await run.clock.advance(200_000)
  const { page } = run
  expect({
    sends: run.sentAt.length,
    status: page.response?.status,
    seenEarly: seenEarly > 0,
    closed: page.closed,
    broke: page.error !== undefined,
  }).toEqual({ sends: 1, status: 200, seenEarly: true, closed: end === 'close', broke: end === 'reset' })
  expect(Buffer.compare(Buffer.concat(page.bytes), all)).toBe(0)
}

describe('a stream of no known wire reaches the page untouched, at once, after one POST, and ends as it ended', () => {
  test('words, JSON, lines and events of its own, at every path and under every label', async () => {
    await fc.assert(
      fc.asyncProperty(own, fc.record(shape), async ({ lead, parts }, { cuts, pauses, ...rest }) => {
        const encoder = new TextEncoder()
        const scheduled = schedule(encoder.encode(lead), encoder.encode(parts.join('')), cuts, pauses)
        await expectPassed({ ...rest, ...scheduled })
      }),
      { numRuns: 400 },
    )
  })

  test('bytes', async () => {
    await fc.assert(
      fc.asyncProperty(ownBytes, fc.record(shape), async (content, { cuts, pauses, ...rest }) => {
        await expectPassed({ ...rest, ...schedule(new Uint8Array(), content, cuts, pauses) })
      }),
      { numRuns: 200 },
    )
  })
})
