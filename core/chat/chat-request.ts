import type { Clock, Random } from '../clock.ts'
import type { Network } from '../network.ts'
import type { RequestStatus, NewStatus } from '../messages/status.ts'
import type { Limits } from '../retry/limits.ts'
import type { ParsedChatRequest } from './parse-request.ts'
import type { Ask } from './read-on.ts'
import type { ResponseWriter } from './response-log.ts'

export interface ChatRequest extends ParsedChatRequest {
  requestId: string
  /** A digest of its credentials; requests with different credentials have separate limits. */
  credential: string
  /** True if an EventSource sent it. */
  isEventSource?: boolean
  /** It has failed so often that it must not be sent before this time, epoch ms. */
  heldUntil?: number
  /** Attempts by a worker that died before it had responded to the page. */
  lostAttempts?: number
  /** True if each attempt carries the same idempotency key. */
  isKeyed?: boolean
  /** Sends the request again, unchanged; the signal ends it. */
  send: (signal: AbortSignal) => Promise<Response>
  /** Asks its server for the same response; absent: a cut response is never resumed. */
  ask?: Ask
  /** Ends the request and its upstream at any time, even during a wait. */
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
  /** The browser's network state; default the platform's. */
  network?: Network
  /** After this long without a Response a page gets an early one, if its kind is known, ms. */
  earlyMs?: number
  /**
   * True if `send` resolves with the first byte of the body, and nobody knows when headers came. Default: with the
   * headers.
   */
  hidesHeaders?: boolean
  /** Called when the response can be resumed after a cut. */
  canReadOn?: () => void
  /** Must not throw and is not awaited. */
  emit: (status: NewStatus<RequestStatus>) => void
}
