import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { failureOf } from '../messages/failure.ts'
import { failuresOf, hasCorpus, readCorpus, readCorpusBytes, skipReason } from '../testing/corpus.ts'
import { GENERATED_STREAMS } from '../testing/generated/generated-streams.ts'
import { bytesOf, withCrlf } from '../testing/generated/stream.ts'
import { isKnown, RECORDED_SHAPES, type RecordedStream, requestOf } from '../testing/recorded-streams.ts'
import { DONE } from '../testing/openai-events.ts'
import { WIRE_SAMPLES } from '../testing/wire-samples.ts'
import { type Inspected, inspect } from '../testing/inspect.ts'
import { createInspection } from './inspection/inspection.ts'
import { WIRES } from './wires.ts'

/** Results that do not depend on how a response was cut into chunks. */
function namedBy({ verdict, seen: { usage, error, outputs } }: Inspected) {
  return { verdict, usage, error, speaks: outputs > 0 }
}

describe.each(WIRE_SAMPLES)(
  'a stream of $name',
  ({ events, path, contentType, headers = {}, firstOutput, end, error, usage }) => {
    const judged = (bytes: Uint8Array | string, asked = path, cuts: number[] = []) =>
      inspect(bytes, contentType, asked, cuts, { headers })
    const begin = () => createInspection(new Headers({ 'content-type': contentType, ...headers }), { path })
    const whole = events.join('')

    test('is complete at its end and not before, whether or not the path tells what it is', () => {
      for (const asked of [path, '/my/backend']) {
        events.forEach((_event, index) => {
          // An unknown stream is one that has said nothing of its protocol yet.
          if (asked !== path && index === 0) return
          const { verdict } = judged(events.slice(0, index + 1).join(''), asked)
          expect([index, verdict]).toEqual([index, index >= end ? 'complete' : 'truncated'])
        })
      }
    })

    test('is empty when it says nothing', () => {
      expect(judged('', path).verdict).toBe('empty')
    })

    test('has its first output at the right event', () => {
      const outputs = events.map(
        (_event, index) => judged(events.slice(0, index + 1).join(''), path).seen.outputs,
      )
      expect(outputs.findIndex((count) => count > 0)).toBe(firstOutput)
    })

    test('tells its usage', () => {
      expect(judged(whole, path).seen.usage).toEqual(usage)
    })

    test('is read alike at every split', () => {
      const bytes = new TextEncoder().encode(whole)
      const inOne = namedBy(judged(bytes, path))
      for (let cut = 0; cut <= bytes.length; cut++) {
        expect(namedBy(judged(bytes, path, [cut]))).toEqual(inOne)
      }
    })

    test('with its error in it has an error', () => {
      expect(judged(events[0] + error, path).verdict).toBe('error_in_stream')
      expect(judged(events.slice(0, end).join('') + error, '/my/backend').verdict).toBe('error_in_stream')
    })

    test('gets its own error event, which its own readers take for one, wherever it is cut', () => {
      const failure = failureOf('truncated')
      const bytes = new TextEncoder().encode(events.slice(0, end).join(''))
      fc.assert(
        fc.property(fc.nat(bytes.length), (cut) => {
          const page = begin()
          page.feed(new TextEncoder().encode(events[0]))
          page.feed(bytes.subarray(0, cut))
          const notice = page.errorEvent(failure) ?? new Uint8Array()
          const reader = begin()
          reader.feed(new TextEncoder().encode(events[0]))
          reader.feed(bytes.subarray(0, cut))
          reader.feed(notice)
          expect(reader.conclude(true)).toBe('error_in_stream')
          expect(new TextDecoder().decode(notice)).toContain(failure.message)
        }),
      )
    })
  },
)

