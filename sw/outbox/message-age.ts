import type { Clock } from '../../core/clock.ts'
import type { Entry } from './entry.ts'

/** The clock may have jumped: an age that it gives is believed after so long, or after `maxAgeMs` if that is less, ms. */
const OVER_MS = 86_400_000

export interface MessageAge {
  /** This worker knows of a message: its monotonic time, which never jumps, counts from now on. */
  note: (id: string) => void
  forget: (id: string) => void
  /** Since when the clock has said that a message is too old, epoch ms; `undefined` if it does not. */
  overAt: (entry: Entry) => number | undefined
  /** When it is too old for a clock that says so for long enough, epoch ms. */
  endsAt: (entry: Entry) => number
  isOver: (entry: Entry) => boolean
}

/** Tells when saved messages are too old. A jump of the clock alone makes none of them so. */
export function createMessageAge(clock: Clock, maxAgeMs: number): MessageAge {
  /** Monotonic ms, by message. */
  const notedAt = new Map<string, number>()

  const overAt: MessageAge['overAt'] = (entry) => {
    const now = clock.now()
    return now - entry.createdAt < maxAgeMs ? undefined : Math.min(entry.overAt ?? now, now)
  }
  const endsAt: MessageAge['endsAt'] = (entry) => {
    const since = overAt(entry)
    return since === undefined ? entry.createdAt + maxAgeMs : since + Math.min(OVER_MS, maxAgeMs)
  }

  return {
    note: (id) => {
      if (!notedAt.has(id)) notedAt.set(id, clock.monotonic())
    },
    forget: (id) => notedAt.delete(id),
    overAt,
    endsAt,
    isOver: (entry) =>
      clock.monotonic() - (notedAt.get(entry.id) ?? Infinity) >= maxAgeMs ||
      (overAt(entry) !== undefined && clock.now() >= endsAt(entry)),
  }
}
