import { describe, expect, test } from 'vitest'
import { inspect } from '../../testing/inspect.ts'
import { DONE } from '../../testing/openai-events.ts'
import { createInspection } from './inspection.ts'

// An app's server may forward only some of a provider's events, or an SDK's objects, and end the stream in its own words.

const SSE = 'text/event-stream'
const data = (value: unknown, name?: string) =>
  `${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(value)}\n\n`
const judge = (text: string, type = SSE) => inspect(text, type, '/api/chat')
const verdict = (text: string, type?: string) => judge(text, type).verdict

/** Output of each wire, and nothing else. */
const DELTAS: [name: string, delta: string][] = [
  ['OpenAI chat', data({ choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: null }] })],
  ['Anthropic', data({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } })],
  ['Responses', data({ type: 'response.output_text.delta', item_id: 'm', output_index: 0, delta: 'Hi' })],
  ['Gemini', data({ candidates: [{ content: { parts: [{ text: 'Hi' }], role: 'model' } }] })],
  ['Interactions', data({ event_type: 'step.delta', index: 0, delta: { type: 'text', text: 'Hi' } })],
  ['Cohere', data({ type: 'content-delta', index: 0, delta: { message: { content: { text: 'Hi' } } } })],
  [
    'Mistral',
    data({ type: 'conversation.response.started', conversation_id: 'c' }) +
      data({ type: 'message.output.delta', content: 'Hi' }),
  ],
  ['Ollama', data({ model: 'm', created_at: 'now', message: { content: 'Hi' }, done: false })],
  ['LangGraph', data([{ content: 'Hi', response_metadata: {} }, { langgraph_node: 'a' }], 'messages')],
  [
    'AG-UI',
    data({ type: 'RUN_STARTED', runId: 'r', threadId: 't' }) +
      data({ type: 'TEXT_MESSAGE_CONTENT', messageId: 'm', delta: 'Hi' }),
  ],
]

describe.each(DELTAS)('an app’s server that forwards only the output of %s', (_name, delta) => {
  test.each([
    ['[DONE]', DONE],
    ['[DONE] with a name', 'event: done\ndata: [DONE]\n\n'],
    ['an event of that name', 'event: done\ndata: {}\n\n'],
    ['an event of that type', data({ type: 'done' })],
    ['a flag', data({ done: true })],
    ['a word', 'data: [END]\n\n'],
    ['no error', data({ success: true, error: null })],
    ['what it has stored', data({ conversation: 'c', saved: true })],
    ['its own words, then a heartbeat', data({ type: 'done' }) + data({ type: 'heartbeat' })],
  ])('may end with %s', (_end, end) => {
    expect(verdict(delta + delta + end)).toBe('complete')
    // Longer than what is read first, too.
    expect(verdict(delta.repeat(1_000) + end)).toBe('complete')
  })

  test('is cut without an end, whatever came between', () => {
    expect(verdict(delta + delta)).toBe('truncated')
    expect(verdict(delta + data({ type: 'sources', urls: ['a'] }) + delta)).toBe('truncated')
    expect(verdict(delta + data({ type: 'sources', urls: ['a'] }) + delta.repeat(2_000))).toBe('truncated')
  })

  test.each([
    ['a comment', ': keep-alive\n\n'],
    ['a ping', data({ type: 'ping' })],
    ['a named ping', 'event: ping\ndata: {}\n\n'],
    ['a keep-alive', data({ event: 'keep_alive' })],
    ['a heartbeat', 'event: heartbeat\ndata: 1\n\n'],
    ['nothing', 'data: \n\n'],
    ['an error of a kind of its own', data({ error: 7 })],
    ['an event that is no whole JSON', 'data: {"type":"do\n\n'],
    ['half an event', 'data: {"type":"do'],
    ['its own words and half an event', 'data: {"urls":["a"]}\n\ndata: {"type":"do'],
    ['half an event with a name', 'event: sources\ndata: {"urls":["a'],
  ])('is cut after %s', (_last, last) => {
    expect(verdict(delta + last)).toBe('truncated')
  })

  test('is broken by a reset after its own words, but not after [DONE]', () => {
    const reset = (last: string) => {
      const inspection = createInspection(new Headers({ 'content-type': SSE }), { path: '/api/chat' })
      inspection.feed(new TextEncoder().encode(delta + last))
      return inspection.conclude(false)
    }
    expect(reset(data({ type: 'sources' }))).toBe('broken')
    expect(reset(DONE)).toBe('complete')
  })
})

