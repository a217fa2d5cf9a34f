import { addOutput, addUsage, asText, end, eventType, get, type Wire } from './wire.ts'

/**
 * Cohere's chat, version 2: typed events, ended by `message-end`. Its SDK reads `data:` lines only.
 * [spec] https://docs.cohere.com/reference/chat-stream
 */
export const cohere: Wire = {
  name: 'cohere',
  requests: [{ path: /\/v2\/chat$/, mediaType: 'text/event-stream' }],

  recognises: ({ data }) => {
    const type = asText(get(data, 'type'))
    if (type === 'message-end') return get(data, 'delta', 'finishReason') !== undefined
    return (
      /^((message|content|tool-call|citation)-start|(content|tool-call|tool-plan)-delta)$/.test(type) &&
      typeof get(data, 'delta', 'message') === 'object'
    )
  },

  read: (event, seen) => {
    const type = eventType(event)
    if (type === 'message-end') {
      end(seen)
      seen.reason = true
      const tokens = get(event.data, 'delta', 'usage', 'tokens')
      addUsage(seen, get(tokens, 'inputTokens'), get(tokens, 'outputTokens'))
    } else if (/-delta$|^(tool-call|citation)-start$/.test(type)) {
      addOutput(seen)
      seen.working = type.startsWith('tool-')
    } else return /^(message|content|tool-call|citation)-(start|end)$/.test(type)
    return true
  },

  begins: (event) => eventType(event) === 'message-start',

  words: (event) => get(event.data, 'delta', 'message', 'content', 'text'),

  errorEvent: ({ message }) => ({
    name: 'message-end',
    data: { type: 'message-end', delta: { finish_reason: 'ERROR', error: message } },
  }),
}
