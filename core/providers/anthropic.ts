import { addOutput, addUsage, asText, end, eventType, get, hasContent, type Wire } from './wire.ts'

/**
 * Anthropic messages: typed events, a `message_delta` with its `stop_reason`, then `message_stop`. Pings keep alive.
 * [spec] https://docs.anthropic.com/en/docs/build-with-claude/streaming
 */
export const anthropic: Wire = {
  name: 'anthropic',
  requests: [{ path: /\/messages$/, mediaType: 'text/event-stream', streamsByDefault: false }],

  recognises: (event) => {
    const { data } = event
    switch (eventType(event)) {
      case 'message_start':
        // Other agents have a `message_start` with a message of their own.
        return get(data, 'message', 'type') === 'message' || typeof get(data, 'message', 'usage') === 'object'
      case 'content_block_start':
        return typeof get(data, 'content_block') === 'object'
      case 'content_block_delta':
        return typeof get(data, 'delta') === 'object'
      case 'message_delta':
        return get(data, 'delta', 'stop_reason') !== undefined
      case 'content_block_stop':
        return typeof get(data, 'index') === 'number'
      default:
        return false
    }
  },

  read: (event, seen) => {
    const { data } = event
    switch (eventType(event)) {
      case 'message_start':
        addUsage(seen, get(data, 'message', 'usage', 'input_tokens'), undefined)
        return true
      case 'content_block_start': {
        const type = asText(get(data, 'content_block', 'type'))
        // A text or a thought begins empty; a tool call has its name already.
        if (type !== 'text' && type !== 'thinking') addOutput(seen)
        // The result of a server-side tool ends the wait for it.
        seen.working = type === 'thinking' || type.endsWith('tool_use')
        return true
      }
      case 'content_block_delta': {
        const { type: _type, ...delta } = Object(get(data, 'delta')) as Record<string, unknown>
        if (Object.values(delta).some(hasContent)) addOutput(seen)
        seen.working = !hasContent(delta.text)
        return true
      }
      case 'content_block_stop':
        // A server-side tool runs after its block has ended.
        return true
      case 'message_delta':
        if (hasContent(get(data, 'delta', 'stop_reason'))) {
          seen.finished = seen.reason = true
          // An agent may run the tool, and go on in the same stream.
          seen.final = !/^(tool_use|pause_turn)$/.test(asText(get(data, 'delta', 'stop_reason')))
          seen.working = !seen.final
        }
        addUsage(seen, get(data, 'usage', 'input_tokens'), get(data, 'usage', 'output_tokens'))
        return true
      case 'message_stop':
        end(seen)
        return true
      case 'ping':
      case 'error':
        return true
      default:
        return false
    }
  },

  begins: (event) => eventType(event) === 'message_start',

  words: (event) => eventType(event) === 'content_block_delta' && get(event.data, 'delta', 'text'),

  errorEvent: ({ code, message }) => ({
    name: 'error',
    data: { type: 'error', error: { type: 'api_error', message, code } },
  }),
}