test('its own last line ends a stream of lines, too; half a line ends nothing', () => {
  const line = `${JSON.stringify({ model: 'm', created_at: 'now', message: { content: 'Hi' }, done: false })}\n`
  const judged = (last: string) => verdict(line + last, 'application/x-ndjson')
  expect(judged('{"saved":true}\n')).toBe('complete')
  expect(judged('{"saved":true}')).toBe('complete')
  expect(judged('{"saved":true}\n{"model":"m"')).toBe('truncated')
  expect(judged('{"saved":tr')).toBe('truncated')
})

test('output that is too long to read takes its own words back', () => {
  const chunk = (content: string) =>
    data({ choices: [{ index: 0, delta: { content }, finish_reason: null }] })
  expect(verdict(chunk('Hi') + data({ sources: [] }) + chunk('x'.repeat(300_000)))).toBe('truncated')
})

test('the AI SDK’s [DONE] closes no part that is open, and an app’s own last event leaves it open to doubt', () => {
  const text = data({ type: 'text-start', id: '1' }) + data({ type: 'text-delta', id: '1', delta: 'Hi' })
  expect(verdict(text + DONE)).toBe('truncated')
  expect(verdict(text + data({ type: 'usage', tokens: 3 }) + DONE)).toBe('truncated')
  expect(verdict(text + data({ type: 'usage', tokens: 3 }))).toBe('complete')
})

describe('the AI SDK’s own parts (`fullStream`), whose deltas are called `text`', () => {
  const word = data({ type: 'text-delta', id: '0', text: 'Hi' })
  const thought = data({ type: 'reasoning-delta', id: '0', text: 'Hm' })

  test.each([
    ['words', word],
    ['thoughts', thought],
  ])('are output: %s', (_name, part) => {
    const inspection = createInspection(new Headers({ 'content-type': SSE }), { path: '/api/chat' })
    inspection.feed(new TextEncoder().encode(part))
    expect(inspection.stage()).toBe('output')
    inspection.feed(new TextEncoder().encode(part))
    expect(inspection.look()).toMatchObject({ output: true })
  })

  test('are whole with [DONE] if nothing was opened, or all is closed again', () => {
    const tool = [
      { type: 'tool-input-start', id: 't', toolName: 'look' },
      { type: 'tool-input-delta', id: 't', delta: '{}' },
      { type: 'tool-input-end', id: 't' },
      { type: 'tool-call', toolCallId: 't', toolName: 'look', input: {} },
    ]
    expect(verdict(word + DONE)).toBe('complete')
    expect(verdict(tool.map((part) => data(part)).join('') + word + DONE)).toBe('complete')
    expect(verdict(word + data(tool[0]) + DONE)).toBe('truncated')
    expect(verdict(word + word)).toBe('truncated')
  })
})

test('a tool call whose input is too long to read is closed by it', () => {
  const input = { id: 'another’s', toolCallId: 'another’s', code: 'x'.repeat(600_000) }
  const start = data({ type: 'tool-input-start', toolCallId: 't', toolName: 'write' })
  const available = data({ type: 'tool-input-available', toolCallId: 't', toolName: 'write', input })
  expect(verdict(start + available + DONE)).toBe('complete')
  expect(verdict(start + DONE)).toBe('truncated')
})

