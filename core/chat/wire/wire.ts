import type { Failure } from '../../protocol/failure.ts'
import type { Usage } from '../../protocol/status.ts'
import type { ServerSentEvent } from '../sse.ts'

/** What has been seen of an answer so far. A wire protocol fills it in, event by event. */
export interface Seen {
  /** Events that carried output: text, reasoning, a tool call. Comments, pings and empty deltas are none. */
  outputs: number
  /** The model said that it is done; the protocol may still send more. */
  finished: boolean
  /** Where an answer has several: which of them the model is done with. */
  choices?: Map<unknown, boolean>
  /** The protocol's own end marker. */
  ended: boolean
  /** The body of an error event, as it came. */
  error?: unknown
  usage?: Usage
}

/** A wire protocol: what its events (or lines) mean, and how it says that something failed. */
export interface Wire {
  name: string
  /** Request paths whose answers are expected to speak it. */
  path?: RegExp
  /** Whether an answer's event is of this protocol. */
  recognises: (event: ServerSentEvent, data: unknown) => boolean
  /** Reads one event into `seen`; `data` is its JSON, `undefined` when it is none. */
  read: (event: ServerSentEvent, data: unknown, seen: Seen) => void
  /** The protocol's own error event, as its servers send it in mid-stream. */
  errorEvent: (failure: Failure) => string
}

/** A field deep inside of what came; `undefined` where the way there is another than it should be. */
export function at(value: unknown, ...path: string[]): unknown {
  let found = value
  for (const name of path) {
    found = typeof found === 'object' && found !== null ? (found as Record<string, unknown>)[name] : undefined
  }
  return found
}

/** The elements of a list; none when it is no list. */
export function each(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

/** What an event says it is: by its data, else by its name; empty when it does not say. */
export function typeOf({ event }: ServerSentEvent, data: unknown): string {
  const type = at(data, 'type')
  return typeof type === 'string' ? type : (event ?? '')
}

/** Whether a value says something: empty strings and lists say nothing, nor do `null`, `false` and 0. */
export function says(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value)
}

/** Takes up what a provider has counted; what it does not say stays. */
export function count(seen: Seen, inputTokens: unknown, outputTokens: unknown): void {
  if (typeof inputTokens === 'number') seen.usage = { ...seen.usage, inputTokens }
  if (typeof outputTokens === 'number') seen.usage = { ...seen.usage, outputTokens }
}

/** One server-sent event of JSON data. */
export function eventOf(data: object, type?: string): string {
  return `${type ? `event: ${type}\n` : ''}data: ${JSON.stringify(data)}\n\n`
}
