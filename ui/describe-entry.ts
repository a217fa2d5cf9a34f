import type { FailureCode, KeeperState, OutboxCounts, OutboxEntry } from '../client/index.ts'
import { type DescribeOptions, type Words, wordsWith } from './words.ts'

/** Describes the state of a message in the outbox. Waits count down with `options.now`: call it four times a second. */
export function describeEntry(
  { state, code, attempts, retryAt }: Pick<OutboxEntry, 'state' | 'code' | 'attempts' | 'retryAt'>,
  { now = Date.now(), words: own }: DescribeOptions = {},
): string {
  const words = wordsWith(own)
  switch (state) {
    case 'dead':
      return words.entry(deadLetterReason(code, words), attempts)
    case 'needs_auth':
      return words.entryNeedsAuth
    case 'sending':
      return words.entry(words.sending, attempts)
    case 'queued':
    case 'waiting': {
      if (retryAt === undefined) return words.entry(words.queued, attempts)
      const wait = retryAt > now ? words.duration(retryAt - now) : undefined
      return words.entry(words.nextAttempt(wait), attempts)
    }
  }
}

/**
 * The text to show in place of an empty list of messages, for a `keeper.state`. With `counts`, the snapshot's `outbox`,
 * it says nothing while there are messages that the list does not have yet.
 *
 * @returns an empty string if it is not known that there are no messages.
 */
export function describeEmptyOutbox(
  state: KeeperState,
  { words, counts }: Pick<DescribeOptions, 'words'> & { counts?: OutboxCounts } = {},
): string {
  const { emptyOutbox, noOutbox } = wordsWith(words)
  if (state === 'starting' || (counts && counts.queued + counts.needsAuth + counts.dead > 0)) return ''
  return state === 'controlling' ? emptyOutbox : noOutbox
}

/** The reason why a message is a dead letter. Most codes are those of the last try, after which it was too old. */
export function deadLetterReason(code: FailureCode | undefined, words: Words): string {
  if (code === 'unsure') return words.unsure
  if (code === 'storage_unavailable') return words.notStored
  const isRejected = code === undefined || code === 'upstream_error' || code === 'quota_exhausted'
  return isRejected ? words.rejected : words.tooOld
}

/**
 * The server's response to a message (`OutboxEntry.preview`: its status and the beginning of its body). For JSON,
 * returns the sentence that is meant for a person, if there is one; anything else is returned unchanged.
 */
export function describePreview(preview: string): string {
  try {
    const body = JSON.parse(preview.replace(/^\d+ /, '')) as Record<string, unknown>
    const { error, errors, message, detail } = body
    const [first] = Array.isArray(errors) ? (errors as unknown[]) : []
    const said = [messageOf(error), error, message, detail, messageOf(first), first]
    return said.find((each) => typeof each === 'string') ?? preview
  } catch {
    return preview // Not JSON, or only a part of it.
  }
}

function messageOf(error: unknown): unknown {
  return (error as { message?: unknown } | null | undefined)?.message
}
