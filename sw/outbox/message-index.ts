import type { DBSchema, IDBPObjectStore } from 'idb'
import type { Clock } from '../../core/clock.ts'
import { inTime, openLazily } from '../storage/database.ts'
import { type Entry, isRecord } from './entry.ts'
import { createCryptoKey, type SealKey, sealKeyOf } from './seal.ts'

/**
 * The index of the saved messages, with the progress of each, in IndexedDB; and the keys that seal their secrets.
 * Operations that are requested while a transaction is under way share the next one; results come in the order of the
 * requests.
 */
export interface MessageIndex {
  /** The entries that can be read, oldest first, and the id of the latest. */
  all: () => Promise<{ entries: Entry[]; latest: string | undefined }>
  /** Counts the operations that the storage has completed so far, even in the middle of a transaction. */
  progress: () => number
  /** The id that was put last, by any worker; `undefined` if none was, or it is lost. */
  latest: () => Promise<string | undefined>
  /** Puts a new one; resolves with the id that was the latest before it. */
  put: (entry: Entry) => Promise<string | undefined>
  /**
   * Puts one back in two steps: without an entry it reserves the place, which does not count as an entry, unless there
   * is one; with one it fills that place, unless somebody has removed it. Resolves with whether it did.
   */
  putBack: (id: string, entry?: Entry) => Promise<boolean>
  /** Changes the current entry, if `step` returns another; resolves with the result, or `undefined` if it is gone. */
  change: (id: string, step: (entry: Entry) => Entry | undefined) => Promise<Entry | undefined>
  /** True if there was one. */
  remove: (id: string) => Promise<boolean>
  /** The key of that name; if there is none, stores `known`, or a new one. */
  key: (name: string, known?: SealKey) => Promise<SealKey>
  forgetKey: (name: string) => Promise<void>
}

interface Schema extends DBSchema {
  entries: { key: string; value: Entry }
  /** Tells a worker that another one has put something since. */
  latest: { key: 'id'; value: string }
  keys: { key: string; value: CryptoKey }
}

type StoreOf<Name extends 'entries' | 'latest'> = IDBPObjectStore<
  Schema,
  ('entries' | 'latest')[],
  Name,
  'readwrite'
>
type Ask<Result> = (entries: StoreOf<'entries'>, latest: StoreOf<'latest'>) => Promise<Result>

interface Step {
  /** The entry that it is about; absent: all of them. */
  id: string | undefined
  ask: Ask<unknown>
}

/** How many entries are read at a time: all of 10 000 at once have been seen to take 2.3 s. */
const PART = 1_000

export function openMessageIndex(scope: string, clock: Clock): MessageIndex {
  const db = openLazily<Schema>(`streamkeeper ${scope}`, (database) => {
    database.createObjectStore('entries', { keyPath: 'id' })
    database.createObjectStore('latest')
    database.createObjectStore('keys')
  })
  /** The steps of the next transaction; it begins when the one before has ended. */
  let forming: { steps: Step[]; done: Promise<unknown[]> } | undefined
  let last: Promise<unknown> = Promise.resolve()
  let received = 0
  const progress = () => received

  const commit = async (steps: Step[]) => {
    const transaction = (await db()).transaction(['entries', 'latest'], 'readwrite')
    const entries = transaction.objectStore('entries')
    const latest = transaction.objectStore('latest')
    const results: unknown[] = []
    try {
      for (const group of apart(steps)) {
        const asked = group.map(({ ask }) => ask(entries, latest).finally(() => received++))
        results.push(...(await Promise.all(asked)))
      }
      transaction.commit()
    } catch (error) {
      // Otherwise the steps before would be done all the same.
      try {
        transaction.abort()
      } catch {
        // The browser has done that already.
      }
      await transaction.done.catch(() => {})
      throw error
    }
    await transaction.done
    return results
  }

  const begin = () => {
    const steps: Step[] = []
    const done = last.then(() => {
      forming = undefined
      // A transaction that never ends must not hold up those behind it.
      return inTime(commit(steps), clock, undefined, progress)
    })
    last = done.catch(() => {})
    return { steps, done }
  }

  const ask = async <Result>(id: string | undefined, task: Ask<Result>): Promise<Result> => {
    forming ??= begin()
    const place = forming.steps.push({ id, ask: task }) - 1
    return (await forming.done)[place] as Result
  }

  return {
    progress,
    all: () =>
      ask(undefined, async (entries, latest) => {
        const found: Entry[] = []
        let part: Entry[]
        do {
          part = await entries.getAll(IDBKeyRange.lowerBound(found.at(-1)?.id ?? '', true), PART)
          found.push(...part)
          received++
        } while (part.length === PART)
        return { entries: found.filter(isRecord), latest: await latest.get('id') }
      }),
    latest: () => ask(undefined, (_entries, latest) => latest.get('id')),
    put: (entry) =>
      ask(entry.id, async (entries, latest) => {
        // First: an entry that cannot be stored throws here, before anything else is requested.
        const putting = entries.put(entry)
        const [before] = await Promise.all([latest.get('id'), putting, latest.put(entry.id, 'id')])
        return before
      }),
    putBack: (id, entry) =>
      ask(id, async (entries, latest) => {
        const found = await entries.get(id)
        if (isRecord(found) || (entry && !found)) return false
        await Promise.all([entries.put(entry ?? ({ id } as Entry)), entry && latest.put(id, 'id')])
        return true
      }),
    change: (id, step) =>
      ask(id, async (entries) => {
        const found = await entries.get(id)
        if (!isRecord(found)) return undefined
        const changed = step(found)
        if (changed) await entries.put(changed)
        return changed ?? found
      }),
    remove: (id) =>
      ask(id, async (entries) => {
        const [known] = await Promise.all([entries.getKey(id), entries.delete(id)])
        return known !== undefined
      }),
    key: async (name, known) => {
      const opened = await db()
      const found = await opened.get('keys', name)
      if (found) return sealKeyOf(found)
      const fresh = known?.key ?? (await createCryptoKey())
      // Another worker of ours may have been faster: its key stays.
      const transaction = opened.transaction('keys', 'readwrite')
      const winner = (await transaction.store.get(name)) ?? fresh
      if (winner === fresh) await transaction.store.put(fresh, name)
      await transaction.done
      return sealKeyOf(winner)
    },
    forgetKey: async (name) => (await db()).delete('keys', name),
  }
}

/** Groups steps in their order: those of one group are about different entries, and may be done side by side. */
function apart(steps: readonly Step[]): Step[][] {
  const groups: Step[][] = []
  let ids = new Set<string | undefined>()
  for (const step of steps) {
    const group = groups.at(-1)
    if (!group || step.id === undefined || ids.has(undefined) || ids.has(step.id)) {
      groups.push([step])
      ids = new Set([step.id])
    } else {
      group.push(step)
      ids.add(step.id)
    }
  }
  return groups
}
