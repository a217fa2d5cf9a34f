import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { failureOf } from '../../messages/failure.ts'
import { failuresOf, hasCorpus, readCorpus, readCorpusBytes, skipReason } from '../../testing/corpus.ts'
import { CHAT_STREAMS } from '../../testing/generated/openai-chat.ts'
import { bytesOf } from '../../testing/generated/stream.ts'
import {
  DONE,
  errorEvent,
  event,
  FINISH,
  KEEP_ALIVE,
  ROLE,
  say,
  think,
  usage,
  WHOLE,
} from '../../testing/openai-events.ts'
import { inspect } from '../../testing/inspect.ts'
import { createInspection } from './inspection.ts'

const SSE = 'text/event-stream; charset=utf-8'
const PATH = '/v1/chat/completions'

function watched(bytes: Uint8Array | string, contentType = SSE, path = PATH, cuts: number[] = []) {
  return inspect(bytes, contentType, path, cuts)
}

describe('an OpenAI chat stream', () => {
  test.each([
    ['role, text, finish and end marker', WHOLE, 'complete'],
    ['a finish reason alone', say('a') + FINISH, 'complete'],
    ['an end marker alone', say('a') + DONE, 'complete'],
    ['a last line without its end', `${say('a')}data: [DONE]`, 'complete'],
    ['CRLF', WHOLE.replaceAll('\n', '\r\n'), 'complete'],
    ['a byte order mark', `\uFEFF${WHOLE}`, 'complete'],
    ['nothing', '', 'empty'],
    ['only keep-alives', KEEP_ALIVE.repeat(3), 'empty'],
    ['text and no end', ROLE + say('a') + say('b'), 'truncated'],
    ['a half event', `${say('a')}data: {"choices":[{"delta":{},"finish_rea`, 'truncated'],
    ['an error event', errorEvent({ message: 'no' }), 'error_in_stream'],
    ['an event named error', 'event: error\ndata: {"message":"no"}\n\n', 'error_in_stream'],
    ['an error and an end marker', say('a') + errorEvent({ message: 'no' }) + DONE, 'error_in_stream'],
    [
      'a finish reason that is an error',
      event({ choices: [{ delta: {}, finish_reason: 'error' }] }),
      'error_in_stream',
    ],
  ])('of %s is judged', (_name, text, verdict) => {
    expect(watched(text).verdict).toBe(verdict)
  })

  test.each([
    ['text', say('a'), 1],
    ['reasoning', think('a'), 1],
    ['a tool call', event({ choices: [{ delta: { tool_calls: [{ index: 0 }] } }] }), 1],
    ['a refusal', event({ choices: [{ delta: { refusal: 'No' } }] }), 1],
    ['the text of a legacy completion', event({ choices: [{ text: 'a' }] }), 1],
    ['a role', ROLE, 0],
    ['an empty text', say(''), 0],
    ['an empty list', event({ choices: [{ delta: { tool_calls: [] } }] }), 0],
    ['a finish', FINISH, 0],
    ['a comment', KEEP_ALIVE, 0],
    ['a usage', usage(1, 2), 0],
    ['an empty list of choices', event({ choices: [] }), 0],
    ['words, which are of some other protocol', 'data: soon\n\n', 1],
    ['a content filter without a delta', event({ choices: [{ finish_reason: null }] }), 0],
  ])('counts the outputs of %s', (_name, text, outputs) => {
    expect(watched(text).seen.outputs).toBe(outputs)
  })

  test('tells its usage', () => {
    expect(watched(WHOLE.replace(DONE, usage(12, 34) + DONE)).seen.usage).toEqual({
      inputTokens: 12,
      outputTokens: 34,
    })
  })

  test('reads nothing after its end marker', () => {
    const { seen } = watched(say('a') + DONE + say('b') + errorEvent({ message: 'late' }))
    expect(seen).toMatchObject({ outputs: 1, ended: true })
    expect(seen.error).toBeUndefined()
  })

  test('is known by its first event where the path does not tell', () => {
    expect(watched(say('a'), SSE, '/my/chat').verdict).toBe('truncated')
    expect(watched(DONE, SSE, '/my/chat').verdict).toBe('empty')
  })
})

