import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { WIRE_SAMPLES } from '../../testing/wire-samples.ts'
import { createInspection } from './inspection.ts'

const encoder = new TextEncoder()

/** How a body begins: in each format, before its first output and after it. */
const BEGINNINGS: [label: string, start: string][] = [
  ['text/event-stream', ''],
  ['text/event-stream', 'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'],
  ['text/event-stream', 'data: {"choices":[{"delta":{"role":"assistant"}}]}\n\n'],
  ['text/event-stream', 'data: {"type":"text-start","id":"1"}\n\n'],
  ['text/event-stream', 'data: {"type":"text-delta","id":"1","delta":"a"}\n\n'],
  ['text/event-stream', 'data: '],
  ['text/event-stream', 'data: a\n\n'],
  ['application/json', '{"a":"'],
  ['application/json', '['],
  ['application/json', '{"choices":[{"index":0,"message":{"content":"'],
  ['application/x-ndjson', '{"done":false,"response":"a"}\n'],
  ['application/x-ndjson', '{"a":1}\n'],
  ['text/plain', '0:"a"\n'],
  ['text/plain', 'a'],
  ['text/html', '<!doctype html>'],
]

const ALPHABETS = [
  ' ',
  '\n',
  '\r\n',
  '\t',
  '7',
  '{',
  '[',
  '}',
  '"',
  '\\',
  ':',
  ',',
  'data:',
  'data: \n',
  ':\n\n',
  'data: 1\n\n',
  '{"error":',
  '{}',
  '{}\n',
  ' {"a": [1, "b"]}\n\n',
  '\n"error"',
  'event: ',
  '<!--',
]

/** Reads a body in chunks, as a request does, to its end. `looks`: how often a clock asks on the way. */
function read(label: string, start: string, body: Uint8Array, chunk: number, looks = 4): void {
  const inspection = createInspection(new Headers({ 'content-type': label }), {
    path: '/v1/chat/completions',
  })
  inspection.feed(encoder.encode(start))
  const lookEvery = Math.ceil(body.length / chunk / looks)
  for (let at = 0, count = 1; at < body.length; at += chunk, count++) {
    inspection.feed(body.subarray(at, at + chunk))
    if (inspection.stage() === 'output' && count % lookEvery === 0) inspection.look()
  }
  inspection.look()
  inspection.conclude(true)
}

function repeat(text: string, size: number): Uint8Array {
  return encoder.encode(text.repeat(Math.ceil(size / text.length)).slice(0, size))
}

/** CPU time of this process, ms: what else the machine does counts little. */
function cpuMs(run: () => void): number {
  const before = process.threadCpuUsage()
  run()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}

/** Below this no ratio can be measured, and none matters. ms */
const FLOOR_MS = 40

/**
 * Twice the bytes take 2.5 times as long at most. Whoever seems slower is measured again, and over three doublings: what
 * is kept of a stream grows and shrinks as it comes.
 */
function isLinear(run: (size: number) => void, size: number): boolean {
  const best = [Infinity, Infinity, Infinity]
  const measure = (index: number, length: number) =>
    (best[index] = Math.min(
      best[index] ?? Infinity,
      cpuMs(() => run(length)),
    ))
  for (let tries = 0; tries < 5; tries++) {
    const twice = measure(1, size * 2)
    if (twice <= FLOOR_MS) return true
    const once = measure(0, size)
    if (twice <= 2.5 * once || (tries > 0 && measure(2, size * 8) <= 2.5 ** 3 * once)) return true
  }
  return false
}

const bodies = fc.record({
  beginning: fc.constantFrom(...BEGINNINGS),
  parts: fc.array(fc.constantFrom(...ALPHABETS), { minLength: 1, maxLength: 4 }),
})

