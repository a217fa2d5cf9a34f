import {
  addOutput,
  addUsage,
  asText,
  below,
  end,
  get,
  hasContent,
  type StreamEvent,
  textOrNone,
  type Wire,
} from './wire.ts'

/**
 * Gemini Interactions: events typed by `event_type`, ended by `interaction.completed`, then `event: done`.
 * [spec] https://ai.google.dev/gemini-api/docs/interactions
 */
export const geminiInteractions: Wire = {
  name: 'gemini-interactions',
  requests: [{ path: /\/interactions$/, mediaType: 'text/event-stream' }],

  // A pipeline of somebody else's has steps, too.
  recognises: ({ data }) => {
    const type = asText(get(data, 'event_type'))
    return (
      /^interaction\.\w+$/.test(type) ||
      (/^(step|content)\.\w+$/.test(type) && typeof get(data, 'index') === 'number')
    )
  },

  read: (event, seen) => {
    const type = eventType(event)
    const { data } = event
    if (type === 'interaction.completed' || type === 'interaction.complete') {
      end(seen)
      seen.reason = true
      const usage = get(data, 'interaction', 'usage')
      addUsage(seen, get(usage, 'total_input_tokens'), get(usage, 'total_output_tokens'))
    } else if (type === 'step.start' || type === 'content.start') {
      const step = asText(get(data, 'step', 'type')) || asText(get(data, 'content', 'type'))
      seen.working = !/^(model_output|text)$/.test(step)
      if (step.endsWith('call')) addOutput(seen)
    } else if (type === 'step.delta' || type === 'content.delta') {
      if (hasContent(get(data, 'delta'))) addOutput(seen)
    }
    // A step that is over may have called a tool, which runs now.
    else return /^interaction\.|\.stop$/.test(type)
    return true
  },

  errorIn: (event) =>
    eventType(event) === 'error' || get(event.data, 'interaction', 'status') === 'failed'
      ? (get(event.data, 'error') ?? get(event.data, 'interaction', 'error') ?? event.data)
      : undefined,

  words: ({ data }) => get(data, 'delta', 'type') === 'text' && get(data, 'delta', 'text'),

  errorEvent: ({ code, message }) => ({
    name: 'error',
    data: { event_type: 'error', error: { code: 'unavailable', message, reason: code } },
  }),

  background: {
    idOf: ({ data }) => textOrNone(get(data, 'interaction', 'id')),
    positionOf: ({ data }) => textOrNone(get(data, 'event_id')),
    urlAfter: (url, id, position) => {
      const after = below(url, id)
      after.searchParams.set('stream', 'true')
      if (position !== undefined) after.searchParams.set('last_event_id', String(position))
      return after
    },
  },
}

function eventType({ name, data }: StreamEvent): string {
  return asText(get(data, 'event_type')) || (name ?? '')
}
