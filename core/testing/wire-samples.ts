/** A small stream of each protocol: its events as they stand on the wire. */
export interface WireSample {
  name: string
  path: string
  contentType: string
  /** Further headers that its servers send. */
  headers?: Record<string, string>
  events: string[]
  /** Index of the first event with output. */
  firstOutput: number
  /** Index of the event with which nothing is missing any more. */
  end: number
  /** How its servers report an error in mid-stream. */
  error: string
  usage?: { inputTokens: number; outputTokens: number }
}

const SSE = 'text/event-stream'

function sse(...events: object[]): string[] {
  return events.map((data) => `data: ${JSON.stringify(data)}\n\n`)
}

/** Events that carry their type as name, too. */
function named(...events: (Record<string, unknown> & { type: string })[]): string[] {
  return events.map((data) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`)
}

/** An event of LangGraph's `messages` mode: a chunk of a message, and where it comes from. */
function langgraph(chunk: object): string {
  const message = [{ type: 'AIMessageChunk', id: 'm', ...chunk }, { langgraph_node: 'agent' }]
  return `event: messages\ndata: ${JSON.stringify(message)}\n\n`
}

const TANSTACK = { id: 'c', model: 'm', timestamp: 1 }

const DONE = 'data: [DONE]\n\n'

export const WIRE_SAMPLES: WireSample[] = [
  {
    name: 'OpenAI chat',
    path: '/v1/chat/completions',
    contentType: SSE,
    events: [
      ...sse(
        { choices: [{ delta: { role: 'assistant', content: '' } }] },
        { choices: [{ delta: { reasoning_content: 'Hm' } }] },
        { choices: [{ delta: { content: 'Yes' } }] },
        { choices: [{ delta: {}, finish_reason: 'stop' }] },
        { choices: [], usage: { prompt_tokens: 3, completion_tokens: 5 } },
      ),
      DONE,
    ],
    firstOutput: 1,
    end: 3,
    error: 'data: {"error":{"message":"No","code":"server_error"}}\n\n',
    usage: { inputTokens: 3, outputTokens: 5 },
  },
  {
    name: 'OpenAI Responses',
    path: '/v1/responses',
    contentType: SSE,
    events: named(
      { type: 'response.created' },
      { type: 'response.in_progress' },
      { type: 'response.output_item.added', item: { type: 'message' } },
      { type: 'response.content_part.added' },
      { type: 'response.output_text.delta', delta: 'Yes' },
      { type: 'response.output_text.done', text: 'Yes' },
      { type: 'response.completed', response: { usage: { input_tokens: 3, output_tokens: 5 } } },
    ),
    firstOutput: 4,
    end: 6,
    error: 'event: error\ndata: {"type":"error","code":"server_error","message":"No"}\n\n',
    usage: { inputTokens: 3, outputTokens: 5 },
  },
  {
    name: 'Anthropic',
    path: '/v1/messages',
    contentType: SSE,
    events: named(
      { type: 'message_start', message: { usage: { input_tokens: 3, output_tokens: 1 } } },
      { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '' } },
      { type: 'ping' },
      { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'Hm' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 5 } },
      { type: 'message_stop' },
    ),
    firstOutput: 3,
    end: 5,
    error: 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"No"}}\n\n',
    usage: { inputTokens: 3, outputTokens: 5 },
  },
  {
    name: 'Gemini',
    path: '/v1beta/models/gemini-3-flash:streamGenerateContent',
    contentType: SSE,
    events: sse(
      { candidates: [{ content: { parts: [{ text: '' }] } }] },
      { candidates: [{ content: { parts: [{ text: 'Yes' }] } }] },
      {
        candidates: [{ content: { parts: [{ text: '.' }] }, finishReason: 'STOP' }],
        usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 5 },
      },
    ),
    firstOutput: 1,
    end: 2,
    error: 'data: {"error":{"code":503,"message":"No","status":"UNAVAILABLE"}}\n\n',
    usage: { inputTokens: 3, outputTokens: 5 },
  },
  {
    name: 'AI SDK UI messages',
    path: '/api/chat',
    contentType: SSE,
    headers: { 'x-vercel-ai-ui-message-stream': 'v1' },
    events: [
      ...sse(
        { type: 'start' },
        { type: 'start-step' },
        { type: 'text-start', id: '1' },
        { type: 'text-delta', id: '1', delta: '' },
        { type: 'text-delta', id: '1', delta: 'Yes' },
        { type: 'text-end', id: '1' },
        { type: 'finish-step' },
        { type: 'finish' },
      ),
      DONE,
    ],
    firstOutput: 4,
    end: 7,
    error: 'data: {"type":"error","errorText":"No"}\n\n',
  },
  {
    name: 'Cohere',
    path: '/v2/chat',
    contentType: SSE,
    events: named(
      { type: 'message-start', id: 'm', delta: { message: { role: 'assistant', content: [] } } },
      { type: 'content-start', index: 0, delta: { message: { content: { type: 'text', text: '' } } } },
      { type: 'content-delta', index: 0, delta: { message: { content: { text: 'Yes' } } } },
      { type: 'content-end', index: 0 },
      {
        type: 'message-end',
        delta: { finish_reason: 'COMPLETE', usage: { tokens: { input_tokens: 3, output_tokens: 5 } } },
      },
    ),
    firstOutput: 2,
    end: 4,
    error:
      'event: message-end\ndata: {"type":"message-end","delta":{"finish_reason":"ERROR","error":"No"}}\n\n',
    usage: { inputTokens: 3, outputTokens: 5 },
  },
  {
    name: 'Ollama',
    path: '/api/chat',
    contentType: 'application/x-ndjson',
    events: [
      { message: { role: 'assistant', content: '' }, done: false },
      { message: { role: 'assistant', content: '', thinking: 'Hm' }, done: false },
      { message: { role: 'assistant', content: 'Yes' }, done: false },
      { message: { content: '' }, done: true, done_reason: 'stop', prompt_eval_count: 3, eval_count: 5 },
    ].map((line) => `${JSON.stringify(line)}\n`),
    firstOutput: 1,
    end: 3,
    error: '{"error":"No"}\n',
    usage: { inputTokens: 3, outputTokens: 5 },
  },
  {
    name: 'AI SDK data stream',
    path: '/api/chat',
    contentType: 'text/plain; charset=utf-8',
    headers: { 'x-vercel-ai-data-stream': 'v1' },
    events: [
      'f:{"messageId":"m"}\n',
      '0:"Yes"\n',
      'e:{"finishReason":"stop","isContinued":false}\n',
      'd:{"finishReason":"stop","usage":{"promptTokens":3,"completionTokens":5}}\n',
    ],
    firstOutput: 1,
    end: 2,
    error: '3:"No"\n',
    usage: { inputTokens: 3, outputTokens: 5 },
  },
  {
    name: 'AG-UI',
    path: '/agent',
    contentType: SSE,
    events: sse(
      { type: 'RUN_STARTED', threadId: 't', runId: 'r' },
      { type: 'TEXT_MESSAGE_START', messageId: 'm', role: 'assistant' },
      { type: 'TEXT_MESSAGE_CONTENT', messageId: 'm', delta: 'Yes' },
      { type: 'TEXT_MESSAGE_END', messageId: 'm' },
      { type: 'RUN_FINISHED', threadId: 't', runId: 'r' },
    ),
    firstOutput: 2,
    end: 4,
    error: 'data: {"type":"RUN_ERROR","message":"No"}\n\n',
  },
  {
    name: 'AG-UI in lines',
    path: '/agent',
    contentType: 'application/x-ndjson',
    events: [
      { type: 'RUN_STARTED', threadId: 't', runId: 'r' },
      { type: 'TOOL_CALL_START', toolCallId: 'c', toolCallName: 'n' },
      { type: 'TOOL_CALL_ARGS', toolCallId: 'c', delta: '{}' },
      { type: 'TOOL_CALL_END', toolCallId: 'c' },
      { type: 'RUN_FINISHED', threadId: 't', runId: 'r' },
    ].map((line) => `${JSON.stringify(line)}\n`),
    firstOutput: 1,
    end: 4,
    error: '{"type":"RUN_ERROR","message":"No"}\n',
  },
  {
    name: 'TanStack AI',
    path: '/api/ai',
    contentType: SSE,
    events: [
      ...sse(
        { type: 'RUN_STARTED', threadId: 't', runId: 'r', metadata: { tanstack: { model: 'm' } } },
        { type: 'TEXT_MESSAGE_START', messageId: 'm', role: 'assistant' },
        { type: 'TEXT_MESSAGE_CONTENT', messageId: 'm', delta: 'Yes' },
        { type: 'TEXT_MESSAGE_END', messageId: 'm' },
        { type: 'RUN_FINISHED', threadId: 't', runId: 'r', usage: { inputTokens: 3, outputTokens: 5 } },
      ),
      DONE,
    ],
    firstOutput: 2,
    end: 4,
    error: 'data: {"type":"RUN_ERROR","message":"No","error":{"message":"No"}}\n\n',
    usage: { inputTokens: 3, outputTokens: 5 },
  },
  {
    name: 'TanStack AI, older chunks',
    path: '/api/ai',
    contentType: SSE,
    events: [
      ...sse(
        { type: 'content', ...TANSTACK, delta: '', content: '' },
        { type: 'content', ...TANSTACK, delta: 'Yes', content: 'Yes' },
        {
          type: 'done',
          ...TANSTACK,
          finishReason: 'stop',
          usage: { promptTokens: 3, completionTokens: 5 },
        },
      ),
      DONE,
    ],
    firstOutput: 1,
    end: 2,
    error: `data: ${JSON.stringify({ type: 'error', ...TANSTACK, error: { message: 'No' } })}\n\n`,
    usage: { inputTokens: 3, outputTokens: 5 },
  },
  {
    name: 'LangGraph in Python',
    path: '/threads/t/runs/stream',
    contentType: SSE,
    events: [
      'event: metadata\ndata: {"run_id":"r","attempt":1}\n\n',
      langgraph({ content: '' }),
      langgraph({ content: 'Yes' }),
      langgraph({
        content: '',
        response_metadata: { finish_reason: 'stop' },
        usage_metadata: { input_tokens: 3, output_tokens: 5 },
      }),
      'event: end\ndata: null\n\n',
    ],
    firstOutput: 2,
    end: 3,
    error: 'event: error\ndata: {"error":"ValueError","message":"No"}\n\n',
    usage: { inputTokens: 3, outputTokens: 5 },
  },
  {
    name: 'LangGraph in JavaScript',
    path: '/runs/stream',
    contentType: SSE,
    events: [
      'event: metadata\ndata: {"run_id":"r","thread_id":"t"}\n\n',
      langgraph({ content: 'Yes' }),
      'event: values\ndata: {"messages":[{"type":"ai","content":"Yes"}]}\n\n',
    ],
    firstOutput: 1,
    end: 2,
    error: 'event: error\ndata: {"error":"Error","message":"No"}\n\n',
  },
  {
    name: 'Mistral conversations',
    path: '/v1/conversations',
    contentType: SSE,
    events: named(
      { type: 'conversation.response.started', conversation_id: 'c' },
      { type: 'message.output.delta', id: 'm', content: 'Yes' },
      { type: 'conversation.response.done', usage: { prompt_tokens: 3, completion_tokens: 5 } },
    ),
    firstOutput: 1,
    end: 2,
    error:
      'event: conversation.response.error\ndata: {"type":"conversation.response.error","message":"No","code":500}\n\n',
    usage: { inputTokens: 3, outputTokens: 5 },
  },
  {
    name: 'Gemini Interactions',
    path: '/v1beta/interactions',
    contentType: SSE,
    events: [
      ...[
        { event_type: 'interaction.created', interaction: { id: 'i', status: 'in_progress' } },
        { event_type: 'step.start', index: 0, step: { type: 'model_output' } },
        { event_type: 'step.delta', index: 0, delta: { type: 'text', text: 'Yes' } },
        { event_type: 'step.stop', index: 0 },
        {
          event_type: 'interaction.completed',
          interaction: { status: 'completed', usage: { total_input_tokens: 3, total_output_tokens: 5 } },
        },
      ].map((data) => `event: ${data.event_type}\ndata: ${JSON.stringify(data)}\n\n`),
      'event: done\ndata: [DONE]\n\n',
    ],
    firstOutput: 2,
    end: 4,
    error: 'event: error\ndata: {"event_type":"error","error":{"code":"unavailable","message":"No"}}\n\n',
    usage: { inputTokens: 3, outputTokens: 5 },
  },
]
