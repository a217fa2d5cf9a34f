/**
 * The reason why a chat or a saved message failed. The list is closed: the last outcome determines the code.
 *
 * - `headers_timeout`, `first_output_timeout`, `total_timeout`: no response came in time
 * - `transport_idle`, `output_idle`: the stream stopped after its first output
 * - `rate_limited`: the server asks for a longer wait than the budget allows; `quota_exhausted`: waiting will not help
 * - `overloaded`, `upstream_error`: the upstream's own refusal
 * - `network_error`: no HTTP response, or the connection broke mid-stream; `truncated`: the stream closed before its
 *   end; `error_in_stream`: the stream itself reported an error
 * - `retry_budget_exhausted`: the app repeated the request too often
 * - `worker_lost`: the worker died, and the response cannot be recovered
 * - `storage_unavailable`, `unsure`: a saved message could not be kept, or it is unknown whether it arrived
 */
export type FailureCode = keyof typeof MESSAGES

/** Texts for people, used in error bodies. */
const MESSAGES = {
  headers_timeout: 'No response started in time',
  first_output_timeout: 'The response had no output in time',
  transport_idle: 'The response stopped: no byte arrived in time',
  output_idle: 'The response stopped: no output arrived in time',
  total_timeout: 'No response arrived in time',
  rate_limited: 'The rate limit is reached',
  quota_exhausted: 'The quota is used up',
  overloaded: 'The upstream is overloaded',
  upstream_error: 'The upstream refused the request',
  network_error: 'The connection was lost',
  truncated: 'The response broke off before its end',
  error_in_stream: 'The upstream reported an error in its response',
  retry_budget_exhausted: 'Too many requests are being retried',
  worker_lost: 'The service worker was lost, and the response with it',
  storage_unavailable: 'Data of the saved message is lost',
  unsure: 'Whether the message arrived is unknown',
}

/** A failure as a plain record, for `postMessage` and error bodies. */
export interface Failure {
  code: FailureCode
  message: string
  /** The status of the last HTTP response, if there was one. */
  httpStatus?: number
  /** When the upstream will accept the request again, epoch ms. */
  retryAt?: number
}

/** The code of a refusal by its HTTP status (400 to 599) alone; its body and headers take precedence. */
export function codeOfStatus(
  status: number,
): 'rate_limited' | 'quota_exhausted' | 'overloaded' | 'upstream_error' {
  if (status === 429) return 'rate_limited'
  if (status === 402) return 'quota_exhausted'
  return status === 498 || status === 503 || status === 529 ? 'overloaded' : 'upstream_error'
}

/** The HTTP status of streamkeeper's own error response; 502 for every other code. */
export const HTTP_STATUS: Partial<Record<FailureCode, number>> = {
  headers_timeout: 504,
  first_output_timeout: 504,
  total_timeout: 504,
  rate_limited: 429,
  overloaded: 503,
  retry_budget_exhausted: 503,
}

/** The failure of a code, with its text. */
export function failureOf(code: FailureCode, more: Pick<Failure, 'httpStatus' | 'retryAt'> = {}): Failure {
  return { code, message: MESSAGES[code], ...more }
}
