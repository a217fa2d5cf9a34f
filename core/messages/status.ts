import type { FailureCode } from './failure.ts'

/** A phase of an attempt with its own timeout. */
export type Phase = 'headers' | 'first_output' | 'transport' | 'output' | 'worker_lost'

interface Common {
  /** Epoch ms. */
  at: number
  /** True if the page that receives this status sent the request. */
  own: boolean
}

interface OfRequest extends Common {
  requestId: string
}

interface OfSave extends Common {
  entryId: string
  conversation: string
  /** HTTP responses so far; a network failure does not count. */
  attempts: number
}

interface Retry extends OfRequest {
  /** The number of the next attempt; the first is 1. */
  attempt: number
  retryAfterMs: number
  /** Epoch ms. */
  retryAt: number
  /** The budget that is left for waits of this kind, after this one. */
  budgetLeftMs: number
}

/** The tokens of a finished response, as its provider counted them. */
export interface Usage {
  inputTokens?: number
  outputTokens?: number
}

/** A status from the worker to its pages: plain JSON, discriminated by `status`. URLs are origin and path only. */
export type Status =
  | (OfRequest & {
      status: 'request_started'
      url: string
      model?: string
      reasoning: boolean
      conversation?: string
    })
  | (Retry & {
      status: 'rate_limit_retry'
      reason: 'rate_limited' | 'overloaded'
      /** True if the server named the time; false if the wait is a backoff. */
      hinted: boolean
    })
  | (OfRequest & { status: 'rate_limit_wait'; retryAfterMs: number; retryAt: number })
  /** The browser is offline: sent once, until another status of the request follows. */
  | (OfRequest & { status: 'network_wait' })
  | (Retry & {
      status: 'network_retry' | 'timeout_retry' | 'server_retry'
      phase?: Phase
      httpStatus?: number
    })
  | (OfRequest & { status: 'first_output'; ttfbMs: number; ttftMs: number; attempt: number })
  | (OfRequest & {
      status: 'stream_stalled' | 'stream_flowing'
      silentMs: number
      clock: 'transport' | 'output'
    })
  /** The connection broke, and the worker resumes the response at its server. */
  | (OfRequest & {
      status: 'stream_resuming'
      from: 'server'
      /** Reconnects since new data arrived; the first is 1. */
      attempt: number
      /** Epoch ms. */
      retryAt: number
    })
  /** The stream continues; `gapMs` is the time without data. */
  | (OfRequest & { status: 'stream_resumed'; gapMs: number })
  | (OfRequest & { status: 'stream_detached' | 'stream_attached'; from: number })
  | (OfRequest & {
      status: 'request_finished'
      verdict: 'complete'
      attempts: number
      waitedMs: number
      ttftMs: number
      durationMs: number
      bytes: number
      usage?: Usage
    })
  | (OfRequest & {
      status: 'request_failed'
      code: FailureCode
      message: string
      httpStatus?: number
      retryAt?: number
      attempts: number
      waitedMs: number
    })
  | (OfRequest & { status: 'request_cancelled'; by: 'page' | 'grace' })
  | (OfSave & {
      status: 'save_queued' | 'save_sent' | 'save_retry' | 'save_dead' | 'save_needs_auth'
      retryAt?: number
      code?: FailureCode
    })
  | (Common & {
      status: 'storage_degraded' | 'outbox_restored' | 'worker_waiting' | 'worker_updated'
      message: string
      requestId?: string
      entryId?: string
    })

export type StatusName = Status['status']

/** The statuses of a chat request. */
export type RequestStatus = Extract<Status, { requestId: string }>

/** The statuses of a saved message. */
export type SaveStatus = Extract<Status, { entryId: string }>

/** A status without the fields that are added when it is emitted. */
export type NewStatus<Emitted extends Status> = Emitted extends unknown ? Omit<Emitted, 'at' | 'own'> : never

const NAMES = new Set<unknown>([
  'request_started',
  'rate_limit_retry',
  'rate_limit_wait',
  'network_wait',
  'network_retry',
  'timeout_retry',
  'server_retry',
  'first_output',
  'stream_stalled',
  'stream_flowing',
  'stream_resuming',
  'stream_resumed',
  'stream_detached',
  'stream_attached',
  'request_finished',
  'request_failed',
  'request_cancelled',
  'save_queued',
  'save_sent',
  'save_retry',
  'save_dead',
  'save_needs_auth',
  'storage_degraded',
  'outbox_restored',
  'worker_waiting',
  'worker_updated',
] satisfies StatusName[])

/**
 * True if a value is a streamkeeper status. A chunk of a response may have a field `status` of its own, but statuses
 * also have `at` and `own`.
 */
export function isStatus(value: unknown): value is Status {
  if (typeof value !== 'object' || value === null) return false
  const { status, at, own } = value as Record<string, unknown>
  return NAMES.has(status) && typeof at === 'number' && typeof own === 'boolean'
}
