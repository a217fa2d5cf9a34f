import type { FailureCode } from './failure.ts'

/** A part of an attempt's life that has a clock of its own. */
export type Phase = 'headers' | 'first_output' | 'transport' | 'output' | 'worker_lost'

interface Common {
  /** Epoch ms. */
  at: number
  /** True if the page that hears this sent the request. */
  own: boolean
}

interface OfRequest extends Common {
  requestId: string
}

interface OfSave extends Common {
  entryId: string
  conversation: string
  /** HTTP answers so far; a network failure is none. */
  attempts: number
}

interface Retry extends OfRequest {
  /** The attempt that comes next; the first is 1. */
  attempt: number
  retryAfterMs: number
  /** Epoch ms. */
  retryAt: number
  /** What is left for waits of this kind, after this one. */
  budgetLeftMs: number
}

/** How much text a finished answer used, as its provider counted it. */
export interface Usage {
  inputTokens?: number
  outputTokens?: number
}

/** What the worker tells the page: plain JSON, told apart by `status`. URLs are origin and path only. */
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
      /** True if the wait is the server's word (`true`) or our own backoff. */
      hinted: boolean
    })
  | (OfRequest & { status: 'rate_limit_wait'; retryAfterMs: number; retryAt: number })
  /** The browser is offline: told once, until something else is told of the request. */
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
  /** The connection broke, and the response is read on where its server gives it again. */
  | (OfRequest & {
      status: 'stream_resuming'
      from: 'server'
      /** Reconnects since something new has come; the first is 1. */
      attempt: number
      /** Epoch ms. */
      retryAt: number
    })
  /** It goes on; `gapMs`: for how long nothing came. */
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

/** What can be told of one request. */
export type RequestStatus = Extract<Status, { requestId: string }>

/** What can be told of one saved message. */
export type SaveStatus = Extract<Status, { entryId: string }>

/** A status before its teller has added when and whose it is. */
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
 * Whether a value is a status event of ours. A chunk of a response may have a field `status` of its own: ours
 * also say when (`at`) and whose (`own`).
 */
export function isStatus(value: unknown): value is Status {
  if (typeof value !== 'object' || value === null) return false
  const { status, at, own } = value as Record<string, unknown>
  return NAMES.has(status) && typeof at === 'number' && typeof own === 'boolean'
}
