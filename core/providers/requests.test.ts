import { expect, test } from 'vitest'
import { WIRE_SAMPLES } from '../testing/wire-samples.ts'
import { asksForStream, expectedMediaType } from './requests.ts'

const NONE = new Headers()

test.each([
  ['/v1/chat/completions', 'text/event-stream', false],
  ['/v1/completions', 'text/event-stream', undefined],
  ['/openai/deployments/d/chat/completions', 'text/event-stream', false],
  ['/v1/responses', 'text/event-stream', false],
  ['/v1/messages', 'text/event-stream', false],
  ['/v2/chat', 'text/event-stream', undefined],
  ['/v1/conversations', 'text/event-stream', undefined],
  ['/v1/conversations/c', 'text/event-stream', undefined],
  ['/v1beta/interactions', 'text/event-stream', undefined],
  ['/v1beta/models/m:streamGenerateContent', 'application/json', true],
  ['/v1beta/models/m:generateContent', 'application/json', false],
  ['/api/chat', 'text/event-stream', true],
  ['/api/generate', 'application/x-ndjson', true],
  ['/threads/t/runs/stream', 'text/event-stream', true],
  ['/runs/stream', 'text/event-stream', true],
])('a request to %s streams %s; without a word of it: %s', (path, mediaType, byDefault) => {
  expect(asksForStream(path, undefined, NONE)).toBe(byDefault)
  expect(asksForStream(path, true, NONE)).toBe(true)
  expect(asksForStream(path, false, NONE)).toBe(false)
  expect(expectedMediaType(path, true, false, false)).toBe(mediaType)
  expect(expectedMediaType(path, false, false, false)).toBe('application/json')
})

test.each(['/my/backend', '/agent', '/chat/completions/list', '/v1/models', '/conversations/c/messages/m'])(
  'nobody can tell whether a request to %s streams, unless it says so',
  (path) => {
    expect(asksForStream(path, undefined, NONE)).toBeUndefined()
    expect(asksForStream(path, 'yes', NONE)).toBeUndefined()
    expect(asksForStream(path, true, NONE)).toBe(true)
    expect(asksForStream(path, undefined, new Headers({ accept: 'text/event-stream' }))).toBe(true)
    expect(expectedMediaType(path, true, false, false)).toBe('text/event-stream')
  },
)

test('Gemini streams events where the URL asks for them', () => {
  expect(expectedMediaType('/v1beta/models/m:streamGenerateContent', true, true, false)).toBe(
    'text/event-stream',
  )
})

test('at /api/chat a request with a model is Ollama’s', () => {
  expect(expectedMediaType('/api/chat', true, false, true)).toBe('application/x-ndjson')
})

test.each(WIRE_SAMPLES.filter(({ path }) => asksForStream(path, undefined, NONE) !== undefined))(
  'a stream of $name has a media type that its path lets expect',
  ({ path, contentType }) => {
    const types = [false, true].flatMap((isSse) =>
      [false, true].map((hasModel) => expectedMediaType(path, true, isSse, hasModel)),
    )
    // The older data stream of the AI SDK is read by whoever asked for it.
    expect([...types, 'text/plain; charset=utf-8']).toContain(contentType)
  },
)
