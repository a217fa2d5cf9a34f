import { type Failure, HTTP_STATUS } from '../messages/failure.ts'
import { HEARTBEAT_HEADER } from '../messages/paths.ts'
import { REQUEST_ID_HEADER } from '../messages/request-id.ts'
import { statusTextOf } from '../status-text.ts'
import type { ResponseHead } from './response-log.ts'

/** Cost and progress of a request so far. */
export interface RequestProgress {
  /** By the monotonic clock, ms. */
  startedAt: number
  attempts: number
  waitedMs: number
  /** True if any HTTP response has come. */
  wasAnswered: boolean
  /** When the last 2xx headers came, by the monotonic clock. */
  headersAt?: number
}

/** Changes to the upstream's own head. */
export interface HeadChanges {
  status?: number
  /** True if the request has failed for good, and its caller should not retry it. */
  isFinal?: boolean
  hasBody?: boolean
  isEarly?: boolean
}

/** The upstream's head, adapted for the page. */
export function headOf(
  response: Response,
  requestId: string,
  progress: RequestProgress,
  {
    status = response.status,
    isFinal = false,
    hasBody = response.body !== null,
    isEarly = false,
  }: HeadChanges,
): ResponseHead {
  const headers = new Headers(response.headers)
  // The body arrives decoded, and perhaps with an event of ours.
  headers.delete('content-encoding')
  headers.delete('content-length')
  // It tells a page how many of the first bytes are ours, so only we may set it.
  headers.delete(HEARTBEAT_HEADER)
  // SDKs try a conflict again by themselves: one that was not tried again here is left to them.
  const isTheirs = status === 409 && progress.attempts === 1
  addOwnHeaders(headers, requestId, progress, isFinal && !isTheirs)
  const statusText = status === response.status ? statusTextOf(response) : ''
  return { status, statusText, headers: Array.from(headers), hasBody, isEarly }
}

/** The head for a page that must have one now; the outcome follows in the body. */
export function earlyHead(contentType: string, requestId: string, progress: RequestProgress): ResponseHead {
  const response = new Response('', { headers: { 'content-type': contentType } })
  return headOf(response, requestId, progress, { isEarly: true })
}

/** Our own error response, if the last attempt left none: SDKs show `error`, people and tools the rest. */
export function problemOf(
  { code, message, retryAt }: Failure,
  requestId: string,
  progress: RequestProgress,
  now: number,
): { head: ResponseHead; body: Uint8Array } {
  const status = HTTP_STATUS[code] ?? 502
  const headers = new Headers({ 'content-type': 'application/problem+json' })
  if (retryAt !== undefined) {
    headers.set('retry-after', String(Math.max(1, Math.ceil((retryAt - now) / 1000))))
  }
  addOwnHeaders(headers, requestId, progress, true)
  const problem = {
    type: 'about:blank',
    title: message,
    status,
    error: { message, type: 'streamkeeper_error', code },
  }
  return {
    head: { status, statusText: '', headers: Array.from(headers), hasBody: true, isEarly: false },
    body: new TextEncoder().encode(JSON.stringify(problem)),
  }
}

function addOwnHeaders(
  headers: Headers,
  requestId: string,
  progress: RequestProgress,
  isFinal: boolean,
): void {
  const { startedAt, headersAt, attempts, waitedMs } = progress
  headers.set(REQUEST_ID_HEADER, requestId)
  // Without it Chromium reads tens of megabytes ahead of the page.
  headers.set('cache-control', 'no-store')
  const timings = [`attempts;desc="${attempts}"`, `waits;dur=${waitedMs}`]
  if (headersAt !== undefined) timings.push(`headers;dur=${headersAt - startedAt}`)
  headers.append('server-timing', timings.join(', '))
  if (isFinal) headers.set('x-should-retry', 'false')
}
