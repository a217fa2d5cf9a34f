import { addOutput, addUsage, asText, end, eventType, get, type Wire, wordsIn } from './wire.ts'

/**
 * Mistral's conversations and agents (its chat completions speak OpenAI's wire): typed events, ended by
 * `conversation.response.done`.
 * [spec] https://docs.mistral.ai/api/endpoint/beta/conversations
 */
export const mistral: Wire = {
  name: 'mistral',
  requests: [{ path: /\/conversations(\/[^/]+)?$/, mediaType: 'text/event-stream' }],

  recognises: (event) => /^conversation\.response\.(started|done|error)$/.test(eventType(event)),

  read: (event, seen) => {
    const type = eventType(event)
    if (type === 'conversation.response.done') {
      end(seen)
      seen.reason = true
      addUsage(seen, get(event.data, 'usage', 'promptTokens'), get(event.data, 'usage', 'completionTokens'))
    } else if (/^(message\.output|function\.call)\.delta$/.test(type)) {
      addOutput(seen)
      seen.working =
        type !== 'message.output.delta' || asText(get(event.data, 'content', 'type')) === 'thinking'
    } else if (/^(tool\.execution|agent\.handoff)\./.test(type)) {
      addOutput(seen)
      // After a tool, or a handoff, a model is asked again.
      seen.working = true
    } else return type.startsWith('conversation.response.')
    return true
  },

  words: (event) => {
    const content = get(event.data, 'content')
    return (
      eventType(event) === 'message.output.delta' &&
      wordsIn(typeof content === 'object' ? [content] : content)
    )
  },

  errorEvent: ({ message }) => ({
    name: 'conversation.response.error',
    data: { type: 'conversation.response.error', message, code: 503 },
  }),
}