test('an OpenAI chat of several choices is whole when all that were asked for are', () => {
  const say = (index: number, finish_reason: string | null) =>
    `data: ${JSON.stringify({ choices: [{ index, delta: { content: 'a' }, finish_reason }] })}\n\n`
  const [type, path] = ['text/event-stream', '/v1/chat/completions']
  const two = { choices: 2 }
  expect(inspect(say(0, null) + say(1, null) + say(0, 'stop'), type, path, [], two).verdict).toBe('truncated')
  expect(inspect(say(0, null) + say(0, 'stop'), type, path, [], two).verdict).toBe('truncated')
  const whole = say(0, null) + say(1, null) + say(0, 'stop') + say(1, 'length')
  expect(inspect(whole, type, path, [], two).verdict).toBe('complete')
  expect(inspect(say(0, null) + DONE, type, path, [], two).verdict).toBe('complete')
})

test('the AI SDK’s [DONE] while a part is open is a cut', () => {
  const text =
    'data: {"type":"text-start","id":"1"}\n\ndata: {"type":"text-delta","id":"1","delta":"a"}\n\ndata: [DONE]\n\n'
  expect(inspect(text, 'text/event-stream', '/api/chat').verdict).toBe('truncated')
})

test.each([10, 2_000, 40_000])(
  'a part that stays open is a cut, however much follows it: %i deltas',
  (count) => {
    const part = (data: object) => `data: ${JSON.stringify(data)}\n\n`
    const text = (type: string) =>
      part({ type: `text-${type}`, id: '1', ...(type === 'delta' ? { delta: 'a' } : {}) })
    const tool = (type: string) => part({ type: `tool-${type}`, toolCallId: 't', toolName: 'look' })
    const rest = text('start') + text('delta').repeat(count) + text('end') + DONE
    const verdict = (stream: string) => inspect(stream, 'text/event-stream', '/api/chat').verdict
    expect(verdict(tool('input-start') + rest)).toBe('truncated')
    expect(verdict(tool('input-start') + tool('input-available') + rest)).toBe('complete')
  },
)

test.each([
  ['an error line', 'error: {"error":{"message":"failed"}}\n\n'],
  ['bare JSON', '{"error":{"code":499}}\n'],
  ['bare JSON over many lines', '{\r\n  "error": {\r\n    "code": 499\r\n  }\r\n}\r\n'],
])('%s between events is an error, wherever the bytes are cut', (_name, stray) => {
  const text = `data: {"choices":[{"delta":{"content":"a \\"error\\": b"}}]}\n\n${stray}`
  const bytes = new TextEncoder().encode(text)
  for (let cut = 0; cut <= bytes.length; cut++) {
    expect(inspect(bytes, 'text/event-stream', '/v1/chat/completions', [cut]).verdict).toBe('error_in_stream')
  }
})

test('Gemini’s list of JSON is whole when it is closed, and grows until then', () => {
  const text = '[{"candidates":[{"content":{"parts":[{"text":"a"}]}}]},\n{"candidates":[]}]'
  const path = '/v1/models/m:streamGenerateContent'
  expect(inspect(text, 'application/json', path).verdict).toBe('complete')
  const cut = inspect(text.slice(0, 40), 'application/json', path)
  expect(cut.verdict).toBe('truncated')
})

