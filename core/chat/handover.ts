import { type Deferred, deferred } from '../deferred.ts'
import type { Failure } from '../protocol/failure.ts'
import { type Answer, brokenBody, earlyResponse, headOf, once, problemOf, type TripTimes } from './answer.ts'
import type { OpenAnswer } from './attempt.ts'
import type { ByteSource } from './byte-source.ts'
import { createFlow } from './flow.ts'
import type { TripContext, TripRequest } from './trip-request.ts'
import { createInspection } from '../providers/inspection/inspection.ts'

/** What the page is given of a trip, and the one status that ends it. */
export interface Handover {
  /** Never rejects. */
  answer: Promise<Answer>
  /** The upstream's Response, before its bytes. Once is enough; after that only bytes can change. */
  commit: (response: Response) => void
  /** A Response of ours, before there is one of the upstream's: some browsers give a request up that waits longer. */
  commitEarly: () => void
  isCommitted: () => boolean
  /** Lets an answer flow, and sees it to its end. */
  relay: (open: OpenAnswer) => Promise<void>
  /** The end without an answer; `own`: what the upstream said instead, if it may still be said. */
  giveUp: (failure: Failure, own?: OpenAnswer) => Promise<void>
  cancelled: () => void
}

export function createHandover(
  { requestId, url, timeouts, contentType, isEventSource = false }: TripRequest,
  { clock, report }: TripContext,
  times: TripTimes,
  stop: AbortController,
): Handover {
  const answer = deferred<Answer>()
  /** The bytes of whichever attempt goes through. */
  const flowing: Deferred<ByteSource> = deferred()
  flowing.promise.catch(() => {}) // Heard only by a Response that was handed over early.
  let committed: Response | undefined

  const commit = (
    response: Response,
    { isFailed = false, isEarly = false, hasBody = response.body !== null, status = response.status } = {},
  ) => {
    if (committed) return
    committed = response
    let source: ByteSource | undefined
    const body: ByteSource = {
      // Each promise on the way costs every chunk: once it flows there is none here.
      read: () => source?.read() ?? flowing.promise.then((found) => (source = found).read()),
      cancel: () => stop.abort(),
    }
    const head = headOf(response, requestId, times, isFailed, status)
    answer.resolve({
      kind: 'response',
      head,
      body: hasBody ? body : null,
      ...(isEarly ? { isEarly } : {}),
    })
  }

  const fail = (failure: Failure) => {
    const { attempts, waitedMs } = times
    report({ status: 'request_failed', requestId, attempts, waitedMs, ...failure })
  }

  const cancelled = () => {
    report({ status: 'request_cancelled', requestId, by: times.cancelledBy ?? 'page' })
  }

  /** Hands an answer on to its last byte. */
  const flow = async (open: OpenAnswer, isFailed: boolean) => {
    // An error that is a whole JSON body is passed on as it came, unless its status has been given away as success.
    if (isFailed && !committed && open.inspection?.isOneValue()) open.verdict = 'complete'
    const bytes = createFlow(open, {
      clock,
      timeouts,
      isEventSource,
      stalled: (name, silentMs) => report({ status: 'stream_stalled', requestId, clock: name, silentMs }),
      flowing: (name, silentMs) => report({ status: 'stream_flowing', requestId, clock: name, silentMs }),
    })
    if (stop.signal.aborted) bytes.cancel()
    else stop.signal.addEventListener('abort', bytes.cancel, { once: true })
    const hasBody = open.rest !== null || open.held.length > 0
    commit(open.response, { isFailed, hasBody, ...(open.isPage ? { status: 502 } : {}) })
    flowing.resolve(bytes)
    // A response without a body has nobody who would read it to its end.
    if (!hasBody) await bytes.read()
    const end = await bytes.ended
    stop.signal.removeEventListener('abort', bytes.cancel)
    return { end, bytes: bytes.bytes() }
  }

  return {
    answer: answer.promise,
    commit,
    commitEarly: () => commit(earlyResponse(contentType), { isEarly: true }),
    isCommitted: () => committed !== undefined,
    relay: async (open) => {
      const { startedAt, attempts, waitedMs, headersAt = clock.monotonic() } = times
      const ttftMs = clock.monotonic() - startedAt
      report({
        status: 'first_output',
        requestId,
        ttfbMs: headersAt - startedAt,
        ttftMs,
        attempt: attempts,
      })
      const { end, bytes } = await flow(open, false)
      if (end.kind === 'failed') return fail(end.failure)
      if (end.kind === 'cancelled') return cancelled()
      const usage = open.inspection?.seen.usage
      report({
        status: 'request_finished',
        requestId,
        verdict: 'complete',
        attempts,
        waitedMs,
        ttftMs,
        durationMs: clock.monotonic() - startedAt,
        bytes,
        ...(usage ? { usage } : {}),
      })
    },
    giveUp: async (failure, own) => {
      fail(failure)
      if (own?.asItCame && !committed) {
        own.rest?.cancel()
        return answer.resolve({ kind: 'as_it_came', response: own.asItCame })
      }
      if (own) return void (await flow(own, true))
      answer.resolve(
        times.wasAnswered ? problemOf(failure, requestId, times, clock.now()) : { kind: 'network_error' },
      )
      if (!committed) return
      if (isEventSource) return flowing.resolve(once(undefined))
      const type = committed.headers.get('content-type') ?? ''
      const { pathname: path } = new URL(url)
      const notice = createInspection(new Headers({ 'content-type': type }), { path }).errorEvent(failure)
      flowing.resolve(brokenBody(notice, failure))
    },
    cancelled: () => {
      cancelled()
      answer.resolve({ kind: 'network_error' })
      flowing.reject(new DOMException('The request was cancelled', 'AbortError'))
    },
  }
}
