import type { Answer } from '../answer.ts'
import { type Dialect, namedEvent } from './dialect.ts'

/** `POST /v1/messages`. */
export const ANTHROPIC_MESSAGES: Dialect = {
  speak: (answer) => {
    let kind: 'reasoning' | 'text' | undefined
    let index = -1
    const close = () => (kind === undefined ? '' : namedEvent({ type: 'content_block_stop', index }))
    const open = (next: 'reasoning' | 'text') => {
      if (kind === next) return ''
      const closed = close()
      kind = next
      index++
      return closed + namedEvent({ type: 'content_block_start', index, content_block: block(kind, '') })
    }
    return {
      begin: () => namedEvent({ type: 'message_start', message: message(answer, [], null, 1) }),
      output: (next, text) => {
        const opened = open(next)
        const delta =
          next === 'text' ? { type: 'text_delta', text } : { type: 'thinking_delta', thinking: text }
        return opened + namedEvent({ type: 'content_block_delta', index, delta })
      },
      finish: () =>
        close() +
        namedEvent({
          type: 'message_delta',
          delta: { stop_reason: stopReason(answer), stop_sequence: null },
          usage: { output_tokens: outputTokens(answer) },
        }),
      usage: () => '',
      done: () => namedEvent({ type: 'message_stop' }),
      fail: ({ type, message }) => namedEvent({ type: 'error', error: { type, message } }),
    }
  },
  whole: (answer) => {
    const { reasoning, content } = answer
    const blocks = [
      ...(reasoning.length > 0 ? [block('reasoning', reasoning.join(''))] : []),
      block('text', content.join('')),
    ]
    return message(answer, blocks, stopReason(answer), outputTokens(answer))
  },
}

function message(answer: Answer, content: unknown[], reason: string | null, tokens: number) {
  return {
    id: answer.id.replace('chatcmpl-', 'msg_'),
    type: 'message',
    role: 'assistant',
    model: answer.model,
    content,
    stop_reason: reason,
    stop_sequence: null,
    usage: {
      input_tokens: answer.usage === false ? 0 : answer.usage.prompt_tokens,
      output_tokens: tokens,
    },
  }
}

function block(kind: 'reasoning' | 'text', text: string): Record<string, unknown> {
  return kind === 'text' ? { type: 'text', text } : { type: 'thinking', thinking: text, signature: '' }
}

function stopReason({ finishReason }: Answer): string {
  return { stop: 'end_turn', length: 'max_tokens' }[finishReason] ?? finishReason
}

function outputTokens({ reasoning, content }: Answer): number {
  return reasoning.length + content.length
}
