import { type Clock } from '../../core/clock.ts'
import { DEFAULT_SAVE } from '../../core/options/defaults.ts'
import type { SaveRouteOptions } from '../../core/options/options.ts'
import { readKey } from '../../core/options/read-key.ts'
import type { RouteMatch } from '../../core/options/routes.ts'
import { parseJson } from '../../core/providers/inspection/event-reader.ts'
import { createRequestId, REQUEST_ID_HEADER } from '../../core/messages/request-id.ts'
import { readRetryHint } from '../../core/retry/retry-hint.ts'
import type { SaveResponse } from './decide-save.ts'
import type { SavedRequest } from './entry.ts'
import { keptMethod } from './kept-method.ts'
import { type Body, sizeOf } from './message-cache.ts'
import { readStart } from './read-start.ts'
import type { Secrets } from './seal.ts'

/** Headers that may be stored as they are. */
const SAFE_HEADERS = new Set(['accept', 'accept-language', 'content-language', 'content-type'])

/**
 * Headers that the browser adds to every request, and adds again to the one that we send: neither stored nor secret.
 * Which of them a worker sees differs by browser.
 * [spec] https://fetch.spec.whatwg.org/#forbidden-request-header
 */
const BROWSER_HEADERS =
  /^(sec-|proxy-|user-agent$|accept-(charset|encoding)$|connection$|content-length$|cookie2?$|date$|dnt$|expect$|host$|keep-alive$|origin$|priority$|purpose$|referer$|save-data$|te$|trailer$|transfer-encoding$|upgrade|via$|device-memory$|downlink$|dpr$|ect$|rtt$|viewport-width$|width$)/

const KEY_HEADER = 'Idempotency-Key'

/** A send without a response by then counts as a network failure, ms; a large body gets longer, at 50 bytes per ms. */
const SEND_MS = 30_000
const SLOWEST_UPLOAD = 50

/** A response that is judged by its status is read for at most this long, ms; its body may never end. */
const LOOK_MS = 5_000

/** The most that is read of a response whose words decide, bytes. */
const MAX_JUDGED = 1024 * 1024

/** Headers that identify the sender, without any cookie. */
const IDENTITY_HEADERS = new Set(['authorization', 'x-api-key', 'api-key', 'x-auth-token'])

/**
 * Headers that may identify the sender: a message that has lost one of them is not sent without it. CSRF tokens go with
 * cookies.
 */
const MAY_IDENTIFY = /^(?!.*(csrf|xsrf)).*(auth|token|key|session|secret|jwt|user)/

/** A server that does not respond to a HEAD by then cannot be reached, ms. */
const REACH_MS = 10_000

/** Takes a request apart into what may be stored as it is, and what must be sealed. */
export function takeApart(
  request: Request,
  body: ArrayBuffer | null,
  { settings, groups }: RouteMatch<SaveRouteOptions>,
  ownOrigin: string,
): { record: SavedRequest; secrets: Secrets } {
  const url = new URL(request.url)
  const { origin, pathname, search } = url
  const source = settings.orderBy ?? DEFAULT_SAVE.orderBy
  const places = {
    url,
    groups,
    body: source.startsWith('body') && body ? parseJson(new TextDecoder().decode(body)) : undefined,
  }

  const headers: Secrets['headers'] = []
  const secret: Secrets['headers'] = []
  const keyOption = settings.idempotencyKey ?? origin === ownOrigin
  const keyHeader = typeof keyOption === 'string' ? keyOption : KEY_HEADER
  request.headers.forEach((value, name) => {
    if (name === REQUEST_ID_HEADER.toLowerCase() || BROWSER_HEADERS.test(name)) return
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
      // The response to a beacon could not be read.
      mode: request.mode === 'no-cors' ? 'same-origin' : request.mode,
      credentials,
      referrer: request.referrer.split('?')[0] ?? '',
      referrerPolicy: request.referrerPolicy,
      headers,
      hasSecrets: secret.length > 0,
      hasQuery: search !== '',
      hasIdentity: secret.some(([name]) => MAY_IDENTIFY.test(name)),
      needsCookies: hasCookies && !secret.some(([name]) => IDENTITY_HEADERS.has(name)),
      accept: settings.accept,
      refused: settings.refused,
      duplicateStatus: settings.duplicateStatus,
      whenUnsure: settings.whenUnsure,
      afterDead: settings.afterDead,
    },
    secrets: { search, headers: secret },
  }
}

