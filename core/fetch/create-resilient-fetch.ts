import { browserLimits } from '../browser-limits.ts'
import { digestCredential } from '../chat/credential.ts'
import { orAborted } from '../chat/or-aborted.ts'
import { parseChatRequest } from '../chat/parse-request.ts'
import { headersForAsking } from '../chat/read-on.ts'
import { toResponse } from '../chat/reply.ts'
import { createResponseLog } from '../chat/response-log.ts'
import { startRequest } from '../chat/run-request.ts'
import { systemClock, throwIfAborted } from '../clock.ts'
import { checkOptions } from '../options/check.ts'
import { checkRoutes } from '../options/check-routes.ts'
import type { Options } from '../options/options.ts'
import { matchRoute } from '../options/routes.ts'
import { createRequestId, readRequestId, REQUEST_ID_HEADER } from '../messages/request-id.ts'
import type { Status } from '../messages/status.ts'
import { createLimits } from '../retry/limits.ts'
import { dropConnectionHeaders } from './connection-headers.ts'

export type ResilientFetchOptions = Pick<Options, 'chat' | 'timeouts' | 'reasoning' | 'retry'> & {
  /** The function that sends requests; default the global `fetch`. */
  fetch?: typeof fetch
  /** Called with every status of every request; `own` is always true. */
  onStatus?: (status: Status) => void
}

/**
 * A `fetch` with streamkeeper's engine, for Node, edge routes and pages without a worker: deadlines per phase, retries,
 * rate limits, and an error for every response that is cut.
 *
 * A limit that one request meets holds back all others of the same upstream, model and key. Without `chat` every POST
 * is a chat request; with it only matching requests are, and all others are passed on directly. Options that only a
 * worker can implement (`saves`, `resume`, `journal`) are checked and ignored, so the options of `register` can be
 * passed unchanged.
 *
 * @throws {TypeError} naming a wrong option.
 * @example new OpenAI({ fetch: createResilientFetch({ onStatus: console.log }) })
 */
export function createResilientFetch({
  fetch: send,
  onStatus,
  ...rest
}: ResilientFetchOptions = {}): typeof fetch {
  const checked = checkOptions(rest)
  const options: Options = { ...checked, retry: { bucket: false, ...checked.retry } }
  const limits = createLimits({ clock: systemClock, random: Math.random })
  const routes = checkRoutes('chat', options.chat, baseUrl())
  const everyPost = { settings: { url: '*' }, groups: {} }
  const emit = (status: Status) => {
    try {
      onStatus?.(status)
    } catch (error) {
      globalThis.reportError?.(error) // A broken listener must not break the response; Node has no `reportError`.
    }
  }

  return async (input, init) => {
    const platform = send ?? globalThis.fetch
    // A request that is passed on directly must not be made a Request here first: that would take its body.
    const asked = typeof input === 'object' && 'url' in input ? input : new Request(input)
    const method = (init?.method ?? asked.method).toUpperCase()
    const route = options.chat ? matchRoute(routes, method, asked.url) : everyPost
    if (!route || (!options.chat && method !== 'POST')) return platform(input, init)

    const request = new Request(input, init)
    const { signal } = request
    throwIfAborted(signal)
    const hasBody = request.method !== 'GET' && request.method !== 'HEAD'
    const body = hasBody ? await orAborted(signal, request.arrayBuffer()) : null
    const credential = await digestCredential(request)
    throwIfAborted(signal) // It may have aborted in the meantime.
    const headers = new Headers(request.headers)
    const requestId = readRequestId(headers.get(REQUEST_ID_HEADER)) ?? createRequestId()
    headers.delete(REQUEST_ID_HEADER)
    dropConnectionHeaders(headers)
    // As the caller gave it: another fetch function may know no Request of this realm, and options of its own.
    const target = asked === input ? input : init instanceof Request ? request : request.url
    let rejection: unknown
    let sent: Response | undefined
    const stop = new AbortController()
    // There is one reader, which sets the pace: nothing is read ahead of it, and nothing is kept.
    const log = createResponseLog({ clock: systemClock, leadBytes: 0, keptBytes: 0 })
    // The body breaks as that of the platform's fetch would, so that an app recognises its own timeout.
    const end = (error?: Error) => log.end(error && signal.reason instanceof Error ? signal.reason : error)
    const runningRequest = startRequest(
      {
        ...parseChatRequest(request, body ? new TextDecoder().decode(body) : '', route, options),
        requestId,
        credential,
        isKeyed: headers.has('idempotency-key'),
        send: async (attemptSignal) => {
          try {
            const { method } = request
            sent = await platform(target, { ...init, method, headers, body, signal: attemptSignal })
            return sent
          } catch (error) {
            rejection = error
            throw error
          }
        },
        ask: (url, { method, headers: more, signal: askSignal }) =>
          platform(url, {
            ...init,
            method,
            headers: headersForAsking(headers, more),
            body: null,
            credentials: request.credentials,
            redirect: 'manual',
            signal: askSignal,
          }),
        signal: stop.signal,
      },
      {
        clock: systemClock,
        random: Math.random,
        writer: { ...log, end },
        limits,
        hidesHeaders: browserLimits(globalThis.navigator?.userAgent).hidesHeaders,
        emit: (status) => emit({ ...status, at: Date.now(), own: true }),
      },
    )
    const onAbort = () => stop.abort()
    signal.addEventListener('abort', onAbort)
    void runningRequest.finished.then(() => signal.removeEventListener('abort', onAbort))
    const reply = await runningRequest.replied
    if (reply.kind !== 'network_error') {
      const response = toResponse(reply, log, { givenUp: onAbort })
      if (reply.kind === 'response') dropConnectionHeaders(response.headers)
      return withOrigin(response, sent)
    }
    throwIfAborted(signal)
    // No attempt got a response: the last attempt's error has the reason, in the platform's own form.
    throw rejection instanceof TypeError ? rejection : new TypeError('fetch failed', { cause: rejection })
  }
}

/**
 * Copies the URL of the original Response to one that was created here: relative links in it resolve against that URL.
 */
function withOrigin(response: Response, origin: Response | undefined): Response {
  if (response.url === '' && origin) {
    Object.defineProperties(response, {
      url: { value: origin.url },
      redirected: { value: origin.redirected },
    })
  }
  return response
}

/** The base URL of relative patterns; only pages and workers have one. */
function baseUrl(): string | undefined {
  return (globalThis as { document?: { baseURI: string } }).document?.baseURI ?? globalThis.location?.href
}