describe('its error event', () => {
  const failure = failureOf('truncated')
  const own = event({
    error: {
      message: 'The response broke off before its end',
      type: 'streamkeeper_error',
      code: 'truncated',
    },
  })

  function noticeAfter(bytes: string, path = PATH): string | undefined {
    const watch = createInspection(new Headers({ 'content-type': SSE }), { path })
    watch.feed(new TextEncoder().encode(bytes))
    const notice = watch.errorEvent(failure)
    return notice && new TextDecoder().decode(notice)
  }

  test.each([
    ['at the very start', '', own],
    ['between events', say('a'), own],
    ['between events with CRLF', say('a').replaceAll('\n', '\r\n'), own],
    ['in mid-event', 'data: {"choi', `\n\n${own}`],
    ['after a line whose event is not over', 'data: {}\n', `\n\n${own}`],
    ['after a line with CRLF whose event is not over', 'data: {}\r\n', `\n\n${own}`],
  ])('%s stands alone', (_name, bytes, notice) => {
    expect(noticeAfter(bytes)).toBe(notice)
  })

  test('is one event, wherever the stream was cut', () => {
    const bytes = new TextEncoder().encode(ROLE + say('Grüße 👋') + say('b'))
    fc.assert(
      fc.property(
        fc.integer({ min: ROLE.length, max: bytes.length }),
        fc.array(fc.nat(bytes.length)),
        (cut, cuts) => {
          const page = createInspection(new Headers({ 'content-type': SSE }), { path: PATH })
          let at = 0
          for (const end of [...cuts.filter((each) => each < cut), cut].sort((a, b) => a - b)) {
            page.feed(bytes.subarray(at, end))
            at = end
          }
          const notice = page.errorEvent(failure) ?? new Uint8Array()
          const reader = createInspection(new Headers({ 'content-type': SSE }), { path: PATH })
          reader.feed(bytes.subarray(0, cut))
          reader.feed(notice)
          reader.conclude(true)
          expect(reader.seen.error).toMatchObject({ code: 'truncated' })
        },
      ),
    )
  })

  test('does not exist where the protocol is not known', () => {
    expect(noticeAfter('event: token\ndata: Hi\n\n', '/my/chat')).toBeUndefined()
  })
})

describe('a whole JSON response', () => {
  const JSON_TYPE = 'application/json; charset=utf-8'
  const text = JSON.stringify({ choices: [{ message: { content: 'a "quoted" } { ] [ \\ text' } }] })

  test('is complete when its value is', () => {
    expect(watched(text, JSON_TYPE).verdict).toBe('complete')
    expect(watched(`\n\n  ${text}\n`, JSON_TYPE).seen.outputs).toBe(1)
    expect(watched('[]', 'application/problem+json').verdict).toBe('complete')
    expect(watched('42', JSON_TYPE).verdict).toBe('complete')
    expect(watched('"a"', JSON_TYPE).verdict).toBe('complete')
  })

  test('is truncated wherever it was cut, whatever the chunks', () => {
    const bytes = new TextEncoder().encode(text)
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.array(fc.nat(bytes.length)), (cut, cuts) => {
        const watch = watched(bytes.subarray(0, cut), JSON_TYPE, PATH, cuts)
        expect(watch.verdict).toBe(cut === 0 ? 'empty' : 'truncated')
        expect(watch.seen.outputs).toBe(0)
      }),
    )
  })

  test('has no error event', () => {
    expect(watched(text, JSON_TYPE).inspection.errorEvent(failureOf('truncated'))).toBeUndefined()
  })
})

test('an unknown kind of response is output from its first byte, and whole when it closes', () => {
  const watch = watched('abc', 'application/octet-stream')
  expect(watch.seen.outputs).toBe(1)
  expect(watch.verdict).toBe('complete')
})

test('an unknown event stream is output from its first event, and whole when it closes', () => {
  const watch = watched('event: a\ndata: 1\n\nevent: b\ndata: 2\n\n', SSE, '/my/chat')
  expect(watch.seen.outputs).toBe(2)
  expect(watch.verdict).toBe('complete')
})

interface Recorded {
  file: string
  api: string
  terminators: string[]
  features: string[]
}

