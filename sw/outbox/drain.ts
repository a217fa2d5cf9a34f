import type { Clock } from '../../core/clock.ts'
import { type Deferred, deferred } from '../../core/deferred.ts'
import type { Entry } from './entry.ts'
import { isDue, limitTriggers, type Triggers } from './transitions.ts'
import type { Backlog } from './backlog.ts'

/** Requests under way at a time: of the six connections that HTTP/1.1 gives an origin, chats need some. */
const CONNECTIONS = 4

/** Conversations worked on at a time: while some are sent, others are read, or removed once they are sent. */
const WORKERS = 12

export interface DrainContext {
  clock: Clock
  /** The backlog of the user who is signed in now. */
  backlog: () => Backlog
  /** Tries one entry; resolves with whether it is out of the way. */
  deliver: (entry: Entry, slot: Slot) => Promise<boolean>
  triggers: Triggers
  /** Called whenever only retries are under way: nobody waits for those, because they may never end. */
  settle: () => void
}

/** State that the delivery of one entry shares with the others. */
export interface Slot {
  /** Runs a task that takes a connection, once one is free. */
  connected: <Result>(task: () => Promise<Result>) => Promise<Result>
  /** Waits for a page's reply; meanwhile another conversation has its place. */
  aside: <Result>(waiting: Promise<Result>) => Promise<Result>
  /** Only the end of the run waits for this. */
  behind: (task: Promise<unknown>) => void
}

/** One run through the outbox; one at a time. */
export interface Run {
  /** Resolves when nothing is under way, and nothing can be sent now. */
  finished: Promise<void>
  /** There is more to send, perhaps: look again, now and after `task`. */
  renew: (task?: Promise<unknown>) => void
}

/**
 * Sends whatever is due, strictly in order inside a conversation, several conversations side by side.
 *
 * Its duties:
 * - a slow conversation holds up no other, nor does one whose page is asked for credentials
 * - an entry that becomes due before the run ends is sent in it, too, at its time
 * - it ends when nothing more can be sent, and all that was sent is removed
 * - when the storage fails it starts nothing more, and rejects when nothing is under way
 */
export function startRun({ clock, backlog, deliver, triggers, settle }: DrainContext): Run {
  /** The current entry of each conversation that is worked on. */
  const trying = new Map<string, Entry>()
  /** How many of them wait for a page. */
  let asides = 0
  let news: Deferred<void> = deferred()
  let failure: { error: unknown } | undefined
  let free = CONNECTIONS
  const waiting: (() => void)[] = []
  /** Everything under way: those conversations, and tasks that nobody waits for. */
  const unfinished = new Set<Promise<void>>()

  const isDueNow = (entry: Entry) => {
    const now = clock.now()
    limitTriggers(triggers, now)
    return isDue(entry, now, triggers)
  }

  const dueHead = (conversation: string) => {
    const head = backlog().head(conversation)
    return head && isDueNow(head) ? head : undefined
  }

  const worker = async (conversation: string, first: Entry) => {
    for (let entry: Entry | undefined = first; entry; entry = dueHead(conversation)) {
      trying.set(conversation, entry)
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

  /** True if it has been tried since the last trigger: only its time makes it due. */
  const isRetry = ({ triedAt }: Entry) => triedAt >= triggers.onlineAt && triedAt <= clock.now()

  const start = (head: Entry) => {
    const { conversation } = head
    const ended = worker(conversation, head).catch(fail)
    behind(ended.then(() => trying.delete(conversation)))
  }

  /** @returns how long it is until the next retry is due, ms */
  const startWorkers = () => {
    const isFull = () => trying.size - asides >= WORKERS
    const retries: Entry[] = []
    let next = Infinity
    for (const conversation of backlog().conversations()) {
      const head = trying.has(conversation) ? undefined : backlog().head(conversation)
      if (!head) continue
      if (!isDueNow(head)) {
        if (head.state !== 'needs_auth') next = Math.min(next, head.retryAt)
      } else if (isRetry(head)) retries.push(head)
      else if (isFull()) return Infinity
      else start(head)
    }
    // The one that has waited longest goes first: the others may hang again and again.
    for (const head of retries.sort((a, b) => a.triedAt - b.triedAt)) if (!isFull()) start(head)
    if (unfinished.size === trying.size && Array.from(trying.values()).every(isRetry)) settle()
    return next - clock.now()
  }

  const run = async () => {
    for (;;) {
      news = deferred()
      const nextMs = failure ? Infinity : startWorkers()
      if (unfinished.size === 0) break
      const disarm = clock.timer(nextMs, news.resolve)
      await Promise.race([...unfinished, news.promise])
      disarm()
    }
    if (failure) throw failure.error
  }

  const renew: Run['renew'] = (task) => {
    if (task) behind(task)
    news.resolve()
  }

  return { finished: run(), renew }
}
