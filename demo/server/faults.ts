import type { Step } from './step.ts'

export type * from './step.ts'

/** A named fault for the demo's menu; the rest of a `Fault` (its id) is the request's own. */
export interface Preset {
  /** Unique, kebab-case. */
  name: string
  title: string
  description: string
  steps: readonly Step[]
  repeat?: boolean
}

/** The faults that can be tried by hand. Written for the user of the demo: first what they would see without a keeper. */
export const FAULTS = [
  {
    name: 'none',
    title: 'A good day',
    description: 'Nothing goes wrong.',
    steps: [],
  },
  {
    name: 'bad-day',
    title: 'A bad day',
    description: 'The connection is reset, then a rate limit of 2 s, then a 503, then the answer.',
    steps: [
      { kind: 'reset' },
      { kind: 'status', status: 429, hint: { form: 'retry-after', ms: 2_000 } },
      { kind: 'status', status: 503 },
    ],
  },
  {
    name: 'rate-limited',
    title: 'Rate limit with Retry-After',
    description: 'Twice a 429 that asks to wait 3 s.',
    steps: [
      { kind: 'status', status: 429, hint: { form: 'retry-after', ms: 3_000 } },
      { kind: 'status', status: 429, hint: { form: 'retry-after', ms: 3_000 } },
    ],
  },
  {
    name: 'rate-limited-date',
    title: 'Rate limit with a date',
    description: 'A 429 whose Retry-After is an HTTP-date, 4 s from now.',
    steps: [{ kind: 'status', status: 429, hint: { form: 'retry-after-date', ms: 4_000 } }],
  },
  {
    name: 'rate-limited-in-words',
    title: 'Rate limit in words only',
    description: 'A 429 that says the wait in its message: "Please try again in 2.5s".',
    steps: [{ kind: 'status', status: 429, hint: { form: 'body-text', ms: 2_500 } }],
  },
  {
    name: 'rate-limited-no-hint',
    title: 'Rate limit without a hint',
    description: 'Twice a bare 429: how long to wait is for the client to guess.',
    steps: [
      { kind: 'status', status: 429 },
      { kind: 'status', status: 429 },
    ],
  },
  {
    name: 'rate-limited-long',
    title: 'Rate limit of 90 s',
    description:
      'A 429 that asks for more patience than the budget has: it is told at once, with its time. Until then other chats with this model are told the same, and not sent.',
    steps: [{ kind: 'status', status: 429, hint: { form: 'retry-after', ms: 90_000 } }],
    repeat: true,
  },
  {
    name: 'rate-limited-for-good',
    title: 'Rate limit for good',
    description: 'A 429 that asks to wait 2 s, every time.',
    steps: [{ kind: 'status', status: 429, hint: { form: 'retry-after', ms: 2_000 } }],
    repeat: true,
  },
  {
    name: 'quota-exhausted',
    title: 'Quota exhausted',
    description: 'A 429 that no waiting will heal: the credit is spent.',
    steps: [
      {
        kind: 'status',
        status: 429,
        body: {
          error: {
            message: 'You exceeded your current quota, please check your plan and billing details.',
            type: 'insufficient_quota',
            param: null,
            code: 'insufficient_quota',
          },
        },
      },
    ],
    repeat: true,
  },
  {
    name: 'overloaded',
    title: 'Overloaded',
    description: 'A 529 and a 503, then the answer.',
    steps: [
      { kind: 'status', status: 529 },
      { kind: 'status', status: 503 },
    ],
  },
  {
    name: 'unavailable',
    title: 'Unavailable for good',
    description: 'A 503, every time.',
    steps: [{ kind: 'status', status: 503 }],
    repeat: true,
  },
  {
    name: 'server-errors',
    title: 'Broken for good',
    description: 'A 500, every time.',
    steps: [{ kind: 'status', status: 500 }],
    repeat: true,
  },
  {
    name: 'bad-key',
    title: 'Wrong API key',
    description: 'A 401: the provider does not know this key.',
    steps: [{ kind: 'status', status: 401 }],
    repeat: true,
  },
  {
    name: 'reset-before-headers',
    title: 'Connection reset',
    description: 'Twice the connection is reset before any answer.',
    steps: [{ kind: 'reset' }, { kind: 'reset' }],
  },
  {
    name: 'no-headers',
    title: 'Silence',
    description: 'The first attempt never gets a header; a fresh connection does.',
    steps: [{ kind: 'hang' }],
  },
  {
    name: 'slow-headers',
    title: 'Slow headers',
    description: 'The headers take 12 s.',
    steps: [{ kind: 'answer', headersAfterMs: 12_000 }],
  },
  {
    name: 'long-queue',
    title: 'A long queue',
    description: 'Keep-alive comments for 20 s, then the answer.',
    steps: [{ kind: 'answer', pauses: [{ ms: 20_000, send: 'comments', everyMs: 2_000 }] }],
  },
  {
    name: 'long-thinking',
    title: 'Long thinking',
    description: 'The model thinks aloud for 15 s before it answers.',
    steps: [{ kind: 'answer', pauses: [{ ms: 15_000, send: 'reasoning', everyMs: 150 }] }],
  },
  {
    name: 'keep-alives-forever',
    title: 'Keep-alives for ever',
    description: 'Comments, and never a word.',
    steps: [{ kind: 'answer', pauses: [{ ms: 'forever', send: 'comments', everyMs: 2_000 }] }],
    repeat: true,
  },
  {
    name: 'pause-in-the-middle',
    title: 'A pause in the middle',
    description: 'After 40 tokens nothing comes for 8 s, then it goes on.',
    steps: [{ kind: 'answer', pauses: [{ afterTokens: 40, ms: 8_000 }] }],
  },
  {
    name: 'stall-in-the-middle',
    title: 'A stall in the middle',
    description: 'After 40 tokens nothing comes any more, and the connection stays open.',
    steps: [{ kind: 'answer', pauses: [{ afterTokens: 40, ms: 'forever' }] }],
  },
  {
    name: 'reset-in-the-middle',
    title: 'Reset in the middle',
    description: 'After 40 tokens the connection is reset.',
    steps: [{ kind: 'answer', cut: { afterTokens: 40, by: 'reset' } }],
  },
  {
    name: 'cut-and-read-on',
    title: 'Cut, and given again',
    description:
      'The connection breaks after 40 tokens, but the server goes on and gives the rest where it is asked.',
    steps: [{ kind: 'answer', kept: true, cut: { afterTokens: 40, by: 'reset' } }],
  },
  {
    name: 'cut-short',
    title: 'Cut short',
    description: 'After 40 tokens the answer ends politely, as if it were whole; it is not.',
    steps: [{ kind: 'answer', cut: { afterTokens: 40, by: 'end' } }],
  },
  {
    name: 'error-at-once',
    title: 'An error instead of the first word',
    description: 'Status 200, and the first event says that the model is overloaded. Then the answer.',
    steps: [
      {
        kind: 'answer',
        cut: {
          afterTokens: 0,
          by: 'error',
          error: { message: 'The server is overloaded', type: 'server_error', code: 'server_is_overloaded' },
        },
      },
    ],
  },
  {
    name: 'error-in-the-middle',
    title: 'An error in the middle',
    description: 'After 40 tokens the stream itself says that it failed.',
    steps: [{ kind: 'answer', cut: { afterTokens: 40, by: 'error' } }],
  },
  {
    name: 'login-page',
    title: 'A login page',
    description: "Status 200 and HTML, as from a hotel's Wi-Fi. Then the answer.",
    steps: [{ kind: 'html' }],
  },
  {
    name: 'byte-by-byte',
    title: 'Byte by byte',
    description: 'A good answer whose bytes arrive one at a time.',
    steps: [{ kind: 'answer', chunking: 'byte' }],
  },
  {
    name: 'buffered',
    title: 'Behind a proxy that buffers',
    description: 'A good answer that arrives all at once, at its end.',
    steps: [{ kind: 'answer', chunking: 'whole' }],
  },
  {
    name: 'slow-typist',
    title: 'A slow typist',
    description: 'Two tokens per second, for as long as you care to watch.',
    steps: [{ kind: 'answer', tokensPerSecond: 2, tokens: 2_000 }],
  },
] as const satisfies readonly Preset[]
