import type { Verdict } from '../../core/providers/inspection/inspection.ts'

/** A long response of one protocol, event by event. */
export interface Stream {
  title: string
  path: string
  headers: Record<string, string>
  /** How many choices were asked for. Default 1. */
  choices?: number
  events: string[]
  /** Its request asked for a response in the background, which its server gives again. */
  isBackground?: boolean
  /** How its clean end is judged. */
  verdict: Verdict
}

/** About the size of an event of OpenAI's, bytes. */
const EVENT = 175

/**
 * The same number of events of many protocols, each event of about the same size. The first is the one that was aimed
 * at.
 */
export function longStreams(count: number): Stream[] {
  const middle = (event: (word: string) => string) =>
    Array.from({ length: count }, (_, index) => {
      const bare = event(` word${index} `)
      return event(` word${index} ${'x'.repeat(Math.max(0, EVENT - bare.length))}`)
    })
  const sse = { 'content-type': 'text/event-stream; charset=utf-8' }
  const part = (data: object) => `data: ${JSON.stringify(data)}\n\n`
  const typed = (type: string, data: object) => `event: ${type}\n${part({ type, ...data })}`
  const chunk = (delta: object, finish_reason: string | null) =>
    part({
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      created: 1_790_000_000,
      model: 'm',
      choices: [{ index: 0, delta, finish_reason }],
    })
  const done = 'data: [DONE]\n\n'
  const uiParts = [
    part({ type: 'start' }),
    part({ type: 'text-start', id: '0' }),
    ...middle((delta) => part({ type: 'text-delta', id: '0', delta })),
    part({ type: 'text-end', id: '0' }),
  ]
  const ollama = (content: string, end: object) =>
    `${JSON.stringify({ model: 'm', created_at: '2026-11-28T00:00:00Z', message: { role: 'assistant', content }, ...end })}\n`

  return [
    {
      title: 'OpenAI chat',
      path: '/v1/chat/completions',
      headers: sse,
      events: [
        chunk({ role: 'assistant', content: '' }, null),
        ...middle((content) => chunk({ content }, null)),
        chunk({}, 'stop'),
        done,
      ],
      verdict: 'complete',
    },
    {
      title: 'OpenAI chat, may be read on',
      path: '/v1/chat/completions',
      headers: { ...sse, 'content-location': '/streams/1', 'stream-next-offset': '0'.repeat(16) },
      events: [
        chunk({ role: 'assistant', content: '' }, null),
        ...middle((content) => chunk({ content }, null)),
        chunk({}, 'stop'),
        done,
      ],
      verdict: 'complete',
    },
    {
      title: 'OpenAI chat, two choices',
      path: '/v1/chat/completions',
      headers: sse,
      choices: 2,
      events: [
        ...middle((content) => chunk({ content }, null)),
        chunk({}, 'stop'),
        chunk({}, 'stop').replace('"index":0', '"index":1'),
        done,
      ],
      verdict: 'complete',
    },
    {
      title: 'OpenAI responses',
      path: '/v1/responses',
      headers: sse,
      events: [
        typed('response.created', { response: { id: 'resp_1', status: 'in_progress' } }),
        ...middle((delta) =>
          typed('response.output_text.delta', { item_id: 'msg_1', output_index: 0, delta }),
        ),
        typed('response.completed', { response: { id: 'resp_1', status: 'completed' } }),
      ],
      verdict: 'complete',
    },
    {
      title: 'OpenAI responses, may be read on',
      path: '/v1/responses',
      headers: sse,
      isBackground: true,
      events: numbered([
        typed('response.created', { response: { id: 'resp_1', status: 'in_progress', background: true } }),
        ...middle((delta) =>
          typed('response.output_text.delta', { item_id: 'msg_1', output_index: 0, content_index: 0, delta }),
        ),
        typed('response.completed', { response: { id: 'resp_1', status: 'completed' } }),
      ]),
      verdict: 'complete',
    },
    {
      title: 'Anthropic',
      path: '/v1/messages',
      headers: sse,
      events: [
        typed('message_start', { message: { id: 'msg_1', usage: { input_tokens: 9 } } }),
        typed('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
        ...middle((text) => typed('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })),
        typed('content_block_stop', { index: 0 }),
        typed('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } }),
        typed('message_stop', {}),
      ],
      verdict: 'complete',
    },
    {
      title: 'AI SDK, with `finish`',
      path: '/api/chat',
      headers: { ...sse, 'x-vercel-ai-ui-message-stream': 'v1' },
      events: [...uiParts, part({ type: 'finish' }), done],
      verdict: 'complete',
    },
    {
      title: 'AI SDK, `[DONE]` alone',
      path: '/api/chat',
      headers: { ...sse, 'x-vercel-ai-ui-message-stream': 'v1' },
      events: [...uiParts, done],
      verdict: 'complete',
    },
    {
      title: 'Ollama, a JSON object a line',
      path: '/api/chat',
      headers: { 'content-type': 'application/x-ndjson' },
      events: [
        ...middle((content) => ollama(content, { done: false })),
        ollama('', { done: true, done_reason: 'stop' }),
      ],
      verdict: 'complete',
    },
    {
      title: 'server-sent events of no known protocol',
      path: '/chat',
      headers: sse,
      events: middle((text) => part({ text })),
      verdict: 'complete',
    },
    {
      title: 'words',
      path: '/chat',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      events: middle((text) => `${text}\n`),
      verdict: 'complete',
    },
  ]
}

/** Each event says its number. */
function numbered(events: string[]): string[] {
  return events.map((event, number) => event.replace('"type":', `"sequence_number":${number},"type":`))
}
