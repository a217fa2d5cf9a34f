import { type Clock } from '../../core/clock.ts'
import type { SaveRouteOptions } from '../../core/options/options.ts'
import { readKey } from '../../core/options/read-key.ts'
import type { RouteMatch } from '../../core/options/routes.ts'
import { createRequestId, REQUEST_ID_HEADER } from '../../core/protocol/request-id.ts'
import { parseRetryAfter } from '../../core/retry/retry-after.ts'
import type { SaveAnswer } from './decide-save.ts'
import type { SavedRequest } from './entry.ts'
import type { Secrets } from './seal.ts'

/** Headers that may be stored as they are. */
const SAFE_HEADERS = new Set(['accept', 'accept-language', 'content-language', 'content-type'])

const KEY_HEADER = 'Idempotency-Key'

/** A send without an answer by then counts as a network failure, ms; a large body gets longer, at 50 bytes per ms. */
const SEND_MS = 30_000
const SLOWEST_UPLOAD = 50

/** Headers that say who sends, without any cookie. */
const IDENTITY_HEADERS = new Set(['authorization', 'x-api-key', 'api-key', 'x-auth-token'])

/** A server that does not answer a HEAD by then cannot be reached, ms. */
const REACH_MS = 10_000

/** More of an answer is not read. Bytes. */
const MAX_ANSWER = 64 * 1024

/** Takes a request apart: what may be stored as it is, and what must be sealed. */
export function takeApart(
  request: Request,
  body: ArrayBuffer | null,
  { settings, groups }: RouteMatch<SaveRouteOptions>,
  ownOrigin: string,
): { record: SavedRequest; secrets: Secrets } {
  const url = new URL(request.url)
  const { origin, pathname, search } = url
  const source = settings.orderBy ?? 'path'
  const places = { url, groups, body: source.startsWith('body') ? parse(body) : undefined }

  const headers: Secrets['headers'] = []
  const secret: Secrets['headers'] = []
  const keyOption = settings.idempotencyKey ?? origin === ownOrigin
  const keyHeader = typeof keyOption === 'string' ? keyOption : KEY_HEADER
  request.headers.forEach((value, name) => {
    if (name === REQUEST_ID_HEADER.toLowerCase()) return
    const isSafe = SAFE_HEADERS.has(name) || name === keyHeader.toLowerCase()
    ;(isSafe ? headers : secret).push([name, value])
  })
  if (keyOption !== false && !request.headers.has(keyHeader)) headers.push([keyHeader, createRequestId()])
  const { credentials } = request
  const hasCookies = credentials === 'include' || (credentials === 'same-origin' && origin === ownOrigin)

  return {
    record: {
      conversation: readKey(source, places) ?? pathname,
      method: request.method,
      url: origin + pathname,
      // A beacon's answer could not be read.
      mode: request.mode === 'no-cors' ? 'same-origin' : request.mode,
      credentials,
      referrer: request.referrer.split('?')[0] ?? '',
      referrerPolicy: request.referrerPolicy,
      headers,
      hasSecrets: secret.length > 0,
      hasQuery: search !== '',
      needsCookies: hasCookies && !secret.some(([name]) => IDENTITY_HEADERS.has(name)),
      accept: settings.accept,
      duplicateStatus: settings.duplicateStatus,
      whenUnsure: settings.whenUnsure,
      afterDead: settings.afterDead,
    },
    secrets: { search, headers: secret },
  }
}

/** Puts a request together again and sends it. `headers`: what replaces those of the same names. */
export function sendRecord(
  fetch: (url: string, init: RequestInit) => Promise<Response>,
  record: SavedRequest,
  secrets: Secrets,
  body: Blob | ArrayBuffer | null,
  headers: Record<string, string> = {},
  signal: AbortSignal | null = null,
): Promise<Response> {
  const { method, mode, credentials, referrer, referrerPolicy } = record
  const size = body instanceof Blob ? body.size : body?.byteLength
  const all = new Headers([...record.headers, ...secrets.headers])
  for (const [name, value] of Object.entries(headers)) all.set(name, value)
  return fetch(record.url + secrets.search, {
    method,
    mode,
    credentials,
    referrer,
    referrerPolicy,
    headers: all,
    body: size ? body : null,
    cache: 'no-store',
    signal,
  })
}

/** Whether the server of that URL answers at all, whatever it says: nothing is sent to it but the question. */
export async function isReachable(
  clock: Clock,
  fetch: (url: string, init: RequestInit) => Promise<Response>,
  url: string,
): Promise<boolean> {
  const deadline = new AbortController()
  const disarm = clock.timer(REACH_MS, () => deadline.abort())
  try {
    await fetch(url, {
      method: 'HEAD',
      mode: 'no-cors',
      credentials: 'omit',
      cache: 'no-store',
      signal: deadline.signal,
    })
    return true
  } catch {
    return false
  } finally {
    disarm()
  }
}

/** An answer, and its beginning in words. */
export interface ReadAnswer extends SaveAnswer {
  preview: string
  response: Response
}

/**
 * Sends within the deadline and reads what comes back, so that the connection can be used again; `null`: no answer.
 *
 * @param size the body's, in bytes
 * @param keep whether somebody wants to read the response, too
 */
export async function trySend(
  clock: Clock,
  url: string,
  size: number,
  keep: boolean,
  send: (signal: AbortSignal) => Promise<Response>,
): Promise<ReadAnswer | null> {
  const deadline = new AbortController()
  const disarm = clock.timer(Math.max(SEND_MS, size / SLOWEST_UPLOAD), () => deadline.abort())
  try {
    const response = await send(deadline.signal)
    const { status, headers } = response
    const text = await readStart(keep ? response.clone() : response)
    return {
      status,
      // Frameworks name a type, even for nothing.
      contentType: (text && headers.get('content-type')?.toLowerCase()) ?? '',
      isElsewhere: response.redirected && new URL(response.url).origin !== new URL(url).origin,
      hintMs: parseRetryAfter(headers, clock.now()),
      preview: `${status} ${text.slice(0, 200)}`.trim(),
      response,
    }
  } catch {
    return null // The platform does not say why a fetch failed.
  } finally {
    disarm()
  }
}

async function readStart(response: Response): Promise<string> {
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  try {
    while (reader && text.length < MAX_ANSWER) {
      const { done, value } = await reader.read()
      if (done) return text
      text += decoder.decode(value, { stream: true })
    }
    await reader?.cancel()
  } catch {
    text += '…' // Cut short: the status is known, and that is what counts.
  }
  return text
}

function parse(body: ArrayBuffer | null): unknown {
  try {
    return body ? JSON.parse(new TextDecoder().decode(body)) : undefined
  } catch {
    return undefined // No JSON: it has no such key.
  }
}
