/** An answer of one wire protocol that breaks off after some output, and how its reader must be told. */
export interface CutAnswer {
  name: string
  path: string
  headers: Record<string, string>
  /** Up to its first output. */
  begun: string
  /** More of it; its end marker is missing. */
  more: string
  /** The protocol's own error event, written out by hand; absent where it has none. */
  error?: (failure: CutFailure) => string
}

export interface CutFailure {
  code: 'truncated' | 'network_error'
  message: string
}

const SSE = { 'content-type': 'text/event-stream; charset=utf-8' }
const JSON_LIST = { 'content-type': 'application/json; charset=utf-8' }
const TEXT = 'Grüße, 世界 👋🏽'

export const OPENAI_CHAT: CutAnswer = {
  name: 'OpenAI chat',
  path: '/v1/chat/completions',
  headers: SSE,
  begun: data({ choices: [{ delta: { role: 'assistant', content: '' } }] }) + chatDelta(TEXT),
  more: `: keep-alive\n\n${chatDelta(' and more')}`,
  error: ({ code, message }) =>
    `data: {"error":{"message":"${message}","type":"streamkeeper_error","code":"${code}"}}\n\n`,
}

export const OLLAMA: CutAnswer = {
  name: 'Ollama',
  path: '/api/chat',
  headers: { 'content-type': 'application/x-ndjson' },
  begun: `{"message":{"role":"assistant","content":"${TEXT}"},"done":false}\n`,
  more: '{"message":{"role":"assistant","content":" and more"},"done":false}\n',
  error: ({ message }) => `{"error":"${message}"}\n`,
}

export const CUT_ANSWERS: CutAnswer[] = [
  OPENAI_CHAT,
  {
    name: 'OpenAI Responses',
    path: '/v1/responses',
    headers: SSE,
    begun:
      typed({ type: 'response.created', response: { id: 'resp_1' } }) +
      typed({ type: 'response.output_text.delta', delta: TEXT }),
    more: typed({ type: 'response.output_text.delta', delta: ' and more' }),
    error: ({ code, message }) =>
      `event: error\ndata: {"type":"error","code":"${code}","message":"${message}","param":null}\n\n`,
  },
  {
    name: 'Anthropic Messages',
    path: '/v1/messages',
    headers: SSE,
    begun:
      typed({ type: 'message_start', message: { usage: { input_tokens: 3 } } }) +
      typed({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }) +
      typed({ type: 'ping' }) +
      typed({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: TEXT } }),
    more: typed({ type: 'content_block_stop', index: 0 }),
    error: ({ code, message }) =>
      `event: error\ndata: {"type":"error","error":{"type":"api_error","message":"${message}","code":"${code}"}}\n\n`,
  },
  {
    name: 'Gemini with alt=sse',
    path: '/v1beta/models/gemini-3-flash:streamGenerateContent?alt=sse',
    headers: SSE,
    begun: data(geminiPart(TEXT)).replaceAll('\n', '\r\n'),
    more: data(geminiPart(' and more')).replaceAll('\n', '\r\n'),
    error: ({ code, message }) =>
      `data: {"error":{"code":503,"message":"${message}","status":"UNAVAILABLE","reason":"${code}"}}\n\n`,
  },
  {
    name: 'Gemini as a JSON list',
    path: '/v1beta/models/gemini-3-flash:streamGenerateContent',
    headers: JSON_LIST,
    begun: `[${JSON.stringify(geminiPart(TEXT))}\n,\r\n`,
    more: JSON.stringify(geminiPart(' and more')),
  },
  {
    name: 'the AI SDK’s UI message stream',
    path: '/api/chat',
    headers: { ...SSE, 'x-vercel-ai-ui-message-stream': 'v1' },
    begun:
      data({ type: 'start' }) +
      data({ type: 'text-start', id: '1' }) +
      data({ type: 'text-delta', id: '1', delta: TEXT }),
    // A `[DONE]` says only that the server has closed its own stream: `finish` is missing.
    more: `${data({ type: 'text-delta', id: '1', delta: ' and more' })}data: [DONE]\n\n`,
    error: ({ message }) => `data: {"type":"error","errorText":"${message}"}\n\n`,
  },
  {
    name: 'Cohere v2',
    path: '/v2/chat',
    headers: SSE,
    begun:
      typed({ type: 'message-start', delta: { message: { role: 'assistant' } } }) +
      typed({ type: 'content-delta', index: 0, delta: { message: { content: { text: TEXT } } } }),
    more: typed({ type: 'content-end', index: 0 }),
    error: ({ message }) =>
      `event: message-end\ndata: {"type":"message-end","delta":{"finish_reason":"ERROR","error":"${message}"}}\n\n`,
  },
  OLLAMA,
]

function data(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`
}

function typed(value: { type: string } & Record<string, unknown>): string {
  return `event: ${value.type}\n${data(value)}`
}

function chatDelta(content: string): string {
  return data({ choices: [{ delta: { content } }] })
}

function geminiPart(text: string): object {
  return { candidates: [{ content: { parts: [{ text }], role: 'model' } }] }
}
