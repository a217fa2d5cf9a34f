import { type Clock, type Random, sleep } from '../clock.ts'
import { deferred } from '../deferred.ts'
import { type Failure, failureOf } from '../protocol/failure.ts'
import type { RequestStatus, Untold } from '../protocol/status.ts'
import { decide, type Decision, NEW_LEDGER } from '../retry/decide.ts'
import { type Outcome, wasAccepted } from '../retry/outcome.ts'
import { attempt, type OpenAnswer } from './attempt.ts'
import { type Answer, brokenBody, headOf, problemOf, type TripTimes } from './answer.ts'
import type { ByteSource } from './byte-source.ts'
import type { ChatDescription } from './describe.ts'
import { createFlow } from './flow.ts'
import { watchStream } from './watch.ts'

export interface TripRequest extends ChatDescription {
  requestId: string
  /** Sends the request anew, as it came; the signal ends it. */
  send: (signal: AbortSignal) => Promise<Response>
}

export interface TripContext {
  clock: Clock
  random: Random
  /** Must not throw and is not awaited. */
  report: (status: Untold<RequestStatus>) => void
}

export interface Trip {
  /** What to answer the page with: as soon as the first output is here, or all hope is gone. Never rejects. */
  answer: Promise<Answer>
  /** Resolves when nothing more will happen: the last byte is out, or it failed, or was cancelled. */
  finished: Promise<void>
  /** Stop: ends the upstream, also during a wait. */
  cancel: () => void
}

/** After 2xx headers the Response is withheld for at most so long; then only its bytes are. */
const WITHHELD_MS = 10_000

/**
 * One chat request's trip: attempts and waits in one loop, the answer that goes through, its end.
 *
 * Its duties:
 * - the page sees nothing of an attempt that is tried again, and all of the one that is not
 * - exactly one status ends it: `request_finished`, `request_failed` or `request_cancelled`
 */
