import type { Usage } from '../messages/status.ts'
import type { Format } from './inspection/format.ts'

/** One event of a stream: a server-sent event, or one JSON value of a body. */
export interface StreamEvent {
  /** The SSE event's own id. */
  id?: string | undefined
  /** The SSE event name; absent means `message`. */
  name?: string | undefined
  /** The text as it was sent. */
  text: string
  /** The parsed JSON; `undefined` if the text is not JSON. */
  data: unknown
}

/** The findings about a response so far. A wire fills them in, event by event. */
export interface Seen {
  /** Events that carried output. Comments, pings and a wire's preamble do not count. */
  outputs: number
  /** Events with output of the wire's own: only these revoke a finish. */
  spoken: number
  /** The model said that it is done. Later output revokes this. */
  finished: boolean
  /** After this finish nothing but bookkeeping can follow: the end of the connection need not be awaited. */
  final: boolean
  /** The wire's own end marker. What follows it is not part of the response. */
  ended: boolean
  /** The response said why it ended, which makes an end without output a response. */
  reason: boolean
  /** Inside a tool call, a reasoning part or a server-side tool: silence is normal here. */
  working: boolean
  /** The detail of an error event, as it was sent. */
  error?: unknown
  usage?: Usage
  /** With several choices: which of them have finished. */
  choices?: Map<unknown, boolean>
  /** Parts that have been opened and not closed. */
  open?: Set<string>
  /** It ended because all parts are closed: its beginning must show which ones were opened. */
  endedByParts?: boolean
  /** Events had ids: a client may ask for what follows the last one. */
  hasIds?: boolean
  /** An event was too long to read, and its beginning and end do not tell what it was. */
  undecided?: boolean
  /** The last event is not the wire's: it may be the end, in the words of the app that forwards the response. */
  foreign?: boolean
}

export function nothingSeen(): Seen {
  return { outputs: 0, spoken: 0, finished: false, final: false, ended: false, reason: false, working: false }
}

/** Facts about the request that a wire may need. */
export interface Asked {
  /** How many choices were asked for (`n`). Default 1. */
  choices?: number
}

/** A wire protocol: how its requests and responses look, and how it reports a failure. */
export interface Wire {
  name: string
  /** How its requests look: a hint where to look first, never evidence of what the response is. */
  requests?: readonly RequestShape[]
  /** How its bodies are framed; default: in any way. */
  formats?: readonly Format[]
  /** Returns `true` for an event that can only be of this wire. */
  recognises: (event: StreamEvent) => boolean
  /** Reads one event into `seen`. Returns `false` for an event that the wire does not know. */
  read: (event: StreamEvent, seen: Seen, asked: Asked) => boolean
  /** The text that an event adds, as a person will read it, without reasoning. Default: unknown. */
  words?: (event: StreamEvent) => unknown
  /** The error that an event reports; default: the table of `errorIn`. */
  errorIn?: (event: StreamEvent) => unknown
  /**
   * Reads an event that is too long to be read whole by its first and last 4 kB. Returns `false` if they do not tell
   * what it was; default: by its type.
   */
  skim?: (head: string, tail: string, seen: Seen, asked: Asked) => boolean
  /** Returns `true` for an event that begins another response in the same stream: the earlier end no longer counts. */
  begins?: (event: StreamEvent) => boolean
  /** Returns `true` if the last events alone cannot tell how the response ended. */
  needsAll?: (seen: Seen, asked: Asked) => boolean
  /** The wire's own error event, as its servers send it mid-stream. */
  errorEvent?: (failure: ErrorWords) => ErrorEvent
  /** Returns `true` if the client resumes by itself after a bare cut, and would stop at an error event. */
  readsOn?: (headers: Headers, seen: Seen) => boolean
  /** How the server sends a background response again. */
  background?: BackgroundResponse
}

/** A response that its server continues by itself, and can send again from any event on. */
export interface BackgroundResponse {
  /** The response's id, in the events that contain it. */
  idOf: (event: StreamEvent) => string | undefined
  /** The position of an event: a number, one more than the number before it, or an opaque id. */
  positionOf: (event: StreamEvent) => number | string | undefined
  /** The content of an event without what differs each time it is sent; default: its text. */
  sameness?: (event: StreamEvent) => string
  /** The URL of what follows a position; `url` is that of the request. */
  urlAfter: (url: URL, id: string, position: number | string | undefined) => URL
  /** The URL to which a POST stops it; absent: nothing does. */
  stopUrl?: (url: URL, id: string) => URL
  /** Present if its server keeps it for longer than it streams it, and returns it as one JSON value. */
  follow?: () => Follower
}

