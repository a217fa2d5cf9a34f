import type { Random } from '../clock.ts'
import { codeOfStatus, type FailureCode } from '../protocol/failure.ts'
import { backoff, jitter } from './backoff.ts'
import { type Outcome, wasAccepted } from './outcome.ts'
import type { RetryPolicy } from './policy.ts'

/** What one request has spent so far. A value: every decision to retry comes with the next one. */
export interface Ledger {
  /** Attempts made. */
  attempts: number
  /** Attempts that got 2xx headers. */
  accepted: number
  headersTimeouts: number
  /** Waits of each kind: how many, and their sum in ms, jitter aside. */
  networkWaits: number
  networkWaitedMs: number
  rateLimitWaits: number
  rateLimitWaitedMs: number
}

export const NEW_LEDGER: Ledger = {
  attempts: 0,
  accepted: 0,
  headersTimeouts: 0,
  networkWaits: 0,
  networkWaitedMs: 0,
  rateLimitWaits: 0,
  rateLimitWaitedMs: 0,
}

export type RetryStatus = 'rate_limit_retry' | 'network_retry' | 'timeout_retry' | 'server_retry'

export type Decision = (
  | {
      action: 'retry'
      afterMs: number
      /** How the page is told. */
      status: RetryStatus
      reason: 'rate_limited' | 'overloaded' | undefined
      /** Whether the wait is the server's word. */
      hinted: boolean
      budgetLeftMs: number
      ledger: Ledger
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
}

/**
 * The one place that decides whether a request is tried again, when, and why not. Pure: time and chance come in.
 *
 * `ledger` already counts the attempt whose outcome is judged.
 */
export function decide(
  outcome: Outcome,
  ledger: Ledger,
  policy: RetryPolicy,
  situation: Situation,
): Decision {
  const code = codeOf(outcome)
  const limit = limitOf(outcome)
  const hintMs = outcome.kind === 'refused' ? outcome.refusal.hintMs : undefined
  const jitterMs = jitter(policy.jitterMs, situation.random)
  const retryAt = mayHeal(outcome) && hintMs !== undefined ? situation.now + hintMs : undefined
  const giveUp: Decision = {
    action: 'give_up',
    code,
    ...(retryAt === undefined ? {} : { retryAt }),
    ...(retryAt === undefined || !limit ? {} : { shutUntil: retryAt + jitterMs }),
  }
  if (!mayBeRetried(outcome, ledger, policy, situation.reasoning)) return giveUp

  const spentMs = limit ? ledger.rateLimitWaitedMs : ledger.networkWaitedMs
  const budgetMs = limit ? policy.rateLimitBudgetMs : policy.networkBudgetMs
  const ownMs = limit
    ? backoff(ledger.rateLimitWaits, policy.rateLimitBaseMs, policy.rateLimitMaxMs)
    : backoff(ledger.networkWaits, policy.baseMs, policy.maxMs)
  // Compared before jitter, inclusive: a provider whose hint is always 60 s fits a budget of 60 s.
  const waitMs = hintMs ?? ownMs
  if (waitMs > budgetMs - spentMs || situation.now + waitMs >= situation.totalAt) return giveUp

  const afterMs = waitMs + jitterMs
  return {
    action: 'retry',
    afterMs,
    status: statusOf(outcome),
    reason: limit,
    hinted: hintMs !== undefined,
    budgetLeftMs: budgetMs - spentMs - waitMs,
    ledger: limit
      ? { ...ledger, rateLimitWaits: ledger.rateLimitWaits + 1, rateLimitWaitedMs: spentMs + waitMs }
      : { ...ledger, networkWaits: ledger.networkWaits + 1, networkWaitedMs: spentMs + waitMs },
    // Overload that names no time may be over for the next one; a rate limit is not.
    ...(limit && (retryAt !== undefined || limit === 'rate_limited')
      ? { shutUntil: situation.now + afterMs }
      : {}),
  }
}

/** Whether a refusal's time to come back is worth telling: the same request will not be refused for ever. */
function mayHeal(outcome: Outcome): boolean {
  if (outcome.kind !== 'refused') return false
  return limitOf(outcome) !== undefined || outcome.refusal.kind === 'server_error'
}

/** After 2xx headers there are two attempts at most: that work may be billed. */
const MAX_ACCEPTED = 2

function mayBeRetried(outcome: Outcome, ledger: Ledger, policy: RetryPolicy, reasoning: boolean): boolean {
  if (ledger.attempts >= policy.maxAttempts) return false
  if (limitOf(outcome)) return true
  if (wasAccepted(outcome) && ledger.accepted >= MAX_ACCEPTED) return false
  switch (outcome.kind) {
    case 'network_error':
    case 'cut':
    case 'empty':
    case 'not_a_chat':
    case 'worker_lost':
      return true
    case 'timeout':
      // After a headers time-out the second attempt has all that is left; a second one is the end.
      if (outcome.phase === 'headers') return ledger.headersTimeouts < 2
      return outcome.phase === 'first_output' && !reasoning
    case 'refused':
      return outcome.refusal.kind === 'server_error'
  }
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
      return 'server_retry'
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
      if (kind === 'server_error' || kind === 'client_error') {
        if (outcome.inStream) return 'error_in_stream'
        const { httpStatus } = outcome.refusal
        return kind === 'server_error' && httpStatus >= 500 ? codeOfStatus(httpStatus) : 'upstream_error'
      }
      return kind
    }
  }
}
