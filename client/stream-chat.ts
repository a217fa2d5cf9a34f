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
  /** A plain object or array is sent as JSON, with its content type; everything else unchanged. */
  body: unknown
  headers?: HeadersInit | undefined
  /** Stop. */
  signal?: AbortSignal | null | undefined
  /** The function that sends it; default `keeper.fetch`, or the browser's own without a keeper. */
  fetch?: typeof fetch | undefined
}

/**
 * After a response is over, its last status or bytes are awaited for this long. (Bytes and statuses travel separately,
 * and a body that is cut short costs its connection.) ms
 */
const LINGER_MS = 1_000

/**
 * Sends a chat by POST and yields the parsed chunks of its response, and its statuses, as they come; `isStatus(item)`
 * tells them apart. Nothing is sent before the first `next()`. Leaving the loop is a Stop.
 *
 * Chunks are the JSON of each SSE event or line, or of the whole response; `[DONE]` ends it. If no worker controls the
 * page, there are no statuses except those of the engine in the page.
 *
 * @throws {ChatError} with a `code`, if the request fails, is refused, or its stream reports an error.
 * @throws the signal's reason, if it aborts.
 */
export function streamChat<Chunk = unknown>(
  url: string | URL,
  options: StreamChatOptions,
): AsyncGenerator<Chunk | Status, void, undefined> {
  return streamChatWith<Chunk>(currentKeeper, url, options)
}

/** The same with a keeper that need not be the page's; it is looked up at the first `next()`. */
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
 * - however the loop is left, the upstream ends and no listener remains
 */
async function* run<Chunk>(
  findKeeper: () => Current | undefined,
  url: string | URL,
  { body, headers, signal, fetch: send }: StreamChatOptions,
  left: AbortSignal,
): AsyncGenerator<Chunk | Status, void, undefined> {
  if (signal?.aborted) throw reasonOf(signal)
  const current = findKeeper()
  // A mistake is thrown unchanged: nothing has been sent.
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
  /** The status that ended the request. */
  let endStatus: EndStatus | undefined
  let hasStatuses = false
  /** True when no byte is left. */
  let isRead = false
  /** True if the response has reported its end. */
  let isSaid = false
  let lingering: ReturnType<typeof setTimeout> | undefined
  let isLate = false
  /** True if it ended without reporting its end, and was resumed. */
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
        // The engine in the page has the request, and will report its end.
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
      // A `fetch` that ignores the signal may return a Response after Stop.
      void response.body?.cancel().catch(() => {}) // It broke off by itself.
      if (isOther) current?.keeper.cancel(requestId)
      throw reasonOf(stop.signal)
    }
    // It is an earlier request's response, which was attached to.
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
    // The worker is not lost; the connection or the page is.
    return endStatus ? rest?.catch(() => undefined) : rest
  }

  /** True if no status explains a break. */
  const hasNoReason = () => !endStatus || endStatus.status === 'request_finished'

  /**
   * True if a clean end is not the real one, and there is more to read: some browsers end a dead worker's streams like
   * that.
   */
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
      // Once the response has reported its end, a broken connection or a dead worker takes nothing from it.
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
      // A page that is being unloaded loses its connections first: it is gone before that counts as a failure.
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

/** The error, if any: its code comes from the status, its message from the upstream's own response. */
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
  // A living worker reports how every request ends.
  if (hasStatuses && !endStatus) return lostWorker(failure)
  return new ChatError('network_error', 'The connection was lost', { cause: failure })
}

/** @throws {TypeError} if the body cannot be JSON, or a header is invalid */
function prepare(body: unknown, provided: HeadersInit | undefined) {
  const headers = new Headers(provided)
  const isJson = /^\[object (Object|Array)\]$/.test(Object.prototype.toString.call(body))
  if (isJson && !headers.has('content-type')) headers.set('content-type', 'application/json')
  return {
    method: 'POST',
    headers,
    body: isJson ? JSON.stringify(body) : (body as BodyInit),
    // [spec] https://fetch.spec.whatwg.org/#dom-request requires it for a stream.
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
    // Not JSON: mostly a proxy's page, without a message for a person.
  }
  return new ChatError(codeOfStatus(status), said ?? `The upstream refused the request with ${status}`, {
    httpStatus: status,
  })
}

/** Old browsers have no reason. */
function reasonOf(signal: AbortSignal): unknown {
  return signal.reason ?? new DOMException('The request was aborted', 'AbortError')
}
