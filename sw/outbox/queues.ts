import type { OutboxCounts } from '../../core/protocol/message.ts'
import { type Entry, ownerOf, type State } from './entry.ts'
import { isHolding } from './life.ts'

/** What one person's conversations have to send: the index as this worker knows it, in memory. */
export interface Queue {
  /** In no order. */
  conversations: () => Iterable<string>
  /** Who is next in a conversation; `undefined` while nobody may go. */
  head: (conversation: string) => Entry | undefined
  /** Whether it has anything to send, now or later. */
  has: (conversation: string) => boolean
  counts: () => OutboxCounts
}

export interface Queues {
  /** Takes over what is stored, in order; what is changed while it is read stands. */
  read: (reading: Promise<Entry[]>) => Promise<Entry[]>
  /** One that is about to be stored keeps its place, and those behind it wait, until it is `set` or removed. */
  reserve: (entry: Entry) => void
  set: (entry: Entry) => void
  remove: (id: string) => void
  isReserved: (id: string) => boolean
  /** `undefined`: nobody's, for it is not known who is signed in. */
  of: (principal: string | null | undefined) => Queue
}

export function createQueues(): Queues {
  const people = new Map<string | null | undefined, ReturnType<typeof createQueue>>()
  const owners = new Map<string, ReturnType<typeof createQueue>>()
  const reserved = new Map<string, Entry>()
  /** For everybody who is reading: what has been changed since. */
  const readers = new Set<Map<string, Entry | undefined>>()

  const of = (principal: string | null | undefined) => {
    const queue = people.get(principal) ?? createQueue(reserved)
    people.set(principal, queue)
    return queue
  }
  const put = (entry: Entry) => {
    const queue = of(ownerOf(entry))
    owners.set(entry.id, queue)
    queue.put(entry)
  }
  const drop = (id: string) => {
    owners.get(id)?.remove(id)
    owners.delete(id)
  }
  const change = (id: string, entry?: Entry) => {
    reserved.delete(id)
    for (const changes of readers) changes.set(id, entry)
    if (entry) put(entry)
    else drop(id)
  }

  return {
    read: async (reading) => {
      const changes = new Map<string, Entry | undefined>()
      readers.add(changes)
      try {
        const entries = await reading
        people.clear()
        owners.clear()
        for (const entry of [...entries, ...reserved.values()]) put(entry)
        for (const [id, entry] of changes) {
          if (entry) put(entry)
          else drop(id)
        }
        return entries
      } finally {
        readers.delete(changes)
      }
    },
    reserve: (entry) => {
      reserved.set(entry.id, entry)
      put(entry)
    },
    set: (entry) => change(entry.id, entry),
    remove: (id) => change(id),
    isReserved: (id) => reserved.has(id),
    of,
  }
}

function createQueue(reserved: Map<string, Entry>) {
  const entries = new Map<string, Entry>()
  /** Their ids, in order. */
  const places = new Map<string, string[]>()
  const tally: Record<State, number> = { queued: 0, sending: 0, waiting: 0, needs_auth: 0, dead: 0 }

  const forget = (id: string) => {
    const entry = entries.get(id)
    if (entry) tally[entry.state]--
    entries.delete(id)
    return entry
  }

  const head = (conversation: string) => {
    for (const id of places.get(conversation) ?? []) {
      const entry = entries.get(id)
      if (reserved.has(id)) return undefined
      if (entry && entry.state !== 'dead') return entry
      if (entry && isHolding(entry)) return undefined
    }
    return undefined
  }

  return {
    put: (entry: Entry) => {
      const { id, conversation } = entry
      if (!forget(id)) {
        const place = places.get(conversation) ?? []
        places.set(conversation, place)
        let at = place.length // It is the newest, almost always.
        while (at > 0 && (place[at - 1] ?? '') > id) at--
        place.splice(at, 0, id)
      }
      entries.set(id, entry)
      tally[entry.state]++
    },
    remove: (id: string) => {
      const { conversation = '' } = forget(id) ?? {}
      const place = places.get(conversation)
      place?.splice(place.indexOf(id), 1)
      if (place?.length === 0) places.delete(conversation)
    },
    conversations: () => places.keys(),
    head,
    has: (conversation: string) =>
      places.get(conversation)?.some((id) => entries.get(id)?.state !== 'dead') ?? false,
    counts: (): OutboxCounts => {
      const { queued, sending, waiting, needs_auth: needsAuth, dead } = tally
      let nextAttemptAt = Infinity
      for (const conversation of places.keys()) {
        const first = head(conversation)
        if (first && first.state !== 'needs_auth') nextAttemptAt = Math.min(nextAttemptAt, first.retryAt)
      }
      return {
        queued: queued + sending + waiting,
        needsAuth,
        dead,
        ...(nextAttemptAt < Infinity ? { nextAttemptAt } : {}),
      }
    },
  } satisfies Queue & Record<string, unknown>
}
