import { at, count, eventOf, typeOf, type Wire } from './wire.ts'

/**
 * Cohere's chat, version 2: typed events, ended by `message-end`.
 * [spec] https://docs.cohere.com/reference/chat-stream
 */
export const cohere: Wire = {
  name: 'cohere',
  path: /\/v2\/chat$/,

  recognises: (event, data) => /^(message|content|tool-call|citation)-(start|end)$/.test(typeOf(event, data)),

  read: (event, data, seen) => {
    const type = typeOf(event, data)
    if (type === 'message-end') {
      const { finish_reason: reason, usage } = (at(data, 'delta') ?? {}) as Record<string, unknown>
      if (reason === 'ERROR') seen.error ??= at(data, 'delta')
      seen.ended = true
      count(seen, at(usage, 'tokens', 'input_tokens'), at(usage, 'tokens', 'output_tokens'))
    } else if (type === 'error') seen.error ??= data
    else if (/-delta$|^(tool-call|citation)-start$/.test(type)) seen.outputs++
  },

  errorEvent: ({ message }) =>
    eventOf({ type: 'message-end', delta: { finish_reason: 'ERROR', error: message } }, 'message-end'),
}
