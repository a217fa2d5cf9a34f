import { at, eventOf, says, typeOf, type Wire } from './wire.ts'

const PARTS =
  /^(start|finish|abort|(start|finish)-step|message-metadata|(text|reasoning)-(start|delta|end)|(tool|data|source)-.+|file)$/

/**
 * The AI SDK's UI message stream: typed parts, `finish` (or `abort`), then `data: [DONE]`. A `[DONE]` without `finish`
 * is a cut: servers write it whenever their own stream closes.
 * [spec] https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol#ui-message-stream-protocol
 */
export const uiMessage: Wire = {
  name: 'ui-message',

  recognises: (event, data) => PARTS.test(typeOf(event, data)) || at(data, 'errorText') !== undefined,

  read: (event, data, seen) => {
    const type = typeOf(event, data)
    if (type === 'error') seen.error ??= data
    else if (type === 'finish' || type === 'abort') seen.finished = true
    else if (/^(text|reasoning)-delta$/.test(type)) seen.outputs += says(at(data, 'delta')) ? 1 : 0
    else if (/^(tool|data|source)-|^file$/.test(type)) seen.outputs++
  },

  errorEvent: ({ message }) => eventOf({ type: 'error', errorText: message }),
}
