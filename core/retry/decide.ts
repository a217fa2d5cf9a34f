import type { Random } from '../clock.ts'
import type { FailureCode } from '../messages/failure.ts'
import { backoff, jitter } from './backoff.ts'
import { type Outcome, wasAccepted } from './outcome.ts'
import type { RetryPolicy } from './policy.ts'

/** The retries and waits of one request so far. Immutable: every decision to retry comes with the next state. */
export interface RetryState {
  /** Attempts made. */
  attempts: number
  /** Attempts that got 2xx headers. */
  accepted: number
  headersTimeouts: number
  /** Attempts that failed because the browser was offline: no fault of the upstream's, and not counted against `maxAttempts`. */
  offlineAttempts: number
  /** Waits of each kind: how many, and their sum in ms, jitter aside. */
  networkWaits: number
  networkWaitedMs: number
  rateLimitWaits: number
  rateLimitWaitedMs: number
  /** Of `rateLimitWaits`, those for an overload. */
  overloadWaits: number
}

export const NEW_RETRY_STATE: RetryState = {
  attempts: 0,
  accepted: 0,
  headersTimeouts: 0,
  offlineAttempts: 0,
  networkWaits: 0,
  networkWaitedMs: 0,
  rateLimitWaits: 0,
  rateLimitWaitedMs: 0,
  overloadWaits: 0,
}

export type RetryStatus =
  | 'rate_limit_retry'
  | 'network_wait'
  | 'network_retry'
  | 'timeout_retry'
  | 'server_retry'

export type Decision = (
  | {
      action: 'retry'
      afterMs: number
      /** The status that reports it. */
      status: RetryStatus
      reason: 'rate_limited' | 'overloaded' | undefined
      /** True if the server named the wait. */
      hinted: boolean
      budgetLeftMs: number
      /** True if it uses the retry token that was available. */
      takesToken: boolean
      retryState: RetryState
    }
  | { action: 'give_up'; code: FailureCode; retryAt?: number }
) & {
  /** Until when all others of the same limit must wait, epoch ms; absent when this says nothing about them. */
  shutUntil?: number
}

export interface Situation {
  now: number
  random: Random
  /** When the total before the first output is up, epoch ms. */
  totalAt: number
  reasoning: boolean
  /** True if the browser reports that it is offline, and the upstream is beyond its local network. */
  isOffline: boolean
  /** How long the shared retry tokens hold this request back, ms. */
  tokenInMs: number
}

/**
 * The one place that decides whether a request is tried again, when, and why not. Pure: time and chance come in.
 *
 * `retryState` already counts the attempt whose outcome is judged.
 */
export function decide(
  outcome: Outcome,
  retryState: RetryState,
  policy: RetryPolicy,
  situation: Situation,
): Decision {
  const code = codeOf(outcome)
  const limit = limitOf(outcome)
  const retryHintMs = outcome.kind === 'refused' ? outcome.refusal.retryHintMs : undefined
  const jitterMs = jitter(policy.jitterMs, situation.random)
  const totalLeftMs = situation.totalAt - situation.now
  const retryAt = mayHeal(outcome) && retryHintMs !== undefined ? situation.now + retryHintMs : undefined
  const giveUp: Decision = {
    action: 'give_up',
    code,
    ...(retryAt === undefined ? {} : { retryAt }),
    ...(retryAt === undefined || !limit ? {} : { shutUntil: retryAt + jitterMs }),
  }
  if (!mayBeRetried(outcome, retryState, policy, situation.reasoning)) return giveUp

  if (situation.isOffline && isNetworkFailure(outcome)) {
    // Being offline is no failure: the wait costs nothing, and lasts until the browser is back, or the total is up.
    if (totalLeftMs <= 0) return giveUp
    return {
      action: 'retry',
      afterMs: Math.min(policy.maxMs + jitterMs, totalLeftMs),
      status: 'network_wait',
      reason: undefined,
      hinted: false,
      budgetLeftMs: policy.networkBudgetMs - retryState.networkWaitedMs,
      takesToken: false,
      retryState: { ...retryState, offlineAttempts: retryState.offlineAttempts + 1 },
    }
  }

  const leftMs = limit
    ? policy.rateLimitBudgetMs - retryState.rateLimitWaitedMs
    : policy.networkBudgetMs - retryState.networkWaitedMs
  const backoffMs = limit
    ? backoff(waitsBefore(limit, retryState), policy.rateLimitBaseMs, policy.rateLimitMaxMs)
    : backoff(waitsBefore(limit, retryState), policy.baseMs, policy.maxMs)
  // A limit that shuts the gate holds the others back that way; everything else by retry tokens. An overload that names
  // no time may be over for the next request, a rate limit is not.
  const shutsGate = limit !== undefined && (retryAt !== undefined || limit === 'rate_limited')
  const tokenMs = shutsGate ? 0 : situation.tokenInMs
  // A wait of our own ends with its budget, so that the last attempt comes at its end. The server's time is never
  // undercut; it is compared before jitter, inclusive: a provider whose hint is always 60 s fits a budget of 60 s.
  const ownMs = Math.min(Math.max(retryHintMs === undefined ? backoffMs : 0, tokenMs), leftMs)
  const isSpent = retryHintMs === undefined ? leftMs <= 0 && backoffMs > 0 : retryHintMs > leftMs
  const waitMs = Math.max(retryHintMs ?? 0, ownMs)
  const afterMs = waitMs + jitterMs
  // An attempt that starts when the total is up is aborted immediately, and this attempt's error would be lost.
  if (isSpent || afterMs >= totalLeftMs) return giveUp

  return {
    action: 'retry',
    afterMs,
    status: statusOf(outcome),
    reason: limit,
    hinted: retryHintMs !== undefined,
    budgetLeftMs: leftMs - waitMs,
    takesToken: !shutsGate && tokenMs <= waitMs,
    retryState: limit
      ? {
          ...retryState,
          rateLimitWaits: retryState.rateLimitWaits + 1,
          rateLimitWaitedMs: retryState.rateLimitWaitedMs + waitMs,
          overloadWaits: retryState.overloadWaits + (limit === 'overloaded' ? 1 : 0),
        }
      : {
          ...retryState,
          networkWaits: retryState.networkWaits + 1,
          networkWaitedMs: retryState.networkWaitedMs + waitMs,
        },
    ...(shutsGate ? { shutUntil: situation.now + afterMs } : {}),
  }
}

