/**
 * Why a chat or a saved message failed. Closed: the last outcome names the code.
 *
 * - `headers_timeout`, `first_output_timeout`, `total_timeout`: nothing came in time
 * - `transport_idle`, `output_idle`: the stream stopped after its first output
 * - `rate_limited`: told to wait longer than the budget allows; `quota_exhausted`: waiting will not help
 * - `overloaded`, `upstream_error`: the upstream's own refusal
 * - `network_error`: no HTTP answer; `truncated`: cut before its end; `error_in_stream`: it said so itself
 * - `retry_budget_exhausted`: the retry tokens shared by all tabs are spent
 * - `worker_lost`: the worker died and what it held cannot be recovered
 * - `storage_unavailable`, `unsure`: a saved message could not be kept, or its fate is unknown
 */
export type FailureCode = (typeof FAILURE_CODES)[number]

export const FAILURE_CODES = [
  'headers_timeout',
  'first_output_timeout',
  'transport_idle',
  'output_idle',
  'total_timeout',
  'rate_limited',
  'quota_exhausted',
  'overloaded',
  'upstream_error',
  'network_error',
  'truncated',
  'error_in_stream',
  'retry_budget_exhausted',
  'worker_lost',
  'storage_unavailable',
  'unsure',
] as const

/** A failure as a plain record, fit for `postMessage` and for an error body. */
export interface Failure {
  code: FailureCode
  message: string
  /** The status of the last HTTP answer, where there was one. */
  httpStatus?: number
  /** When the upstream would take the request again, epoch ms. */
  retryAt?: number
}
