import {
  ARGUMENTS,
  cut,
  DONE,
  failed,
  type GeneratedStream,
  type Shape,
  SSE,
  sse,
  whole,
  WORDS,
} from './stream.ts'

/** What sets a speaker of OpenAI's chat completions apart from the others. */
interface Dialect {
  provider: string
  model: string
  /** The field of a delta that holds thoughts, where its models show any. */
  thoughts?: 'reasoning_content' | 'reasoning'
  /** Sent before the first event and between events, to keep the connection open. */
  keepAlive?: string
  /** In every chunk. */
  extra?: Record<string, unknown>
  /** Sent first, with no choices. */
  preamble?: Record<string, unknown>
  /** Where the token counts stand: in a chunk of their own, with the finish, inside the choice, or in a field of Groq's. */
  usage?: 'own chunk' | 'with finish' | 'in choice' | 'x_groq'
  /** Ends without `[DONE]`. */
  noDone?: boolean
  /** Every chunk names a choice that is not over with an empty string in place of `null`. */
  emptyFinish?: boolean
}

const DIALECTS: Dialect[] = [
  {
    provider: 'openai',
    model: 'gpt-4.1-mini',
    usage: 'own chunk',
    extra: { service_tier: 'default', system_fingerprint: 'fp_1', obfuscation: 'x7' },
  },
  {
    provider: 'azure-openai',
    model: 'gpt-4o',
    usage: 'own chunk',
    preamble: {
      prompt_filter_results: [
        { prompt_index: 0, content_filter_results: { hate: { filtered: false, severity: 'safe' } } },
      ],
    },
  },
  { provider: 'azure-foundry', model: 'mistral-large', usage: 'with finish' },
  {
    provider: 'openrouter',
    model: 'deepseek/deepseek-r1',
    thoughts: 'reasoning',
    keepAlive: ': OPENROUTER PROCESSING\n\n',
    extra: { provider: 'Fireworks' },
    usage: 'own chunk',
  },
  { provider: 'groq', model: 'qwen3-32b', thoughts: 'reasoning', usage: 'x_groq' },
  {
    provider: 'deepseek',
    model: 'deepseek-reasoner',
    thoughts: 'reasoning_content',
    keepAlive: ': keep-alive\n\n',
    usage: 'with finish',
  },
  { provider: 'mistral', model: 'mistral-small-latest', extra: { p: 'abcdefgh' }, usage: 'with finish' },
  {
    provider: 'xai',
    model: 'grok-4',
    thoughts: 'reasoning_content',
    keepAlive: ': keepalive\n\n',
    usage: 'own chunk',
  },
  { provider: 'together', model: 'meta-llama/Llama-3.3-70B', thoughts: 'reasoning', usage: 'with finish' },
  {
    provider: 'cerebras',
    model: 'gpt-oss-120b',
    thoughts: 'reasoning',
    usage: 'with finish',
    extra: { system_fingerprint: 'fp_2' },
  },
  {
    provider: 'perplexity',
    model: 'sonar',
    usage: 'with finish',
    noDone: true,
    extra: { citations: ['https://a.example'], search_results: [{ title: 'A', url: 'https://a.example' }] },
  },
  { provider: 'huggingface', model: 'Qwen/Qwen3-32B', usage: 'own chunk' },
  {
    provider: 'fireworks',
    model: 'accounts/fireworks/models/glm-4p6',
    thoughts: 'reasoning_content',
    usage: 'with finish',
  },
  { provider: 'alibaba', model: 'qwen-plus', thoughts: 'reasoning_content', usage: 'own chunk' },
  { provider: 'moonshotai', model: 'kimi-k2', thoughts: 'reasoning_content', usage: 'in choice' },
  { provider: 'zai', model: 'glm-4.6', thoughts: 'reasoning_content', usage: 'with finish' },
  { provider: 'lmstudio', model: 'qwen2.5-7b', usage: 'own chunk' },
  {
    provider: 'local-openai-compatible',
    model: 'llama.cpp',
    usage: 'own chunk',
    extra: { system_fingerprint: 'b6000' },
  },
  { provider: 'gpustack', model: 'qwen3', thoughts: 'reasoning_content', usage: 'own chunk' },
  {
    provider: 'vllm',
    model: 'Qwen/QwQ-32B',
    thoughts: 'reasoning_content',
    usage: 'own chunk',
    emptyFinish: true,
  },
  { provider: 'litellm-proxy', model: 'claude-via-proxy', usage: 'own chunk' },
  {
    provider: 'vercel-gateway',
    model: 'anthropic/claude-sonnet-4',
    thoughts: 'reasoning',
    usage: 'own chunk',
    extra: { system_fingerprint: 'fp_3' },
  },
  {
    provider: 'github-copilot',
    model: 'gpt-4.1',
    usage: 'with finish',
    preamble: { prompt_filter_results: [] },
  },
  { provider: 'crusoe', model: 'llama-3.3', usage: 'own chunk' },
  { provider: 'snowflake', model: 'claude-4-sonnet', usage: 'with finish', noDone: true },
  { provider: 'bedrock-mantle', model: 'openai.gpt-oss-20b', thoughts: 'reasoning', usage: 'own chunk' },
  {
    provider: 'cloudflare-workers-ai',
    model: '@cf/openai/gpt-oss-20b',
    thoughts: 'reasoning_content',
    usage: 'own chunk',
  },
]

