import type { Refusal } from './classify.ts'

/** How one attempt ended without its first output. */
export type Outcome =
  /** No HTTP response: refused, reset, offline, DNS, CORS. */
  | { kind: 'network_error' }
  /** A deadline of ours passed. */
  | { kind: 'timeout'; phase: 'headers' | 'first_output' | 'total' }
  /** An HTTP response that refuses, or an error event inside a 200 (`inStream`). */
  | { kind: 'refused'; refusal: Refusal; inStream: boolean }
  /** 2xx headers, then the body broke (`clean: false`) or ended before any output. */
  | { kind: 'cut'; clean: boolean }
  /** A stream that ended properly without output or a finish reason. */
  | { kind: 'empty' }
  /** 2xx, but a web page: a login form or a captive portal, not a response to a chat. */
  | { kind: 'not_a_chat' }
  /** The worker died before the page had a response; the outcome of the request is unknown. */
  | { kind: 'worker_lost' }

/** True if the upstream had accepted the request (2xx headers): such work may be billed. */
export function wasAccepted(outcome: Outcome): boolean {
  switch (outcome.kind) {
    case 'network_error':
      return false
    case 'timeout':
      return outcome.phase === 'first_output'
    case 'refused':
      return outcome.inStream
    case 'cut':
    case 'empty':
    case 'not_a_chat':
    case 'worker_lost':
      return true
  }
}
