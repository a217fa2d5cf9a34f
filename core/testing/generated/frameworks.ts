import {
  ARGUMENTS,
  cut,
  DONE,
  failed,
  type GeneratedStream,
  lines,
  named,
  type Shape,
  SSE,
  sse,
  whole,
  WORDS,
} from './stream.ts'

// What chat frameworks send: the AI SDK's two streams, AG-UI, TanStack AI, LangGraph.

const UI: Shape = {
  api: 'ui-message-stream',
  path: '/api/chat',
  contentType: 'text/event-stream',
  headers: { 'x-vercel-ai-ui-message-stream': 'v1' },
}

const deltas = (kind: string, id: string, words = WORDS) => [
  { type: `${kind}-start`, id },
  ...words.map((delta) => ({ type: `${kind}-delta`, id, delta })),
  { type: `${kind}-end`, id },
]
const open = [{ type: 'start', messageId: 'm' }, { type: 'start-step' }]
const close = [{ type: 'finish-step' }, { type: 'finish', finishReason: 'stop' }]
const tool = [
  { type: 'tool-input-start', toolCallId: 't', toolName: 'weather' },
  ...ARGUMENTS.map((inputTextDelta) => ({ type: 'tool-input-delta', toolCallId: 't', inputTextDelta })),
  { type: 'tool-input-available', toolCallId: 't', toolName: 'weather', input: { city: 'Biel/Bienne' } },
  { type: 'tool-output-available', toolCallId: 't', output: { sun: true } },
]
const others = [
  { type: 'source-url', sourceId: 's', url: 'https://a.example' },
  { type: 'source-document', sourceId: 'd', mediaType: 'file', title: 'A' },
  { type: 'file', url: 'data:text/plain,a', mediaType: 'text/plain' },
  { type: 'data-weather', data: { sun: true } },
  { type: 'message-metadata', messageMetadata: { a: 1 } },
]

const UI_STREAMS: GeneratedStream[] = [
  whole(UI, 'ai-sdk, UI messages: a text', [...sse(...open, ...deltas('text', '1'), ...close), DONE], -2),
  whole(
    UI,
    'ai-sdk, UI messages: thoughts, then a text',
    [...sse(...open, ...deltas('reasoning', '0'), ...deltas('text', '1'), ...close), DONE],
    -2,
  ),
  whole(
    UI,
    'ai-sdk, UI messages: a tool in one step, its answer in the next',
    [
      ...sse(
        ...open,
        ...tool,
        { type: 'finish-step' },
        { type: 'start-step' },
        ...deltas('text', '1'),
        ...close,
      ),
      DONE,
    ],
    -2,
  ),
  whole(
    UI,
    'ai-sdk, UI messages: every other part',
    [...sse(...open, ...others, ...deltas('text', '1'), ...close), DONE],
    -2,
  ),
  {
    ...whole(
      UI,
      'ai-sdk, UI messages: two streams in one',
      [...sse(...open, ...deltas('text', '1'), ...close, ...open, ...deltas('text', '2'), ...close), DONE],
      -2,
    ),
    // The first one's `finish`.
    earlierEnds: [open.length + WORDS.length + 2 + 1],
  },
  whole(UI, 'ai-sdk, UI messages: no finish, but every part is closed', [
    ...sse(...deltas('text', '1')),
    DONE,
  ]),
  whole(
    UI,
    'ai-sdk, UI messages: stopped on the server',
    [...sse(...open, ...deltas('text', '1').slice(0, 4), { type: 'abort' }), DONE],
    -2,
  ),
  cut(UI, 'ai-sdk, UI messages: cut in a text', sse(...open, ...deltas('text', '1').slice(0, 4))),
  cut(UI, 'ai-sdk, UI messages: [DONE] while a part is open', [
    ...sse(...open, ...deltas('text', '1').slice(0, 4)),
    DONE,
  ]),
  cut(UI, 'ai-sdk, UI messages: cut in a tool call', sse(...open, ...tool.slice(0, 3))),
  failed(
    UI,
    'ai-sdk, UI messages: an error in place of the text',
    [...sse(...open, { type: 'error', errorText: 'An error occurred.' }), DONE],
    -2,
  ),
  failed(
    UI,
    'ai-sdk, UI messages: an error in mid-text',
    [
      ...sse(...open, ...deltas('text', '1').slice(0, 4), { type: 'error', errorText: 'An error occurred.' }),
      DONE,
    ],
    -2,
  ),
]

