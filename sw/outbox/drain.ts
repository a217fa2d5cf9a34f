import type { Clock } from '../../core/clock.ts'
import { type Deferred, deferred } from '../../core/deferred.ts'
import type { Entry } from './entry.ts'
import { isDue, type Triggers } from './transitions.ts'
import type { Backlog } from './backlog.ts'

/** Requests under way at a time: of the six connections that HTTP/1.1 gives an origin, chats need some. */
const CONNECTIONS = 4

/** Conversations worked on at a time: while some are sent, others are read, or what was sent is removed. */
const WORKERS = 12

export interface DrainContext {
  clock: Clock
  /** Whoever is signed in now. */
  backlog: () => Backlog
  /** Tries one entry; resolves with whether it is out of the way. */
  deliver: (entry: Entry, slot: Slot) => Promise<boolean>
  triggers: Triggers
}

/** State that the delivery of one entry shares with the others. */
export interface Slot {
  /** Does what takes a connection, when one is free. */
  connected: <Result>(task: () => Promise<Result>) => Promise<Result>
  /** Waits for a response of a page's; meanwhile other conversations have its place. */
  aside: <Result>(waiting: Promise<Result>) => Promise<Result>
  /** Nobody waits for this but the end of the run. */
  behind: (task: Promise<unknown>) => void
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
export function startRun({ clock, backlog, deliver, triggers }: DrainContext): Run {
  const busy = new Map<string, Promise<void>>()
  /** So many of them wait for a page. */
  let asides = 0
  let news: Deferred<void> = deferred()
  let failure: { error: unknown } | undefined
  let free = CONNECTIONS
  const waiting: (() => void)[] = []
  const unfinished = new Set<Promise<void>>()

  const dueHead = (conversation: string) => {
    const head = backlog().head(conversation)
    return head && isDue(head, clock.now(), triggers) ? head : undefined
  }

  const worker = async (conversation: string, first: Entry) => {
    for (let entry: Entry | undefined = first; entry; entry = dueHead(conversation)) {
      if (failure || !(await deliver(entry, { connected, aside, behind }))) return
    }
  }

  const fail = (error: unknown) => {
    failure ??= { error }
  }

  const connected: Slot['connected'] = async (task) => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      if (failure) throw failure.error
      return await task()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free++
    }
  }

  const behind: Slot['behind'] = (task) => {
    const ended = task.then(() => {}, fail).then(() => void unfinished.delete(ended))
    unfinished.add(ended)
  }

  const aside: Slot['aside'] = async (waiting) => {
    asides++
    news.resolve()
    try {
      return await waiting
    } finally {
      asides--
    }
  }

  const startWorkers = () => {
    for (const conversation of backlog().conversations()) {
      if (busy.size - asides >= WORKERS) return
      if (busy.has(conversation)) continue
      const head = dueHead(conversation)
      if (!head) continue
      const ended = worker(conversation, head).catch(fail)
      busy.set(
        conversation,
        ended.then(() => void busy.delete(conversation)),
      )
    }
  }

  const run = async () => {
    for (;;) {
      news = deferred()
      if (!failure) startWorkers()
      const ends = [...busy.values(), ...unfinished]
      if (ends.length > 0) await Promise.race([...ends, news.promise])
      else if (failure) throw failure.error
      else return
    }
  }

  return { finished: run(), renew: () => news.resolve() }
}
