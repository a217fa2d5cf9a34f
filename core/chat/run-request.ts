import { deadline, sleep } from '../clock.ts'
import { nearnessOf } from '../local-network.ts'
import { systemNetwork } from '../network.ts'
import { failureOf } from '../messages/failure.ts'
import { decide, NEW_RETRY_STATE } from '../retry/decide.ts'
import type { Admission } from '../retry/rate-limit-gate.ts'
import type { Participant } from '../retry/limits.ts'
import { type Outcome, wasAccepted } from '../retry/outcome.ts'
import { attempt, type OpenResponse } from './attempt.ts'
import { awaitNetwork } from './await-network.ts'
import type { RequestProgress } from './head.ts'
import { createSplice } from './place.ts'
import { type Reply, createReplyWriter } from './reply.ts'
import { retryStatus } from './retry-status.ts'
import { MAX_TOTAL_MS } from './timeouts.ts'
import { createTotal } from './total.ts'
import { NO_READER, type RequestContext, type ChatRequest } from './chat-request.ts'
import { stopAtServer } from './read-on.ts'

export interface RunningRequest {
  /** How to respond to the page, once the first output is here or the request has failed. Never rejects. */
  replied: Promise<Reply>
  /** Resolves when nothing more will happen: the last byte is written, or it failed, or was cancelled. */
  finished: Promise<void>
}

/** When a request is tried again, by the monotonic clock. */
interface NextAttempt {
  notBefore: number
  /** The browser is offline: wait until it is back, or until this time, whatever it reports. */
  offlineUntil?: number
}

/** After 2xx headers the Response is withheld for at most this long, ms; then only its bytes are. */
const WITHHELD_MS = 10_000

/** Attempts while the browser is offline are not counted, so they are made no more often than this, ms. */
const OFFLINE_MS = 500

/** After a sleep an early Response is due this soon: the browser's own limit may have kept counting. ms */
const EARLY_AFTER_SLEEP_MS = 1_000

/**
 * Runs one chat request: attempts and waits in one loop, then the response that is passed on, to its end.
 *
 * Its duties:
 * - the page sees nothing of an attempt that is retried, and all of the one that is not
 * - exactly one status ends it: `request_finished`, `request_failed` or `request_cancelled`
 */
