import { at, count, eventOf, typeOf, type Wire } from './wire.ts'

/** Events that announce something without saying it. */
const SILENT = /^response\.(created|queued|in_progress|content_part\.added|reasoning_summary_part\.added)$/

/**
 * OpenAI Responses: typed events, ended by `response.completed` or `response.incomplete`.
 * [spec] https://platform.openai.com/docs/api-reference/responses-streaming
 */
export const openaiResponses: Wire = {
  name: 'openai-responses',
  path: /\/responses$/,

  recognises: (event, data) => typeOf(event, data).startsWith('response.'),

  read: (event, data, seen) => {
    const type = typeOf(event, data)
    if (type === 'error' || type === 'response.failed') {
      seen.error ??= at(data, 'response', 'error') ?? at(data, 'error') ?? data
    } else if (type === 'response.completed' || type === 'response.incomplete') {
      seen.ended = true
      count(
        seen,
        at(data, 'response', 'usage', 'input_tokens'),
        at(data, 'response', 'usage', 'output_tokens'),
      )
    } else if (type === 'response.output_item.added') {
      // An empty message or thought is only announced; a call has its name already.
      if (!/^(message|reasoning)$/.test(String(at(data, 'item', 'type')))) seen.outputs++
    } else if (type.startsWith('response.') && !SILENT.test(type)) seen.outputs++
  },

  errorEvent: ({ code, message }) => eventOf({ type: 'error', code, message, param: null }, 'error'),
}
