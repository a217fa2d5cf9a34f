import { addOutput, addUsage, end, get, hasContent, type StreamEvent, type Wire } from './wire.ts'

/**
 * Ollama's own API: a JSON object per line, the last with `done: true`.
 * [spec] https://github.com/ollama/ollama/blob/main/docs/api.md#generate-a-chat-completion
 */
export const ollama: Wire = {
  name: 'ollama',
  requests: [{ path: /\/api\/(chat|generate)$/, mediaType: 'application/x-ndjson', streamsByDefault: true }],

  recognises: ({ data }: StreamEvent) =>
    typeof get(data, 'done') === 'boolean' &&
    ((typeof get(data, 'created_at') === 'string' && typeof get(data, 'model') === 'string') ||
      typeof get(data, 'response') === 'string' ||
      typeof get(data, 'message', 'content') === 'string'),

  read: ({ data }, seen) => {
    const message = get(data, 'message') ?? data
    const has = (field: string) => hasContent(get(message, field))
    if (['content', 'response', 'thinking', 'tool_calls', 'completed', 'image'].some(has)) {
      addOutput(seen)
      seen.working = has('thinking') || has('tool_calls')
    }
    if (get(data, 'done') !== true) return get(data, 'done') === false
    end(seen)
    seen.reason ||= hasContent(get(data, 'done_reason'))
    addUsage(seen, get(data, 'prompt_eval_count'), get(data, 'eval_count'))
    return true
  },

  skim: (head, tail, seen) => {
    const done =
      /"done"\s{0,9}:\s{0,9}(true|false)/.exec(tail) ?? /"done"\s{0,9}:\s{0,9}(true|false)/.exec(head)
    addOutput(seen)
    if (done?.[1] === 'true') end(seen)
    return done !== null
  },

  begins: ({ data }) => get(data, 'done') === false,

  words: ({ data }) => get(data, 'message', 'content') ?? get(data, 'response'),

  errorEvent: ({ message }) => ({ data: { error: message } }),
}
