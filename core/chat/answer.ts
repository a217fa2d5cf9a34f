import type { Failure } from '../protocol/failure.ts'
import { REQUEST_ID_HEADER } from '../protocol/request-id.ts'
import { type ByteSource, relay } from './byte-source.ts'

/** What the page is answered with: a Response, or (no HTTP answer came at all) the network error it would have seen. */
export type Answer =
  | {
      kind: 'response'
      head: Head
      body: ByteSource | null
      /** Made before there was an answer, because the page could not wait any longer. */
      isEarly?: boolean
    }
  /** The upstream's Response, untouched: a page after a redirect, which only it can tell. */
  | { kind: 'as_it_came'; response: Response }
  | { kind: 'network_error' }

interface Head {
  status: number
  statusText: string
  headers: Headers
}

/** What a trip has cost so far, told in `Server-Timing`, and what became of it. */
export interface TripTimes {
  /** By the monotonic clock, ms. */
  startedAt: number
  attempts: number
  waitedMs: number
  /** Whether any HTTP answer came at all. */
  wasAnswered: boolean
  /** Who cancelled it. */
  cancelledBy?: 'page' | 'grace'
  /** When the last 2xx headers came, by the monotonic clock. */
  headersAt?: number
}

/** Makes the Response; its bytes are pulled as the page reads. */
export function toResponse(answer: Answer): Response {
  if (answer.kind === 'network_error') return Response.error()
  if (answer.kind === 'as_it_came') return answer.response
  return new Response(answer.body && relay(answer.body), answer.head)
}

/** A Response for a page that must have one now: what comes will be in its body. */
export function earlyResponse(contentType: string): Response {
  return new Response('', { headers: { 'content-type': contentType } })
}

/** The upstream's head, as the page may have it. `final`: it says no, and trying again is not the caller's part. */
export function headOf(
  response: Response,
  requestId: string,
  times: TripTimes,
  final: boolean,
  status = response.status,
): Head {
  const headers = new Headers(response.headers)
  // The body comes decoded, and perhaps with an event of ours.
  headers.delete('content-encoding')
  headers.delete('content-length')
  return {
    status,
    statusText: status === response.status ? response.statusText : '',
    headers: ours(headers, requestId, times, final),
  }
}

/** An error answer of our own, where the last attempt left none: SDKs show `error`, people and tools the rest. */
export function problemOf(failure: Failure, requestId: string, times: TripTimes, now: number): Answer {
  const { code, message, retryAt } = failure
  const status = STATUS[code] ?? 502
  const headers = new Headers({ 'content-type': 'application/problem+json' })
  if (retryAt !== undefined) {
    headers.set('retry-after', String(Math.max(1, Math.ceil((retryAt - now) / 1000))))
  }
  const problem = {
    type: 'about:blank',
    title: message,
    status,
    error: { message, type: 'streamkeeper_error', code },
  }
  return {
    kind: 'response',
    head: { status, statusText: '', headers: ours(headers, requestId, times, true) },
    body: once(new TextEncoder().encode(JSON.stringify(problem))),
  }
}

/** What a Response that was handed over early says when all attempts have failed: the notice, then it breaks. */
export function brokenBody(notice: Uint8Array | undefined, failure: Failure): ByteSource {
  const source = once(notice)
  return {
    read: async () => {
      const chunk = await source.read()
      if (chunk) return chunk
      throw new TypeError(failure.message)
    },
    cancel: () => {},
  }
}

const STATUS: Partial<Record<Failure['code'], number>> = {
  headers_timeout: 504,
  first_output_timeout: 504,
  total_timeout: 504,
  rate_limited: 429,
  overloaded: 503,
  retry_budget_exhausted: 503,
}

function ours(headers: Headers, requestId: string, times: TripTimes, final: boolean): Headers {
  headers.set(REQUEST_ID_HEADER, requestId)
  // Without it Chromium reads tens of megabytes ahead of the page.
  headers.set('cache-control', 'no-store')
  const { startedAt, headersAt, attempts, waitedMs } = times
  const timings = [`attempts;desc="${attempts}"`, `waits;dur=${waitedMs}`]
  if (headersAt !== undefined) timings.push(`headers;dur=${headersAt - startedAt}`)
  headers.append('server-timing', timings.join(', '))
  if (final) headers.set('x-should-retry', 'false')
  return headers
}

/** A body of these bytes, or of none. */
export function once(bytes: Uint8Array | undefined): ByteSource {
  let left = bytes ?? null
  return {
    read: async () => {
      const chunk = left
      left = null
      return chunk
    },
    cancel: () => {},
  }
}