describe(`every recorded OpenAI chat stream${skipReason}`, () => {
  const recorded = readCorpus<Recorded[]>('streams/index.json', []).filter(({ api }) => api === 'openai-chat')
  const isWhole = ({ terminators, features }: Recorded) =>
    (terminators.includes('data: [DONE]') || terminators.includes('finish_reason')) &&
    !features.includes('error-object')
  const whole = recorded.filter((each) => isWhole(each) && !each.file.includes('finish-reason-error'))
  const sse = 'text/event-stream'
  const cuts = fc.array(fc.nat(5_000), { maxLength: 60 })
  const holds = async (some: Recorded[], check: (bytes: Uint8Array) => void) =>
    failuresOf(
      some,
      ({ file }) => file,
      ({ file }) => check(readCorpusBytes(`streams/${file}`)),
    )

  test.skipIf(!hasCorpus)(
    'a whole stream is complete, whatever its chunks',
    { timeout: 120_000 },
    async () => {
      expect(whole.length).toBeGreaterThan(60)
      const failures = await holds(whole, (bytes) => {
        const inOne = watched(bytes, sse)
        expect(inOne.verdict).toBe('complete')
        fc.assert(
          fc.property(cuts, (places) => {
            const scaled = places.map((place) => Math.floor((place / 5_000) * bytes.length))
            const watch = watched(bytes, sse, PATH, scaled)
            expect(watch.verdict).toBe('complete')
            expect(watch.seen.usage).toEqual(inOne.seen.usage)
          }),
          { numRuns: 8 },
        )
      })
      expect(failures).toEqual([])
    },
  )

  test.skipIf(!hasCorpus)('is truncated when it is cut before its end', { timeout: 120_000 }, async () => {
    // Data that is not JSON belongs to no wire.
    const readable = whole.filter(({ file }) => !file.includes('malformed-json'))
    expect(await holds(readable, (bytes) => expectTruncatedBefore(firstEnd(bytes), bytes))).toEqual([])
  })

  test.skipIf(!hasCorpus)('with an error in it has one', async () => {
    const failing = recorded.filter(
      (each) => !isWhole(each) && each.features.includes('error-object') && !each.file.startsWith('gpustack'),
    )
    expect(failing.length).toBeGreaterThan(0)
    const failures = await holds(failing, (bytes) => {
      expect(watched(bytes, sse).verdict).toBe('error_in_stream')
    })
    expect(failures).toEqual([])
  })

  test.skipIf(!hasCorpus)('without an end is never complete', async () => {
    // One of them is of another wire than its name says.
    const cut = recorded.filter(
      ({ terminators, file }) => terminators.length === 0 && !file.startsWith('cloudflare'),
    )
    expect(cut.length).toBeGreaterThan(0)
    const failures = await holds(cut, (bytes) => {
      expect(watched(bytes, sse).verdict).not.toBe('complete')
    })
    expect(failures).toEqual([])
  })
})

test.each(CHAT_STREAMS.filter(({ verdict }) => verdict === 'complete'))(
  '$name, cut at any byte before its end, is truncated',
  ({ events, end }) => {
    const bytes = bytesOf({ events })
    expectTruncatedBefore(bytesOf({ events: events.slice(0, end) }).length, bytes)
  },
)

/** With less than a field's name nobody can tell what it is. */
function expectTruncatedBefore(end: number, bytes: Uint8Array): void {
  const cuts = fc.array(fc.nat(5_000), { maxLength: 60 })
  fc.assert(
    fc.property(fc.integer({ min: Math.min(7, end), max: end }), cuts, (cut, places) => {
      const scaled = places.map((place) => Math.floor((place / 5_000) * cut))
      expect(watched(bytes.subarray(0, cut), 'text/event-stream', PATH, scaled).verdict).toMatch(
        /^(truncated|empty)$/,
      )
    }),
    { numRuns: 15 },
  )
}

/** Where the line begins that first says that the response is done. */
function firstEnd(bytes: Uint8Array): number {
  const text = new TextDecoder('latin1').decode(bytes)
  const at = text.search(/data: ?\[DONE\]|"finish_reason": ?"\w/)
  return at < 0 ? 0 : Math.max(0, text.lastIndexOf('\n', at))
}
