import { at, count, says, type Wire } from './wire.ts'

/**
 * Ollama's own API: a JSON object a line, the last with `done: true`.
 * [spec] https://github.com/ollama/ollama/blob/main/docs/api.md#generate-a-chat-completion
 */
export const ollama: Wire = {
  name: 'ollama',
  path: /\/api\/(chat|generate)$/,

  recognises: (_line, data) => typeof at(data, 'done') === 'boolean',

  read: (_line, data, seen) => {
    if (at(data, 'error')) seen.error ??= data
    const message = at(data, 'message') ?? data
    const output = ['content', 'response', 'thinking', 'tool_calls'].some((name) => says(at(message, name)))
    if (output) seen.outputs++
    if (at(data, 'done') !== true) return
    seen.ended = true
    count(seen, at(data, 'prompt_eval_count'), at(data, 'eval_count'))
  },

  errorEvent: ({ message }) => `${JSON.stringify({ error: message })}\n`,
}
