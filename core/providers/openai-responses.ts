import {
  addOutput,
  addUsage,
  asText,
  below,
  end,
  eventType,
  get,
  hasContent,
  type StreamEvent,
  textOrNone,
  type Wire,
} from './wire.ts'

/** Events that announce something without saying it, and keep-alives. */
const SILENT =
  /^(keepalive|response\.(created|queued|in_progress|content_part\.added|reasoning_summary_part\.added))$/

const EVENTS =
  /^response\.(created|queued|in_progress|completed|incomplete|failed|(output_item|content_part|output_text|refusal|reasoning|reasoning_\w+|function_call_arguments|custom_tool_call_input|audio|\w+_call|\w+_call_\w+|mcp_\w+)(\.\w+)+)$/

/**
 * OpenAI Responses: typed events, ended by `response.completed` or `response.incomplete`.
 * [spec] https://platform.openai.com/docs/api-reference/responses-streaming
 */
export const openaiResponses: Wire = {
  name: 'openai-responses',
  requests: [{ path: /\/responses$/, mediaType: 'text/event-stream', streamsByDefault: false }],

  recognises: (event) => {
    const type = eventType(event)
    if (!EVENTS.test(type)) return false
    return (
      event.name === type ||
      typeof get(event.data, 'response') === 'object' ||
      ['item_id', 'output_index', 'sequence_number'].some((field) => get(event.data, field) !== undefined)
    )
  },

  read: (event, seen) => {
    const type = eventType(event)
    const { data } = event
    if (type === 'response.completed' || type === 'response.incomplete') {
      if (hasContent(get(data, 'response', 'output')) && seen.outputs === 0) addOutput(seen)
      end(seen)
      seen.reason = true
      const usage = get(data, 'response', 'usage')
      addUsage(seen, get(usage, 'input_tokens'), get(usage, 'output_tokens'))
    } else if (type === 'response.output_item.added') {
      const item = asText(get(data, 'item', 'type'))
      // An empty message or thought is only announced; a call has its name already.
      if (item !== 'message' && item !== 'reasoning') addOutput(seen)
      seen.working = item !== 'message'
    } else if (type === 'response.output_item.done') {
      addOutput(seen)
      seen.working = false
    } else if (type === 'response.created' || type === 'response.queued' || type === 'response.in_progress') {
      // A background response can be fetched again by its id: that is worth having at once.
      if (get(data, 'response', 'background') === true || get(data, 'response', 'status') === 'queued')
        seen.outputs++
    } else if (type.startsWith('response.') && !SILENT.test(type)) {
      addOutput(seen)
      if (isToolOrThought(event)) seen.working = !/\.(completed|done|failed)$/.test(type)
      else if (type.startsWith('response.output_text')) seen.working = false
    } else return SILENT.test(type)
    return true
  },

  begins: (event) => eventType(event) === 'response.created',

  words: (event) => eventType(event) === 'response.output_text.delta' && get(event.data, 'delta'),

  errorEvent: ({ code, message }) => ({ name: 'error', data: { type: 'error', code, message, param: null } }),

  // [spec] https://platform.openai.com/docs/guides/background
  background: {
    idOf: ({ data }) => textOrNone(get(data, 'response', 'id')),
    positionOf: ({ data }) => {
      const number = get(data, 'sequence_number')
      return typeof number === 'number' ? number : undefined
    },
    // Padding (`obfuscation`) and the state of the response are others each time.
    sameness: ({ data }) => {
      const { type, sequence_number, item_id, delta, text, response, item } = (data ?? {}) as Record<
        string,
        unknown
      >
      return JSON.stringify([
        type,
        sequence_number,
        item_id,
        delta,
        text,
        get(response, 'id'),
        get(item, 'id'),
      ])
    },
    urlAfter: (url, id, position) => {
      const after = below(url, id)
      after.searchParams.set('stream', 'true')
      if (position !== undefined) after.searchParams.set('starting_after', String(position))
      return after
    },
    stopUrl: (url, id) => below(url, id, 'cancel'),
  },
}

function isToolOrThought(event: StreamEvent): boolean {
  return /_call|reasoning|mcp|custom_tool/.test(eventType(event))
}
