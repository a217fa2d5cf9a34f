import { addOutput, addUsage, asArray, asText, end, get, hasContent, type Wire, wordsIn } from './wire.ts'

/**
 * LangGraph: named events after `metadata` with its `run_id`. Python servers end with `event: end`; JavaScript ones
 * send no end, so a response is complete if its last message has a `finish_reason`, or it ends with the state's
 * `values`. Its client resumes by itself from the `Location` header after a bare cut.
 * [spec] https://docs.langchain.com/langsmith/streaming
 */
export const langgraph: Wire = {
  name: 'langgraph',
  requests: [{ path: /\/runs\/stream$/, mediaType: 'text/event-stream', streamsByDefault: true }],

  // `metadata` with nothing but a `run_id` is LangServe's first event, too.
  recognises: ({ name, data }) => {
    if (name === 'metadata') {
      const isOwn = typeof get(data, 'attempt') === 'number' || typeof get(data, 'thread_id') === 'string'
      return isOwn && typeof get(data, 'run_id') === 'string'
    }
    return (
      /^messages(\/|\||$)/.test(name ?? '') &&
      asArray(data).some(
        (each) => get(each, 'langgraph_node') !== undefined || get(each, 'response_metadata') !== undefined,
      )
    )
  },

  read: ({ name = '', data }, seen) => {
    const [mode = ''] = name.split('|')
    if (mode === 'end') end(seen, false)
    else if (mode === 'values') {
      addOutput(seen)
      seen.finished = seen.reason = true
      seen.working = true
    } else if (mode === 'messages' || mode === 'messages/partial' || mode === 'messages/complete') {
      const messages = asArray(data)
      const message = mode === 'messages' ? messages[0] : messages.at(-1)
      // Serialised by LangChain itself, a message has its fields here.
      const last = get(message, 'kwargs') ?? message
      if (
        hasContent(get(last, 'content')) ||
        hasContent(get(last, 'tool_calls')) ||
        hasContent(get(last, 'tool_call_chunks'))
      )
        addOutput(seen)
      const usage = get(last, 'usage_metadata')
      addUsage(seen, get(usage, 'input_tokens'), get(usage, 'output_tokens'))
      const reason = reasonOf(get(last, 'response_metadata')) || reasonOf(get(last, 'additional_kwargs'))
      if (reason !== '') seen.finished = seen.reason = true
      // Nodes and tools run between messages, and after a tool's message the model is asked again.
      const isOfTool = get(last, 'tool_call_id') !== undefined
      seen.working = reason !== '' || isOfTool || !hasContent(get(last, 'content'))
    } else if (/^(updates|custom|debug|events|tasks|checkpoints)$/.test(mode)) {
      // An update arrives when its node is done.
      seen.outputs++
      seen.finished = true
      seen.working = true
    } else return mode === 'metadata' || mode === 'messages/metadata' || mode === 'error'
    return true
  },

  words: ({ name = '', data }) =>
    // In other modes each event has the whole message so far.
    name.split('|')[0] === 'messages' &&
    /^ai/i.test(asText(get(data, '0', 'type'))) &&
    wordsIn(get(data, '0', 'content')),

  // An app's state may well have a field `error`.
  errorIn: ({ name, data, text }) => (name?.split('|')[0] === 'error' ? (data ?? text) : undefined),

  errorEvent: ({ code, message }) => ({ name: 'error', data: { error: code, message } }),

  readsOn: (headers) => headers.has('location'),
}

/** Why a message ended, in the words of whichever provider it comes from. */
function reasonOf(metadata: unknown): string {
  return ['finish_reason', 'stop_reason', 'finishReason', 'done_reason', 'stopReason']
    .map((field) => asText(get(metadata, field)))
    .join('')
}
