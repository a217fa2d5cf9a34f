import { describe, expect, test } from 'vitest'
import { inspect } from '../../testing/inspect.ts'
import { createInspection } from './inspection.ts'

const SSE = 'text/event-stream'
const data = (value: unknown) => `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`
const verdict = (bytes: string, type = SSE, own = {}) => inspect(bytes, type, '/api/chat', [], own).verdict

describe('R1 what is nearly of a wire is not judged', () => {
  test.each([
    [
      'LangServe',
      'event: metadata\r\ndata: {"run_id": "5b0f"}\r\n\r\nevent: data\r\ndata: "Hi"\r\n\r\nevent: end\r\n\r\n',
    ],
    ['runs without a thread', data({ type: 'RUN_STARTED', runId: '1' }) + data({ type: 'STEP' })],
    ['text lines of another framework', '0:"hello"\n1:"b"\n'],
    ['words in brackets', '[note][see below!'],
    ['a formula', 'f:{x} = 2\ng:{}\n'],
  ])('%s', (_name, bytes) => {
    expect(verdict(bytes)).toBe('complete')
    expect(verdict(bytes, 'text/plain')).toBe('complete')
  })
})

describe('R2 LangGraph’s messages end in the words of their providers', () => {
  const message = (fields: object) =>
    `event: messages\ndata: ${JSON.stringify([{ content: '', ...fields }, { langgraph_node: 'a' }])}\n\n`
  test.each([
    ['Anthropic', message({ additional_kwargs: { stop_reason: 'end_turn' } })],
    ['Gemini', message({ response_metadata: { finishReason: 'STOP' } })],
    ['Ollama', message({ response_metadata: { done_reason: 'stop' } })],
    ['a node that is done', 'event: updates\ndata: {"a":{"messages":[]}}\n\n'],
  ])('%s', (_name, end) => {
    expect(verdict(message({ content: 'Hi' }) + end)).toBe('complete')
    expect(verdict(message({ content: 'Hi' }))).toBe('truncated')
  })
})

describe('R3 a cut within a long event is a cut, and one without its end, too', () => {
  const long = 'x'.repeat(300_000)
  const part = (fields: object) => data({ candidates: [{ content: { parts: [fields] } }] })
  test.each([
    [
      'OpenAI chat',
      data({ choices: [{ delta: { content: 'a' } }] }) + data({ choices: [{ delta: { images: [long] } }] }),
    ],
    ['Gemini', part({ text: 'a' }) + part({ inlineData: { data: long } })],
    [
      'Responses',
      data({ type: 'response.output_text.delta', item_id: '1', delta: 'a' }) +
        data({ type: 'response.completed', response: { output: [long] } }),
    ],
    [
      'Ollama',
      `${JSON.stringify({ message: { content: 'a' }, done: false })}\n${JSON.stringify({ message: { content: long }, done: false })}\n`,
    ],
  ])('%s', (_name, bytes) => {
    expect(verdict(bytes.slice(0, -5_000))).toBe('truncated')
  })

  test.each([
    ['OpenAI chat', data({ choices: [{ delta: { content: long } }] })],
    ['Gemini', part({ inlineData: { data: long } })],
  ])('a whole long event of %s without a finish', (_name, bytes) => {
    expect(verdict(bytes)).toBe('truncated')
  })

  test('a long event that an own matcher may lie in is not judged', () => {
    expect(verdict(data({ blob: long, type: 'done' }), SSE, { ends: 'type=done' })).toBe('complete')
  })
})

test('lines of text end by their own marker', () => {
  expect(verdict('hello\n[END]\n', 'text/plain', { ends: 'data=[END]' })).toBe('complete')
  expect(verdict('hello\n', 'text/plain', { ends: 'data=[END]' })).toBe('truncated')
  expect(verdict('ERR boom\n', 'text/plain', { errors: 'data=ERR boom' })).toBe('error_in_stream')
})

