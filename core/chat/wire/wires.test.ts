import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { failureOf } from '../../protocol/failure.ts'
import { hasCorpus, readCorpus, readCorpusBytes, skipReason } from '../../testing/corpus.ts'
import { isKnown, type RecordedStream, requestOf } from '../../testing/recorded-streams.ts'
import { WIRE_SAMPLES } from '../../testing/wire-samples.ts'
import { type StreamWatch, watchStream } from '../watch.ts'

function watched(
  bytes: Uint8Array | string,
  contentType: string,
  path: string,
  cuts: number[] = [],
): StreamWatch {
  const all = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes
  const watch = watchStream(contentType, path, true)
  let at = 0
  for (const end of [...cuts.filter((cut) => cut < all.length).sort((a, b) => a - b), all.length]) {
    watch.feed(all.subarray(at, end))
    at = end
  }
  watch.end()
  return watch
}

describe.each(WIRE_SAMPLES)(
  'a stream of $name',
  ({ events, path, contentType, firstOutput, end, error, usage }) => {
    const whole = events.join('')

    test('is complete at its end and not before, whether or not the path tells what it is', () => {
      for (const asked of [path, '/my/backend']) {
        events.forEach((_event, index) => {
          // An unknown stream is one that has said nothing of its protocol yet.
          if (asked !== path && index === 0) return
          const { verdict } = watched(events.slice(0, index + 1).join(''), contentType, asked)
          expect([index, verdict()]).toEqual([index, index >= end ? 'complete' : 'truncated'])
        })
      }
    })

    test('is truncated when it says nothing', () => {
      const isKnownByPath = watched('', contentType, path).verdict()
      expect(isKnownByPath).toBe(
        path === '/api/chat' && contentType.startsWith('text/event-stream') ? 'complete' : 'truncated',
      )
    })

    test('has its first output at the right event', () => {
      const outputs = events.map(
        (_event, index) => watched(events.slice(0, index + 1).join(''), contentType, path).seen.outputs,
      )
      expect(outputs.findIndex((count) => count > 0)).toBe(firstOutput)
    })

    test('tells its usage', () => {
      expect(watched(whole, contentType, path).seen.usage).toEqual(usage)
    })

    test('is read alike at every split', () => {
      const bytes = new TextEncoder().encode(whole)
      const inOne = watched(bytes, contentType, path).seen
      for (let cut = 0; cut <= bytes.length; cut++) {
        expect(watched(bytes, contentType, path, [cut]).seen).toEqual(inOne)
      }
    })

    test('with its error in it has an error', () => {
      expect(watched(events[0] + error, contentType, path).verdict()).toBe('error_in_stream')
      expect(watched(events.slice(0, end).join('') + error, contentType, '/my/backend').verdict()).toBe(
        'error_in_stream',
      )
    })

    test('gets its own error event, which its own readers take for one, wherever it is cut', () => {
      const failure = failureOf('truncated')
      const bytes = new TextEncoder().encode(events.slice(0, end).join(''))
      fc.assert(
        fc.property(fc.nat(bytes.length), (cut) => {
          const page = watchStream(contentType, path, true)
          page.feed(new TextEncoder().encode(events[0]))
          page.feed(bytes.subarray(0, cut))
          const notice = page.errorEvent(failure) ?? new Uint8Array()
          const reader = watchStream(contentType, path, true)
          reader.feed(new TextEncoder().encode(events[0]))
          reader.feed(bytes.subarray(0, cut))
          reader.feed(notice)
          expect(reader.verdict()).toBe('error_in_stream')
          expect(new TextDecoder().decode(notice)).toContain(failure.message)
        }),
      )
    })
  },
)

test('an OpenAI chat of several choices is whole when all of them are, whatever follows their end', () => {
  const say = (index: number, finish_reason: string | null) =>
    `data: ${JSON.stringify({ choices: [{ index, delta: { content: 'a' }, finish_reason }] })}\n\n`
  const [type, path] = ['text/event-stream', '/v1/chat/completions']
  expect(watched(say(0, null) + say(1, null) + say(0, 'stop'), type, path).verdict()).toBe('truncated')
  const whole = say(0, null) + say(1, null) + say(0, 'stop') + say(1, 'length')
  expect(watched(whole, type, path).verdict()).toBe('complete')
  expect(watched(whole + say(0, null), type, path).verdict()).toBe('complete')
})

test('the AI SDK’s [DONE] without finish is a cut', () => {
  const text = 'data: {"type":"start"}\n\ndata: {"type":"text-delta","delta":"a"}\n\ndata: [DONE]\n\n'
  expect(watched(text, 'text/event-stream', '/api/chat').verdict()).toBe('truncated')
})

