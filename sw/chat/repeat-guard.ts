import type { Clock } from '../../core/clock.ts'

/** The facts by which the repeat guard recognises a request. */
export interface Posted {
  clientId: string
  /** A digest of method, URL and body. */
  digest: string
  /** A digest of its credentials: a new key deserves a new try. */
  credential: string
}

export interface RepeatGuard {
  /** When this may be sent again, epoch ms; `undefined`: now. */
  heldUntil: (posted: Posted) => number | undefined
  /** True if we gave this up a moment ago: its client retries by itself, and needs none of our retries. */
  isRetried: (posted: Posted) => boolean
  failed: (posted: Posted) => void
}

const FAILURES = 3
const WITHIN_MS = 60_000
/** The pauses between a client's own retries are shorter than this; a person's are usually longer. */
const RETRIES_WITHIN_MS = 10_000

/**
 * Some clients repeat a failing POST forever: after three failures in a minute they are told to wait, and a POST that
 * comes again right after a failure gets no retries of ours.
 */
export function createRepeatGuard(clock: Clock): RepeatGuard {
  const failures = new Map<string, number[]>()

  const forget = () => {
    for (const [key, times] of failures) {
      const recent = times.filter((at) => at > clock.monotonic() - WITHIN_MS)
      if (recent.length > 0) failures.set(key, recent)
      else failures.delete(key)
    }
  }

  return {
    heldUntil: (posted) => {
      forget()
      const at = failures.get(keyOf(posted))?.at(-FAILURES)
      return at === undefined ? undefined : clock.now() + at + WITHIN_MS - clock.monotonic()
    },
    isRetried: (posted) => {
      const at = failures.get(keyOf(posted))?.at(-1)
      return at !== undefined && clock.monotonic() < at + RETRIES_WITHIN_MS
    },
    failed: (posted) => {
      const key = keyOf(posted)
      forget()
      failures.set(key, [...(failures.get(key) ?? []), clock.monotonic()])
    },
  }
}

function keyOf({ clientId, digest, credential }: Posted): string {
  return `${clientId} ${digest} ${credential}`
}
