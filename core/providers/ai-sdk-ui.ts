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
 * out where an app writes the parts itself, and write `[DONE]` whenever their own stream closes: then the response is
 * whole if every part is.
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
      if (seen.finished || open.size === 0) end(seen)
      return true
    }
    const type = eventType(event)
    // In a merged stream the next message or step begins after a finish.
    if (/^((text|reasoning)-)?start(-step)?$/.test(type)) seen.finished = false
    const [, kind, step] = /^(text|reasoning|tool-input|tool-output)-(\w+)$/.exec(type) ?? []
    const part = `${kind === 'text' || kind === 'reasoning' ? kind : 'tool'} ${asText(get(data, 'id')) || asText(get(data, 'toolCallId'))}`
    if (type === 'finish' || type === 'abort') {
      // A merged stream has a `finish` in the middle; only `[DONE]` is final.
      seen.finished = true
      seen.reason ||= type === 'abort' || hasContent(get(data, 'finishReason'))
      seen.working = false
    } else if (kind === 'text' || kind === 'reasoning') {
      if (step === 'end') open.delete(part)
      else open.add(part)
      if (hasContent(get(data, 'delta'))) addOutput(seen)
      seen.working = kind === 'reasoning' && step !== 'end'
    } else if (kind !== undefined) {
      // A tool may run on the server, between its input and its output.
      if (kind === 'tool-input' && step !== 'available' && step !== 'error') open.add(part)
      else open.delete(part)
      seen.working = kind === 'tool-input' && step !== 'error'
      addOutput(seen)
    } else if (/^(data|source|tool)-|^file$/.test(type)) addOutput(seen)
    else return /^(start|(start|finish)-step|message-metadata|error)$/.test(type)
    return true
  },

  errorIn: (event) => (eventType(event) === 'error' ? (event.data ?? event.text) : undefined),

  skim: (head, _tail, seen) => {
    seen.outputs++
    // Only deltas and outputs are long, and none of them ends anything.
    return /"type"\s{0,9}:\s{0,9}"(text|reasoning|tool|data|file|source)/.test(head)
  },

  needsAll: (seen) => !seen.finished || seen.endedByParts === true,

  words: (event) => eventType(event) === 'text-delta' && get(event.data, 'delta'),

  errorEvent: ({ message }) => ({ data: { type: 'error', errorText: message } }),
}

/** The header that the AI SDK's own server functions set: with it, a bare `start` is this wire's. */
export function announcesAiSdkUi(headers: Headers): boolean {
  return headers.get('x-vercel-ai-ui-message-stream') !== null
}

/** What its streams may begin with, too general to be recognised without the header. */
export function isAiSdkUiStart(event: StreamEvent): boolean {
  return /^(start|message-metadata|error)$|^data-/.test(eventType(event))
}