const SHAPE: Shape = { api: 'openai-chat', path: '/v1/chat/completions', contentType: SSE }
const USAGE = { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 }

/** The chunks of one dialect. */
function speak(
  { model, extra, usage, noDone, keepAlive = '', preamble, emptyFinish }: Dialect,
  deltas: object[],
  finish = 'stop',
) {
  const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1_790_000_000, model, ...extra }
  const pending = emptyFinish ? '' : null
  const chunk = (delta: object, finish_reason: string | null = pending) => ({
    ...head,
    choices: [{ index: 0, delta, logprobs: null, finish_reason }],
  })
  const last = chunk({}, finish)
  if (usage === 'with finish') Object.assign(last, { usage: USAGE })
  if (usage === 'x_groq') Object.assign(last, { x_groq: { id: 'req_1', usage: USAGE } })
  if (usage === 'in choice') Object.assign(last.choices[0] ?? {}, { usage: USAGE })
  const events = [
    keepAlive.repeat(3),
    ...(preamble ? sse({ ...head, choices: [], ...preamble }) : []),
    ...sse(chunk({ role: 'assistant', content: '' })),
    ...deltas.flatMap((delta, index) => [...(index === 1 ? [keepAlive] : []), ...sse(chunk(delta))]),
    ...sse(last),
    ...(usage === 'own chunk' ? sse({ ...head, choices: [], usage: USAGE }) : []),
    ...(noDone ? [] : [DONE]),
  ].filter((event) => event !== '')
  const end = events.findIndex((event) => event.includes(`"finish_reason":"${finish}"`))
  return { events, end }
}

const wordDeltas = WORDS.map((content) => ({ content }))
const calls = [
  {
    tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'weather', arguments: '' } }],
  },
  ...ARGUMENTS.map((text) => ({ tool_calls: [{ index: 0, function: { arguments: text } }] })),
]

function streamsOf(dialect: Dialect): GeneratedStream[] {
  const { provider, thoughts } = dialect
  const made = (what: string, deltas: object[], finish?: string) => {
    const { events, end } = speak(dialect, deltas, finish)
    return whole(SHAPE, `${provider}, chat: ${what}`, events, end)
  }
  return [
    made('a text', wordDeltas),
    made('a tool call', [...wordDeltas.slice(0, 2), ...calls], 'tool_calls'),
    ...(thoughts
      ? [made('thoughts, then a text', [...WORDS.map((text) => ({ [thoughts]: text })), ...wordDeltas])]
      : []),
  ]
}

const openai: Dialect = { provider: 'openai', model: 'gpt-4.1' }
const begun = speak(openai, wordDeltas).events.slice(0, 5)
const chunkOf = (choice: object, more: object = {}) =>
  sse({ id: 'chatcmpl-1', object: 'chat.completion.chunk', model: 'm', choices: [choice], ...more })

