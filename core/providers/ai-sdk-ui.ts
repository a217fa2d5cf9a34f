import {
  addOutput,
  asText,
  end,
  eventType,
  get,
  hasContent,
  isDone,
  type StreamEvent,
  type Wire,
} from './wire.ts'

/** Parts with the field that only this wire gives them. `start`, `finish` and the like could be anybody's. */
const OWN_PARTS: readonly (readonly [RegExp, string])[] = [
  [/^(text|reasoning)-(start|delta|end)$/, 'id'],
  [
    /^tool-(input-(start|delta|available|error)|output-(available|error|denied)|approval-request)$/,
    'toolCallId',
  ],
  [/^source-(url|document)$/, 'sourceId'],
  [/^error$/, 'errorText'],
]

/**
 * The AI SDK's UI message stream: typed parts, `finish` (or `abort`), then `data: [DONE]`. Its servers leave `finish`
 * out if an app writes the parts itself, and write `[DONE]` whenever their own stream closes: then the response is
 * complete if every part is.
 * [spec] https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol#ui-message-stream-protocol
 */
export const aiSdkUi: Wire = {
  name: 'ai-sdk-ui',
  requests: [{ path: /\/api\/chat$/, mediaType: 'text/event-stream', streamsByDefault: true }],

  recognises: (event) => {
    const type = eventType(event)
    if (type === 'start-step' || type === 'finish-step')
      return get(event.data, 'type') === type && Object.keys(Object(event.data) as object).length === 1
    return OWN_PARTS.some(([part, field]) => part.test(type) && typeof get(event.data, field) === 'string')
  },

  read: (event, seen) => {
    const { text, data } = event
    const open = (seen.open ??= new Set())
    if (isDone(text)) {
      seen.endedByParts = !seen.finished
      if (seen.finished || open.size === 0) end(seen, false)
      return true
    }
    const type = eventType(event)
    // In a merged stream the next message or step begins after a finish.
    if (/^((text|reasoning)-)?start(-step)?$/.test(type)) seen.finished = false
    const [, kind = 'tool', step] = /^(?:(text|reasoning)|tool-(?:input|output))-(\w+)$/.exec(type) ?? []
    const part = `${kind} ${asText(get(data, 'toolCallId')) || asText(get(data, 'id'))}`
    if (step === 'start') open.add(part)
    else if (step !== 'delta') open.delete(part)
    if (type === 'finish' || type === 'abort') {
      // A merged stream has a `finish` in the middle; only `[DONE]` is final.
      seen.finished = true
      seen.reason ||= type === 'abort' || hasContent(get(data, 'finishReason'))
      seen.working = false
    } else if (type.startsWith('tool-')) {
      // Between its input and its output a tool may run on the server; after that the model is asked again.
      seen.working = true
      addOutput(seen)
    } else if (step) {
      if (hasContent(deltaOf(event))) addOutput(seen)
      seen.working = kind === 'reasoning' && step !== 'end'
    } else if (/^source-|^(file|custom)$/.test(type)) addOutput(seen)
    // The app's own, which it may write behind the finish.
    else if (/^data-|^message-metadata$/.test(type)) seen.outputs++
    else if (type === 'start-step') seen.working = true
    else return /^(start|finish-step|error)$/.test(type)
    return true
  },

  errorIn: (event) => (eventType(event) === 'error' ? (event.data ?? event.text) : undefined),

  needsAll: (seen) => !seen.finished || seen.endedByParts === true,

  words: (event) => eventType(event) === 'text-delta' && deltaOf(event),

  errorEvent: ({ message }) => ({ data: { type: 'error', errorText: message } }),
}

/** The SDK's own parts (`fullStream`), which some servers send as they are, have a `text`. */
function deltaOf({ data }: StreamEvent): unknown {
  return get(data, 'delta') ?? get(data, 'text')
}

/** True if the response has the header of the AI SDK's own server functions: then a bare `start` is this wire's. */
export function announcesAiSdkUi(headers: Headers): boolean {
  return headers.get('x-vercel-ai-ui-message-stream') !== null
}

/** True for events that its streams may begin with, too general to be recognised without the header. */
export function isAiSdkUiStart(event: StreamEvent): boolean {
  return /^(start|message-metadata|error)$|^data-/.test(eventType(event))
}
