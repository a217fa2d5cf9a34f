import type { Wire } from './wire.ts'

interface Chunk {
  choices?: { delta?: Record<string, unknown>; text?: unknown; finish_reason?: string | null }[]
  usage?: { prompt_tokens?: number; completion_tokens?: number } | null
  error?: unknown
}

/**
 * OpenAI chat completions and its many speakers: `finish_reason`, then `data: [DONE]`. Real servers leave out the
 * one or the other; either is an end.
 * [spec] https://platform.openai.com/docs/api-reference/chat-streaming
 */
export const openaiChat: Wire = {
  name: 'openai-chat',

  recognises: ({ data: text }, data) => text === '[DONE]' || (isChunk(data) && Array.isArray(data.choices)),

  read: ({ event, data: text }, data, seen) => {
    if (text === '[DONE]') {
      seen.ended = true
      return
    }
    if (!isChunk(data)) return
    if (data.error || event === 'error') seen.error = data.error ?? data
    for (const { delta, text: legacy, finish_reason: reason } of data.choices ?? []) {
      if ((delta && hasOutput(delta)) || legacy) seen.outputs++
      if (reason === 'error') seen.error ??= data
      else if (reason) seen.finished = true
    }
    const { usage } = data
    if (usage) {
      seen.usage = {
        ...(usage.prompt_tokens === undefined ? {} : { inputTokens: usage.prompt_tokens }),
        ...(usage.completion_tokens === undefined ? {} : { outputTokens: usage.completion_tokens }),
      }
    }
  },

  errorEvent: ({ code, message }) =>
    `data: ${JSON.stringify({ error: { message, type: 'streamkeeper_error', code } })}\n\n`,
}

function isChunk(data: unknown): data is Chunk {
  return typeof data === 'object' && data !== null
}

/** Any field of a delta that says something; `role` alone, and empty strings and lists, say nothing. */
function hasOutput(delta: Record<string, unknown>): boolean {
  for (const name in delta) {
    if (name === 'role') continue
    const value = delta[name]
    if (Array.isArray(value) ? value.length > 0 : value) return true
  }
  return false
}
