import {
  ARGUMENTS,
  cut,
  failed,
  type GeneratedStream,
  named,
  type Shape,
  SSE,
  whole,
  WORDS,
} from './stream.ts'

const SHAPE: Shape = { api: 'anthropic-messages', path: '/v1/messages', contentType: SSE }
const PROVIDERS = [
  'anthropic',
  'bedrock-mantle',
  'vertex',
  'azure-foundry',
  'openrouter',
  'deepseek',
  'moonshotai',
  'zai',
]

const PING = { type: 'ping' }
const start = {
  type: 'message_start',
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'm',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 3, output_tokens: 1 },
  },
}
const stop = (reason: string) => [
  { type: 'message_delta', delta: { stop_reason: reason, stop_sequence: null }, usage: { output_tokens: 5 } },
  { type: 'message_stop' },
]

/** One content block: announced, said in pieces, ended. */
function block(index: number, content_block: object, ...deltas: object[]) {
  return [
    { type: 'content_block_start', index, content_block },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ]
}

const text = (index: number) =>
  block(index, { type: 'text', text: '' }, ...WORDS.map((text) => ({ type: 'text_delta', text })))
const thinking = (index: number) =>
  block(
    index,
    { type: 'thinking', thinking: '', signature: '' },
    ...WORDS.map((thinking) => ({ type: 'thinking_delta', thinking })),
    { type: 'signature_delta', signature: 'c2ln' },
  )
const toolUse = (index: number, type = 'tool_use') =>
  block(
    index,
    { type, id: 'toolu_1', name: 'weather', input: {} },
    ...ARGUMENTS.map((partial_json) => ({ type: 'input_json_delta', partial_json })),
  )
const redacted = block(0, { type: 'redacted_thinking', data: 'RW1w' })
const searched = block(1, {
  type: 'web_search_tool_result',
  tool_use_id: 'srvtoolu_1',
  content: [{ type: 'web_search_result', url: 'https://a.example', title: 'A' }],
})
const cited = block(
  2,
  { type: 'text', text: '', citations: [] },
  { type: 'citations_delta', citation: { type: 'web_search_result_location', url: 'https://a.example' } },
  { type: 'text_delta', text: 'As A says.' },
)

const events = (...all: ({ type: string } & Record<string, unknown>)[]) => named(...all)

export const ANTHROPIC_STREAMS: GeneratedStream[] = [
  ...PROVIDERS.map((provider) =>
    whole(SHAPE, `${provider}, messages: a text`, events(start, PING, ...text(0), ...stop('end_turn')), -2),
  ),
  whole(
    SHAPE,
    'anthropic, messages: thoughts, then a text',
    events(start, PING, ...thinking(0), PING, ...text(1), ...stop('end_turn')),
    -2,
  ),
  whole(
    SHAPE,
    'anthropic, messages: a tool call',
    events(start, ...text(0), ...toolUse(1), ...stop('tool_use')),
    -2,
  ),
  whole(
    SHAPE,
    'anthropic, messages: a search on the server',
    events(start, ...toolUse(0, 'server_tool_use'), PING, PING, ...searched, ...cited, ...stop('end_turn')),
    -2,
  ),
  whole(
    SHAPE,
    'anthropic, messages: paused in a long turn',
    events(start, ...toolUse(0, 'server_tool_use'), ...stop('pause_turn')),
    -2,
  ),
  whole(
    SHAPE,
    'anthropic, messages: a refusal',
    events(
      start,
      ...block(0, { type: 'text', text: '' }, { type: 'text_delta', text: 'I' }),
      ...stop('refusal'),
    ),
    -2,
  ),
  whole(SHAPE, 'anthropic, messages: nothing to say', events(start, ...stop('end_turn')), -2),
  whole(
    SHAPE,
    'anthropic, messages: cut short by max_tokens',
    events(start, ...text(0).slice(0, 4), ...stop('max_tokens')),
    -2,
  ),
  whole(
    SHAPE,
    'anthropic, messages: thoughts that are hidden',
    events(start, ...redacted, ...text(1), ...stop('end_turn')),
    -2,
  ),
  cut(SHAPE, 'anthropic, messages: cut in a text', events(start, PING, ...text(0).slice(0, 4))),
  cut(SHAPE, 'anthropic, messages: cut in a tool call', events(start, ...text(0), ...toolUse(1).slice(0, 3))),
  cut(SHAPE, 'anthropic, messages: cut after all blocks, before its stop reason', events(start, ...text(0))),
  cut(SHAPE, 'anthropic, messages: cut while only pings came', events(start, PING, PING, PING)),
  failed(
    SHAPE,
    'anthropic, messages: overloaded before the first word',
    events(start, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
  ),
  failed(
    SHAPE,
    'anthropic, messages: overloaded in mid-text',
    events(start, ...text(0).slice(0, 3), {
      type: 'error',
      error: { type: 'overloaded_error', message: 'Overloaded' },
    }),
  ),
  failed(
    SHAPE,
    'anthropic, messages: the error alone',
    events({ type: 'error', error: { type: 'api_error', message: 'Internal server error' } }),
  ),
]