test.each([
  ['an error line', 'error: {"error":{"message":"failed"}}\n\n'],
  ['bare JSON', '{"error":{"code":499}}\n'],
  ['bare JSON over many lines', '{\r\n  "error": {\r\n    "code": 499\r\n  }\r\n}\r\n'],
])('%s between events is an error, wherever the bytes are cut', (_name, stray) => {
  const text = `data: {"choices":[{"delta":{"content":"a \\"error\\": b"}}]}\n\n${stray}`
  const bytes = new TextEncoder().encode(text)
  for (let cut = 0; cut <= bytes.length; cut++) {
    expect(watched(bytes, 'text/event-stream', '/v1/chat/completions', [cut]).verdict()).toBe(
      'error_in_stream',
    )
  }
})

test('Gemini’s list of JSON is whole when it is closed, and grows until then', () => {
  const text = '[{"candidates":[{"content":{"parts":[{"text":"a"}]}}]},\n{"candidates":[]}]'
  const path = '/v1/models/m:streamGenerateContent'
  expect(watched(text, 'application/json', path).verdict()).toBe('complete')
  const cut = watched(text.slice(0, 40), 'application/json', path)
  expect([cut.verdict(), cut.seen.outputs]).toEqual(['truncated', 1])
})

test('an unknown stream that begins with an error has one; one that goes on after it is not judged', () => {
  const error = 'event: error\ndata: {"message":"no"}\n\n'
  const token = 'event: token\ndata: {"text":"a"}\n\n'
  expect(watched(error, 'text/event-stream', '/my/backend').verdict()).toBe('error_in_stream')
  expect(watched(token + error, 'text/event-stream', '/my/backend').verdict()).toBe('complete')
})

interface Recorded extends RecordedStream {
  terminators: string[]
  features: string[]
}

/** What the recordings' own list of end markers does not say. */
const ODD: Record<string, string> = {
  // Blocked prompts are answered in full by one event without a candidate.
  'gemini/gemini-stream-failure-prompt-blocked-safety.sse': 'complete',
  'vertex/gemini-stream-failure-prompt-blocked-safety.sse': 'complete',
  // Shows every kind of part, an error among them.
  'vercel-ui/ui-message-stream-docs-every-part-type.sse': 'error_in_stream',
  // `finishReason` on every event, then an error that is no event.
  'vertex/gemini-stream-failure-error-mid-stream.sse': 'error_in_stream',
}

function expectedVerdict({ file, terminators, features }: Recorded): string {
  const odd = ODD[file]
  if (odd) return odd
  if (features.includes('error-object') || terminators.includes('response.failed')) return 'error_in_stream'
  return terminators.length > 0 ? 'complete' : 'truncated'
}

describe(`the recorded streams of known protocols${skipReason}`, () => {
  const recorded = readCorpus<Recorded[]>('streams/index.json', []).filter(
    (each) => isKnown(each) && each.api !== 'openai-chat', // These have their own rules, in watch.test.ts.
  )
  const cases = recorded.map((each) => {
    const { path, contentType } = requestOf(each)
    return { file: each.file, path, contentType, expected: expectedVerdict(each) }
  })

  test.skipIf(!hasCorpus)('are there', () => {
    expect(cases.length).toBeGreaterThan(70)
  })

  test.each(cases)('$file: $expected, whatever its chunks', ({ file, contentType, path, expected }) => {
    const bytes = readCorpusBytes(`streams/${file}`)
    const inOne = watched(bytes, contentType, path)
    expect(inOne.verdict()).toBe(expected)
    fc.assert(
      fc.property(fc.array(fc.nat(5_000), { maxLength: 60 }), (places) => {
        const cuts = places.map((place) => Math.floor((place / 5_000) * bytes.length))
        expect(watched(bytes, contentType, path, cuts).seen).toEqual(inOne.seen)
      }),
      { numRuns: 6 },
    )
  })

  test.each(cases)('$file: cut after any event it is not complete before its end', (each) => {
    const { file, contentType, path } = each
    const text = new TextDecoder('latin1').decode(readCorpusBytes(`streams/${file}`))
    const border = contentType.startsWith('text/event-stream') ? /\r?\n\r?\n/g : /\n/g
    const end = text.search(
      /"response\.(completed|incomplete)"|"stop_reason": ?"|"finishReason": ?"|"message-end"|"type":"(finish|abort)"|"done": ?true|"blockReason"|"finish_reason": ?"\w|\[DONE\]/,
    )
    const watch = watchStream(contentType, path, true)
    let at = 0
    for (const match of text.matchAll(border)) {
      if (end >= 0 && match.index > end) break
      const next = match.index + match[0].length
      watch.feed(Uint8Array.from(text.slice(at, next), (char) => char.charCodeAt(0)))
      at = next
      expect(watch.verdict()).not.toBe('complete')
    }
  })
})