/** Records what has been sent of a background response, and finds the rest in the whole one. */
export interface Follower {
  see: (event: StreamEvent) => void
  /**
   * The missing part of the whole response, as a stream whose first event has this number; `'later'`: it is not
   * finished. `undefined` if it is not the response that was begun, or cannot be sent as such events. Must not be
   * called again once it is finished.
   */
  missing: (whole: unknown, number: number) => string | undefined
}

/** The content of an error event. */
export interface ErrorWords {
  code: string
  message: string
}

/** An error event before it is framed as SSE or as a line. `line`: the whole line, where lines are not JSON. */
export type ErrorEvent = { name?: string; data: object } | { line: string }

export interface RequestShape {
  /** Paths that its requests are sent to. */
  path: RegExp
  /** The media type of its streams. */
  mediaType: 'text/event-stream' | 'application/x-ndjson' | 'application/json'
  /** The default of a request whose body has no boolean `stream`; absent: unknown. */
  streamsByDefault?: boolean
}

/**
 * A field deep inside a value; `undefined` if the path does not exist. Some SDKs write `finishReason`, others
 * `finish_reason`: a name in camel case finds both.
 */
export function get(value: unknown, ...path: string[]): unknown {
  let found = value
  for (const name of path) {
    if (typeof found !== 'object' || found === null) return undefined
    const key = Object.hasOwn(found, name) ? name : snakeOf(name)
    found = Object.hasOwn(found, key) ? (found as Record<string, unknown>)[key] : undefined
  }
  return found
}

/**
 * Snake-case names by their camel-case names, cached because an event is asked for many fields that it does not have.
 */
const SNAKES = new Map<string, string>()

function snakeOf(name: string): string {
  const snake = SNAKES.get(name) ?? name.replace(/[A-Z]/g, '_$&').toLowerCase()
  SNAKES.set(name, snake)
  return snake
}

/** The elements of a list; none if it is not a list. */
export function asArray(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

/** A text that is not empty, or nothing. */
export function textOrNone(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/**
 * An id as a part of a URL, even if it is not well-formed text; one of dots, which would lead elsewhere, names nothing.
 */
export function encodeId(id: string): string {
  return encodeURIComponent(id.replace(/\p{Surrogate}/gu, '\uFFFD').replace(/^\.\.?$/, '%2E'))
}

/** The URL of a resource below another one's, the query kept. */
export function below(url: URL, ...names: string[]): URL {
  const inner = new URL(url)
  inner.pathname = [url.pathname.replace(/\/$/, ''), ...names.map(encodeId)].join('/')
  return inner
}

export function asText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** The words of a message's content: a text, or a list of parts, of which those of type text count. */
export function wordsIn(content: unknown): string {
  return Array.isArray(content)
    ? content
        .map((part) => (/^(output_)?text$/.test(asText(get(part, 'type'))) ? get(part, 'text') : ''))
        .join('')
    : asText(content)
}

/** True if a value has content: empty strings, lists and objects have none, nor have `null`, `false` and 0. */
export function hasContent(value: unknown): boolean {
  return typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value)
}

/** The type of an event: by its data, else by its SSE name; empty when neither says. */
export function eventType({ name, data }: StreamEvent): string {
  return asText(get(data, 'type')) || (name ?? '')
}

/** Counts output of the wire's own, which revokes an earlier finish. */
export function addOutput(seen: Seen): void {
  seen.outputs++
  seen.spoken++
  seen.finished = seen.final = false
}

/**
 * Notes the end marker, or an event that is one.
 *
 * @param mayGoOn true if it leaves tools to run, and whoever runs them may go on in the same stream; default: if a call
 *   came last
 */
export function end(seen: Seen, mayGoOn = seen.working): void {
  seen.finished = seen.ended = true
  seen.final = !mayGoOn
  seen.working = mayGoOn
}

/** The finish reason of a long event, by its ends: it stands before or after the long part, never within it. */
export function finishIn(head: string, tail: string): string | undefined {
  const reason = /"finish_?reason"\s{0,9}:\s{0,9}(?:null|"(\w*)")/i
  return (reason.exec(tail) ?? reason.exec(head))?.[1]
}

/** Adopts token counts; a count that is absent leaves the previous one. */
export function addUsage(seen: Seen, inputTokens: unknown, outputTokens: unknown): void {
  if (typeof inputTokens === 'number') seen.usage = { ...seen.usage, inputTokens }
  if (typeof outputTokens === 'number') seen.usage = { ...seen.usage, outputTokens }
}

/** True if a text is the end marker that OpenAI made common. */
export function isDone(text: string): boolean {
  return text.length < 32 && text.trim() === '[DONE]'
}
