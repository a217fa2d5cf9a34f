import { crc32 } from 'node:zlib'
import {
  DONE,
  failed,
  type GeneratedStream,
  lines,
  named,
  type Shape,
  SSE,
  sse,
  whole,
  WORDS,
} from './stream.ts'

// Shapes that no wire of ours is: they pass as they come, and are whole when they end cleanly.

const backend = (api: string, contentType = SSE): Shape => ({ api, path: '/my/backend', contentType })

/** A frame of Amazon's event stream: lengths and a checksum, headers, payload, a checksum. */
function frame(eventType: string, payload: object): Uint8Array {
  const headers = Object.entries({
    ':event-type': eventType,
    ':content-type': 'application/json',
    ':message-type': 'event',
  }).map(([name, value]) => {
    const length = Buffer.alloc(2)
    length.writeUInt16BE(value.length)
    return Buffer.concat([
      Buffer.from([name.length]),
      Buffer.from(name),
      Buffer.from([7]),
      length,
      Buffer.from(value),
    ])
  })
  const head = Buffer.concat(headers)
  const body = Buffer.from(JSON.stringify(payload))
  const prelude = Buffer.alloc(8)
  prelude.writeUInt32BE(head.length + body.length + 16)
  prelude.writeUInt32BE(head.length, 4)
  const checked = Buffer.concat([prelude, checksum(prelude), head, body])
  return Buffer.concat([checked, checksum(checked)])
}

function checksum(bytes: Uint8Array): Buffer {
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(bytes))
  return sum
}

const AMAZON = 'application/vnd.amazon.eventstream'
const converse = [
  frame('messageStart', { role: 'assistant' }),
  ...WORDS.map((text) => frame('contentBlockDelta', { contentBlockIndex: 0, delta: { text } })),
  frame('contentBlockStop', { contentBlockIndex: 0 }),
  frame('messageStop', { stopReason: 'end_turn' }),
]
const invoke = WORDS.map((text) =>
  frame('chunk', { bytes: Buffer.from(JSON.stringify({ completion: text })).toString('base64') }),
)

const run = (status: string) => ({ id: 'run_1', object: 'thread.run', status })

const WHOLE: GeneratedStream[] = [
  whole(
    backend('watsonx-generation'),
    'watsonx, generation: a text',
    WORDS.map(
      (text, id) =>
        `id: ${id}\nevent: message\ndata: ${JSON.stringify({ model_id: 'm', results: [{ generated_text: text, stop_reason: 'not_finished' }] })}\n\n`,
    ),
  ),
  whole(backend('openai-assistants'), 'openai, assistants: a run', [
    `event: thread.run.created\ndata: ${JSON.stringify(run('queued'))}\n\n`,
    ...WORDS.map(
      (value) =>
        `event: thread.message.delta\ndata: ${JSON.stringify({ id: 'msg_1', object: 'thread.message.delta', delta: { content: [{ index: 0, type: 'text', text: { value } }] } })}\n\n`,
    ),
    `event: thread.run.completed\ndata: ${JSON.stringify(run('completed'))}\n\n`,
    'event: done\ndata: [DONE]\n\n',
  ]),
  whole(backend('openai-transcription'), 'openai, transcription: a text', [
    ...sse(...WORDS.map((delta) => ({ type: 'transcript.text.delta', delta })), {
      type: 'transcript.text.done',
      text: WORDS.join(''),
    }),
    DONE,
  ]),
  whole(
    backend('anthropic-complete'),
    'anthropic, complete: a text',
    named(
      ...WORDS.map((completion) => ({ type: 'completion', id: 'compl_1', completion, stop_reason: null })),
      { type: 'completion', completion: '', stop_reason: 'stop_sequence' },
    ),
  ),
  whole(backend('replicate-stream'), 'replicate: a text, and a comment of the proxy’s at its end', [
    ': hi\n\n',
    ...WORDS.map(
      (word, id) =>
        `event: output\nid: 1:${id}\n${word
          .split('\n')
          .map((line) => `data: ${line}\n`)
          .join('')}\n`,
    ),
    'event: done\ndata: {}\n\n',
    ':408: 408 Request Timeout\n\n',
  ]),
  whole(backend('workers-ai'), 'cloudflare, workers ai: a text', [
    ...sse(...WORDS.map((response) => ({ response, p: 'abcd' })), { response: '', tool_calls: [] }),
    DONE,
  ]),
  whole(backend('bedrock-converse', AMAZON), 'bedrock, converse: a text in frames', converse),
  whole(backend('bedrock-invoke', AMAZON), 'bedrock, invoke: a text in frames', invoke),
  whole(
    backend('own-sse'),
    'an app’s own: plain text in events',
    WORDS.map((word) => `data: ${word.replaceAll('\n', ' ')}\n\n`),
  ),
  whole(
    backend('own-lines', 'application/x-ndjson'),
    'an app’s own: JSON lines',
    lines(...WORDS.map((token) => ({ token }))),
  ),
  whole(backend('own-text', 'text/plain; charset=utf-8'), 'an app’s own: plain text', WORDS),
  whole(backend('own-bytes', 'application/octet-stream'), 'an app’s own: bytes', [
    Uint8Array.from({ length: 3_000 }, (_, n) => (n * 97) % 256),
  ]),
  failed(
    backend('gateway-sse'),
    'vercel-gateway: an error and nothing else',
    sse({
      type: 'error',
      message: 'Rate limit exceeded',
      errorType: 'rate_limit_exceeded',
      statusCode: 429,
      param: null,
    }),
  ),
]

/** Older completions are read by the wire of their successor, which knows their `text`. */
const COMPLETIONS: Shape = { api: 'openai-completions', path: '/v1/completions', contentType: SSE }
const completion = (text: string, finish_reason: string | null = null) => ({
  id: 'cmpl-1',
  object: 'text_completion',
  created: 1,
  model: 'm',
  choices: [{ text, index: 0, logprobs: null, finish_reason }],
})
const writer = (content: string | null, finish_reason: string | null = null) => ({
  id: 'w',
  object: 'chat.completion.chunk',
  choices: [
    {
      index: 0,
      finish_reason,
      message: { content, role: 'assistant', tool_calls: null },
      delta: { content, role: 'assistant', tool_calls: null },
    },
  ],
})

const RELATED: GeneratedStream[] = [
  whole(
    COMPLETIONS,
    'openai, completions: a text',
    [...sse(...WORDS.map((text) => completion(text)), completion('', 'stop')), DONE],
    -2,
  ),
  {
    ...whole(
      COMPLETIONS,
      'openai, completions: cut in a text',
      sse(...WORDS.map((text) => completion(text))),
    ),
    verdict: 'truncated',
  },
  whole(
    { ...COMPLETIONS, api: 'writer-chat', path: '/v1/chat' },
    'writer, chat: a text',
    [...sse(writer(null), ...WORDS.map((word) => writer(word)), writer(null, 'stop')), DONE],
    -2,
  ),
]

export const UNKNOWN_STREAMS: GeneratedStream[] = [...WHOLE, ...RELATED]
