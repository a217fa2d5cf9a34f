import type { Clock } from '../../core/clock.ts'
import { createSplice } from '../../core/chat/place.ts'
import type { Splice } from '../../core/chat/splice.ts'
import { createResponseLog, type ResponseLog } from '../../core/chat/response-log.ts'
import type { StreamInfo } from '../../core/messages/message.ts'
import type { JournalEntry, Recorded } from './journal.ts'

/** A response as this worker has it. */
export interface KeptResponse {
  record: Recorded
  entry: JournalEntry
  log: ResponseLog
  /** The pages that read it, one entry per Response. */
  readers: string[]
  /** Resolves when there is something to read, or never will be. */
  ready: () => Promise<unknown>
  /** It can be read again until then, by the monotonic clock; absent while it goes on. */
  keepUntil?: number
  /** For a Worker's request: the pages that there were when it was sent. */
  pagesBefore?: Promise<string[] | undefined>
  /** Ends the upstream. */
  stop: AbortController
  /** Its place among this worker's requests; 0: an earlier worker's. */
  arrival: number
  /**
   * Set if it is resumed since an earlier worker died: from which byte, and whether the bytes after it are the same
   * again.
   */
  continued?: { from: number; isExact: boolean }
}

/** How far the upstream may be read ahead of the fastest reader, bytes. */
const LEAD_BYTES = 2 * 1024 * 1024

/** How much of a response is kept in memory for later readers, bytes. */
const KEPT_BYTES = 16 * 1024 * 1024

/**
 * An error waits this long: a browser reads ahead of its page, which loses what it has not seen when an error comes. ms
 */
const UNREAD_MS = 250

/** A log for this worker's pages. */
export function openLog(clock: Clock): ResponseLog {
  return createResponseLog({
    clock,
    leadBytes: LEAD_BYTES,
    keptBytes: KEPT_BYTES,
    unreadMs: UNREAD_MS,
    hasHeartbeat: true,
  })
}

/** A kept response without its body, and its splice if its server can send it again. */
export function spliceOf({ head, readingOn }: Recorded): { response: Response; splice: Splice | undefined } {
  const response = new Response(null, head && { headers: head.headers })
  return { response, splice: readingOn && createSplice(response, readingOn) }
}

/** Its size, in memory or on disk, bytes. */
export function sizeOf({ record, log }: KeptResponse): number {
  return Math.max(record.bytes, log.kept())
}

/** Its description for a page. */
export function toInfo({ record, log }: KeptResponse): StreamInfo {
  const { requestId, url, model, conversation, at, head, endedAt, verdict, deliveredWhole } = record
  const location = new Headers(head?.headers).get('content-location')
  return {
    requestId,
    url,
    ...(model === undefined ? {} : { model }),
    ...(conversation === undefined ? {} : { conversation }),
    at,
    state: endedAt !== undefined ? 'ended' : head ? 'streaming' : 'waiting',
    bytes: Math.max(record.bytes, log.size()),
    deliveredWhole,
    ...(verdict ? { verdict } : {}),
    ...(location ? { location } : {}),
  }
}