/**
 * The number of waits for the same trouble so far. An outage shows as 500, 502 and 503, and as resets: its waits grow
 * together, whichever budget they use.
 */
function waitsBefore(
  limit: 'rate_limited' | 'overloaded' | undefined,
  { networkWaits, rateLimitWaits, overloadWaits }: RetryState,
): number {
  switch (limit) {
    case 'rate_limited':
      return rateLimitWaits
    case 'overloaded':
      return rateLimitWaits + networkWaits
    case undefined:
      return networkWaits + overloadWaits
  }
}

/** True if a refusal's time to come back is worth reporting: the same request will not be refused forever. */
function mayHeal(outcome: Outcome): boolean {
  if (outcome.kind !== 'refused') return false
  return limitOf(outcome) !== undefined || outcome.refusal.kind === 'server_error'
}

/** At most two attempts get 2xx headers, because that work may be billed. */
const MAX_ACCEPTED = 2

function mayBeRetried(
  outcome: Outcome,
  retryState: RetryState,
  policy: RetryPolicy,
  reasoning: boolean,
): boolean {
  if (retryState.attempts - retryState.offlineAttempts >= policy.maxAttempts) return false
  if (outcome.kind === 'refused' && outcome.refusal.isFinal) return false
  if (limitOf(outcome)) return true
  if (wasAccepted(outcome) && retryState.accepted >= MAX_ACCEPTED) return false
  switch (outcome.kind) {
    case 'network_error':
    case 'cut':
    case 'empty':
    case 'not_a_chat':
    case 'worker_lost':
      return true
    case 'timeout':
      // After a headers timeout the second attempt has all that is left; a second timeout is the end.
      if (outcome.phase === 'headers') return retryState.headersTimeouts < 2
      return outcome.phase === 'first_output' && !reasoning
    case 'refused':
      return outcome.refusal.kind === 'server_error'
  }
}

/** True if nothing came back: no connection, or it broke. */
function isNetworkFailure(outcome: Outcome): boolean {
  return outcome.kind === 'network_error' || (outcome.kind === 'cut' && !outcome.clean)
}

function limitOf(outcome: Outcome): 'rate_limited' | 'overloaded' | undefined {
  if (outcome.kind !== 'refused') return undefined
  const { kind } = outcome.refusal
  return kind === 'rate_limited' || kind === 'overloaded' ? kind : undefined
}

function statusOf(outcome: Outcome): RetryStatus {
  switch (outcome.kind) {
    case 'network_error':
    case 'cut':
    case 'empty':
    case 'worker_lost':
      return 'network_retry'
    case 'timeout':
      return 'timeout_retry'
    case 'not_a_chat':
    case 'refused':
      return limitOf(outcome) ? 'rate_limit_retry' : 'server_retry'
  }
}

function codeOf(outcome: Outcome): FailureCode {
  switch (outcome.kind) {
    case 'network_error':
    case 'worker_lost':
      return outcome.kind
    case 'timeout':
      return `${outcome.phase}_timeout`
    case 'empty':
      return 'truncated'
    case 'cut':
      return outcome.clean ? 'truncated' : 'network_error'
    case 'not_a_chat':
      return 'upstream_error'
    case 'refused': {
      const { kind } = outcome.refusal
      if (kind !== 'server_error' && kind !== 'client_error') return kind
      return outcome.inStream ? 'error_in_stream' : 'upstream_error'
    }
  }
}
