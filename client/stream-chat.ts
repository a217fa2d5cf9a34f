import { deferred } from '../core/deferred.ts'
import { codeOfStatus } from '../core/messages/failure.ts'
import { createRequestId, readRequestId, REQUEST_ID_HEADER } from '../core/messages/request-id.ts'
import type { Status } from '../core/messages/status.ts'
import { ChatError } from './chat-error.ts'
import { type Current, currentKeeper } from './create-keeper.ts'
import { type EndStatus, isEnd } from './open-requests.ts'
import { pause } from './pause.ts'
import { type ResponseReader, lostWorker, readResponse } from './read-response.ts'
import { type ChunkSink, messageIn } from './read-chunks.ts'

export interface StreamChatOptions {
  /** A plain object or array goes as JSON, with its content type; everything else as it is. */
  body: unknown
  headers?: HeadersInit | undefined
  /** Stop. */
  signal?: AbortSignal | null | undefined
  /** What sends it; default `keeper.fetch`, without a keeper the browser's own. */
  fetch?: typeof fetch | undefined
}

/**
 * The response is over, but its last status or its last bytes may be on their way: they are waited for so long. (Bytes
 * and statuses do not keep step, and a body that is cut short costs its connection.) ms
 */
const LINGER_MS = 1_000

/**
 * Sends a chat by POST and yields its response's chunks, parsed, and what is told of it, as both come: `isStatus(item)`
 * tells them apart. Nothing is sent before the first `next()`. Leaving the loop is a Stop.
 *
 * Chunks are the JSON of each SSE event or line, or the one JSON that the response is; `[DONE]` ends it. Where no worker
 * controls the page there are no statuses, but for those of the engine in the page.
 *
 * @throws {ChatError} with a `code`, when the request fails, is refused, or its stream reports an error.
 * @throws the signal's reason, when it aborts.
 */
export function streamChat<Chunk = unknown>(
  url: string | URL,
  options: StreamChatOptions,
): AsyncGenerator<Chunk | Status, void, undefined> {
  return streamChatWith<Chunk>(currentKeeper, url, options)
}

/** The same with another keeper than the page's, which is asked for at the first `next()`. */
export function streamChatWith<Chunk = unknown>(
  findKeeper: () => Current | undefined,
  url: string | URL,
  options: StreamChatOptions,
): AsyncGenerator<Chunk | Status, void, undefined> {
  const left = new AbortController()
  const generator = run<Chunk>(findKeeper, url, options, left.signal)
  const finish = generator.return.bind(generator)
  // On its own it would wait for the next item of a response that nobody wants any more.
  generator.return = (value) => {
    left.abort()
    return finish(value)
  }
  return generator
}

/**
 * Its duties:
 * - bytes are read only when nothing is left to yield
 * - the end waits, for a moment, for the status that says how it ended
 * - however it is left, the upstream ends and no listener stays
 */