describe('R7 an error is what says so, and nothing else', () => {
  test.each([
    { step: 1, error: 0.53 },
    { error: 'none', text: 'a' },
    { error: { count: 0 }, text: 'a' },
    { error: { code: 1 }, text: 'an answer' },
    { type: 'error', recoverable: true, text: 'falling back' },
    { data: { text: 'answer' }, error: 'cache miss, answered from the model' },
  ])('%j is none', (value) => {
    expect(verdict(data(value) + data({ text: 'b' }))).toBe('complete')
    expect(verdict(JSON.stringify(value), 'application/json')).toBe('complete')
  })

  test.each([
    { error: 'Overloaded' },
    { error: { message: 'No' }, choices: null },
    { type: 'error', error: { type: 'overloaded_error', message: 'No' }, request_id: 'r' },
    { error: { code: 429, status: 'RESOURCE_EXHAUSTED' }, id: '1', model: 'm' },
  ])('%j is one', (value) => {
    expect(verdict(data(value))).toBe('error_in_stream')
    expect(verdict(JSON.stringify(value), 'application/json')).toBe('error_in_stream')
  })
})

test('pretty-printed JSON between fields is no error of an unknown stream', () => {
  expect(verdict('data: {\n  "text": "a",\n  "error": null\n}\n\n')).toBe('complete')
  expect(verdict('error: none\ndata: hi\n\n')).toBe('complete')
})

test('R4 the beginning of a page is held for as long as it may become one', () => {
  const inspection = createInspection(new Headers({ 'content-type': 'text/html' }), { path: '/chat' })
  inspection.feed(new TextEncoder().encode('<!DOCT'))
  expect(inspection.stage()).toBe('empty')
  inspection.feed(new TextEncoder().encode('YPE html><p>'))
  expect(inspection.stage()).toBe('page')
})

describe('R8 another response in the same stream takes the end back', () => {
  const lines = (...values: object[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('')
  const run = { threadId: 't', runId: 'r' }
  test.each([
    [
      'AG-UI',
      data({ type: 'RUN_STARTED', ...run }) + data({ type: 'RUN_FINISHED', ...run }),
      data({ type: 'RUN_STARTED', ...run }) +
        data({ type: 'TEXT_MESSAGE_CONTENT', messageId: 'm', delta: 'a' }),
    ],
    [
      'Anthropic',
      data({ type: 'message_start', message: {} }) +
        data({ type: 'message_delta', delta: { stop_reason: 'tool_use' } }) +
        data({ type: 'message_stop' }),
      data({ type: 'message_start', message: {} }) +
        data({ type: 'content_block_delta', index: 0, delta: { text: 'a' } }),
    ],
    [
      'Responses',
      data({ type: 'response.created', response: {} }) + data({ type: 'response.completed', response: {} }),
      data({ type: 'response.created', response: {} }) +
        data({ type: 'response.output_text.delta', item_id: '1', delta: 'a' }),
    ],
    [
      'Ollama',
      lines({ message: { content: 'a' }, done: false }, { message: { content: '' }, done: true }),
      lines({ message: { content: 'b' }, done: false }),
    ],
  ])('%s', (_name, first, cut) => {
    expect(verdict(first)).toBe('complete')
    expect(verdict(first + cut)).toBe('truncated')
    expect(verdict(first + cut + first)).toBe('complete')
  })
})

test('R9 a finish that asks for tools is not the last word', () => {
  const finished = (bytes: string) => {
    const inspection = createInspection(new Headers({ 'content-type': SSE }), { path: '/api/chat' })
    inspection.feed(new TextEncoder().encode(data({ choices: [{ delta: { content: 'a' } }] })))
    inspection.feed(new TextEncoder().encode(bytes))
    return inspection.look().finished
  }
  expect(finished(data({ choices: [{ delta: {}, finish_reason: 'tool_calls' }] }))).toBe(false)
  expect(finished(data({ choices: [{ delta: {}, finish_reason: 'stop' }] }))).toBe(true)
})
