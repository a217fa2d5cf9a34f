import { deferred } from '../../core/deferred.ts'

/** One request as the upstream has it: what it answers is decided by the test, step by step. */
export interface UpstreamRequest {
  url: string
  init: RequestInit
  /** Answers with headers, and a body that is still open. */
  response: (headers?: HeadersInit, status?: number) => void
  /** Answers at once, whole. */
  respondWith: (response: Response) => void
  /** The request fails without a response. */
  fail: (error: unknown) => void
  push: (bytes: string | Uint8Array) => void
  end: () => void
  cut: (error?: unknown) => void
  /** It was closed by us. */
  isClosed: () => boolean
  /** Resolves when it is closed by us. */
  closed: Promise<void>
}

export interface ControlledUpstream {
  fetch: typeof fetch
  requests: UpstreamRequest[]
  /** The nth request, as soon as it is here. */
  request: (n?: number) => Promise<UpstreamRequest>
}

export function controlledUpstream(): ControlledUpstream {
  const requests: UpstreamRequest[] = []
  const arrivals = Array.from({ length: 100 }, () => deferred<UpstreamRequest>())
  return {
    requests,
    request: async (n = 0) => (await arrivals[n]?.promise) as UpstreamRequest,
    fetch: (input, init = {}) =>
      new Promise((resolve, reject) => {
        let controller: ReadableStreamDefaultController<Uint8Array> | undefined
        let isClosed = false
        const closed = deferred<void>()
        const close = () => {
          isClosed = true
          closed.resolve()
        }
        const body = new ReadableStream<Uint8Array>({
          start: (provided) => void (controller = provided),
          cancel: close,
        })
        init.signal?.addEventListener('abort', () => {
          close()
          reject(init.signal?.reason)
          try {
            controller?.error(init.signal?.reason)
          } catch {
            // It had ended.
          }
        })
        const request: UpstreamRequest = {
          url: new Request(input).url,
          init,
          response: (headers = { 'content-type': 'text/event-stream' }, status = 200) =>
            resolve(new Response(body, { status, headers })),
          respondWith: resolve,
          fail: reject,
          push: (bytes) =>
            controller?.enqueue(typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes),
          end: () => controller?.close(),
          cut: (error = new TypeError('terminated')) => controller?.error(error),
          isClosed: () => isClosed,
          closed: closed.promise,
        }
        requests.push(request)
        arrivals[requests.length - 1]?.resolve(request)
      }),
  }
}
