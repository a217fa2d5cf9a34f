import type { Clock } from '../../core/clock.ts'
import { type Deferred, deferred } from '../../core/deferred.ts'
import type { Entry } from './entry.ts'
import { isDue, type Triggers } from './life.ts'
import type { Queue } from './queues.ts'

/** Requests under way at a time: of the six connections that HTTP/1.1 gives an origin, chats need some. */
const CONNECTIONS = 4

/** Conversations worked on at a time: while some are sent, others are read, or what was sent is removed. */
const LANES = 12

export interface DrainContext {
  clock: Clock
  /** Whoever is signed in now. */
  queue: () => Queue
  /** Tries one entry; resolves with whether it is out of the way. */
  deliver: (entry: Entry, turn: Turn) => Promise<boolean>
  triggers: Triggers
}

/** State that the delivery of one entry shares with the others. */
export interface Turn {
  /** Does what takes a connection, when one is free. */
  connected: <Result>(work: () => Promise<Result>) => Promise<Result>
  /** Waits for an answer of a page's; meanwhile other conversations have its place. */
  aside: <Result>(waiting: Promise<Result>) => Promise<Result>
  /** Nobody waits for this but the end of the run. */
  behind: (work: Promise<unknown>) => void
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
 * - a slow conversation holds up none that came later, nor does one whose page is asked for credentials
 * - whatever becomes due before it ends is sent, too
 * - it ends when nothing more can be sent, and all that was sent is removed
 * - when the storage fails it starts nothing more, and rejects when nothing is under way
 */
export function startRun({ clock, queue, deliver, triggers }: DrainContext): Run {
  const busy = new Map<string, Promise<void>>()
  /** So many of them wait for a page. */
  let asides = 0
  let news: Deferred<void> = deferred()
  let failure: { error: unknown } | undefined
  let free = CONNECTIONS
  const waiting: (() => void)[] = []
  const unfinished = new Set<Promise<void>>()

  const dueHead = (conversation: string) => {
    const head = queue().head(conversation)
    return head && isDue(head, clock.now(), triggers) ? head : undefined
  }

  const lane = async (conversation: string, first: Entry) => {
    for (let entry: Entry | undefined = first; entry; entry = dueHead(conversation)) {
      if (failure || !(await deliver(entry, { connected, aside, behind }))) return
    }
  }

  const fail = (error: unknown) => {
    failure ??= { error }
  }

  const connected: Turn['connected'] = async (work) => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      if (failure) throw failure.error
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free++
    }
  }

  const behind: Turn['behind'] = (work) => {
    const ended = work.then(() => {}, fail).then(() => void unfinished.delete(ended))
    unfinished.add(ended)
  }

  const aside: Turn['aside'] = async (waiting) => {
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
      const ended = lane(conversation, head).catch(fail)
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
      const ends = [...busy.values(), ...unfinished]
      if (ends.length > 0) await Promise.race([...ends, news.promise])
      else if (failure) throw failure.error
      else return
    }
  }

  return { finished: run(), renew: () => news.resolve() }
}
