import { parseJson } from './inspection/event-reader.ts'
import { addOutput, addUsage, asText, get, hasContent, type StreamEvent, type Wire } from './wire.ts'

/** `0:"text"`: a type code, a colon, JSON. */
const LINE = /^([0-9a-k]):(["[{].*)$/s

/**
 * The AI SDK's older data stream (version 4; assistant-ui): a code, a colon and JSON in each line, ended by `d:{…}`.
 * Its decoders invent an end for a stream that was cut.
 * [spec] https://v4.ai-sdk.dev/docs/ai-sdk-ui/stream-protocol#data-stream-protocol
 */
export const aiSdkData: Wire = {
  name: 'ai-sdk-data',
  formats: ['lines'],

  // Other frameworks send text lines, too.
  recognises: (event) => {
    const [code = '', value] = parseDataLine(event) ?? []
    const field = { f: 'messageId', d: 'finishReason', e: 'finishReason', 9: 'toolCallId', b: 'toolCallId' }[
      code
    ]
    return field !== undefined && typeof get(value, field) === 'string'
  },

  read: (event, seen) => {
    const part = parseDataLine(event)
    if (!part) return false
    const [code, value] = part
    if (code === 'd') {
      // A tool may run now, and a merged stream has a `d` in the middle: only the end of the connection is final.
      seen.finished = seen.reason = true
      addUsage(seen, get(value, 'usage', 'promptTokens'), get(value, 'usage', 'completionTokens'))
    } else if (code === 'f') seen.finished = false
    else if (code !== 'e') {
      if (hasContent(value)) addOutput(seen)
      // Reasoning, and tool calls until their result is there.
      seen.working = /[gij9bc]/.test(code)
    }
    return true
  },

  errorIn: (event) => {
    const part = parseDataLine(event)
    return part?.[0] === '3' ? { message: asText(part[1]) } : undefined
  },

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
