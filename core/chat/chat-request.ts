import type { Clock, Random } from '../clock.ts'
import type { Network } from '../network.ts'
import type { RequestStatus, NewStatus } from '../messages/status.ts'
import type { Limits } from '../retry/limits.ts'
import type { ParsedChatRequest } from './parse-request.ts'
import type { Ask } from './read-on.ts'
import type { ResponseWriter } from './response-log.ts'

export interface ChatRequest extends ParsedChatRequest {
  requestId: string
  /** A digest of what it authenticates with; requests with another one have limits of their own. */
  credential: string
  /** An EventSource sent it. */
  isEventSource?: boolean
  /** It has failed so often that it must not be sent before, epoch ms. */
  heldUntil?: number
  /** Attempts of a worker that died before it had answered the page. */
  lostAttempts?: number
  /** Each attempt carries the same idempotency key. */
  isKeyed?: boolean
  /** Sends the request anew, as it came; the signal ends it. */
  send: (signal: AbortSignal) => Promise<Response>
  /** Asks its server for the same response; absent: a cut is never read on. */
  ask?: Ask
  /** Ends the request and its upstream, whatever it is doing, also during a wait. */
  signal: AbortSignal
}

/** The reason of a signal that ends a request because nobody is left to read its response. */
export const NO_READER = new DOMException('Nobody is left to read the response', 'AbortError')

export interface RequestContext {
  clock: Clock
  random: Random
  /** Where its response is written. */
  writer: ResponseWriter
  /** Shared by all requests that meet the same upstreams. */
  limits: Limits
  /** What the browser says of its network; default the platform's word. */
  network?: Network
  /** A page waits no longer for its Response, ms: then it gets an early one, where its kind is known. */
  earlyMs?: number
  /** `send` resolves with the first byte of the body: what has come before that nobody knows. Default: with the headers. */
  hidesHeaders?: boolean
  /** The response that has come can be read on after a cut. */
  canReadOn?: () => void
  /** Must not throw and is not awaited. */
  emit: (status: NewStatus<RequestStatus>) => void
}
