/** Retry tokens: how many retries an outage may cost one upstream, whoever makes them. */
export interface RetryTokensPolicy {
  /** Tokens of a full bucket. */
  capacity: number
  refillPerMinute: number
}

/** The state of a bucket; a full one need not be kept. Immutable. Instants of one clock. */
export interface RetryTokens {
  /** Below 0: this many are promised to retries that wait for them. */
  tokens: number
  /** When `tokens` was right. */
  at: number
  /** When the last free retry goes, or went. */
  freeAt: number
}

/** One retry per this time costs nothing, so that the end of a long outage is noticed, ms. */
const FREE_EVERY_MS = 10_000

/**
 * Reserves the cost of the next retry.
 *
 * @param retryTokens what is left; absent: a full bucket
 * @returns what is left then, and when that retry may go: now, or once its token is there; `Infinity`: never
 */
export function takeRetry(
  retryTokens: RetryTokens | undefined,
  { capacity, refillPerMinute }: RetryTokensPolicy,
  now: number,
): { left: RetryTokens; at: number } {
  const { tokens, at, freeAt } = retryTokens ?? { tokens: capacity, at: now, freeAt: -Infinity }
  const refilled = tokens + ((now - at) / 60_000) * refillPerMinute
  const left = { tokens: Math.min(capacity, refilled), at: now, freeAt }
  const nextFreeAt = Math.max(now, freeAt + FREE_EVERY_MS)
  const missing = 1 - left.tokens
  // Promised tokens come, whatever a bucket holds; one that holds less than a token never gives any.
  const tokenAt =
    missing <= 0 ? now : capacity < 1 ? Infinity : now + Math.ceil((missing * 60_000) / refillPerMinute)
  if (nextFreeAt <= tokenAt) return { left: { ...left, freeAt: nextFreeAt }, at: nextFreeAt }
  return { left: { ...left, tokens: left.tokens - 1 }, at: tokenAt }
}

/** The same bucket by another clock, which is ahead by this much, ms. */
export function shiftTokens({ tokens, at, freeAt }: RetryTokens, byMs: number): RetryTokens {
  return { tokens, at: at + byMs, freeAt: freeAt + byMs }
}
