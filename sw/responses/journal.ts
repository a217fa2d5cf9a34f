import type { DBSchema, IDBPDatabase, IDBPObjectStore } from 'idb'
import type { ReadingOn } from '../../core/chat/place.ts'
import type { ResponseHead } from '../../core/chat/response-log.ts'
import type { OwnProtocol } from '../../core/providers/own-wire.ts'
import type { Timeouts } from '../../core/chat/timeouts.ts'
import type { Clock } from '../../core/clock.ts'
import { concat } from '../../core/concat.ts'
import type { StreamInfo } from '../../core/messages/message.ts'
import { inTime, openLazily } from '../storage/database.ts'
import type { PrincipalId } from '../page/principal.ts'

/** Facts about a request whose response is kept. */
export interface Asked {
  requestId: string
  /** Its page: the one that sent it, or has attached to it since. */
  clientId: string
  /** Identifies this request among those of the same page: method, URL and body. */
  digest: string
  /** Origin and path. */
  url: string
  model?: string
  conversation?: string
  /** Its id in the app's own request to resume. */
  resumeId?: string
  /** How it is resumed after this worker's death. */
  readingOn?: RecordedReadingOn
  /** Facts by which its response is judged, in addition to its bytes. */
  judgedBy?: OwnProtocol & { choices?: number }
  /** True if its page asks again by itself, whatever becomes of it. */
  isEventSource?: boolean
  /**
   * `'disk'`: the next worker finds it again; `'server'`: the next worker finds where its server sends it again;
   * `'memory'`: kept as long as this worker lives; `false`: not kept for a reload.
   */
  keep: 'disk' | 'memory' | 'server' | false
}

/** Facts that a later worker needs to resume a response. They contain no credential, nor a query that may be one. */
export interface RecordedReadingOn extends ReadingOn {
  credentials: RequestCredentials
  /** True if the request had credentials of its own: a page is asked for them. The browser sends cookies by itself. */
  needsAuth: boolean
  timeouts: Timeouts
}

/** Everything that is known of one response except its bytes: plain JSON. */
export interface Recorded extends Asked {
  /** When it was requested, epoch ms. */
  at: number
  /** The user who was signed in; `undefined`: not known yet, so it belongs only to the page that sent it. */
  principal: PrincipalId | undefined
  /** Attempts so far, including the one under way. */
  attempts: number
  /** The head of its response, once there is one. */
  head?: ResponseHead
  bytes: number
  endedAt?: number
  verdict?: StreamInfo['verdict']
  deliveredWhole: boolean
  /** True if it is cut, and was returned once more to the page that had it. */
  isResumed?: boolean
}

/** One response on disk. No method waits or fails: what cannot be stored is dropped. */
export interface JournalEntry {
  append: (bytes: Uint8Array) => void
  /** Notes that its record has changed. */
  touch: () => void
  remove: () => void
}

/** Responses on disk: written next to the byte path, read by the next worker when this one has died. */
export interface Journal {
  /** `isStored`: the record has been loaded. */
  open: (record: Recorded, isStored?: boolean) => JournalEntry
  /**
   * Writes what is new now; resolves when it is on disk. Never rejects.
   *
   * @param handed called as soon as the browser has it: from then on it is written even if this worker dies
   */
  flush: (handed?: () => void) => Promise<void>
  /** All that is on disk, oldest first; rejects if storage refuses. */
  load: () => Promise<Recorded[]>
  /** A response's bytes from the first one on, as far as they are there; rejects if storage refuses. */
  read: (requestId: string) => Promise<Uint8Array[]>
  /** Deletes everything of one user but what is spared, and bytes without a record; rejects if it could not. */
  clear: (principal: PrincipalId, isSpared: (requestId: string) => boolean) => Promise<void>
}

export interface JournalContext {
  scope: string
  clock: Clock
  /** Called when storage has refused, and this response is not stored. */
  refused: (requestId: string, error: unknown) => void
}

interface Schema extends DBSchema {
  // Stored under this name since 0.1.0.
  // oxlint-disable-next-line id-denylist
  answers: { key: string; value: Recorded }
  /** By request and offset. */
  bytes: { key: [string, number]; value: Uint8Array }
}

/** Bytes are written in batches: if the worker dies, the last one is lost at most, ms. */
const BATCH_MS = 250

/** A longer response is not kept on disk, bytes. */
const MAX_BYTES = 16 * 1024 * 1024

interface Open {
  record: Recorded
  chunks: Uint8Array[]
  /** Bytes on disk. */
  written: number
  /** True if its record must be written. */
  isChanged: boolean
  /** True if its record is on disk. */
  isStored: boolean
  /** True if it must not be on disk any more. */
  isGone: boolean
}

