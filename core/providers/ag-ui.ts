import {
  addOutput,
  addUsage,
  asArray,
  asText,
  end,
  get,
  hasContent,
  type StreamEvent,
  type Wire,
} from './wire.ts'

/**
 * AG-UI: events typed in capitals, from `RUN_STARTED` to `RUN_FINISHED` (or `RUN_ERROR`); server-sent events or lines.
 * [spec] https://docs.ag-ui.com/concepts/events
 */
export const agUi: Wire = {
  name: 'ag-ui',

  recognises: ({ data }) => {
    const type = asText(get(data, 'type'))
    if (/^RUN_(STARTED|FINISHED)$/.test(type))
      return typeof get(data, 'runId') === 'string' && typeof get(data, 'threadId') === 'string'
    if (/^(TEXT_MESSAGE|REASONING_MESSAGE|THINKING_TEXT_MESSAGE)_/.test(type))
      return typeof get(data, 'messageId') === 'string'
    return type.startsWith('TOOL_CALL_') && typeof get(data, 'toolCallId') === 'string'
  },

  read: ({ data }, seen) => {
    const type = asText(get(data, 'type'))
    if (type === 'RUN_FINISHED') {
      end(seen)
      seen.reason = true
      for (const usage of [get(data, 'usage'), ...asArray(get(data, 'usage'))]) {
        addUsage(seen, get(usage, 'inputTokens'), get(usage, 'outputTokens'))
      }
    } else if (/^TEXT_MESSAGE_(CONTENT|CHUNK)$/.test(type)) {
      if (hasContent(get(data, 'delta'))) addOutput(seen)
      seen.working = false
    } else if (/^(TOOL_CALL|REASONING|THINKING|STEP)_/.test(type)) {
      if (/CONTENT|CHUNK|ARGS|START|RESULT|FINISHED/.test(type)) addOutput(seen)
      // A tool runs after its call has ended; after its result the model is asked again.
      seen.working = !/^STEP_FINISHED$|^(REASONING|THINKING).*_END$/.test(type)
    } else if (/^(STATE|MESSAGES|ACTIVITY)_|^(CUSTOM|RAW)$/.test(type)) addOutput(seen)
    else return /^(RUN_STARTED|RUN_ERROR|TEXT_MESSAGE_\w+)$/.test(type)
    return true
  },

  words: ({ data }) => /^TEXT_MESSAGE_(CONTENT|CHUNK)$/.test(asText(get(data, 'type'))) && get(data, 'delta'),

  errorIn: ({ data }: StreamEvent) => (get(data, 'type') === 'RUN_ERROR' ? data : undefined),

  begins: ({ data }) => get(data, 'type') === 'RUN_STARTED',

  errorEvent: ({ code, message }) => ({ data: { type: 'RUN_ERROR', message, code } }),

  // Events with ids come from TanStack AI's servers.
  readsOn: (_headers, seen) => seen.hasIds === true,
}
