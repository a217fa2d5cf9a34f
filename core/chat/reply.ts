import { deferred } from '../deferred.ts'
import { systemNetwork } from '../network.ts'
import type { Failure } from '../messages/failure.ts'
import { createInspection } from '../providers/inspection/inspection.ts'
import type { OpenResponse } from './attempt.ts'
import { earlyHead, headOf, problemOf, type RequestProgress } from './head.ts'
import { brokenOff, markNotice } from './notice.ts'
import { createReadOn } from './read-on.ts'
import { relay, type RelayContext } from './relay.ts'
import type { ResponseHead, ResponseLog, Reading } from './response-log.ts'
import { NO_READER, type RequestContext, type ChatRequest } from './chat-request.ts'

/** How to respond to the page. */
export type Reply =
  /** With a Response of the log. */
  | { kind: 'response' }
  /** With the upstream's Response, untouched: a page after a redirect, which only that Response shows. */
  | { kind: 'as_it_came'; response: Response }
  /** With the network error that the page would have seen: no HTTP response came at all. */
  | { kind: 'network_error' }

/** The Response for the page that sent the request. */
export function toResponse(replied: Reply, log: ResponseLog, reading?: Reading): Response {
  if (replied.kind === 'as_it_came') return replied.response
  return (replied.kind === 'response' && log.open(0, reading)) || Response.error()
}

/** Writes the response to a request, and emits the one status that ends the request. */
export interface ReplyWriter {
  /** Resolves as soon as there is something to respond with. Never rejects. */
  replied: Promise<Reply>
  /** Begins with the upstream's head, before its bytes. A second call has no effect: only bytes can follow. */
  begin: (response: Response, progress: RequestProgress) => void
  /** Begins before there is an upstream's head: some browsers give up on a request that waits longer. */
  beginEarly: (progress: RequestProgress) => void
  hasBegun: () => boolean
  /** Writes a response to its end. */
  pass: (open: OpenResponse, progress: RequestProgress) => Promise<void>
  /** Ends with a failure; `own`: the upstream's own response, if it can still be passed on. */
  giveUp: (failure: Failure, progress: RequestProgress, own?: OpenResponse) => Promise<void>
  cancelled: () => void
}

export function createReplyWriter(
  { requestId, url, timeouts, retry, contentType, isEventSource = false, signal, ask }: ChatRequest,
  { clock, random, network = systemNetwork, hidesHeaders = false, emit, writer }: RequestContext,
): ReplyWriter {
  const replied = deferred<Reply>()
  let head: ResponseHead | undefined

  return {
    replied: replied.promise,
    begin: (response, progress) => begin(headOf(response, requestId, progress, {})),
    beginEarly: (progress) => begin(earlyHead(contentType, requestId, progress)),
    hasBegun: () => head !== undefined,
    pass,
    giveUp,
    cancelled: () => {
      cancelled()
      writer.end(new DOMException('The request was cancelled', 'AbortError'))
      replied.resolve({ kind: 'network_error' })
    },
  }

  function begin(provided: ResponseHead) {
    if (head) return
    head = provided
    writer.begin(head)
    replied.resolve({ kind: 'response' })
  }

  async function pass(open: OpenResponse, progress: RequestProgress) {
    const { startedAt, attempts, waitedMs, headersAt = clock.monotonic() } = progress
    let ttftMs: number | undefined
    const firstOutput = () => {
      ttftMs = clock.monotonic() - startedAt
      emit({
        status: 'first_output',
        requestId,
        ttfbMs: headersAt - startedAt,
        ttftMs,
        attempt: attempts,
      })
    }
    // A response that broke before its first output has output only once it is resumed.
    const isSilent = open.splice !== undefined && open.inspection?.seen.outputs === 0
    if (!isSilent) firstOutput()
    await write(open, progress, {
      resumed: () => {
        if (ttftMs === undefined) firstOutput()
      },
      ended: (end, bytes) => {
        if (end.kind === 'failed') return failed(end.failure, progress)
        if (end.kind === 'cancelled') return cancelled()
        const usage = open.inspection?.seen.usage
        emit({
          status: 'request_finished',
          requestId,
          verdict: 'complete',
          attempts,
          waitedMs,
          ttftMs: ttftMs ?? 0,
          durationMs: clock.monotonic() - startedAt,
          bytes,
          ...(usage ? { usage } : {}),
        })
      },
    })
  }

  async function giveUp(failure: Failure, progress: RequestProgress, own?: OpenResponse) {
    failed(failure, progress)
    if (own?.asItCame && !head) {
      own.rest?.cancel()
      return replied.resolve({ kind: 'as_it_came', response: own.asItCame })
    }
    if (own) return write(own, progress, { isFinal: true })
    if (head) return breakOff(failure, head)
    if (progress.wasAnswered) {
      const problem = problemOf(failure, requestId, progress, clock.now())
      begin(problem.head)
      writer.append(problem.body)
      return writer.end()
    }
    writer.end(new TypeError(failure.message))
    replied.resolve({ kind: 'network_error' })
  }

  function write(
    open: OpenResponse,
    progress: RequestProgress,
    {
      isFinal = false,
      ended = () => {},
      resumed = () => {},
    }: { isFinal?: boolean; ended?: RelayContext['ended']; resumed?: () => void },
  ): Promise<void> {
    // An error that is a whole JSON body is passed on unchanged, unless the page already has a success status.
    if (isFinal && !head && open.inspection?.isOneValue()) open.verdict = 'complete'
    // Nothing follows the status that ends a request.
    const emitStall = isFinal ? () => {} : emit
    const hasBody = open.rest !== null || open.held.length > 0 || open.splice !== undefined
    begin(
      headOf(open.response, requestId, progress, {
        isFinal,
        hasBody,
        ...(open.isPage ? { status: 502 } : {}),
      }),
    )
    return relay(open, {
      clock,
      timeouts,
      isEventSource,
      writer,
      signal,
      readOn:
        open.splice &&
        ask &&
        createReadOn(open.splice, open.response.headers, {
          clock,
          random,
          network,
          retry,
          headersMs: hidesHeaders ? timeouts.firstOutputMs : timeouts.headersMs,
          leftMs: open.leftMs,
          requestId,
          signal,
          ask,
          emit: (status) => {
            emit(status)
            if (status.status === 'stream_resumed') resumed()
          },
        }),
      stalled: (name, silentMs) => emitStall({ status: 'stream_stalled', requestId, clock: name, silentMs }),
      flowing: (name, silentMs) => emitStall({ status: 'stream_flowing', requestId, clock: name, silentMs }),
      ended,
    })
  }

  /** All attempts have failed after the Response was handed over: it gets an error event, then it breaks. */
  function breakOff(failure: Failure, { headers }: ResponseHead) {
    if (isEventSource) return writer.end()
    const { pathname: path } = new URL(url)
    const type = new Headers(headers).get('content-type') ?? ''
    const notice = createInspection(new Headers({ 'content-type': type }), { path }).errorEvent(failure)
    if (notice) writer.append(markNotice(notice))
    writer.end(brokenOff(failure))
  }

  function failed(failure: Failure, { attempts, waitedMs }: RequestProgress) {
    emit({ status: 'request_failed', requestId, attempts, waitedMs, ...failure })
  }

  function cancelled() {
    emit({ status: 'request_cancelled', requestId, by: signal.reason === NO_READER ? 'grace' : 'page' })
  }
}