export function openJournal({ scope, clock, refused }: JournalContext): Journal {
  const db = openLazily<Schema>(`streamkeeper answers ${scope}`, (database) => {
    database.createObjectStore('answers', { keyPath: 'requestId' })
    database.createObjectStore('bytes')
  })
  const changed = new Set<Open>()
  let writes: Promise<void> = Promise.resolve()
  let isArmed = false

  const take = () => {
    const batch = Array.from(changed)
    changed.clear()
    return batch
  }

  const store = (batch: Open[], opened: IDBPDatabase<Schema>) => {
    const transaction = opened.transaction(['answers', 'bytes'], 'readwrite', { durability: 'relaxed' })
    const heads = transaction.objectStore('answers')
    const bytes = transaction.objectStore('bytes')
    const steps: Promise<unknown>[] = []
    for (const entry of batch) {
      const { record, chunks } = entry
      const { requestId } = record
      if (entry.isGone) {
        steps.push(heads.delete(requestId), bytes.delete(rangeOf(requestId)))
        continue
      }
      if (chunks.length > 0) {
        const joined = concat(chunks)
        steps.push(bytes.put(joined, [requestId, entry.written]))
        entry.chunks = []
        entry.written += joined.length
      }
      // While bytes come, only they are written: their keys say how many there are.
      if (entry.isChanged || record.endedAt !== undefined)
        steps.push(heads.put({ ...record, bytes: Math.max(record.bytes, entry.written) }))
      entry.isChanged = false
    }
    // A committed transaction needs no worker any more; without this the worker's death would abort it.
    transaction.commit()
    return Promise.all([...steps, transaction.done])
  }

  const write = async (handed: () => void) => {
    let batch: Open[] = []
    /** The entries that lose something if this batch is lost. */
    let atStake = new Set<Open>()
    const writing = async () => {
      const opened = await db()
      batch = take()
      atStake = new Set(batch.filter(({ chunks, isStored }) => chunks.length > 0 || !isStored))
      const written = batch.length > 0 ? store(batch, opened) : undefined
      handed()
      await written
      for (const entry of batch) entry.isStored = true
    }
    try {
      if (changed.size > 0) await inTime(writing(), clock)
    } catch (error) {
      for (const entry of batch.length > 0 ? batch : take()) {
        // What is on disk is as good as it was; changes and deletions go with the next batch.
        changed.add(entry)
        if (entry.isGone || (entry.isStored && entry.chunks.length === 0 && !atStake.has(entry))) continue
        // A gap would be worse than nothing.
        drop(entry)
        refused(entry.record.requestId, error)
      }
    }
    handed()
  }

  const flush = (handed = () => {}) => {
    // Transactions are done in their order, so this one need not wait for the one before.
    const writing = write(handed)
    return (writes = writes.then(() => writing))
  }

  const arm = () => {
    if (isArmed) return
    isArmed = true
    clock.timer(BATCH_MS, () => {
      void writes.then(() => {
        isArmed = false
        void flush()
      })
    })
  }

  const drop = (entry: Open) => {
    entry.isGone = true
    entry.chunks = []
    changed.add(entry)
    arm()
  }

  return {
    open: (record, isStored = false) => {
      const entry: Open = {
        record,
        chunks: [],
        written: record.bytes,
        isChanged: !isStored,
        isStored,
        isGone: false,
      }
      let size = record.bytes
      const note = () => {
        changed.add(entry)
        arm()
      }
      return {
        append: (bytes) => {
          if (entry.isGone) return
          size += bytes.length
          if (size > MAX_BYTES) return drop(entry)
          entry.chunks.push(bytes)
          note()
        },
        touch: () => {
          if (entry.isGone) return
          entry.isChanged = true
          note()
        },
        remove: () => drop(entry),
      }
    },
    flush,
    load: async () => {
      const loading = async () => {
        const transaction = (await db()).transaction(['answers', 'bytes'])
        const bytes = transaction.objectStore('bytes')
        const records = await transaction.objectStore('answers').getAll()
        const count = async (record: Recorded) => {
          if (record.endedAt !== undefined) return
          const last = await bytes.openCursor(rangeOf(record.requestId), 'prev')
          record.bytes = last ? last.key[1] + last.value.length : 0
        }
        await Promise.all(records.map(count))
        return records
      }
      const records = await inTime(loading(), clock)
      return records.sort((a, b) => a.at - b.at)
    },
    clear: async (principal, isSpared) => {
      const clearing = async () => {
        const transaction = (await db()).transaction(['answers', 'bytes'], 'readwrite')
        const heads = transaction.objectStore('answers')
        const bytes = transaction.objectStore('bytes')
        const [records, owners] = await Promise.all([heads.getAll(), ownersOf(bytes)])
        const others = new Set<string>()
        for (const record of records) {
          const { requestId } = record
          if (record.principal === principal && !isSpared(requestId)) void heads.delete(requestId)
          else others.add(requestId)
        }
        for (const owner of owners) if (!others.has(owner)) void bytes.delete(rangeOf(owner))
        await transaction.done
      }
      await inTime(clearing(), clock)
    },
    read: async (requestId) => {
      const range = rangeOf(requestId)
      const reading = async () => {
        const transaction = (await db()).transaction('bytes')
        return Promise.all([transaction.store.getAllKeys(range), transaction.store.getAll(range)])
      }
      const [keys, batches] = await inTime(reading(), clock)
      let size = 0
      return batches.filter((batch, index) => {
        if (keys[index]?.[1] !== size) return false // Lost by the browser: so is all that follows.
        size += batch.length
        return true
      })
    },
  }
}

/** The ids of the requests that have bytes, each once. */
async function ownersOf(bytes: IDBPObjectStore<Schema, ('answers' | 'bytes')[], 'bytes', 'readwrite'>) {
  const owners: string[] = []
  // Keys are in order: one step leads past all those of a request.
  let cursor = await bytes.openKeyCursor()
  while (cursor) {
    const [requestId] = cursor.key
    owners.push(requestId)
    cursor = await cursor.continue([requestId, Infinity])
  }
  return owners
}

function rangeOf(requestId: string): IDBKeyRange {
  return IDBKeyRange.bound([requestId, 0], [requestId, Infinity])
}