describe('a provider’s objects as an SDK of another language writes them end by their finish', () => {
  const gemini = (finish_reason: unknown) => ({
    sdk_http_response: null,
    candidates: [{ content: { parts: [{ text: 'Hi' }], role: 'model' }, finish_reason, index: 0 }],
    usage_metadata: { prompt_token_count: 3, candidates_token_count: 5 },
    prompt_feedback: null,
  })
  const mistral = (finishReason: unknown) => ({
    id: 'c',
    choices: [{ index: 0, delta: { content: 'Hi', toolCalls: null }, finishReason }],
    usage: { promptTokens: 3, completionTokens: 5 },
  })
  const langchain = (response_metadata: object) => [
    { lc: 1, type: 'constructor', id: ['AIMessageChunk'], kwargs: { content: 'Hi', response_metadata } },
    { langgraph_node: 'agent' },
  ]
  test.each([
    ['Gemini in Python', data(gemini(null)), data(gemini('STOP'))],
    ['Gemini in Python, older', data(gemini(0)), data(gemini(1))],
    ['Mistral in TypeScript', data(mistral(null)), data(mistral('stop'))],
    [
      'LangChain in JavaScript',
      data(langchain({}), 'messages'),
      data(langchain({ finish_reason: 'stop' }), 'messages'),
    ],
  ])('%s', (_name, chunk, last) => {
    expect(judge(chunk).seen.outputs).toBe(1)
    expect(verdict(chunk + chunk)).toBe('truncated')
    expect(verdict(chunk + last)).toBe('complete')
  })

  test('and their usage is told', () => {
    const usage = { inputTokens: 3, outputTokens: 5 }
    expect(judge(data(gemini('STOP'))).seen.usage).toEqual(usage)
    expect(judge(data(mistral('stop'))).seen.usage).toEqual(usage)
  })

  test('also in lines, and where an event is too long to read', () => {
    const lines = [gemini(null), gemini('STOP')].map((each) => `${JSON.stringify(each)}\n`).join('')
    expect(verdict(lines, 'application/x-ndjson')).toBe('complete')
    const image = { inline_data: { data: 'x'.repeat(300_000) } }
    const long = (finish_reason: unknown) =>
      data({ candidates: [{ content: { parts: [image] }, finish_reason }] })
    expect(verdict(data(gemini(null)) + long(null))).toBe('truncated')
    expect(verdict(data(gemini(null)) + long('STOP'))).toBe('complete')
  })

  test('a blocked prompt is all of the response', () => {
    expect(verdict(data({ candidates: null, prompt_feedback: { block_reason: 'SAFETY' } }))).toBe('complete')
  })
})

describe('progress is output', () => {
  test.each([
    [
      'a step of AG-UI',
      data({ type: 'RUN_STARTED', runId: 'r', threadId: 't' }),
      data({ type: 'STEP_STARTED', stepName: 'Searching the web' }),
    ],
    [
      'metadata of the AI SDK’s message',
      data({ type: 'start-step' }),
      data({ type: 'message-metadata', messageMetadata: { queue: 3 } }),
    ],
    [
      'the steps of an image from Ollama',
      data({ model: 'm', created_at: 'now', response: '', done: false }),
      data({ model: 'm', created_at: 'now', response: '', completed: 1, total: 9, done: false }),
    ],
  ])('%s', (_name, before, progress) => {
    expect(judge(before).seen.outputs).toBe(0)
    expect(judge(before + progress).seen.outputs).toBe(1)
  })

  test('a step of AG-UI may be silent for as long as a tool', () => {
    const inspection = createInspection(new Headers({ 'content-type': SSE }), { path: '/api/chat' })
    const working = ['RUN_STARTED', 'STEP_STARTED', 'STEP_FINISHED'].map((type) => {
      inspection.feed(new TextEncoder().encode(data({ type, runId: 'r', threadId: 't', stepName: 's' })))
      return inspection.look().working
    })
    expect(working).toEqual([false, true, false])
  })

  test('metadata after the finish does not take it back', () => {
    const whole = data({ type: 'text-delta', id: '1', delta: 'Hi' }) + data({ type: 'finish' })
    expect(verdict(whole + data({ type: 'message-metadata', messageMetadata: { tokens: 3 } }))).toBe(
      'complete',
    )
  })
})

test('a finish_reason that is the text "null" is none', () => {
  const chunk = (finish_reason: unknown) => data({ choices: [{ delta: { content: 'Hi' }, finish_reason }] })
  expect(verdict(chunk('null') + chunk('null'))).toBe('truncated')
  expect(verdict(chunk('null') + chunk('stop'))).toBe('complete')
})

describe('an unknown protocol that begins with what looks like an error', () => {
  const text = data({ type: 'text', text: 'I could not open the page.' })
  const error = data({ error: '404 Not Found' })

  test('has begun if it is a tool’s', () => {
    const failed = data({ type: 'tool_result', error: '404 Not Found', name: 'fetch_page' })
    expect([judge(failed).seen.outputs, judge(failed).seen.error]).toEqual([1, undefined])
    expect(verdict(failed + text)).toBe('complete')
    expect(verdict(data({ error: '404 Not Found' }, 'tool_result') + text)).toBe('complete')
  })

  test('is whole if it goes on and ends cleanly; its end alone does not make it so', () => {
    expect(verdict(error + text + data({ type: 'end' }))).toBe('complete')
    expect(verdict(error + data({ type: 'end' }) + DONE)).toBe('error_in_stream')
    expect(inspect(error + text + text, SSE, '/api/chat', [], { errors: 'error' }).verdict).toBe(
      'error_in_stream',
    )
  })
})
