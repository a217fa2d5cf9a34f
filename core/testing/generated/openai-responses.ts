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

const SHAPE: Shape = { api: 'openai-responses', path: '/v1/responses', contentType: SSE }
const PROVIDERS = [
  'openai',
  'azure-openai',
  'xai',
  'openrouter',
  'groq',
  'bedrock-mantle',
  'vercel-gateway',
  'lmstudio',
]

const USAGE = { input_tokens: 3, output_tokens: 5, total_tokens: 8 }

/** Events with the numbers that this wire gives each. */
function numbered(...events: ({ type: string } & Record<string, unknown>)[]): string[] {
  return named(...events.map((event, sequence_number) => Object.assign({ sequence_number }, event)))
}

const response = (status: string, more: object = {}) => ({
  id: 'resp_1',
  object: 'response',
  status,
  error: null,
  incomplete_details: null,
  model: 'm',
  output: [],
  ...more,
})
const open = (more: object = {}) => [
  { type: 'response.created', response: response('in_progress', more) },
  { type: 'response.in_progress', response: response('in_progress', more) },
]
const close = { type: 'response.completed', response: response('completed', { usage: USAGE }) }

const at = { item_id: 'msg_1', output_index: 0, content_index: 0 }
const message = [
  {
    type: 'response.output_item.added',
    output_index: 0,
    item: { id: 'msg_1', type: 'message', status: 'in_progress', role: 'assistant', content: [] },
  },
  { type: 'response.content_part.added', ...at, part: { type: 'output_text', annotations: [], text: '' } },
  ...WORDS.map((delta) => ({ type: 'response.output_text.delta', ...at, delta, logprobs: [] })),
  { type: 'response.output_text.done', ...at, text: WORDS.join('') },
  { type: 'response.content_part.done', ...at, part: { type: 'output_text', text: WORDS.join('') } },
  {
    type: 'response.output_item.done',
    output_index: 0,
    item: { id: 'msg_1', type: 'message', status: 'completed' },
  },
]
const thought = [
  {
    type: 'response.output_item.added',
    output_index: 0,
    item: { id: 'rs_1', type: 'reasoning', summary: [] },
  },
  {
    type: 'response.reasoning_summary_part.added',
    item_id: 'rs_1',
    output_index: 0,
    summary_index: 0,
    part: { type: 'summary_text', text: '' },
  },
  ...WORDS.map((delta) => ({
    type: 'response.reasoning_summary_text.delta',
    item_id: 'rs_1',
    output_index: 0,
    summary_index: 0,
    delta,
  })),
  {
    type: 'response.reasoning_summary_text.done',
    item_id: 'rs_1',
    output_index: 0,
    summary_index: 0,
    text: WORDS.join(''),
  },
  {
    type: 'response.output_item.done',
    output_index: 0,
    item: { id: 'rs_1', type: 'reasoning', summary: [] },
  },
]
const call = [
  {
    type: 'response.output_item.added',
    output_index: 0,
    item: { id: 'fc_1', type: 'function_call', call_id: 'call_1', name: 'weather', arguments: '' },
  },
  ...ARGUMENTS.map((delta) => ({
    type: 'response.function_call_arguments.delta',
    item_id: 'fc_1',
    output_index: 0,
    delta,
  })),
  {
    type: 'response.function_call_arguments.done',
    item_id: 'fc_1',
    output_index: 0,
    arguments: ARGUMENTS.join(''),
  },
  {
    type: 'response.output_item.done',
    output_index: 0,
    item: { id: 'fc_1', type: 'function_call', status: 'completed' },
  },
]
const search = [
  {
    type: 'response.output_item.added',
    output_index: 0,
    item: { id: 'ws_1', type: 'web_search_call', status: 'in_progress' },
  },
  ...['in_progress', 'searching', 'completed'].map((step) => ({
    type: `response.web_search_call.${step}`,
    item_id: 'ws_1',
    output_index: 0,
  })),
  {
    type: 'response.output_item.done',
    output_index: 0,
    item: { id: 'ws_1', type: 'web_search_call', status: 'completed' },
  },
]
const image = [
  {
    type: 'response.output_item.added',
    output_index: 0,
    item: { id: 'ig_1', type: 'image_generation_call', status: 'in_progress' },
  },
  {
    type: 'response.image_generation_call.partial_image',
    item_id: 'ig_1',
    output_index: 0,
    partial_image_index: 0,
    partial_image_b64: 'QUJD'.repeat(20_000),
  },
  { type: 'response.image_generation_call.completed', item_id: 'ig_1', output_index: 0 },
  {
    type: 'response.output_item.done',
    output_index: 0,
    item: { id: 'ig_1', type: 'image_generation_call', status: 'completed', result: 'QUJD' },
  },
]
const refusal = [
  message[0] ?? { type: '' },
  { type: 'response.refusal.delta', ...at, delta: 'I cannot do that.' },
  { type: 'response.refusal.done', ...at, refusal: 'I cannot do that.' },
]

export const RESPONSES_STREAMS: GeneratedStream[] = [
  ...PROVIDERS.map((provider) =>
    whole(SHAPE, `${provider}, responses: a text`, numbered(...open(), ...message, close)),
  ),
  whole(
    SHAPE,
    'openai, responses: thoughts, a search, a text',
    numbered(...open(), ...thought, ...search, ...message, close),
  ),
  whole(SHAPE, 'openai, responses: a tool call', numbered(...open(), ...call, close)),
  whole(SHAPE, 'openai, responses: an image', numbered(...open(), ...image, close)),
  whole(SHAPE, 'openai, responses: a refusal', numbered(...open(), ...refusal, close)),
  whole(
    SHAPE,
    'openai, responses: in the background',
    numbered(
      { type: 'response.queued', response: response('queued', { background: true }) },
      ...open({ background: true }),
      ...message,
      close,
    ),
  ),
  whole(
    SHAPE,
    'openai, responses: cut short by max_output_tokens',
    numbered(...open(), ...message.slice(0, 6), {
      type: 'response.incomplete',
      response: response('incomplete', { incomplete_details: { reason: 'max_output_tokens' }, usage: USAGE }),
    }),
  ),
  failed(
    SHAPE,
    'openai, responses: it failed',
    numbered(...open(), ...message.slice(0, 4), {
      type: 'response.failed',
      response: response('failed', { error: { code: 'server_error', message: 'The model failed' } }),
    }),
  ),
  failed(
    SHAPE,
    'openai, responses: an error event',
    numbered(...open(), { type: 'error', code: 'rate_limit_exceeded', message: 'Slow down', param: null }),
  ),
  cut(SHAPE, 'openai, responses: cut in a text', numbered(...open(), ...message.slice(0, 5))),
  cut(SHAPE, 'openai, responses: cut in a tool call', numbered(...open(), ...call.slice(0, 3))),
  cut(SHAPE, 'openai, responses: cut after the text, before its end', numbered(...open(), ...message)),
]