async function* run<Chunk>(
  findKeeper: () => Current | undefined,
  url: string | URL,
  { body, headers, signal, fetch: send }: StreamChatOptions,
  left: AbortSignal,
): AsyncGenerator<Chunk | Status, void, undefined> {
  if (signal?.aborted) throw reasonOf(signal)
  const current = findKeeper()
  // A mistake is thrown as it is: nothing has been sent.
  const request = prepare(body, headers)
  const address = send ? url : new Request(url).url
  const isChat = current?.isChat('POST', new URL(address, globalThis.document?.baseURI).href)
  let requestId = readRequestId(request.headers.get(REQUEST_ID_HEADER)) ?? createRequestId()
  const stop = new AbortController()
  let items: (Chunk | Status)[] = []
  let news = deferred<void>()
  let reader: ResponseReader | undefined
  let reading: Promise<void> | undefined
  let failure: unknown
  /** How the request ended, as its last status says. */
  let endStatus: EndStatus | undefined
  let hasStatuses = false
  /** No byte is left. */
  let isRead = false
  /** The response said that it is over. */
  let isSaid = false
  let lingering: ReturnType<typeof setTimeout> | undefined
  let isLate = false
  /** It ended without a word of its end, and was read on. */
  let isDoubted = false
  const end = deferred<void>()

  const wake = () => news.resolve()
  const add = (item: Chunk | Status) => {
    items.push(item)
    wake()
  }
  const onAbort = () => {
    stop.abort(signal?.reason)
    wake()
  }
  signal?.addEventListener('abort', onAbort)
  left.addEventListener('abort', onAbort)
  let off: (() => void) | undefined
  const listen = () => {
    off?.()
    off = current?.keeper.on(
      '*',
      (status) => {
        // The engine in the page has the request, and will tell its end.
        hasStatuses ||= current.keeper.state === 'fallback'
        if (isEnd(status)) {
          endStatus = status
          end.resolve()
        }
        add(status)
      },
      { requestId },
    )
  }
  listen()

  const open = async (): Promise<ResponseReader> => {
    if (isChat) {
      hasStatuses = true
      request.headers.set(REQUEST_ID_HEADER, requestId)
    }
    const response = await (send ?? current?.fetch ?? fetch)(
      url,
      { ...request, signal: stop.signal },
      requestId,
    )
    const id = response.headers.get(REQUEST_ID_HEADER)
    hasStatuses &&= id !== null
    const isOther = id !== null && id !== requestId
    if (isOther) requestId = id
    if (stop.signal.aborted) {
      // A `fetch` that does not know the signal gives it after Stop.
      void response.body?.cancel().catch(() => {}) // It broke off by itself.
      if (isOther) current?.keeper.cancel(requestId)
      throw reasonOf(stop.signal)
    }
    // It is that of an earlier request, which was attached to.
    if (isOther) listen()
    if (!response.ok) throw await refusalOf(response)
    const sink: ChunkSink = {
      onChunk: (chunk) => add(chunk as Chunk),
      onEnd: (error) => {
        isSaid = true
        failure ??= error
      },
    }
    return readResponse(response, sink, attach)
  }

  /** The rest of a response that broke off without a reason: the worker keeps it, or the next one has it on disk. */
  const attach = async (from: number) => {
    const isLost =
      hasStatuses && hasNoReason() && !stop.signal.aborted && current?.keeper.state === 'controlling'
    const rest = isLost ? current?.keeper.attach(requestId, { from }) : undefined
    // The worker is not lost: it is the connection, or the page.
    return endStatus ? rest?.catch(() => undefined) : rest
  }

  /** True if nothing is told that would break it off. */
  const hasNoReason = () => !endStatus || endStatus.status === 'request_finished'

  /** True if a clean end is none, and there is more to read: some browsers end so what a dead worker left. */
  const isCut = async (source: ResponseReader) => {
    if (isSaid || !hasStatuses || isDoubted) return false
    await Promise.race([end.promise, pause(LINGER_MS)])
    isDoubted = !endStatus
    return isDoubted && source.goOn()
  }

  const advance = async () => {
    try {
      reader ??= await open()
      isRead = !(await reader.read()) && !(await isCut(reader))
      if (isRead) reader.end()
    } catch (error) {
      // A connection that breaks, or a worker that dies, after the response has said that it is over takes nothing from it.
      if (!isSaid) failure ??= error
      isRead = true
    }
    reading = undefined
    wake()
  }

  try {
    for (;;) {
      if (items.length) {
        const batch = items
        items = []
        yield* batch
        continue
      }
      // A page that is being unloaded loses its connections first: it is gone before it takes that for a failure.
      const isBroken = failure !== undefined && !(failure instanceof ChatError) && !isSaid && hasNoReason()
      const isTold = (endStatus && !isBroken) || !hasStatuses || isDoubted
      if (stop.signal.aborted || isLate || (isRead && isTold)) break
      if (!isRead) reading ??= advance()
      if (isRead || isSaid) {
        lingering ??= setTimeout(() => {
          isLate = true
          wake()
        }, LINGER_MS)
      }
      news = deferred()
      await news.promise
    }
    if (signal?.aborted) throw reasonOf(signal)
    if (left.aborted) return
    const error = errorOf(failure, endStatus, isSaid, hasStatuses)
    if (error) throw error
  } finally {
    clearTimeout(lingering)
    off?.()
    signal?.removeEventListener('abort', onAbort)
    stop.abort()
    reader?.cancel()
    if (!isRead && !endStatus) current?.keeper.cancel(requestId)
  }
}

/** What went wrong, if anything: the status knows the code, the answer the upstream's own words. */
function errorOf(
  failure: unknown,
  endStatus: EndStatus | undefined,
  isSaid: boolean,
  hasStatuses: boolean,
): unknown {
  if (endStatus?.status === 'request_failed') {
    const said = failure instanceof ChatError ? failure : undefined
    const { code, message, httpStatus = said?.httpStatus, retryAt } = endStatus
    return new ChatError(code, said?.message ?? message, { httpStatus, retryAt, cause: failure })
  }
  if (endStatus?.status === 'request_cancelled' && !isSaid) {
    return new DOMException('The request was cancelled', 'AbortError')
  }
  if (failure === undefined || failure instanceof ChatError) return failure
  // A worker that lives tells how every request ends.
  if (hasStatuses && !endStatus) return lostWorker(failure)
  return new ChatError('network_error', 'The connection was lost', { cause: failure })
}

/** @throws {TypeError} when the body is no JSON, or a header is none */
function prepare(body: unknown, provided: HeadersInit | undefined) {
  const headers = new Headers(provided)
  const isJson = /^\[object (Object|Array)\]$/.test(Object.prototype.toString.call(body))
  if (isJson && !headers.has('content-type')) headers.set('content-type', 'application/json')
  return {
    method: 'POST',
    headers,
    body: isJson ? JSON.stringify(body) : (body as BodyInit),
    // [spec] https://fetch.spec.whatwg.org/#dom-request demands it for a stream.
    ...(body instanceof ReadableStream && { duplex: 'half' }),
  }
}

async function refusalOf(response: Response): Promise<ChatError> {
  const { status } = response
  const text = await response.text().catch(() => '')
  let said: string | undefined
  try {
    said = messageIn(JSON.parse(text))
  } catch {
    // No JSON: a proxy's page, mostly, and no words for a person.
  }
  return new ChatError(codeOfStatus(status), said ?? `The upstream refused the request with ${status}`, {
    httpStatus: status,
  })
}

/** Old browsers do not know a reason. */
function reasonOf(signal: AbortSignal): unknown {
  return signal.reason ?? new DOMException('The request was aborted', 'AbortError')
}