test.each([
  [
    'OpenAI chat',
    {
      object: 'chat.completion',
      choices: [{ index: 0, message: { content: 'Yes' } }],
      usage: { prompt_tokens: 3, completion_tokens: 5 },
    },
  ],
  [
    'OpenAI Responses',
    {
      id: 'r',
      object: 'response',
      output: [{ type: 'message' }],
      usage: { input_tokens: 3, output_tokens: 5 },
    },
  ],
  [
    'Anthropic',
    {
      type: 'message',
      role: 'assistant',
      content: [{ type: 'text', text: 'Yes' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 3, output_tokens: 5 },
    },
  ],
  [
    'Gemini',
    {
      candidates: [{ content: { parts: [{ text: 'Yes' }] }, finishReason: 'STOP' }],
      usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 5 },
    },
  ],
  [
    'Ollama',
    {
      model: 'm',
      created_at: 'now',
      message: { content: 'Yes' },
      done: true,
      prompt_eval_count: 3,
      eval_count: 5,
    },
  ],
  [
    'Cohere',
    {
      id: 'i',
      message: { content: [{ type: 'text', text: 'Yes' }] },
      finish_reason: 'COMPLETE',
      usage: { tokens: { input_tokens: 3, output_tokens: 5 } },
    },
  ],
  [
    'Mistral conversations',
    {
      object: 'conversation.response',
      outputs: [{ content: 'Yes' }],
      usage: { prompt_tokens: 3, completion_tokens: 5 },
    },
  ],
])('%s’s whole JSON is complete when it is closed, cut before, and tells its usage', (_name, value) => {
  for (const text of [JSON.stringify(value), JSON.stringify(value, null, 2)]) {
    const whole = inspect(text, 'application/json', '/my/backend')
    expect([whole.verdict, whole.seen.usage]).toEqual(['complete', { inputTokens: 3, outputTokens: 5 }])
    for (let cut = 1; cut < text.length; cut++) {
      expect(inspect(text.slice(0, cut), 'application/json', '/my/backend').verdict).toBe('truncated')
    }
  }
})

test('an unknown stream that begins with an error has one; one that goes on after it is not judged', () => {
  const error = 'event: error\ndata: {"message":"no"}\n\n'
  const token = 'event: token\ndata: {"text":"a"}\n\n'
  expect(inspect(error, 'text/event-stream', '/my/backend').verdict).toBe('error_in_stream')
  expect(inspect(token + error, 'text/event-stream', '/my/backend').verdict).toBe('complete')
})

interface Recorded extends RecordedStream {
  terminators: string[]
  features: string[]
}

/** End markers that the recordings' own list lacks. */
const ODD: Record<string, string> = {
  // Blocked prompts are answered in full by one event without a candidate.
  'gemini/gemini-stream-failure-prompt-blocked-safety.sse': 'complete',
  'vertex/gemini-stream-failure-prompt-blocked-safety.sse': 'complete',
  // Shows every kind of part, an error among them.
  'vercel-ui/ui-message-stream-docs-every-part-type.sse': 'error_in_stream',
  // `finishReason` on every event, then an error that is no event.
  'vertex/gemini-stream-failure-error-mid-stream.sse': 'error_in_stream',
  // A stream of no wire is not judged.
  'vertex/gemini-stream-failure-invalid-json.sse': 'complete',
  'cohere/cohere-v2chat-err-unparsable-part.sse': 'complete',
  // A last event that is no JSON may be an end.
  'huggingface/openai-responses-err-streaming-error.sse': 'complete',
  // An end marker and nothing else.
  'openai/openai-responses-err-chat-completions-stream-on-responses-url.sse': 'empty',
}

function expectedVerdict({ file, terminators, features }: Recorded): string {
  const odd = ODD[file]
  if (odd) return odd
  if (features.includes('error-object') || terminators.includes('response.failed')) return 'error_in_stream'
  return terminators.length > 0 ? 'complete' : 'truncated'
}

/** A whole stream and how it ends, recorded or generated. */
interface Judged {
  bytes: Uint8Array
  contentType: string
  path: string
  headers?: Record<string, string>
  verdict: string
}

/** Holds a stream to its verdict, whatever its chunks. */
function expectVerdict({ bytes, contentType, path, headers = {}, verdict }: Judged): void {
  const judge = (cuts: number[] = []) => inspect(bytes, contentType, path, cuts, { headers })
  const inOne = judge()
  expect(inOne.verdict).toBe(verdict)
  fc.assert(
    fc.property(fc.array(fc.nat(5_000), { maxLength: 60 }), (places) => {
      const cuts = places.map((place) => Math.floor((place / 5_000) * bytes.length))
      expect(namedBy(judge(cuts))).toEqual(namedBy(inOne))
    }),
    { numRuns: 6 },
  )
}

