import { agUi } from './ag-ui.ts'
import {
  addOutput,
  addUsage,
  asText,
  end,
  get,
  hasContent,
  isDone,
  type StreamEvent,
  type Wire,
} from './wire.ts'

/**
 * TanStack AI: AG-UI's events with metadata of its own, or its older chunks (`content`, `tool_call`, `done`), each with
 * `id`, `model` and `timestamp`. Its client resumes by itself if the events have ids: such a cut is left as it is.
 * [spec] https://tanstack.com/ai/latest/docs/protocol/sse-protocol
 */
export const tanstackAi: Wire = {
  name: 'tanstack-ai',

  recognises: (event) => isOlderChunk(event) || get(event.data, 'metadata', 'tanstack') !== undefined,

  read: (event, seen, asked) => {
    const { text, data } = event
    if (isDone(text)) {
      if (seen.finished) end(seen)
      return true
    }
    if (!isOlderChunk(event)) return agUi.read(event, seen, asked)
    const type = asText(get(data, 'type'))
    if (type === 'done') {
      seen.finished = seen.reason = true
      // More may follow a finish that asks for tools.
      seen.final = get(data, 'finishReason') !== 'tool_calls'
      seen.working = !seen.final
      addUsage(seen, get(data, 'usage', 'promptTokens'), get(data, 'usage', 'completionTokens'))
    } else if (type !== 'error') {
      if (type !== 'content' || hasContent(get(data, 'delta')) || hasContent(get(data, 'content')))
        addOutput(seen)
      seen.working = type !== 'content'
    }
    return true
  },

  words: (event) =>
    isOlderChunk(event)
      ? get(event.data, 'type') === 'content' && get(event.data, 'delta')
      : agUi.words?.(event),

  errorIn: (event) =>
    /^(error|RUN_ERROR)$/.test(asText(get(event.data, 'type')))
      ? (get(event.data, 'error') ?? event.data)
      : undefined,

  begins: ({ data }) => get(data, 'type') === 'RUN_STARTED',

  errorEvent: ({ code, message }) => ({
    data: { type: 'RUN_ERROR', message, code, error: { message, code } },
  }),

  readsOn: (_headers, seen) => seen.hasIds === true,
}

function isOlderChunk({ data }: StreamEvent): boolean {
  return (
    /^(content|thinking|tool_call|tool_result|done|error|approval-requested|tool-input-available)$/.test(
      asText(get(data, 'type')),
    ) &&
    typeof get(data, 'id') === 'string' &&
    typeof get(data, 'model') === 'string' &&
    typeof get(data, 'timestamp') === 'number'
  )
}
