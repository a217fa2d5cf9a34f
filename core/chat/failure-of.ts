import type { Failure } from '../protocol/failure.ts'
import type { Decision } from '../retry/decide.ts'
import type { Outcome } from '../retry/outcome.ts'

/** Puts a decision to give up into words for a person; nothing of a body or a header value is in them. */
export function failureOf(decision: Decision & { action: 'give_up' }, outcome: Outcome): Failure {
  const { code, retryAt } = decision
  const httpStatus = outcome.kind === 'refused' ? outcome.refusal.httpStatus : undefined
  return {
    code,
    message: messageOf(outcome),
    ...(httpStatus === undefined ? {} : { httpStatus }),
    ...(retryAt === undefined ? {} : { retryAt }),
  }
}

function messageOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'network_error':
      return 'No answer: the connection failed'
    case 'timeout':
      return `No answer: ${{ headers: 'no headers', first_output: 'no output', total: 'nothing' }[outcome.phase]} in time`
    case 'cut':
      return outcome.clean
        ? 'No answer: it ended before anything was said'
        : 'No answer: the connection was lost before anything was said'
    case 'not_a_chat':
      return 'No answer: a web page came instead'
    case 'refused':
      switch (outcome.refusal.kind) {
        case 'rate_limited':
          return 'No answer: the rate limit is reached'
        case 'quota_exhausted':
          return 'No answer: the quota is spent'
        case 'overloaded':
          return 'No answer: the upstream is overloaded'
        case 'server_error':
        case 'client_error':
          return `No answer: the upstream refused with ${outcome.refusal.httpStatus}`
      }
  }
}
