/** One clock per phase of a chat request, in ms. A stream that makes progress is never cut. */
export interface Timeouts {
  /** First attempt, until response headers; a second attempt gets what is left of the total. */
  headersMs: number
  /** From headers to the first output; keep-alives re-arm it, the total bounds it. */
  firstOutputMs: number
  /** After the first output: no byte at all. */
  transportIdleMs: number
  /** After the first output: bytes, but no output. */
  outputIdleMs: number
  /** Everything before the first output: attempts and waits together. */
  totalMs: number
}

export const DEFAULT_TIMEOUTS: Timeouts = {
  headersMs: 30_000,
  firstOutputMs: 300_000,
  transportIdleMs: 60_000,
  outputIdleMs: 120_000,
  totalMs: 300_000,
}

/** A reasoning model may think this long without a byte, before headers, after them and between outputs. */
export const REASONING_TIMEOUTS: Timeouts = {
  headersMs: 600_000,
  firstOutputMs: 600_000,
  transportIdleMs: 600_000,
  outputIdleMs: 600_000,
  totalMs: 600_000,
}