const DATA: Shape = {
  api: 'ai-data-stream',
  path: '/api/chat',
  contentType: 'text/plain; charset=utf-8',
  headers: { 'x-vercel-ai-data-stream': 'v1' },
}
const words = WORDS.map((word) => `0:${JSON.stringify(word)}\n`)
const finish = (reason: string) => [
  `e:{"finishReason":"${reason}","isContinued":false}\n`,
  `d:{"finishReason":"${reason}","usage":{"promptTokens":3,"completionTokens":5}}\n`,
]

const DATA_STREAMS: GeneratedStream[] = [
  whole(DATA, 'ai-sdk, data stream: a text', ['f:{"messageId":"m"}\n', ...words, ...finish('stop')], -2),
  whole(
    DATA,
    'ai-sdk, data stream: a text, and data behind its end',
    ['f:{"messageId":"m"}\n', ...words, ...finish('stop'), '8:[{"id":"1"}]\n', '2:["saved"]\n'],
    -4,
  ),
  whole(DATA, 'python, data stream: a text', [...words, ...finish('stop').slice(0, 1)]),
  whole(DATA, 'ai-sdk, data stream: a tool call', [
    'f:{"messageId":"m"}\n',
    '9:{"toolCallId":"t","toolName":"weather","args":{}}\n',
    'a:{"toolCallId":"t","result":"sun"}\n',
    ...finish('tool-calls'),
  ]),
  whole(
    DATA,
    'ai-sdk, data stream: thoughts, then a text',
    ['f:{"messageId":"m"}\n', 'g:"Hm"\n', ...words, ...finish('stop')],
    -2,
  ),
  cut(DATA, 'ai-sdk, data stream: cut in a text', ['f:{"messageId":"m"}\n', ...words]),
  failed(DATA, 'ai-sdk, data stream: an error in mid-text', [
    'f:{"messageId":"m"}\n',
    ...words,
    '3:"An error occurred."\n',
  ]),
]

const AG_UI: Shape = { api: 'ag-ui', path: '/agent', contentType: SSE }
const run = { threadId: 't', runId: 'r' }
const message = [
  { type: 'TEXT_MESSAGE_START', messageId: 'm', role: 'assistant' },
  ...WORDS.map((delta) => ({ type: 'TEXT_MESSAGE_CONTENT', messageId: 'm', delta })),
  { type: 'TEXT_MESSAGE_END', messageId: 'm' },
]
const toolCall = [
  { type: 'TOOL_CALL_START', toolCallId: 'c', toolCallName: 'weather' },
  ...ARGUMENTS.map((delta) => ({ type: 'TOOL_CALL_ARGS', toolCallId: 'c', delta })),
  { type: 'TOOL_CALL_END', toolCallId: 'c' },
]
const started = { type: 'RUN_STARTED', ...run }
const over = { type: 'RUN_FINISHED', ...run }

const AG_UI_STREAMS: GeneratedStream[] = [
  whole(AG_UI, 'ag-ui: a text', sse(started, ...message, over)),
  whole(
    AG_UI,
    'ag-ui: a tool call, then a text',
    sse(
      started,
      ...toolCall,
      { type: 'TOOL_CALL_RESULT', messageId: 'm', toolCallId: 'c', content: 'sun' },
      ...message,
      over,
    ),
  ),
  whole(
    { ...AG_UI, contentType: 'application/x-ndjson' },
    'ag-ui, in lines: a text',
    lines(started, ...message, over),
  ),
  cut(AG_UI, 'ag-ui: cut in a text', sse(started, ...message.slice(0, 4))),
  failed(
    AG_UI,
    'ag-ui: an error in mid-text',
    sse(started, ...message.slice(0, 4), { type: 'RUN_ERROR', message: 'It failed' }),
  ),
]

