import { createResilientFetch } from '../core/fetch/create-resilient-fetch.ts'
import type { Options } from '../core/options/options.ts'
import { compileRoutes, matchRoute } from '../core/options/routes.ts'
import { createRequestId, readRequestId, REQUEST_ID_HEADER } from '../core/messages/request-id.ts'
import type { Status } from '../core/messages/status.ts'
import { isEnd } from './open-requests.ts'
import { readRequestInit } from './read-request-init.ts'

export interface Fallback {
  /** @param requestId the request's id in its statuses, unless its headers have one */
  fetch: (input: RequestInfo | URL, init?: RequestInit, requestId?: string) => Promise<Response>
  cancel: (requestId: string) => void
}

/** The engine in the page, for pages without a worker; loaded only there. */
export function createFallback(
  { chat = [], timeouts, reasoning, retry }: Options,
  emit: (status: Status) => void,
): Fallback {
  const routes = compileRoutes(chat, document.baseURI)
  const endings = new Map<string, () => void>()
  const stops = new Map<string, AbortController>()
  const engine = createResilientFetch({
    chat,
    ...(timeouts && { timeouts }),
    ...(reasoning !== undefined && { reasoning }),
    ...(retry && { retry }),
    onStatus: (status) => {
      if (isEnd(status)) endings.get(status.requestId)?.()
      emit(status)
    },
  })

  return {
    fetch: async (input, init, asked) => {
      const { method, url } = readRequestInit(input, init)
      if (!matchRoute(routes, method, url)) return fetch(input, init)
      const request = new Request(input, init)
      const { headers, signal, referrer, referrerPolicy } = request
      const requestId = readRequestId(headers.get(REQUEST_ID_HEADER)) ?? asked ?? createRequestId()
      headers.set(REQUEST_ID_HEADER, requestId)

      const stop = new AbortController()
      const onAbort = () => stop.abort(signal.reason)
      if (signal.aborted) onAbort()
      signal.addEventListener('abort', onAbort)
      stops.set(requestId, stop)
      const end = () => {
        signal.removeEventListener('abort', onAbort)
        stops.delete(requestId)
        endings.delete(requestId)
      }
      endings.set(requestId, end)
      const response = engine(request, { signal: stop.signal, referrer, referrerPolicy })
      response.catch(end)
      return response
    },
    cancel: (requestId) => stops.get(requestId)?.abort(),
  }
}
