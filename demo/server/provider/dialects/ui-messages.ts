import { type Dialect, event } from './dialect.ts'

/** `POST /v1/ui/chat`, as the AI SDK's `useChat` asks its own server; it knows no whole answers. */
export const UI_MESSAGES: Dialect = {
  speak: (answer) => {
    let kind: 'reasoning' | 'text' | undefined
    const close = () => (kind === undefined ? '' : event({ type: `${kind}-end`, id: kind }))
    return {
      begin: () => event({ type: 'start', messageId: answer.id.replace('chatcmpl-', 'msg_') }),
      output: (next, delta) => {
        const opened = kind === next ? '' : close() + event({ type: `${next}-start`, id: next })
        kind = next
        return opened + event({ type: `${next}-delta`, id: next, delta })
      },
      finish: () => close() + event({ type: 'finish', finishReason: answer.finishReason }),
      usage: () => '',
      done: () => 'data: [DONE]\n\n',
      fail: ({ message }) => event({ type: 'error', errorText: message }),
    }
  },
  whole: ({ content }) => ({ text: content.join('') }),
}
