import type { RetryTokensPolicy } from './retry-tokens.ts'

/** How often and how long one request may be tried again. Times in ms. */
export interface RetryPolicy {
  /** A safety net: budgets end retrying. Counts the first attempt, but none that is sent while offline. */
  maxAttempts: number
  /** Wait n = min(baseMs·2ⁿ, maxMs) + random(0..jitterMs), for network errors, timeouts and 5xx except overload. */
  baseMs: number
  maxMs: number
  jitterMs: number
  /** The same for a rate limit or an overload (503, 529) that names no time. */
  rateLimitBaseMs: number
  rateLimitMaxMs: number
  /**
   * All waits of one request for network errors, timeouts and 5xx except overload, without jitter. The last attempt
   * comes at its end.
   */
  networkBudgetMs: number
  /** All waits of one request for rate limits and overload, without jitter. The last attempt comes at its end. */
  rateLimitBudgetMs: number
  /**
   * Retry tokens that all requests to one origin and model share: without one a retry waits; `false`: no such limit.
   */
  bucket: RetryTokensPolicy | false
}
