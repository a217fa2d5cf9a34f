import type { Clock } from '../../core/clock.ts'
import { type Deferred, deferred } from '../../core/deferred.ts'
import { type Entry, isDue, queues, type Triggers } from './entry.ts'

/** So many conversations are sent at a time: of the six connections that HTTP/1.1 gives an origin, chats need some. */
const LANES = 4

export interface DrainContext {
  clock: Clock
  list: () => Promise<Entry[]>
  /** Tries one entry; resolves with whether those behind it may go. */
  deliver: (id: string) => Promise<boolean>
  triggers: Triggers
}

/** One run through the outbox; one at a time. */
export interface Run {
  /** Resolves when nothing more can be sent now. */
  finished: Promise<void>
  /** There is more to send, perhaps: look again. */
  renew: () => void
}

/**
 * Sends whatever is due, strictly in order inside a conversation, several conversations side by side.
 *
 * Its duties:
 * - a slow conversation holds up none that came later
 * - whatever becomes due before it ends is sent, too
 * - when the storage fails it starts nothing more, and rejects when nothing is under way
 */
export function startRun({ clock, list, deliver, triggers }: DrainContext): Run {
  const busy = new Map<string, Promise<void>>()
  let news: Deferred<void> = deferred()
  let failure: { error: unknown } | undefined

  const fail = (error: unknown) => {
    failure ??= { error }
  }

  const lane = async (entries: Entry[]) => {
    for (const entry of entries) {
      if (failure || !isDue(entry, clock.now(), triggers) || !(await deliver(entry.id))) break
    }
  }

  const startLanes = async () => {
    for (const [conversation, entries] of queues(await list())) {
      if (busy.size >= LANES) break
      const [head] = entries
      if (busy.has(conversation) || !head || !isDue(head, clock.now(), triggers)) continue
      const leave = () => void busy.delete(conversation)
      busy.set(conversation, lane(entries).catch(fail).then(leave))
    }
  }

  const run = async () => {
    for (;;) {
      news = deferred()
      if (!failure) await startLanes().catch(fail)
      if (busy.size > 0) await Promise.race([...busy.values(), news.promise])
      else if (failure) throw failure.error
      else return
    }
  }

  return { finished: run(), renew: () => news.resolve() }
}
