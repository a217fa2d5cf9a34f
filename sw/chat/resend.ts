import { type Ask, headersForAsking } from '../../core/chat/read-on.ts'
import type { Recorded } from '../responses/journal.ts'
import { REQUEST_ID_HEADER } from '../../core/messages/request-id.ts'

/**
 * Sends a page's request again as the page sent it. A bare `fetch(url, init)` would lose every property that is not
 * listed: the `Referer` would become the worker's own URL, query included.
 *
 * @param body the request's bytes, read once and kept; `null` for none
 * @param key a header to add, unless the request has it
 */
export function resend(
  request: Request,
  body: ArrayBuffer | null,
  { signal, key }: { signal?: AbortSignal; key?: { name: string; value: string } | undefined } = {},
): Promise<Response> {
  const headers = new Headers(request.headers)
  headers.delete(REQUEST_ID_HEADER)
  if (key && !headers.has(key.name)) headers.set(key.name, key.value)
  return fetch(request.url, {
    method: request.method,
    headers,
    body,
    mode: request.mode,
    credentials: request.credentials,
    cache: request.cache,
    redirect: request.redirect,
    referrer: request.referrer,
    referrerPolicy: request.referrerPolicy,
    integrity: request.integrity,
    signal: signal ?? null,
  })
}

/**
 * Asks the server of a page's request for the rest of its response, with the same credentials. Redirects are not
 * followed: they do not lead to that response.
 */
export function askForRest(
  request: Request,
  url: string,
  { method, headers, signal }: Parameters<Ask>[1],
): Promise<Response> {
  const own = headersForAsking(request.headers, headers)
  own.delete(REQUEST_ID_HEADER)
  return fetch(url, {
    method,
    headers: own,
    mode: request.mode,
    credentials: request.credentials,
    cache: 'no-store',
    redirect: 'manual',
    referrer: request.referrer,
    referrerPolicy: request.referrerPolicy,
    signal,
  })
}

/**
 * The same for a request by a worker that died: the browser sends cookies; a page must provide other credentials again.
 *
 * @param authorize asks the pages; `null` if none has any
 */
export function askForLost(
  { readingOn }: Pick<Recorded, 'readingOn'>,
  authorize: (url: string) => Promise<Record<string, string> | null>,
): Ask {
  let provided: Record<string, string> | null = null
  return async (url, { method, headers, signal }) => {
    if (readingOn?.needsAuth) provided ??= await authorize(url)
    if (readingOn?.needsAuth && !provided) throw new TypeError('No page gives the credentials')
    const { credentials = 'same-origin' } = readingOn ?? {}
    const init = { method, headers: { ...provided, ...headers }, credentials, signal }
    return fetch(url, { ...init, cache: 'no-store', redirect: 'manual' })
  }
}

/** Reads a request's body once; `null` if there can be none. */
export async function readBody(request: Request): Promise<ArrayBuffer | null> {
  if (request.method === 'GET' || request.method === 'HEAD') return null
  return request.arrayBuffer()
}
