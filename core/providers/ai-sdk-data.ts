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

  // Text lines alone are also those of other frameworks.
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
      seen.finished = seen.final = seen.ended = seen.reason = true
      seen.working = false
      addUsage(seen, get(value, 'usage', 'promptTokens'), get(value, 'usage', 'completionTokens'))
    } else if (code !== 'e' && code !== 'f') {
      if (hasContent(value)) addOutput(seen)
      // Thoughts, and tool calls until their result is there.
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
  const [, code, json] = LINE.exec(text) ?? []
  if (code === undefined || json === undefined) return undefined
  try {
    return [code, JSON.parse(json)]
  } catch {
    return undefined // A line that only looks like one.
  }
}
