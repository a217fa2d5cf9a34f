import { at, count, each, eventOf, says, type Wire } from './wire.ts'

/**
 * Gemini and Vertex with `alt=sse`: whole responses in a row, the last with a `finishReason`; no end marker.
 * [spec] https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse
 */
export const gemini: Wire = {
  name: 'gemini',
  path: /:streamGenerateContent$/,

  recognises: (_event, data) =>
    Array.isArray(at(data, 'candidates')) || at(data, 'promptFeedback', 'blockReason') !== undefined,

  read: ({ event }, data, seen) => {
    const error = at(data, 'error')
    if (error || event === 'error') seen.error ??= error ?? data
    if (at(data, 'promptFeedback', 'blockReason')) seen.finished = true
    for (const candidate of each(at(data, 'candidates'))) {
      const parts = each(at(candidate, 'content', 'parts'))
      if (parts.some((part) => Object.values(part ?? {}).some(says))) seen.outputs++
      if (at(candidate, 'finishReason')) seen.finished = true
    }
    const usage = at(data, 'usageMetadata')
    count(seen, at(usage, 'promptTokenCount'), at(usage, 'candidatesTokenCount'))
  },

  errorEvent: ({ code, message }) =>
    eventOf({ error: { code: 503, message, status: 'UNAVAILABLE', reason: code } }),
}
