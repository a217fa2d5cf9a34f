import { at, count, eventOf, says, typeOf, type Wire } from './wire.ts'

/**
 * Anthropic messages: typed events, `message_delta` with a `stop_reason`, then `message_stop`. Pings keep alive.
 * [spec] https://docs.anthropic.com/en/docs/build-with-claude/streaming
 */
export const anthropic: Wire = {
  name: 'anthropic',
  path: /\/messages$/,

  recognises: (event, data) =>
    /^(message_(start|delta|stop)|content_block_(start|delta|stop))$/.test(typeOf(event, data)),

  read: (event, data, seen) => {
    switch (typeOf(event, data)) {
      case 'message_start':
        return count(seen, at(data, 'message', 'usage', 'input_tokens'), undefined)
      case 'content_block_start':
        // A text or a thought begins empty; a tool's call has its name already.
        if (!/^(text|thinking)$/.test(String(at(data, 'content_block', 'type')))) seen.outputs++
        return
      case 'content_block_delta': {
        const { type: _type, ...delta } = (at(data, 'delta') ?? {}) as Record<string, unknown>
        if (Object.values(delta).some(says)) seen.outputs++
        return
      }
      case 'message_delta':
        if (at(data, 'delta', 'stop_reason')) seen.finished = true
        return count(seen, at(data, 'usage', 'input_tokens'), at(data, 'usage', 'output_tokens'))
      case 'message_stop':
        seen.ended = true
        return
      case 'error':
        seen.error ??= at(data, 'error') ?? data
    }
  },

  errorEvent: ({ code, message }) =>
    eventOf({ type: 'error', error: { type: 'api_error', message, code } }, 'error'),
}
