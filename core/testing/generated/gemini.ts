import { cut, failed, type GeneratedStream, type Shape, SSE, sse, whole, WORDS } from './stream.ts'

const SHAPE: Shape = {
  api: 'gemini-stream',
  path: '/v1beta/models/gemini-2.5-flash:streamGenerateContent',
  contentType: SSE,
}
const LIST: Shape = { ...SHAPE, contentType: 'application/json; charset=UTF-8' }

const USAGE = { promptTokenCount: 3, candidatesTokenCount: 5, totalTokenCount: 8 }
const part = (...parts: object[]) => ({ content: { parts, role: 'model' }, index: 0 })
const response = (candidate: object | undefined, more: object = {}) => ({
  ...(candidate && { candidates: [candidate] }),
  usageMetadata: USAGE,
  modelVersion: 'gemini-2.5-flash',
  responseId: 'r',
  ...more,
})
const said = WORDS.map((text) => response(part({ text })))
/** The last text and the finish share an event. */
const finished = (finishReason: string) => response({ ...part({ text: '.' }), finishReason })
const ratings = [{ category: 'HARM_CATEGORY_HARASSMENT', probability: 'NEGLIGIBLE' }]

const WHOLE: Record<string, object[]> = {
  'a text': [...said, finished('STOP')],
  'thoughts, then a text': [
    ...WORDS.map((text) => response(part({ text, thought: true }))),
    ...said,
    finished('STOP'),
  ],
  'a function call': [
    response(
      part({ functionCall: { name: 'weather', args: { city: 'Biel/Bienne' } }, thoughtSignature: 'c2ln' }),
    ),
    response({ ...part(), finishReason: 'STOP' }),
  ],
  'code that was run': [
    response(part({ executableCode: { language: 'PYTHON', code: 'print(1)' } })),
    response(part({ codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1' } })),
    finished('STOP'),
  ],
  'cut short by maxOutputTokens': [...said, finished('MAX_TOKENS')],
  'ended for safety': [
    ...said.slice(0, 2),
    response({ finishReason: 'SAFETY', index: 0, safetyRatings: ratings }),
  ],
  'an image of 80 kB in one event': [
    response(part({ inlineData: { mimeType: 'image/png', data: 'QUJD'.repeat(20_000) } })),
    finished('STOP'),
  ],
  'its grounding at the end': [
    ...said,
    response({
      ...part({ text: '.' }),
      finishReason: 'STOP',
      groundingMetadata: { webSearchQueries: ['a'] },
    }),
  ],
  'a prompt that is blocked': [
    response(undefined, { promptFeedback: { blockReason: 'SAFETY', safetyRatings: ratings } }),
  ],
}

const ERROR = {
  error: { code: 503, message: 'The model is overloaded. Please try again later.', status: 'UNAVAILABLE' },
}

/** Both have CRLF in their streams, and an empty line more than is needed. */
const crlf = (events: string[]) => events.map((event) => event.replace(/\n/g, '\r\n'))

/** One list that grows, as without `alt=sse`. */
function list(values: object[], isClosed = true): string[] {
  const items = values.map((value, index) => `${index === 0 ? '[' : ','}${JSON.stringify(value, null, 2)}\n`)
  return isClosed ? [...items, ']'] : items
}

const INTERACTIONS: Shape = { api: 'gemini-interactions', path: '/v1beta/interactions', contentType: SSE }
const event = (event_type: string, more: object) =>
  `event: ${event_type}\ndata: ${JSON.stringify({ event_type, ...more })}\n\n`
const created = event('interaction.created', {
  interaction: { id: 'i', status: 'in_progress', object: 'interaction' },
})
const steps = [
  event('step.start', { index: 0, step: { type: 'thought' } }),
  event('step.delta', { index: 0, delta: { type: 'thought_summary', content: { text: 'Hm' } } }),
  event('step.stop', { index: 0 }),
  event('step.start', { index: 1, step: { type: 'model_output' } }),
  ...WORDS.map((text) => event('step.delta', { index: 1, delta: { type: 'text', text } })),
  event('step.stop', { index: 1 }),
]
const functionCall = [
  event('step.start', { index: 0, step: { type: 'function_call', name: 'weather', id: 'c' } }),
  event('step.delta', { index: 0, delta: { type: 'arguments', arguments: '{}' } }),
  event('step.stop', { index: 0 }),
]
const completed = [
  event('interaction.completed', {
    interaction: { id: 'i', status: 'completed', usage: { total_input_tokens: 3, total_output_tokens: 5 } },
  }),
  'event: done\ndata: [DONE]\n\n',
]

export const GEMINI_STREAMS: GeneratedStream[] = [
  ...Object.entries(WHOLE).flatMap(([what, responses]) => [
    whole(SHAPE, `gemini: ${what}`, sse(...responses)),
    whole(
      { ...SHAPE, path: '/v1/projects/p/locations/l/publishers/google/models/m:streamGenerateContent' },
      `vertex, with CRLF: ${what}`,
      crlf(sse(...responses)),
    ),
    whole(LIST, `gemini, as one list: ${what}`, list(responses)),
  ]),
  cut(SHAPE, 'gemini: cut in a text', sse(...said)),
  cut(SHAPE, 'vertex: cut in thoughts', crlf(sse(response(part({ text: 'Hm', thought: true }))))),
  cut(LIST, 'gemini, as one list: cut in a text', list(said, false)),
  failed(SHAPE, 'gemini: an error in place of the text', sse(ERROR)),
  failed(SHAPE, 'gemini: an error in mid-text', [...sse(...said.slice(0, 3)), ...sse(ERROR)]),
  failed(SHAPE, 'vertex: an error in mid-text that is no event', [
    ...crlf(sse(...said.slice(0, 3))),
    `${JSON.stringify(ERROR, null, 2)}\n`,
  ]),
  whole(INTERACTIONS, 'gemini, interactions: thoughts, then a text', [created, ...steps, ...completed], -2),
  whole(INTERACTIONS, 'gemini, interactions: a function call', [created, ...functionCall, ...completed], -2),
  cut(INTERACTIONS, 'gemini, interactions: cut in a text', [created, ...steps.slice(0, 6)]),
  failed(INTERACTIONS, 'gemini, interactions: an error', [
    created,
    event('error', { error: { code: 'unavailable', message: 'Overloaded' } }),
  ]),
]