const TANSTACK: Shape = { api: 'tanstack-ai', path: '/api/ai', contentType: SSE }
const from = { id: 'c', model: 'm', timestamp: 1 }
const content = WORDS.map((delta, index) => ({
  type: 'content',
  ...from,
  delta,
  content: WORDS.slice(0, index + 1).join(''),
}))

const TANSTACK_STREAMS: GeneratedStream[] = [
  whole(
    TANSTACK,
    'tanstack-ai, older chunks: a text',
    [
      ...sse(...content, {
        type: 'done',
        ...from,
        finishReason: 'stop',
        usage: { promptTokens: 3, completionTokens: 5 },
      }),
      DONE,
    ],
    -2,
  ),
  cut(TANSTACK, 'tanstack-ai, older chunks: cut in a text', sse(...content)),
  failed(
    TANSTACK,
    'tanstack-ai, older chunks: an error in mid-text',
    sse(...content.slice(0, 3), { type: 'error', ...from, error: { message: 'It failed' } }),
  ),
]

const LANGGRAPH: Shape = { api: 'langgraph', path: '/threads/t/runs/stream', contentType: SSE }
const graph = (chunk: object) =>
  `event: messages\ndata: ${JSON.stringify([{ type: 'AIMessageChunk', id: 'm', ...chunk }, { langgraph_node: 'agent' }])}\n\n`
const metadata = 'event: metadata\ndata: {"run_id":"r","attempt":1}\n\n'
const graphText = WORDS.map((content) => graph({ content }))
const graphEnd = graph({
  content: '',
  response_metadata: { finish_reason: 'stop' },
  usage_metadata: { input_tokens: 3, output_tokens: 5 },
})

const LANGGRAPH_STREAMS: GeneratedStream[] = [
  whole(
    LANGGRAPH,
    'langgraph, Python: a text',
    [metadata, ...graphText, graphEnd, 'event: end\ndata: null\n\n'],
    -2,
  ),
  whole(LANGGRAPH, 'langgraph, JavaScript: a text, then the state', [
    metadata,
    ...graphText,
    'event: values\ndata: {"messages":[{"type":"ai","content":"a"}]}\n\n',
  ]),
  cut(LANGGRAPH, 'langgraph: cut in a text', [metadata, ...graphText]),
  failed(LANGGRAPH, 'langgraph: an error in mid-text', [
    metadata,
    ...graphText,
    'event: error\ndata: {"error":"ValueError","message":"It failed"}\n\n',
  ]),
]

const MISTRAL: Shape = { api: 'mistral-conversations', path: '/v1/conversations', contentType: SSE }
const conversation = { type: 'conversation.response.started', conversation_id: 'c' }
const outputs = WORDS.map((content) => ({ type: 'message.output.delta', id: 'm', output_index: 0, content }))

const MISTRAL_STREAMS: GeneratedStream[] = [
  whole(
    MISTRAL,
    'mistral, conversations: a text',
    named(conversation, ...outputs, {
      type: 'conversation.response.done',
      usage: { prompt_tokens: 3, completion_tokens: 5 },
    }),
  ),
  cut(MISTRAL, 'mistral, conversations: cut in a text', named(conversation, ...outputs)),
  failed(
    MISTRAL,
    'mistral, conversations: an error in mid-text',
    named(conversation, ...outputs.slice(0, 2), {
      type: 'conversation.response.error',
      message: 'It failed',
      code: 500,
    }),
  ),
]

export const FRAMEWORK_STREAMS = [
  ...UI_STREAMS,
  ...DATA_STREAMS,
  ...AG_UI_STREAMS,
  ...TANSTACK_STREAMS,
  ...LANGGRAPH_STREAMS,
  ...MISTRAL_STREAMS,
]
