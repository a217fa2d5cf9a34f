import type { Trip } from '../../core/chat/trip.ts'
import type { StreamInfo } from '../../core/protocol/message.ts'
import type { AnswerLog } from './answer-log.ts'
import type { JournalEntry, Recorded } from './journal.ts'

/** An answer as this worker has it. */
export interface Kept {
  record: Recorded
  entry: JournalEntry
  log: AnswerLog
  /** The pages that read it, one entry a Response. */
  readers: string[]
  /** Resolves when there is something to read, or never will be. */
  ready: () => Promise<unknown>
  /** End of the time in which it can be read again, by the monotonic clock; absent while it goes on. */
  keepUntil?: number
  /** For a Worker's request: the pages that there were when it was sent. */
  pagesBefore?: Promise<string[] | undefined>
  /** Ends the upstream. */
  cancel: Trip['cancel']
}

/** What it weighs, in memory or on disk, bytes. */
export function sizeOf({ record, log }: Kept): number {
  return Math.max(record.bytes, log.kept())
}

/** What a page is told of it. */
export function toInfo({ record, log }: Kept): StreamInfo {
  const { requestId, url, model, conversation, at, head, endedAt, verdict, deliveredWhole } = record
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
  }
}
