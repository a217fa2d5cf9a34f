/** A recorded stream of the corpus, as its index lists it. */
export interface RecordedStream {
  file: string
  api: string
  headers?: Record<string, string>
}

/** The shapes that recordings have. */
export const RECORDED_SHAPES = [
  'anthropic-complete',
  'anthropic-messages',
  'bedrock-converse',
  'bedrock-invoke',
  'cohere-v2chat',
  'gateway-sse',
  'gemini-interactions',
  'gemini-stream',
  'ollama-chat',
  'ollama-generate',
  'openai-assistants',
  'openai-chat',
  'openai-completions',
  'openai-responses',
  'openai-transcription',
  'replicate-stream',
  'ui-message-stream',
  'watsonx-generation',
  'workers-ai',
  'writer-chat',
]

/** The paths that the protocols we know are asked at. */
const PATHS: Record<string, string> = {
  'openai-chat': '/v1/chat/completions',
  'openai-responses': '/v1/responses',
  'anthropic-messages': '/v1/messages',
  'gemini-stream': '/v1beta/models/m:streamGenerateContent',
  'cohere-v2chat': '/v2/chat',
  'ui-message-stream': '/api/chat',
  'ollama-chat': '/api/chat',
  'ollama-generate': '/api/generate',
}

/** Where a stream was asked for, and what it said it was; protocols that we do not know come from some backend. */
export function requestOf({ file, api, headers }: RecordedStream): { path: string; contentType: string } {
  const byName = file.endsWith('.ndjson')
    ? 'application/x-ndjson'
    : file.endsWith('.bin')
      ? 'application/vnd.amazon.eventstream'
      : 'text/event-stream'
  const said = headers?.['content-type'] ?? ''
  return {
    path: PATHS[api] ?? '/my/backend',
    // Some recordings lost their type, or have that of the recorder.
    contentType: /event-?stream|ndjson/.test(said) ? said : byName,
  }
}

export function isKnown({ api }: RecordedStream): boolean {
  return api in PATHS
}
