import type { FailureCode, KeeperState, OutboxEntry } from '../client/index.ts'
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

/** The text to show in place of an empty list of messages, for a `keeper.state`. */
export function describeEmptyOutbox(
  state: KeeperState,
  { words }: Pick<DescribeOptions, 'words'> = {},
): string {
  const { emptyOutbox, noOutbox } = wordsWith(words)
  return state === 'controlling' ? emptyOutbox : noOutbox
}

/** The reason why a message was given up. */
export function deadLetterReason(code: FailureCode | undefined, words: Words): string {
  if (code === 'unsure') return words.unsure
  return code === 'storage_unavailable' ? words.notStored : words.rejected
}

/**
 * The server's response to a message (`OutboxEntry.preview`: its status and the beginning of its body). For JSON,
 * returns the sentence that is meant for a person, if there is one; anything else is returned unchanged.
 */
export function describePreview(preview: string): string {
  try {
    const { error, message, detail } = JSON.parse(preview.replace(/^\d+ /, '')) as Record<string, unknown>
    const nested = (error as { message?: unknown } | undefined)?.message
    return [nested, error, message, detail].find((each) => typeof each === 'string') ?? preview
  } catch {
    return preview // Not JSON, or only a part of it.
  }
}
