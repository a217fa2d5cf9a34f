import type { OutboxCounts } from '../../core/messages/message.ts'
import { type Entry, ownerOf, type State } from './entry.ts'
import { isHolding } from './transitions.ts'

/** The messages that one user has to send, by conversation: the index as this worker knows it, in memory. */
export interface Backlog {
  /** In no order. */
  conversations: () => Iterable<string>
  /** The next entry of a conversation; `undefined` while none may go. */
  head: (conversation: string) => Entry | undefined
  /** True if a conversation has anything to send, now or later. */
  has: (conversation: string) => boolean
  /** The ids behind the head, at most `count`. */
  following: (conversation: string, count: number) => string[]
  counts: () => OutboxCounts
}

/** The backlogs of all users. They follow the results of the index, in their order, and nothing else. */
export interface Backlogs {
  /** Replaces everything by the index's entries. Entries that are being stored keep their place. */
  reset: (entries: Entry[]) => void
  set: (entry: Entry) => void
  remove: (id: string) => void
  get: (id: string) => Entry | undefined
  /** The backlog of a user; an empty one for `undefined`, while it is unknown who is signed in. */
  of: (principal: string | null | undefined) => Backlog
}

export function createBacklogs(): Backlogs {
  const people = new Map<string | null | undefined, ReturnType<typeof createBacklog>>()
  const entries = new Map<string, Entry>()

  const of = (principal: string | null | undefined) => {
    const backlog = people.get(principal) ?? createBacklog(entries)
    people.set(principal, backlog)
    return backlog
  }
  const set = (entry: Entry) => {
    const before = entries.get(entry.id)
    entries.set(entry.id, entry)
    of(ownerOf(entry)).put(entry, before)
  }

  return {
    reset: (stored) => {
      const storing = Array.from(entries.values()).filter(({ state }) => state === 'storing')
      people.clear()
      entries.clear()
      for (const entry of [...stored, ...storing]) set(entry)
    },
    set,
    remove: (id) => {
      const entry = entries.get(id)
      if (entry) of(ownerOf(entry)).remove(entry)
      entries.delete(id)
    },
    get: (id) => entries.get(id),
    of,
  }
}

function createBacklog(entries: ReadonlyMap<string, Entry>) {
  /** Ids in order, by conversation. */
  const places = new Map<string, string[]>()
  const tally: Record<State, number> = {
    storing: 0,
    queued: 0,
    sending: 0,
    waiting: 0,
    needs_auth: 0,
    dead: 0,
  }

  const head = (conversation: string) => {
    for (const id of places.get(conversation) ?? []) {
      const entry = entries.get(id)
      if (!entry || entry.state === 'storing') return undefined
      if (entry.state !== 'dead') return entry
      if (isHolding(entry)) return undefined
    }
    return undefined
  }

  return {
    put: ({ id, conversation, state }: Entry, before: Entry | undefined) => {
      if (before) tally[before.state]--
      else {
        const place = places.get(conversation) ?? []
        places.set(conversation, place)
        let at = place.length // It is the newest, almost always.
        while (at > 0 && (place[at - 1] ?? '') > id) at--
        place.splice(at, 0, id)
      }
      tally[state]++
    },
    remove: ({ id, conversation, state }: Entry) => {
      tally[state]--
      const place = places.get(conversation)
      place?.splice(place.indexOf(id), 1)
      if (place?.length === 0) places.delete(conversation)
    },
    conversations: () => places.keys(),
    head,
    has: (conversation: string) =>
      places.get(conversation)?.some((id) => entries.get(id)?.state !== 'dead') ?? false,
    following: (conversation: string, count: number) => {
      const place = places.get(conversation) ?? []
      const first = head(conversation)
      const next = first ? place.indexOf(first.id) + 1 : place.length
      return place.slice(next, next + count)
    },
    counts: (): OutboxCounts => {
      const { storing, queued, sending, waiting, needs_auth: needsAuth, dead } = tally
      let nextAttemptAt = Infinity
      for (const conversation of places.keys()) {
        const first = head(conversation)
        if (first && first.state !== 'needs_auth') nextAttemptAt = Math.min(nextAttemptAt, first.retryAt)
      }
      return {
        queued: storing + queued + sending + waiting,
        needsAuth,
        dead,
        ...(nextAttemptAt < Infinity ? { nextAttemptAt } : {}),
      }
    },
  } satisfies Backlog & Record<string, unknown>
}
