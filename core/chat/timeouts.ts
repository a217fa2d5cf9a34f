import { DEFAULT_TIMEOUTS, REASONING_TIMEOUTS } from '../options/defaults.ts'

/** One clock per phase of a chat request, in ms. A stream that makes progress is never cut. */
export interface Timeouts {
  /** First attempt, until response headers; a second attempt gets what is left of the total. */
  headersMs: number
  /** From headers to the first output; keep-alives restart it, the total bounds it. */
  firstOutputMs: number
  /** After the first output: no byte at all; at least `WORKING_MS` while the model or a tool works. */
  transportIdleMs: number
  /** After the first output: bytes, but no output; at least `WORKING_MS` while the model or a tool works. */
  outputIdleMs: number
  /**
   * Everything before the first output: attempts and waits together. Each byte of an upstream that has accepted the
   * request extends it, up to `MAX_TOTAL_MS` from the start.
   */
  totalMs: number
}

/** How far signs of life extend the total, from the start, ms. */
export const MAX_TOTAL_MS = 600_000

/** Inside a tool call, a reasoning part or a server's tool, healthy silences of 78 to 329 s are on record. ms */
export const WORKING_MS = 600_000

/**
 * The timeouts of a request that sets none of its own.
 *
 * @param own the app's timeouts, for requests that do not reason
 */
export function timeoutsFor(
  kind: { reasoning: boolean; streams: boolean | undefined; isGet: boolean },
  own: Partial<Timeouts>,
): Timeouts {
  const { reasoning, streams, isGet } = kind
  const { totalMs, headersMs } = REASONING_TIMEOUTS
  return {
    ...DEFAULT_TIMEOUTS,
    ...(reasoning ? { ...REASONING_TIMEOUTS, headersMs: streams ? headersMs : totalMs } : own),
    // An EventSource may receive nothing but pings for hours.
    ...(isGet ? { outputIdleMs: Infinity } : {}),
  }
}
