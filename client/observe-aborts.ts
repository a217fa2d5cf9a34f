import { OWN_PATHS } from '../core/messages/paths.ts'
import { createRequestId, readRequestId, REQUEST_ID_HEADER } from '../core/messages/request-id.ts'
import type { SentChat } from './guard-response.ts'
import { readRequestInit } from './read-request-init.ts'
import type { RequestOrder } from './request-order.ts'

export interface AbortObserver {
  /** True if the worker that controls this page will handle such a request as a chat. */
  isChat: (method: string, url: string) => boolean
  /** Reports an abort to the worker. */
  aborted: (requestId: string) => void
  /** Replaces the platform's promise for the caller; absent if that can be trusted. */
  guard?: ((chat: SentChat) => Promise<Response>) | undefined
  /** The order in which such a request has a place; absent if the browser keeps it. */
  orderOf?: ((method: string, url: string) => RequestOrder | undefined) | undefined
}

let observer: AbortObserver | undefined
const endings = new Map<string, () => void>()

/** Reports aborts of chat requests to `next` from now on; `undefined`: `fetch` is as it was. */
export function observeAborts(next: AbortObserver | undefined): void {
  observer = next
}

/** Forgets a request that has ended: its abort no longer matters. */
export function forgetAborts(requestId: string): void {
  endings.get(requestId)?.()
}

/**
 * Wraps a global `fetch`, because no worker can see an abort before the Response exists.
 *
 * Its duties:
 * - a request that is not a chat of the controlling worker goes through with the same arguments, unless it has to wait
 *   for its place in the order
 * - a chat is sent as `fetch` itself would make it, plus an id, and the caller gets the platform's own promise (or a
 *   guarded one)
 * - an abort is reported while the request lives; then its listener is removed
 */
export function wrapFetch(target: { fetch: typeof fetch }): void {
  const platform = target.fetch

  // A method keeps its name when minified, has `length` 1 and is no constructor: like the original.
  // oxlint-disable-next-line unbound-method -- its `this` is whatever `fetch` is called on
  target.fetch = {
    fetch(this: unknown, input: RequestInfo | URL, ...[init]: [RequestInit?]) {
      const observing = observer
      const { isChat, order } = observing ? toObserved(input, init, observing) : NOT_OURS
      const held = order?.held(!isChat)
      const request = isChat || held ? toRequest(input, init) : undefined
      if (!observing || !request) {
        const responding = Reflect.apply(platform, this, arguments) as Promise<Response>
        order?.sent(responding, !isChat)
        return responding
      }
      const arrival = held?.(request.signal)
      const send = (request: Request) => {
        const start = () => Reflect.apply(platform, this, [request]) as Promise<Response>
        const responding = arrival?.then(start) ?? start()
        order?.sent(responding, !isChat)
        return responding
      }
      if (!isChat) return send(request)
      const { signal, headers } = request
      const requestId = readRequestId(headers.get(REQUEST_ID_HEADER)) ?? createRequestId()
      headers.set(REQUEST_ID_HEADER, requestId)
      const { guard } = observing
      const spare = guard && request.clone()
      let responding = send(request)
      responding.catch(() => {}) // The caller handles it.

      const onAbort = () => {
        end()
        observing.aborted(requestId)
      }
      const end = () => {
        endings.delete(requestId)
        signal.removeEventListener('abort', onAbort)
      }
      endings.set(requestId, end)
      signal.addEventListener('abort', onAbort)
      if (guard && spare) {
        const isEnded = () => !endings.has(requestId)
        responding = guard({ requestId, response: responding, again: () => send(spare), signal, isEnded })
      }
      // Without the header, the worker did not handle it, and will report no end.
      responding.then((response) => response.headers.has(REQUEST_ID_HEADER) || end(), end)
      return responding
    },
  }.fetch
}

/** How a request is treated. */
interface Observed {
  isChat: boolean
  order?: RequestOrder | undefined
}

const NOT_OURS: Observed = { isChat: false }

function toObserved(
  input: RequestInfo | URL,
  init: RequestInit | undefined,
  { isChat, orderOf }: AbortObserver,
): Observed {
  try {
    const { method, url, keepalive, mode, redirect } = readRequestInit(input, init)
    // The worker does not handle these, or (`keepalive` in Firefox) does not see them, or they are our own calls.
    if (keepalive || mode === 'no-cors' || (redirect ?? 'follow') !== 'follow' || url.includes(OWN_PATHS))
      return NOT_OURS
    return { isChat: isChat(method, url), order: orderOf?.(method, url) }
  } catch {
    return NOT_OURS // `fetch` itself will say what is wrong.
  }
}

function toRequest(input: RequestInfo | URL, init: RequestInit | undefined): Request | undefined {
  try {
    // [spec] https://fetch.spec.whatwg.org/#fetch-method begins with this step.
    return new Request(input, init)
  } catch {
    return // As above.
  }
}

if (globalThis.window?.fetch as unknown) wrapFetch(window)