/** What single servers do, beyond what the dialects say. */
const ODDITIES: GeneratedStream[] = [
  whole(
    SHAPE,
    'openai, chat: cut short by max_tokens',
    speak(openai, wordDeltas, 'length').events,
    wordDeltas.length + 1,
  ),
  whole(
    SHAPE,
    'openai, chat: a content filter',
    speak(openai, wordDeltas.slice(0, 1), 'content_filter').events,
    2,
  ),
  whole(
    SHAPE,
    'openai, chat: a refusal',
    speak(openai, [{ refusal: 'I cannot' }, { refusal: ' do that.' }]).events,
    3,
  ),
  whole(
    SHAPE,
    'openai, chat: an older function call',
    speak(
      openai,
      [{ function_call: { name: 'weather', arguments: '' } }, { function_call: { arguments: '{}' } }],
      'function_call',
    ).events,
    3,
  ),
  whole(
    SHAPE,
    'openai, chat: only a finish, no [DONE]',
    speak({ ...openai, noDone: true }, wordDeltas).events,
  ),
  whole(SHAPE, 'ollama, chat at its OpenAI route: only [DONE], no finish', [...begun, DONE]),
  whole(
    SHAPE,
    'openrouter, chat: an image of 200 kB in one event',
    [
      ...begun.slice(0, 1),
      ...chunkOf({
        index: 0,
        delta: {
          images: [
            { type: 'image_url', image_url: { url: `data:image/png;base64,${'QUJD'.repeat(50_000)}` } },
          ],
        },
        finish_reason: null,
      }),
      ...chunkOf({ index: 0, delta: {}, finish_reason: 'stop' }),
      DONE,
    ],
    2,
  ),
  whole(SHAPE, 'perplexity, chat: the last chunk has the whole message again', [
    ...begun,
    ...chunkOf(
      {
        index: 0,
        delta: { content: '.' },
        message: { role: 'assistant', content: WORDS.join('') },
        finish_reason: 'stop',
      },
      { object: 'chat.completion.done' },
    ),
  ]),
  whole(
    SHAPE,
    'mistral, chat: thoughts as parts of the content',
    [
      ...chunkOf({
        index: 0,
        delta: {
          role: 'assistant',
          content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'Hm' }] }],
        },
        finish_reason: null,
      }),
      ...chunkOf({ index: 0, delta: { content: [{ type: 'text', text: 'Yes' }] }, finish_reason: null }),
      ...chunkOf({ index: 0, delta: { content: '' }, finish_reason: 'stop' }),
      DONE,
    ],
    2,
  ),
  whole(SHAPE, 'openai, chat: a byte order mark before it', [
    `\uFEFF${begun[0]}`,
    ...begun.slice(1),
    ...chunkOf({ index: 0, delta: {}, finish_reason: 'stop' }),
  ]),
  cut(SHAPE, 'openai, chat: cut in a text', begun),
  cut(SHAPE, 'openai, chat: cut in a tool call', speak(openai, calls).events.slice(0, 4)),
  cut(SHAPE, 'openai, chat: cut in the middle of an event', [
    ...begun,
    'data: {"choices":[{"index":0,"delta":{"content":" half',
  ]),
  failed(SHAPE, 'openai, chat: an error in place of the text', [
    ...begun.slice(0, 1),
    ...sse({ error: { message: 'The server had an error', type: 'server_error', param: null, code: null } }),
  ]),
  failed(SHAPE, 'openai, chat: an error event in mid-text', [
    ...begun,
    'event: error\ndata: {"message":"The server had an error","type":"server_error"}\n\n',
  ]),
  failed(
    SHAPE,
    'openrouter, chat: an error beside the choices, then [DONE]',
    [
      ...begun,
      ...chunkOf(
        { index: 0, delta: { content: '' }, finish_reason: 'error' },
        { error: { code: 502, message: 'Upstream disconnected' } },
      ),
      DONE,
    ],
    -2,
  ),
  failed(SHAPE, 'groq, chat: a tool call that failed', [
    ...begun,
    'event: error\ndata: {"error":{"message":"Failed to call a function","type":"invalid_request_error","code":"tool_use_failed","status_code":400}}\n\n',
  ]),
  failed(SHAPE, 'gpustack, chat: an error in a line that is no field', [
    ...begun,
    'error: {"error":{"code":500,"message":"context shift is disabled"}}\n\n',
  ]),
  failed(SHAPE, 'litellm-proxy, chat: an error in mid-text', [
    ...begun,
    ...sse({ error: { message: 'APIConnectionError', type: 'None', param: 'None', code: '500' } }),
  ]),
  failed(SHAPE, 'minimax, chat: a status of its own in mid-text', [
    ...begun,
    ...sse({ base_resp: { status_code: 1002, status_msg: 'rate limit' } }),
  ]),
]

export const CHAT_STREAMS: GeneratedStream[] = [...DIALECTS.flatMap(streamsOf), ...ODDITIES]
