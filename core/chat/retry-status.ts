import type { RequestStatus, NewStatus } from '../messages/status.ts'
import type { Decision } from '../retry/decide.ts'
import type { Outcome } from '../retry/outcome.ts'

/** The status that reports a retry: after which outcome, when, and what is left for waits. */
export function retryStatus(
  requestId: string,
  attempt: number,
  now: number,
  { status, afterMs, budgetLeftMs, reason, hinted }: Decision & { action: 'retry' },
  outcome: Outcome,
): NewStatus<RequestStatus> {
  if (status === 'network_wait') return { status, requestId }
  const retry = { requestId, attempt, retryAfterMs: afterMs, retryAt: now + afterMs, budgetLeftMs }
  if (status === 'rate_limit_retry') return { status, ...retry, reason: reason ?? 'rate_limited', hinted }
  return {
    status,
    ...retry,
    ...(outcome.kind === 'timeout' && outcome.phase !== 'total' ? { phase: outcome.phase } : {}),
    ...(outcome.kind === 'worker_lost' ? { phase: outcome.kind } : {}),
    ...(outcome.kind === 'refused' ? { httpStatus: outcome.refusal.httpStatus } : {}),
  }
}
