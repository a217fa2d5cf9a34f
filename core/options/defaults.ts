import type { Timeouts } from '../chat/timeouts.ts'
import type { RetryPolicy } from '../retry/policy.ts'
import type { ChatRouteOptions, OutboxOptions, ResumeOptions, SaveRouteOptions } from './options.ts'

// The values of options that an app leaves out. An option that is not listed here is off by default. Times in ms.

export const DEFAULT_TIMEOUTS: Timeouts = {
  headersMs: 30_000,
  firstOutputMs: 300_000,
  transportIdleMs: 180_000,
  outputIdleMs: 300_000,
  totalMs: 300_000,
}

/**
 * A reasoning model may think this long without a byte, before headers, after them and between outputs. Headers of a
 * stream come before it has thought, so a hung connection is found sooner there.
 */
export const REASONING_TIMEOUTS: Timeouts = {
  headersMs: 120_000,
  firstOutputMs: 600_000,
  transportIdleMs: 600_000,
  outputIdleMs: 600_000,
  totalMs: 600_000,
}

export const DEFAULT_RETRY: RetryPolicy = {
  maxAttempts: 12,
  baseMs: 500,
  maxMs: 5_000,
  jitterMs: 250,
  rateLimitBaseMs: 2_000,
  rateLimitMaxMs: 20_000,
  networkBudgetMs: 30_000,
  rateLimitBudgetMs: 60_000,
  bucket: { capacity: 10, refillPerMinute: 10 },
}

export const DEFAULT_CHAT = {
  journal: 'disk',
  idempotencyKey: false,
  afterSavesMs: 0,
} satisfies Partial<ChatRouteOptions>

export const DEFAULT_SAVE = {
  orderBy: 'path',
  respond: 'queued',
  respondMs: 2_000,
  accept: ['application/json', 'application/*+json'],
} satisfies Partial<SaveRouteOptions>

export const DEFAULT_RESUME = {
  keepMs: 600_000,
  graceMs: 30_000,
  onAbort: 'stop',
} satisfies ResumeOptions

export const DEFAULT_OUTBOX = {
  maxAgeMs: 7 * 24 * 3_600_000,
  authorization: 'sealed',
} satisfies OutboxOptions
