import type { Failure } from '../../protocol/failure.ts'
import type { Usage } from '../../protocol/status.ts'
import type { ServerSentEvent } from '../sse.ts'

/** What has been seen of an answer so far. A wire protocol fills it in, event by event. */
export interface Seen {
  /** Events that carried output: text, reasoning, a tool call. Comments, pings and empty deltas are none. */
  outputs: number
  /** The model said that it is done; the protocol may still send more. */
  finished: boolean
  /** The protocol's own end marker. */
  ended: boolean
  /** The body of an error event, as it came. */
  error?: unknown
  usage?: Usage
}

/** A wire protocol over server-sent events: what its events mean, and how it says that something failed. */
export interface Wire {
  name: string
  /** Whether an answer's first event is of this protocol. */
  recognises: (event: ServerSentEvent, data: unknown) => boolean
  /** Reads one event into `seen`; `data` is its JSON, `undefined` when it is none. */
  read: (event: ServerSentEvent, data: unknown, seen: Seen) => void
  /** The protocol's own error event, as its servers send it in mid-stream. */
  errorEvent: (failure: Failure) => string
}