describe.each(GENERATED_STREAMS)('$name', (stream) => {
  const { contentType, path, headers = {}, events, verdict, end, earlierEnds = [] } = stream

  test(`is ${verdict}, whatever its chunks and line ends`, () => {
    expectVerdict({ ...stream, bytes: bytesOf(stream) })
    if (contentType.startsWith('text/event-stream')) {
      expectVerdict({ ...stream, bytes: bytesOf(withCrlf(stream)) })
    }
  })

  test('cut after any event, is not complete before its end', () => {
    events.forEach((_event, index) => {
      const bytes = bytesOf({ events: events.slice(0, index + 1) })
      const { inspection, verdict: found } = inspect(bytes, contentType, path, [], { headers })
      if (index >= end) expect([index, found]).toEqual([index, verdict])
      // Before it has said what it is, it is like any other stream.
      else if (inspection.wire() !== undefined && !earlierEnds.includes(index))
        expect([index, found]).not.toEqual([index, 'complete'])
    })
  })
})

test('streams are generated of every shape that is recorded, and of every wire', () => {
  expect([...new Set(GENERATED_STREAMS.map(({ api }) => api))]).toEqual(
    expect.arrayContaining(RECORDED_SHAPES),
  )
  const found = new Set(
    GENERATED_STREAMS.map(({ contentType, path, headers = {}, ...stream }) =>
      inspect(bytesOf(stream), contentType, path, [], { headers }).inspection.wire(),
    ),
  )
  // Whole JSON is no stream.
  expect(WIRES.map(({ name }) => name).filter((name) => !found.has(name))).toEqual(['whole-json'])
})

const recorded = readCorpus<Recorded[]>('streams/index.json', []).filter(
  (each) => isKnown(each) && each.api !== 'openai-chat', // These have their own rules, in inspection.test.ts.
)
const nameOf = ({ file }: Recorded) => file

test.skipIf(!hasCorpus)(
  `every recorded stream of a known protocol has its verdict, whatever its chunks${skipReason}`,
  { timeout: 120_000 },
  async () => {
    expect(recorded.length).toBeGreaterThan(70)
    const failures = await failuresOf(recorded, nameOf, (each) => {
      const bytes = readCorpusBytes(`streams/${each.file}`)
      expectVerdict({ ...requestOf(each), bytes, verdict: expectedVerdict(each) })
    })
    expect(failures).toEqual([])
  },
)

test.skipIf(!hasCorpus)(
  `no recorded stream of a known protocol is complete before its end${skipReason}`,
  { timeout: 120_000 },
  async () => {
    expect(await failuresOf(recorded, nameOf, expectNoEarlierEnd)).toEqual([])
  },
)

function expectNoEarlierEnd(each: Recorded): void {
  const { path, contentType } = requestOf(each)
  const text = new TextDecoder('latin1').decode(readCorpusBytes(`streams/${each.file}`))
  const border = contentType.startsWith('text/event-stream') ? /\r?\n\r?\n/g : /\n/g
  const end = text.search(
    /"response\.(completed|incomplete)"|"stop_reason": ?"|"finishReason": ?"|"message-end"|"type":"(finish|abort)"|"done": ?true|"blockReason"|"finish_reason": ?"\w|\[DONE\]/,
  )
  const borders = Array.from(text.matchAll(border), (match) => match.index + match[0].length)
  const before = borders.filter((at) => end < 0 || at <= end)
  // All of the first and of the last, and some between.
  for (const at of before.filter(
    (_, index) => index < 20 || index > before.length - 20 || index % 50 === 0,
  )) {
    const cut = Uint8Array.from(text.slice(0, at), (char) => char.charCodeAt(0))
    const { inspection, verdict } = inspect(cut, contentType, path)
    // Before it has said what it is, it is like any other stream; after another wire's event nobody knows.
    if (inspection.wire() !== undefined && !inspection.seen.foreign)
      expect([at, verdict]).not.toEqual([at, 'complete'])
  }
}
