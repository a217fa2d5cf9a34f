import type { Clock } from '../../core/clock.ts'
import { type Deferred, deferred } from '../../core/deferred.ts'
import type { Entry } from './entry.ts'
import { isDue, type Triggers } from './life.ts'
import type { Queue } from './queues.ts'

/** So many conversations are sent at a time: of the six connections that HTTP/1.1 gives an origin, chats need some. */
const LANES = 4

export interface DrainContext {
  clock: Clock
  /** Whoever is signed in now. */
  queue: () => Queue
  /**
   * Tries one entry; resolves with whether it is out of the way. While it waits for an answer of a page's, by `aside`,
   * other conversations have its place.
   */
  deliver: (entry: Entry, aside: Aside) => Promise<boolean>
  triggers: Triggers
}

/** Waits for something that takes no connection. */
export type Aside = <Result>(waiting: Promise<Result>) => Promise<Result>

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
 * - a slow conversation holds up none that came later, nor does one whose page is asked for credentials
 * - whatever becomes due before it ends is sent, too
 * - when the storage fails it starts nothing more, and rejects when nothing is under way
 */
export function startRun({ clock, queue, deliver, triggers }: DrainContext): Run {
  const busy = new Map<string, Promise<void>>()
  /** So many of them wait for a page. */
  let asides = 0
  let news: Deferred<void> = deferred()
  let failure: { error: unknown } | undefined

  const dueHead = (conversation: string) => {
    const head = queue().head(conversation)
    return head && isDue(head, clock.now(), triggers) ? head : undefined
  }

  const lane = async (conversation: string, first: Entry) => {
    for (let entry: Entry | undefined = first; entry; entry = dueHead(conversation)) {
      if (failure || !(await deliver(entry, aside))) return
    }
  }

  const aside: Aside = async (waiting) => {
    asides++
    news.resolve()
    try {
      return await waiting
    } finally {
      asides--
    }
  }

  const startLanes = () => {
    for (const conversation of queue().conversations()) {
      if (busy.size - asides >= LANES) return
      if (busy.has(conversation)) continue
      const head = dueHead(conversation)
      if (!head) continue
      const ended = lane(conversation, head).catch((error: unknown) => {
        failure ??= { error }
      })
      busy.set(
        conversation,
        ended.then(() => void busy.delete(conversation)),
      )
    }
  }

  const run = async () => {
    for (;;) {
      news = deferred()
      if (!failure) startLanes()
      if (busy.size > 0) await Promise.race([...busy.values(), news.promise])
      else if (failure) throw failure.error
      else return
    }
  }

  return { finished: run(), renew: () => news.resolve() }
}
