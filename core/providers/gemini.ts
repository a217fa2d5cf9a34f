import {
  addOutput,
  addUsage,
  asArray,
  asText,
  finishIn,
  get,
  hasContent,
  type StreamEvent,
  type Wire,
} from './wire.ts'

/**
 * Gemini and Vertex: whole responses in a row (server-sent events, or a growing JSON list), the last with a
 * `finishReason`; no end marker. The last text and the finish share an event.
 * [spec] https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse
 */
export const gemini: Wire = {
  name: 'gemini',
  requests: [
    { path: /:streamGenerateContent$/, mediaType: 'application/json', streamsByDefault: true },
    { path: /:generateContent$/, mediaType: 'application/json', streamsByDefault: false },
  ],

  recognises: isResponse,

  read: (event, seen) => {
    const { data } = event
    // Without `alt=sse` the body is one list of responses.
    for (const response of Array.isArray(data) ? data : [data]) {
      if (get(response, 'promptFeedback', 'blockReason')) seen.finished = seen.reason = true
      for (const candidate of asArray(get(response, 'candidates'))) {
        const parts = asArray(get(candidate, 'content', 'parts'))
        const speaking = parts.filter((part) => Object.values(Object(part) as object).some(hasContent))
        if (speaking.length > 0) addOutput(seen)
        seen.working = speaking.some(
          (part) => hasContent(get(part, 'functionCall')) || get(part, 'thought') === true,
        )
        if (get(candidate, 'finishReason')) seen.finished = seen.reason = true
      }
      const usage = get(response, 'usageMetadata')
      addUsage(seen, get(usage, 'promptTokenCount'), get(usage, 'candidatesTokenCount'))
    }
    return isResponse(event)
  },

  skim: (head, tail, seen, asked) => {
    const candidate = { content: { parts: [{ text: '…' }] }, finishReason: finishIn(head, tail) }
    gemini.read({ text: '', data: { candidates: [candidate] } }, seen, asked)
    return true
  },

  words: ({ data }) =>
    (Array.isArray(data) ? data : [data])
      .flatMap((response) => asArray(get(response, 'candidates', '0', 'content', 'parts')))
      .map((part) => (get(part, 'thought') === true ? '' : asText(get(part, 'text'))))
      .join(''),

  errorEvent: ({ code, message }) => ({
    data: { error: { code: 503, message, status: 'UNAVAILABLE', reason: code } },
  }),
}

/** The fields of a response without candidates: an agent's event has the model's usage beside its own content. */
const OWN_FIELD = /^(error|(usage|model|response|create)[A-Z_])/

function isResponse({ data }: StreamEvent): boolean {
  if (Array.isArray(data))
    return (
      data.length > 0 && data.every((each) => !Array.isArray(each) && isResponse({ text: '', data: each }))
    )
  if (get(data, 'promptFeedback', 'blockReason') !== undefined) return true
  const candidates = asArray(get(data, 'candidates'))
  if (candidates.length === 0)
    return (
      hasContent(get(data, 'usageMetadata')) &&
      Object.entries(data as object).every(([field, value]) => !hasContent(value) || OWN_FIELD.test(field))
    )
  return candidates.every(
    (candidate) =>
      typeof get(candidate, 'content') === 'object' ||
      typeof get(candidate, 'finishReason') === 'string' ||
      Array.isArray(get(candidate, 'safetyRatings')),
  )
}