export function startTrip(request: TripRequest, context: TripContext): Trip {
  const { clock, random } = context
  const { requestId, timeouts, retry, streams, reasoning } = request
  const path = new URL(request.url).pathname
  const startedAt = clock.now()
  const totalAt = startedAt + timeouts.totalMs
  const stop = new AbortController()
  const answer = deferred<Answer>()
  const flowing = deferred<ByteSource>()
  flowing.promise.catch(() => {}) // Heard only by a Response that was handed over early.
  const times: TripTimes = { startedAt, attempts: 0, waitedMs: 0 }
  let ledger = NEW_LEDGER
  /** The Response that was handed over. */
  let committed: Response | undefined
  let gotHttpAnswer = false

  /** The bytes of whichever attempt goes through. */
  const body: ByteSource = {
    read: async () => (await flowing.promise).read(),
    cancel: () => stop.abort(),
  }

  const commit = (response: Response, failed: boolean) => {
    if (committed) return
    committed = response
    const head = headOf(response, requestId, times, failed)
    answer.resolve({ kind: 'response', head, body: response.body ? body : null })
  }

  const cancelled = () => {
    context.report({ status: 'request_cancelled', requestId, by: 'page' })
    answer.resolve({ kind: 'network_error' })
    flowing.reject(new DOMException('The request was cancelled', 'AbortError'))
  }

  /** Lets an answer flow, and sees it to its end. */
  const relayAnswer = async (open: OpenAnswer, failure?: Failure) => {
    const flow = createFlow(open, {
      clock,
      timeouts,
      stalled: (name, silentMs) =>
        context.report({ status: 'stream_stalled', requestId, clock: name, silentMs }),
      flowing: (name, silentMs) =>
        context.report({ status: 'stream_flowing', requestId, clock: name, silentMs }),
    })
    const ttftMs = clock.now() - startedAt
    if (!failure) {
      context.report({
        status: 'first_output',
        requestId,
        ttfbMs: (times.headersAt ?? clock.now()) - startedAt,
        ttftMs,
        attempt: times.attempts,
      })
    }
    if (stop.signal.aborted) flow.cancel()
    else stop.signal.addEventListener('abort', flow.cancel, { once: true })
    commit(open.response, failure !== undefined)
    flowing.resolve(flow)
    // An answer without a body has nobody who would read it to its end.
    if (!open.response.body) await flow.read()
    const end = await flow.ended
    stop.signal.removeEventListener('abort', flow.cancel)
    if (failure) return
    if (end.kind === 'failed') return fail(end.failure)
    if (end.kind === 'cancelled')
      return context.report({ status: 'request_cancelled', requestId, by: 'page' })
    const { usage } = open.watch.seen
    context.report({
      status: 'request_finished',
      requestId,
      verdict: 'complete',
      attempts: times.attempts,
      waitedMs: times.waitedMs,
      ttftMs,
      durationMs: clock.now() - startedAt,
      bytes: flow.bytes(),
      ...(usage ? { usage } : {}),
    })
  }

  const fail = (failure: Failure) =>
    context.report({
      status: 'request_failed',
      requestId,
      attempts: times.attempts,
      waitedMs: times.waitedMs,
      ...failure,
    })

  const giveUp = async (decision: Decision & { action: 'give_up' }, outcome: Outcome, own?: OpenAnswer) => {
    const { code, retryAt } = decision
    const failure = failureOf(code, {
      ...(outcome.kind === 'refused' ? { httpStatus: outcome.refusal.httpStatus } : {}),
      ...(retryAt === undefined ? {} : { retryAt }),
    })
    fail(failure)
    const saysItself = own && (!committed || (outcome.kind === 'refused' && outcome.inStream))
    if (saysItself) return relayAnswer(own, failure)
    own?.abort()
    answer.resolve(
      gotHttpAnswer ? problemOf(failure, requestId, times, clock.now()) : { kind: 'network_error' },
    )
    if (!committed) return
    const contentType = committed.headers.get('content-type') ?? ''
    const notice = watchStream(contentType, path, streams).errorEvent(failure)
    flowing.resolve(brokenBody(notice, failure))
  }

  const reportRetry = (decision: Decision & { action: 'retry' }, outcome: Outcome) => {
    const { status, afterMs, budgetLeftMs, reason, hinted } = decision
    const retry = {
      requestId,
      attempt: times.attempts + 1,
      retryAfterMs: afterMs,
      retryAt: clock.now() + afterMs,
      budgetLeftMs,
    }
    if (status === 'rate_limit_retry') {
      context.report({ status, ...retry, reason: reason ?? 'rate_limited', hinted })
    } else {
      context.report({
        status,
        ...retry,
        ...(outcome.kind === 'timeout' && outcome.phase !== 'total' ? { phase: outcome.phase } : {}),
        ...(outcome.kind === 'refused' ? { httpStatus: outcome.refusal.httpStatus } : {}),
      })
    }
  }

  const run = async () => {
    const { model, conversation, url } = request
    context.report({
      status: 'request_started',
      requestId,
      url,
      reasoning,
      ...(model === undefined ? {} : { model }),
      ...(conversation === undefined ? {} : { conversation }),
    })
    for (;;) {
      times.attempts++
      let disarmCommit = () => {}
      const attempted = await attempt({
        send: request.send,
        path,
        streams,
        // A whole answer's headers come when the model is done; so does a second attempt's patience.
        headersMs: streams === false || ledger.headersTimeouts > 0 ? timeouts.totalMs : timeouts.headersMs,
        firstOutputMs: timeouts.firstOutputMs,
        totalAt,
        signal: stop.signal,
        clock,
        onAccepted: (response) => {
          gotHttpAnswer = true
          times.headersAt = clock.now()
          if (streams !== undefined) disarmCommit = clock.timer(WITHHELD_MS, () => commit(response, false))
        },
      })
      disarmCommit()
      if (attempted.kind === 'cancelled') return cancelled()
      if (attempted.kind === 'answered') return relayAnswer(attempted.answer)

      const { outcome } = attempted
      ledger = {
        ...ledger,
        attempts: ledger.attempts + 1,
        accepted: ledger.accepted + (wasAccepted(outcome) ? 1 : 0),
        headersTimeouts:
          ledger.headersTimeouts + (outcome.kind === 'timeout' && outcome.phase === 'headers' ? 1 : 0),
      }
      gotHttpAnswer ||= outcome.kind === 'refused' || outcome.kind === 'not_a_chat'
      const decision = decide(outcome, ledger, retry, { now: clock.now(), random, totalAt, reasoning })
      if (decision.action === 'give_up') return giveUp(decision, outcome, attempted.answer)

      attempted.answer?.abort()
      ledger = decision.ledger
      reportRetry(decision, outcome)
      times.waitedMs += decision.afterMs
      try {
        await sleep(clock, decision.afterMs, stop.signal)
      } catch {
        return cancelled() // Only our own signal ends a wait.
      }
    }
  }

  return { answer: answer.promise, finished: run(), cancel: () => stop.abort() }
}
