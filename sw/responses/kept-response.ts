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
  /** The pages that read it, one entry a Response. */
  readers: string[]
  /** Resolves when there is something to read, or never will be. */
  ready: () => Promise<unknown>
  /** End of the time in which it can be read again, by the monotonic clock; absent while it goes on. */
  keepUntil?: number
  /** For a Worker's request: the pages that there were when it was sent. */
  pagesBefore?: Promise<string[] | undefined>
  /** Ends the upstream. */
  stop: AbortController
  /** Its place among this worker's requests; 0: of a worker before it. */
  arrival: number
  /** It is read on since a worker before this one died: from which byte, and whether bytes beyond are the same again. */
  continued?: { from: number; isExact: boolean }
}

/** The upstream may be read so far ahead of the fastest reader, bytes. */
const LEAD_BYTES = 2 * 1024 * 1024

/** How much of a response is kept in memory for later readers, bytes. */
const KEPT_BYTES = 16 * 1024 * 1024

/** A browser reads ahead of its page; what the page has not seen when an error comes is lost to it. ms */
const UNREAD_MS = 250

/** A log as this worker's pages read it. */
export function openLog(clock: Clock): ResponseLog {
  return createResponseLog({
    clock,
    leadBytes: LEAD_BYTES,
    keptBytes: KEPT_BYTES,
    unreadMs: UNREAD_MS,
    hasHeartbeat: true,
  })
}

/** A kept response without its body, and its splice if its server gives it again. */
export function spliceOf({ head, readingOn }: Recorded): { response: Response; splice: Splice | undefined } {
  const response = new Response(null, head && { headers: head.headers })
  return { response, splice: readingOn && createSplice(response, readingOn) }
}

/** What it weighs, in memory or on disk, bytes. */
export function sizeOf({ record, log }: KeptResponse): number {
  return Math.max(record.bytes, log.kept())
}

/** What a page is told of it. */
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