/** Puts a request together again and sends it. `headers` replace those of the same names. */
export function sendRecord(
  fetch: (url: string, init: RequestInit) => Promise<Response>,
  record: SavedRequest,
  secrets: Secrets,
  body: Body | null,
  headers: Record<string, string> = {},
  signal: AbortSignal | null = null,
): Promise<Response> {
  const { method, mode, credentials, referrer, referrerPolicy } = record
  const all = new Headers([...record.headers, ...secrets.headers])
  for (const [name, value] of Object.entries(headers)) all.set(name, value)
  return fetch(record.url + secrets.search, {
    method,
    mode,
    credentials,
    referrer,
    referrerPolicy,
    headers: all,
    body: sizeOf(body) > 0 ? body : null,
    cache: 'no-store',
    signal,
  })
}

/** Sends a GET for a URL of the same origin, as the sender of a request would. */
export function getAs(
  fetch: (url: string, init: RequestInit) => Promise<Response>,
  url: string,
  { mode, credentials, referrer, referrerPolicy, headers }: SavedRequest,
  secrets: Secrets,
  provided: Record<string, string> = {},
  signal: AbortSignal | null = null,
): Promise<Response> {
  const accept = headers.filter(([name]) => name.startsWith('accept'))
  const all = new Headers([...accept, ...secrets.headers])
  for (const [name, value] of Object.entries(provided)) all.set(name, value)
  return fetch(url, {
    method: 'GET',
    mode,
    credentials,
    referrer,
    referrerPolicy,
    headers: all,
    cache: 'no-store',
    signal,
  })
}

/**
 * True if the server of that URL responds at all, with whatever status: it is sent nothing but a HEAD.
 *
 * @param deadline ends the HEAD, when its time is up or before
 */
export async function isReachable(
  clock: Clock,
  fetch: (url: string, init: RequestInit) => Promise<Response>,
  url: string,
  deadline: AbortController,
): Promise<boolean> {
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

/** A response, and its beginning as text. */
export interface ReadSaveResponse extends SaveResponse {
  preview: string
  /** For whoever waits for it; its body can be read once. */
  response: Response
}

export interface SendContext {
  clock: Clock
  url: string
  /** The body's size, bytes. */
  size: number
  /** True if somebody waits for the response. */
  keep: boolean
  /** True if the words of a 2xx may refuse: then more of it is read. */
  mayRefuse: boolean
  /** Ends the send, at its deadline or before. */
  deadline: AbortController
  send: (signal: AbortSignal) => Promise<Response>
  /** Sends a GET for the URL to which a redirect has led. */
  get: (url: string, signal: AbortSignal) => Promise<Response>
}

/**
 * Sends within the deadline and reads the response, so that the connection can be used again; `null`: no response.
 * Never rejects.
 */
export async function trySend({
  clock,
  url,
  size,
  keep,
  mayRefuse,
  deadline,
  send,
  get,
}: SendContext): Promise<ReadSaveResponse | null> {
  const abort = () => deadline.abort()
  const disarm = clock.timer(Math.max(SEND_MS, size / SLOWEST_UPLOAD), abort)
  let disarmLook = () => {}
  try {
    const received = await send(deadline.signal)
    const { status, headers, redirected: isRedirected } = received
    const isJudged = mayRefuse && status < 300
    if (!keep && !isJudged) disarmLook = clock.timer(LOOK_MS, abort)
    const { text, isCut, response } = await readStart(received, keep, isJudged ? MAX_JUDGED : undefined)
    const isElsewhere =
      isRedirected &&
      (new URL(received.url).origin !== new URL(url).origin ||
        !(await keptMethod(received, text, () => get(received.url, deadline.signal))))
    return {
      status,
      // Frameworks name a type even for an empty body.
      contentType: (text && headers.get('content-type')?.toLowerCase()) ?? '',
      text,
      isCut,
      isRedirected,
      isElsewhere,
      retryHintMs:
        status < 400 ? undefined : readRetryHint(status, headers, parseJson(text) ?? text, clock.now()),
      preview: `${status} ${text.slice(0, 200)}`.trim(),
      response,
    }
  } catch {
    return null // The platform does not say why a fetch failed.
  } finally {
    disarm()
    disarmLook()
  }
}
