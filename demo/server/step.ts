/*
 * What a chat request may ask of the demo's provider, in its body's field `fault`. Plain JSON, no imports: the
 * page's fault menu, the browser tests and the server share this file.
 *
 *   { "model": "demo-small", "stream": true, "messages": […],
 *     "fault": { "id": "t1", "steps": [{ "kind": "reset" }, { "kind": "status", "status": 503 }] } }
 *
 * Attempt 1 is reset, attempt 2 gets the 503, attempt 3 and all later ones a good answer.
 */

/** The faults, attempt by attempt. */
export interface Fault {
  /**
   * Attempts are counted per id (`[\w.:-]{1,100}`). Without one, equal bodies count together; a query
   * `?fault_id=…` does too, and also marks the preflight in the log.
   */
  id?: string
  /** Attempt n takes step n; past the last one comes a good answer. */
  steps: readonly Step[]
  /** The last step is repeated for ever instead. Default: false. */
  repeat?: boolean
  /** The defaults of every `answer` step, and of the good response at the end. */
  answer?: AnswerOptions
}

/** One attempt's fate. */
export type Step =
  | ({ kind: 'answer' } & AnswerOptions)
  | ({ kind: 'status' } & StatusOptions)
  /** A login page where a chat should be. Default: status 200, a small form. */
  | { kind: 'html'; status?: number; html?: string; headersAfterMs?: number }
  /** The connection is reset before any header (a browser may repeat that by itself on a reused connection). */
  | { kind: 'reset'; afterMs?: number }
  /** No header ever comes. */
  | { kind: 'hang' }

/** An answer with status 200, with whatever delays and wounds it. All of it optional, all of it combines. */
export interface AnswerOptions {
  /** Time until the headers. Default: 0; a whole (not streamed) answer takes its generation time. */
  headersAfterMs?: number
  /** More response headers, or others. */
  headers?: Readonly<Record<string, string>>
  /** The text to say. Default: a sample that fits the prompt. */
  text?: string
  /** How many tokens of the text to say; a longer answer repeats it. Default: all of it, once. */
  tokens?: number
  /** The model's reasoning text; `false`: none. Default: reasoning models think, others do not. */
  reasoning?: string | false
  /** 0 means as fast as possible. Default: 35. */
  tokensPerSecond?: number
  /** How the bytes are cut for the wire. The bytes themselves stay the same. Default: `event`. */
  chunking?: Chunking
  /** Where the answer rests, in the order of their `afterTokens`. */
  pauses?: readonly Pause[]
  /** Where the answer breaks off. */
  cut?: Cut
  /** The server goes on with it after a cut, and says in `Content-Location` where it gives it again. Default: false. */
  kept?: boolean
  /** Which end markers come after a full answer. Default: `both`. */
  endMarkers?: 'both' | 'finish_reason' | 'done' | 'none'
  /** Default: `stop`. */
  finishReason?: string
  /** The value of `usage`; `false`: it is left out. Default: a true count, streamed only if the request asks for it. */
  usage?: Readonly<Record<string, unknown>> | false
}

/**
 * `event`: one write per server-sent event; `line`: one per line; `byte`: one per byte; a number: so many bytes
 * each, across events; `whole`: everything at the end, like a proxy that buffers.
 */
export type Chunking = 'event' | 'line' | 'byte' | 'whole' | number

/** A rest in the middle of an answer, or before its first output. */
export interface Pause {
  /** JSON knows no Infinity, hence the word. */
  ms: number | 'forever'
  /** Default: 0, which is after the headers and before the first output. Reasoning tokens count. */
  afterTokens?: number
  /**
   * The data that is sent meanwhile: `nothing` (default), `comments` (`: keep-alive`; blank lines in a whole answer),
   * `empty` (deltas with empty content), `reasoning` (deltas of reasoning).
   */
  send?: 'nothing' | 'comments' | 'empty' | 'reasoning'
  /** How often. Default: 1000. */
  everyMs?: number
}

/** Where and how an answer breaks off. In a whole answer the JSON breaks off within the text. */
export interface Cut {
  /** 0 is before the first output. Default: after the last token, before any end marker. */
  afterTokens?: number
  /**
   * - `end`: the response ends cleanly, without its end markers
   * - `close`: the connection is closed in the middle of the response
   * - `reset`: the same, by a TCP reset
   * - `error`: an error event in the 200, then the response ends
   */
  by: 'end' | 'close' | 'reset' | 'error'
  /** The error event's `error`. Default: OpenAI's `server_error`. */
  error?: Readonly<Record<string, unknown>>
  /** The error event is named (`event: error`). Default: false, a bare `data:` line. */
  named?: boolean
}

/** Any status, with the body a provider would send unless another is given. */
export interface StatusOptions {
  status: number
  headers?: Readonly<Record<string, string>>
  /** Text is sent as it is, anything else as JSON. Default: OpenAI's error for this status. */
  body?: unknown
  /** Says when to come back, counted from the moment of answering. */
  hint?: { form: HintForm; ms: number }
  headersAfterMs?: number
}

/**
 * The dialects of "come back in n ms". Headers: seconds, an HTTP-date, `retry-after-ms`, OpenAI's, Anthropic's
 * and the IETF draft's reset headers (new and old). Bodies: OpenAI's sentence, Gemini's RetryInfo, NEAR's number.
 */
export type HintForm =
  | 'retry-after'
  | 'retry-after-date'
  | 'retry-after-ms'
  | 'x-ratelimit-reset'
  | 'anthropic-ratelimit-reset'
  | 'ratelimit'
  | 'ratelimit-reset'
  | 'body-text'
  | 'body-gemini'
  | 'body-near'
