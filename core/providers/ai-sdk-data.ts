import { parseJson } from './inspection/event-reader.ts'
import { addOutput, addUsage, asText, get, hasContent, type StreamEvent, type Wire } from './wire.ts'

/** `0:"text"`: a type code, a colon, JSON. */
const LINE = /^([0-9a-k]):(["[{].*)$/s

/**
 * The AI SDK's older data stream (version 4; assistant-ui): a code, a colon and JSON in each line, ended by `d:{…}`, or
 * by the `e:{…}` of its last step: many servers write no `d`. Its decoders invent an end for a stream that was cut.
 * [spec] https://v4.ai-sdk.dev/docs/ai-sdk-ui/stream-protocol#data-stream-protocol
 */
export const aiSdkData: Wire = {
  name: 'ai-sdk-data',
  formats: ['lines'],

  // Other frameworks send text lines, too, and assistant-ui's own servers write neither `d` nor `e`.
  recognises: (event) => {
    const [code = '', value] = parseDataLine(event) ?? []
    const field = code === 'f' ? 'messageId' : 'finishReason'
    return 'def'.includes(code) && typeof get(value, field) === 'string'
  },

  read: (event, seen) => {
    const part = parseDataLine(event)
    if (!part) return false
    const [code, value] = part
    if (code === 'f') {
      ;(seen.open ??= new Set()).add(code)
      seen.finished = false
    } else if (code === 'd' || code === 'e') {
      // Where steps have a beginning, the model is asked again after one that has called tools.
      const mayGoOn = code === 'e' && get(value, 'finishReason') === 'tool-calls'
      seen.endedByParts = mayGoOn
      // A merged stream has an end in the middle, so only the end of the connection is final.
      seen.finished = get(value, 'isContinued') !== true && !(mayGoOn && seen.open)
      seen.reason = true
      if (code === 'e') seen.working = mayGoOn
      addUsage(seen, get(value, 'usage', 'promptTokens'), get(value, 'usage', 'completionTokens'))
    } else if ('238'.includes(code)) {
      // Data and annotations of the app, also those that `onFinish` writes after the end.
      if (hasContent(value)) seen.outputs++
    } else {
      if (hasContent(value)) addOutput(seen)
      // After a tool's result the model is asked again, and may think without a word.
      seen.working = 'gij9abc'.includes(code)
    }
    return true
  },

  errorIn: (event) => {
    const [code, value] = parseDataLine(event) ?? []
    return code === '3' && !/^(warning|info)$/.test(asText(get(value, 'severity')))
      ? { message: asText(value) || asText(get(value, 'error')) }
      : undefined
  },

  needsAll: (seen) => seen.endedByParts === true,

  words: (event) => {
    const [code, value] = parseDataLine(event) ?? []
    return code === '0' && value
  },

  errorEvent: ({ message }) => ({ line: `3:${JSON.stringify(message)}` }),
}

function parseDataLine({ text }: StreamEvent): [code: string, value: unknown] | undefined {
  const [, code = '', json = ''] = LINE.exec(text) ?? []
  const value = parseJson(json)
  return value === undefined ? undefined : [code, value] // A line may only look like one.
}