export function startRequest(request: ChatRequest, context: RequestContext): RunningRequest {
  const { clock, random, network = systemNetwork } = context
  const { requestId, timeouts, retry, streams, reasoning, signal } = request
  const { origin, pathname: path } = new URL(request.url)
  const startedAt = clock.monotonic()
  // Where silence is normal, waiting has no limit while the upstream is alive.
  const total = createTotal(
    clock,
    timeouts.totalMs,
    timeouts.outputIdleMs === Infinity ? Infinity : MAX_TOTAL_MS,
  )
  const reply = createReplyWriter(request, context)
  let progress: RequestProgress = { startedAt, attempts: 0, waitedMs: 0, wasAnswered: false }
  let retryState = NEW_RETRY_STATE
  /** True once the page knows that the request waits for its network: that is reported once, not every few seconds. */
  let emittedOffline = false

  /** A host on this computer or its local network can be reached while the browser is offline. */
  const isOffline = () => !network.isOnline() && nearnessOf(request.url) === undefined

  const waited = (ms: number) => {
    progress = { ...progress, waitedMs: progress.waitedMs + ms }
  }

  /** Waits until the browser is back online, or until that time. */
  const awaitOnline = async (until: number) => {
    const since = clock.monotonic()
    const sleptMs = await awaitNetwork(network, clock, until - since, signal)
    total.giveBack(sleptMs)
    waited(clock.monotonic() - since - sleptMs)
  }

  /** Waits for its own time and for its turn among all that share its limits; rejects when cancelled. */
  const awaitTurn = async (participant: Participant, notBefore: number): Promise<Admission> => {
    const since = clock.monotonic()
    const from = Math.max(since, notBefore)
    const leftMs = retry.rateLimitBudgetMs - retryState.rateLimitWaitedMs
    let heldUntil = from
    const admission = await participant.enter({
      notBefore,
      notAfter: Math.min(from + leftMs + retry.jitterMs, since + total.leftMs() - 1),
      jitterMs: retry.jitterMs,
      signal,
      delayed: (until) => {
        heldUntil = until
        emittedOffline = false
        const retryAfterMs = until - clock.monotonic()
        context.emit({
          status: 'rate_limit_wait',
          requestId,
          retryAfterMs,
          retryAt: clock.now() + retryAfterMs,
        })
      },
    })
    const sleptMs = admission.kind === 'go' ? admission.sleptMs : 0
    total.giveBack(sleptMs)
    const now = clock.monotonic()
    if (heldUntil > since) waited(now - since - sleptMs)
    // Jitter is not charged, nor is the delay of a timer.
    const heldMs = Math.max(0, Math.min(now - from, heldUntil - retry.jitterMs - from, leftMs))
    retryState = { ...retryState, rateLimitWaitedMs: retryState.rateLimitWaitedMs + heldMs }
    return admission
  }

  const run = async () => {
    const { model, conversation, url } = request
    // A request that an earlier worker began has already been reported.
    if (request.lostAttempts === undefined) {
      context.emit({
        status: 'request_started',
        requestId,
        url,
        reasoning,
        ...(model === undefined ? {} : { model }),
        ...(conversation === undefined ? {} : { conversation }),
      })
    }
    if (request.heldUntil !== undefined) {
      progress = { ...progress, wasAnswered: true } // Earlier requests like it got responses.
      return reply.giveUp(failureOf('retry_budget_exhausted', { retryAt: request.heldUntil }), progress)
    }
    const participant = context.limits.join({ origin, model, credential: request.credential })
    const { earlyMs } = context
    // If the kind of response is unknown, it cannot begin early.
    const mayBeEarly = earlyMs !== undefined && streams !== undefined
    const disarmEarly = mayBeEarly
      ? deadline(clock, earlyMs, () => reply.beginEarly(progress), { freshMs: EARLY_AFTER_SLEEP_MS })
      : () => {}
    try {
      await tryUntilReplied(participant)
    } finally {
      disarmEarly()
      participant.leave()
    }
  }

  const tryUntilReplied = async (participant: Participant) => {
    let next: NextAttempt | undefined = { notBefore: startedAt }
    if (request.lostAttempts !== undefined) {
      progress = { ...progress, attempts: request.lostAttempts }
      next = await judge({ kind: 'worker_lost' }, participant)
    }
    while (next) {
      let admission: Admission
      try {
        // At least one turn of the timers, so that the connection of the previous attempt is free again.
        if (progress.attempts > 0) await sleep(clock, 0, signal)
        if (next.offlineUntil !== undefined) {
          await awaitOnline(next.offlineUntil)
          if (total.leftMs() <= 0) return reply.giveUp(failureOf('network_error'), progress)
        }
        admission = await awaitTurn(participant, next.notBefore)
      } catch {
        return reply.cancelled() // Only our own signal ends a wait.
      }
      if (admission.kind === 'rejected') {
        progress = { ...progress, wasAnswered: true } // Another request got a response.
        const retryAt = clock.now() + admission.until - clock.monotonic()
        return reply.giveUp(failureOf('rate_limited', { httpStatus: 429, retryAt }), progress)
      }
      progress = { ...progress, attempts: progress.attempts + 1 }
      let disarmCommit = () => {}
      const attempted = await attempt({
        send: request.send,
        path,
        streams,
        mustStream: request.mustStream,
        choices: request.choices,
        ends: request.ends,
        errors: request.errors,
        headersMs: headersMs(),
        firstOutputMs: timeouts.firstOutputMs,
        total,
        signal,
        clock,
        createSplice: (response) => {
          const splice =
            request.ask && !request.isEventSource ? createSplice(response, request.readingOn) : undefined
          if (splice) context.canReadOn?.()
          return splice
        },
        onAccepted: (response) => {
          participant.accepted()
          progress = { ...progress, wasAnswered: true, headersAt: clock.monotonic() }
          if (streams === undefined) return
          disarmCommit = deadline(clock, WITHHELD_MS, () => reply.begin(response, progress))
        },
      })
      disarmCommit()
      if (attempted.kind === 'cancelled') {
        // Nobody has read a word of it, but its server continues until it is told to stop.
        if (attempted.splice && request.ask && signal.reason !== NO_READER)
          stopAtServer(attempted.splice, request.ask)
        return reply.cancelled()
      }
      if (attempted.kind === 'answered') return reply.pass(attempted.opened, progress)

      next = await judge(attempted.outcome, participant, attempted.opened)
    }
  }

  const headersMs = () => {
    // A whole response's headers come only when the model is done; a second attempt gets all the time that is left.
    if (streams === false || retryState.headersTimeouts > 0) return timeouts.totalMs
    return context.hidesHeaders ? undefined : timeouts.headersMs
  }

  /** Decides what follows a failed attempt: when to try again, or `undefined` if it was the last. */
  const judge = async (
    came: Outcome,
    participant: Participant,
    own?: OpenResponse,
  ): Promise<NextAttempt | undefined> => {
    const isRepeat = request.isKeyed === true && progress.attempts > 1
    const outcome = isRepeat ? asUnderWay(came) : came
    retryState = {
      ...retryState,
      attempts: progress.attempts,
      accepted: retryState.accepted + (wasAccepted(outcome) ? 1 : 0),
      headersTimeouts:
        retryState.headersTimeouts + (outcome.kind === 'timeout' && outcome.phase === 'headers' ? 1 : 0),
    }
    const wasRefused = outcome.kind === 'refused' || outcome.kind === 'not_a_chat'
    progress = { ...progress, wasAnswered: progress.wasAnswered || wasRefused }
    // One moment for all that follows, by both clocks, so that the request that met the limit comes back first.
    const now = clock.now()
    const since = clock.monotonic()
    const decision = decide(outcome, retryState, retry, {
      now,
      random,
      totalAt: now + total.leftMs(),
      reasoning,
      isOffline: isOffline(),
      tokenInMs: participant.tokenInMs(retry.bucket),
    })
    if (decision.shutUntil === undefined) participant.ended()
    else {
      const isGuess = decision.action === 'retry' && !decision.hinted
      participant.refused(since + decision.shutUntil - now, isGuess)
    }
    if (decision.action === 'give_up') {
      const httpStatus = outcome.kind === 'refused' ? outcome.refusal.httpStatus : undefined
      const failure = failureOf(decision.code, {
        ...(httpStatus === undefined ? {} : { httpStatus }),
        ...(decision.retryAt === undefined ? {} : { retryAt: decision.retryAt }),
      })
      // An empty response that is not retried is passed on.
      if (outcome.kind === 'empty' && own) {
        await reply.pass(own, progress)
        return undefined
      }
      const maySay = !reply.hasBegun() || (outcome.kind === 'refused' && outcome.inStream)
      if (!maySay) own?.abort()
      await reply.giveUp(failure, progress, maySay ? own : undefined)
      return undefined
    }
    own?.abort()
    retryState = decision.retryState
    if (decision.takesToken) participant.takeToken(retry.bucket)
    const waitsForNetwork = decision.status === 'network_wait'
    if (!waitsForNetwork || !emittedOffline) {
      context.emit(retryStatus(requestId, progress.attempts + 1, now, decision, outcome))
    }
    emittedOffline = waitsForNetwork
    if (!waitsForNetwork) return { notBefore: since + decision.afterMs }
    // A network that flaps is tried no more often than one that fails immediately.
    return { notBefore: since + Math.max(retry.baseMs, OFFLINE_MS), offlineUntil: since + decision.afterMs }
  }

  return { replied: reply.replied, finished: run() }
}

/** A server that still works at an attempt before this one, by its key, refuses this one with a conflict. */
function asUnderWay(outcome: Outcome): Outcome {
  if (outcome.kind !== 'refused' || outcome.inStream) return outcome
  const { httpStatus, isFinal } = outcome.refusal
  if (httpStatus !== 409 || isFinal) return outcome
  return { ...outcome, refusal: { ...outcome.refusal, kind: 'overloaded' } }
}