test.each<[name: string, sizes: number[], chunks: number[], runs: number]>([
  ['4 MB', [2_097_152], [1_024, 65_536, Infinity], 8],
  ['128 kB to 1 MB', [65_536, 500_000], [1_024, 65_536, Infinity], 60],
  ['single bytes', [8_192], [1], 50],
])(
  'R6 reading is linear in the bytes, whatever they are: %s',
  (_name, sizes, chunks, numRuns) => {
    fc.assert(
      fc.property(
        bodies,
        fc.constantFrom(...sizes),
        fc.constantFrom(...chunks),
        ({ beginning, parts }, size, chunk) => {
          const [label, start] = beginning
          const run = (length: number) =>
            read(label, start, repeat(parts.join(''), length), Math.min(chunk, length))
          expect(isLinear(run, size)).toBe(true)
        },
      ),
      { numRuns, endOnFailure: true },
    )
  },
  60_000,
)

// Work that is not linear takes many seconds for this amount.
test('R6 each kind of byte alone, after each beginning, is read in no time', () => {
  for (const [label, start] of BEGINNINGS) {
    for (const alphabet of ALPHABETS) {
      const body = repeat(alphabet, 65_536)
      const isQuick = [1, 2, 3].some(() => cpuMs(() => read(label, start, body, 65_536)) < 1_000)
      expect([label, start, alphabet, isQuick]).toEqual([label, start, alphabet, true])
    }
  }
}, 60_000)

/** Values of every kind that a field is not expected to have. */
const WRONG: unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1e308,
  '',
  'a',
  [],
  [null],
  [[]],
  {},
  { toString: 0 },
  { valueOf: null, length: 'a' },
  { __proto__: null, constructor: 1, hasOwnProperty: 2 },
]

/** All copies of a value in which one field, anywhere, has another value. */
function* mutants(value: unknown): Generator {
  yield* WRONG
  if (typeof value !== 'object' || value === null) return
  for (const [field, inner] of Object.entries(value)) {
    for (const other of mutants(inner)) {
      yield Array.isArray(value) ? value.with(Number(field), other) : { ...value, [field]: other }
    }
  }
}

test.each(WIRE_SAMPLES)('R13 nothing that is wrong in any field of $name throws', (sample) => {
  const { events, path, contentType, headers = {}, error } = sample
  for (const [index, event] of [...events, error].entries()) {
    const [, before = '', json = '', after = ''] = /^([^{[]*)(\{.*\})(\s*)$/s.exec(event) ?? []
    if (json === '') continue
    for (const mutant of mutants(JSON.parse(json))) {
      const text = events.slice(0, index).join('') + before + JSON.stringify(mutant) + after
      const inspection = createInspection(new Headers({ 'content-type': contentType, ...headers }), {
        path,
        choices: 2,
      })
      inspection.feed(encoder.encode(text))
      inspection.stage()
      inspection.look()
      expect(['complete', 'empty', 'truncated', 'error_in_stream']).toContain(inspection.conclude(true))
    }
  }
})

test.each([
  ['[', ']'],
  ['{"error":', '}'],
  ['{"a":[],"error":', '}'],
  ['[{"candidates":', '}]'],
])('R13 JSON that is nested far too deep throws nothing: %s', (opening, closing) => {
  const depth = 15_000
  const deep = `${opening.repeat(depth)}1${closing.repeat(depth)}`
  expect(() => JSON.parse(deep) as unknown).not.toThrow()
  for (const before of ['', 'data: {"choices":[{"delta":{"content":"a"}}]}\n\n', '0:"a"\n', '{"a":1}\n']) {
    const framed = before === '' || before.startsWith('data') ? `data: ${deep}\n\n` : `${deep}\n`
    const inspection = createInspection(new Headers({ 'content-type': 'text/event-stream' }), {
      path: '/api/chat',
    })
    inspection.feed(encoder.encode(before))
    inspection.feed(encoder.encode(framed))
    inspection.look()
    expect(['complete', 'truncated', 'error_in_stream']).toContain(inspection.conclude(true))
  }
})
