/** Retry tokens: how many retries an outage may cost one upstream, whoever makes them. */
export interface BucketPolicy {
  /** Tokens of a full bucket. */
  capacity: number
  refillPerMinute: number
}

/** What is left of a bucket; a full one need not be kept. A value. Instants of one clock. */
export interface Bucket {
  tokens: number
  /** When `tokens` was right. */
  at: number
  /** When the last retry went free. */
  freeAt: number
}

/** One retry in so long costs nothing: an upstream that is down for hours must be found again, ms. */
const FREE_EVERY_MS = 10_000

/**
 * Takes what one retry costs; `undefined` when there is nothing left to pay with.
 *
 * @param bucket what is left; absent: full
 */
export function takeRetry(
  bucket: Bucket | undefined,
  { capacity, refillPerMinute }: BucketPolicy,
  now: number,
): Bucket | undefined {
  const { tokens, at, freeAt } = bucket ?? { tokens: capacity, at: now, freeAt: -Infinity }
  const refilled = ((now - at) / 60_000) * refillPerMinute
  const left = { tokens: Math.min(capacity, tokens + refilled), at: now, freeAt }
  if (now - freeAt >= FREE_EVERY_MS) return { ...left, freeAt: now }
  return left.tokens >= 1 ? { ...left, tokens: left.tokens - 1 } : undefined
}

/** The same bucket by another clock, which shows so much more, ms. */
export function shiftBucket({ tokens, at, freeAt }: Bucket, byMs: number): Bucket {
  return { tokens, at: at + byMs, freeAt: freeAt + byMs }
}
