import type { Status } from '../client/index.ts'
import { describeFailure } from './describe-failure.ts'
import { deadLetterReason } from './describe-entry.ts'
import { type DescribeOptions, wordsWith } from './words.ts'

/** Waits that are shorter than this are shown without a duration, ms. */
const SHORT_WAIT_MS = 2_000

/**
 * The text to show while this is the latest status of a request, of a saved message or of the worker. Waits count down
 * with `options.now`: call it four times a second.
 *
 * @returns an empty string if there is nothing to show.
 */
export function describeStatus(status: Status, options: DescribeOptions = {}): string {
  const { now = Date.now() } = options
  const words = wordsWith(options.words)
  const waitUntil = (at: number) => (at > now ? words.duration(at - now) : undefined)
  const retry = (reason: string, { retryAt, attempt }: { retryAt: number; attempt: number }) =>
    words.retry({ reason, wait: waitUntil(retryAt), attempt })
  switch (status.status) {
    case 'request_started': {
      const waitedMs = now - status.at
      const waited = waitedMs < SHORT_WAIT_MS ? undefined : words.duration(waitedMs)
      return status.reasoning ? words.thinking(waited) : words.waiting(waited)
    }
    case 'rate_limit_retry':
      return retry(status.reason === 'overloaded' ? words.overloaded : words.rateLimited, status)
    case 'network_retry':
      return retry(status.phase === 'worker_lost' ? words.workerLost : words.networkError, status)
    case 'timeout_retry':
      return retry(words.timeout, status)
    case 'server_retry':
      // Without a status, a web page came in place of a response.
      return retry(status.httpStatus === undefined ? words.networkError : words.serverError, status)
    case 'rate_limit_wait':
      return words.heldBack(waitUntil(status.retryAt))
    case 'network_wait':
      return words.offline
    case 'first_output':
    case 'stream_flowing':
    case 'stream_resumed':
    case 'stream_attached':
      return words.answering
    case 'stream_resuming':
      return words.resuming
    case 'stream_stalled':
      return words.stalled(words.duration(now - status.at + status.silentMs))
    case 'request_failed':
      return words.failed(describeFailure(status, options), waitUntil(status.retryAt ?? now))
    case 'request_cancelled':
      return words.stopped
    case 'save_dead':
      return words.deadLetter(deadLetterReason(status.code, words))
    case 'save_needs_auth':
      return words.needsAuth
    case 'storage_degraded':
      return words.storageDegraded
    case 'outbox_restored':
      return words.outboxRestored
    case 'request_finished':
    case 'stream_detached':
    case 'save_queued':
    case 'save_sent':
    case 'save_retry':
    case 'worker_waiting':
    case 'worker_updated':
      return ''
  }
}

/**
 * The text that a screen reader should announce for a status, once: waits, required actions, and the end. It has no
 * countdown: put it in a separate live region (`role="status"`).
 *
 * @returns an empty string if there is nothing to announce.
 */
export function describeForScreenReader(
  status: Status,
  { words }: Pick<DescribeOptions, 'words'> = {},
): string {
  switch (status.status) {
    case 'request_started':
    case 'first_output':
    case 'stream_flowing':
    case 'stream_resumed':
    case 'stream_attached':
      return ''
    case 'request_finished':
      return wordsWith(words).complete
    default:
      return describeStatus(status, { now: status.at, ...(words && { words }) })
  }
}
