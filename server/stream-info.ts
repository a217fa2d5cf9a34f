import type { FailureCode } from '../core/messages/failure.ts'

/** Facts about a stream besides its bytes; kept as JSON in the store's record. */
export interface StreamInfo {
  owner: string
  conversation?: string
  /** The `Idempotency-Key` of the request. */
  key?: string
  /** Epoch ms. */
  createdAt: number
  /** The path of the request upstream. */
  path: string
  /** The head of the response; absent: it has not come. */
  head?: StreamHead
  /** Somebody has asked for it to stop. */
  isStopping?: true
  /** Absent: it is being written, or its producer has died unnoticed. */
  end?: StreamEnd
  /** Readers got bytes of it, and the store may have lost them all. */
  isGiven?: true
  /** The settings of a client that writes the stream itself. */
  ingest?: IngestInfo
}

export interface StreamHead {
  status: number
  /** The headers of the response that its readers need. */
  headers: Record<string, string>
}

/** How a stream ended. An error is reported to each reader after the last byte, and is never among the bytes. */
export type StreamEnd = { kind: 'complete' } | StreamError

export interface StreamError {
  kind: 'error'
  code: StreamErrorCode
  message: string
  /** The error event of the response's protocol, if it has one. */
  notice?: string
}

/**
 * Why a stream has no good end: the engine's own codes, and
 *
 * - `producer_lost`: the process that wrote it died, or lost the store for too long
 * - `stopped`: somebody stopped it
 * - `too_large`: it grew beyond `maxBytes`
 */
export type StreamErrorCode = FailureCode | keyof typeof SERVER_ERRORS

/** Words for a person. */
export const SERVER_ERRORS = {
  producer_lost: 'The server was interrupted, and the response broke off',
  stopped: 'The response was stopped',
  too_large: 'The response became too long to store',
}

/** A stream that clients create and append to by PUT and POST. */
export interface IngestInfo {
  contentType: string
  ttlSeconds?: number
  /** As it was given. */
  expiresAt?: string
  /** Epoch ms; with `ttlSeconds` each read and append counts. */
  usedAt: number
  /** The greatest `Stream-Seq`. */
  lastSeq?: string
  producers?: Record<string, { epoch: number; seq: number }>
  /** Which append closed it. */
  closedBy?: { id: string; epoch: number; seq: number }
}

/** True if its key may run again: it has ended, no reader got a byte of it, and nobody has stopped it. */
export function isVoid({ end, isGiven }: StreamInfo, length: number): boolean {
  return end !== undefined && length === 0 && !isGiven && !(end.kind === 'error' && end.code === 'stopped')
}

export function readInfo(text: string): StreamInfo {
  return JSON.parse(text) as StreamInfo
}
