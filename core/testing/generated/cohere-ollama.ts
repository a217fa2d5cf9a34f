import {
  ARGUMENTS,
  cut,
  failed,
  type GeneratedStream,
  lines,
  named,
  type Shape,
  SSE,
  whole,
  WORDS,
} from './stream.ts'

const COHERE: Shape = { api: 'cohere-v2chat', path: '/v2/chat', contentType: SSE }

const start = {
  type: 'message-start',
  id: 'm',
  delta: { message: { role: 'assistant', content: [], tool_plan: '', tool_calls: [], citations: [] } },
}
const ended = (finish_reason: string) => ({
  type: 'message-end',
  id: 'm',
  delta: {
    finish_reason,
    usage: {
      billed_units: { input_tokens: 3, output_tokens: 5 },
      tokens: { input_tokens: 3, output_tokens: 5 },
    },
  },
})
const text = [
  { type: 'content-start', index: 0, delta: { message: { content: { type: 'text', text: '' } } } },
  ...WORDS.map((word) => ({
    type: 'content-delta',
    index: 0,
    delta: { message: { content: { text: word } } },
  })),
  { type: 'content-end', index: 0 },
]
const call = [
  ...WORDS.slice(0, 2).map((tool_plan) => ({ type: 'tool-plan-delta', delta: { message: { tool_plan } } })),
  {
    type: 'tool-call-start',
    index: 0,
    delta: {
      message: { tool_calls: { id: 't', type: 'function', function: { name: 'weather', arguments: '' } } },
    },
  },
  ...ARGUMENTS.map((text) => ({
    type: 'tool-call-delta',
    index: 0,
    delta: { message: { tool_calls: { function: { arguments: text } } } },
  })),
  { type: 'tool-call-end', index: 0 },
]
const citation = [
  {
    type: 'citation-start',
    index: 0,
    delta: { message: { citations: { start: 0, end: 4, text: 'Rate', sources: [] } } },
  },
  { type: 'citation-end', index: 0 },
]

const COHERE_STREAMS: GeneratedStream[] = [
  whole(COHERE, 'cohere: a text', named(start, ...text, ended('COMPLETE'))),
  whole(COHERE, 'cohere: a tool call after its plan', named(start, ...call, ended('TOOL_CALL'))),
  whole(
    COHERE,
    'cohere: a text with citations',
    named(start, ...text.slice(0, -1), ...citation, ...text.slice(-1), ended('COMPLETE')),
  ),
  whole(COHERE, 'cohere: cut short by max_tokens', named(start, ...text.slice(0, 4), ended('MAX_TOKENS'))),
  cut(COHERE, 'cohere: cut in a text', named(start, ...text.slice(0, 4))),
  cut(COHERE, 'cohere: cut after the text, before its end', named(start, ...text)),
  failed(
    COHERE,
    'cohere: an error at its end',
    named(start, ...text.slice(0, 4), {
      type: 'message-end',
      id: 'm',
      delta: { finish_reason: 'ERROR', error: 'It failed' },
    }),
  ),
]

const CHAT: Shape = { api: 'ollama-chat', path: '/api/chat', contentType: 'application/x-ndjson' }
const GENERATE: Shape = { ...CHAT, api: 'ollama-generate', path: '/api/generate' }
const head = { model: 'qwen3', created_at: '2026-11-01T10:00:00.000000Z' }
const done = (more: object, done_reason = 'stop') => ({
  ...head,
  ...more,
  done: true,
  done_reason,
  total_duration: 9,
  prompt_eval_count: 3,
  eval_count: 5,
})
const say = (message: object) => ({
  ...head,
  message: { role: 'assistant', content: '', ...message },
  done: false,
})
const generated = (response: string) => ({ ...head, response, done: false })
const texts = WORDS.map((content) => say({ content }))
const empty = { message: { role: 'assistant', content: '' } }

const OLLAMA_STREAMS: GeneratedStream[] = ['ollama', 'ollama-cloud'].flatMap((provider) => [
  whole(CHAT, `${provider}, chat: a text`, lines(...texts, done(empty))),
  whole(
    CHAT,
    `${provider}, chat: thoughts, then a text`,
    lines(...WORDS.map((thinking) => say({ thinking })), ...texts, done(empty)),
  ),
  whole(
    CHAT,
    `${provider}, chat: a tool call`,
    lines(
      say({ tool_calls: [{ function: { name: 'weather', arguments: { city: 'Biel/Bienne' } } }] }),
      done(empty),
    ),
  ),
  whole(CHAT, `${provider}, chat: cut short by num_predict`, lines(...texts, done(empty, 'length'))),
  whole(
    GENERATE,
    `${provider}, generate: a text`,
    lines(...WORDS.map(generated), done({ response: '', context: [1, 2, 3] })),
  ),
  cut(CHAT, `${provider}, chat: cut in a text`, lines(...texts)),
  cut(GENERATE, `${provider}, generate: cut in a text`, lines(...WORDS.map(generated))),
  failed(
    CHAT,
    `${provider}, chat: an error in mid-text`,
    lines(...texts, { error: 'an error was encountered while running the model' }),
  ),
])

export const COHERE_AND_OLLAMA_STREAMS = [...COHERE_STREAMS, ...OLLAMA_STREAMS]
