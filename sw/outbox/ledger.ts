import type { DBSchema, IDBPObjectStore } from 'idb'
import type { Clock } from '../../core/clock.ts'
import { inTime, openLazily } from '../database.ts'
import { type Entry, isRecord } from './entry.ts'
import { createSealKey } from './seal.ts'

/**
 * The index of the saved messages and how far each has come, in IndexedDB; and the keys that seal their secrets. What is
 * asked for at the same time is done in one transaction, in its order.
 */
export interface Ledger {
  /** Those that can be read, oldest first, and the id of the latest. */
  all: () => Promise<{ entries: Entry[]; latest: string | undefined }>
  /** The id that was put last, by any worker; `undefined` when none was, or it is lost. */
  latest: () => Promise<string | undefined>
  /** Puts a new one; resolves with the id that was the latest before it. */
  put: (entry: Entry) => Promise<string | undefined>
  /** Puts one that is not there; resolves with whether it was not. */
  putNew: (entry: Entry) => Promise<boolean>
  /** Changes one as it is now, where `step` gives something; resolves with what it is then, `undefined` when it is gone. */
  change: (id: string, step: (entry: Entry) => Entry | undefined) => Promise<Entry | undefined>
  /** Whether there was one. */
  remove: (id: string) => Promise<boolean>
  /** The key of that name, made when it is first asked for. */
  key: (name: string) => Promise<CryptoKey>
  forgetKey: (name: string) => Promise<void>
}

interface Schema extends DBSchema {
  entries: { key: string; value: Entry }
  /** What tells a worker that another one has put something since. */
  latest: { key: 'id'; value: string }
  keys: { key: string; value: CryptoKey }
}

type StoreOf<Name extends 'entries' | 'latest'> = IDBPObjectStore<
  Schema,
  ('entries' | 'latest')[],
  Name,
  'readwrite'
>
type Step = (entries: StoreOf<'entries'>, latest: StoreOf<'latest'>) => Promise<unknown>

export function openLedger(scope: string, clock: Clock): Ledger {
  const db = openLazily<Schema>(`streamkeeper ${scope}`, (database) => {
    database.createObjectStore('entries', { keyPath: 'id' })
    database.createObjectStore('latest')
    database.createObjectStore('keys')
  })
  /** What the next transaction does; it begins when the one before has ended. */
  let forming: { steps: Step[]; done: Promise<unknown[]> } | undefined
  let last: Promise<unknown> = Promise.resolve()

  const commit = async (steps: Step[]) => {
    const transaction = (await db()).transaction(['entries', 'latest'], 'readwrite')
    const entries = transaction.objectStore('entries')
    const latest = transaction.objectStore('latest')
    const results: unknown[] = []
    try {
      for (const step of steps) results.push(await step(entries, latest))
      transaction.commit()
    } catch (error) {
      // Without that, what was asked for before would be done all the same.
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
      // One that never ends must not hold up those behind it.
      return inTime(commit(steps), clock)
    })
    last = done.catch(() => {})
    return { steps, done }
  }

  const ask = async <Result>(step: (...stores: Parameters<Step>) => Promise<Result>): Promise<Result> => {
    forming ??= begin()
    const place = forming.steps.push(step) - 1
    return (await forming.done)[place] as Result
  }

  return {
    all: () =>
      ask(async (entries, latest) => ({
        entries: (await entries.getAll()).filter(isRecord),
        latest: await latest.get('id'),
      })),
    latest: () => ask((_entries, latest) => latest.get('id')),
    put: (entry) =>
      ask(async (entries, latest) => {
        const before = await latest.get('id')
        await entries.put(entry)
        await latest.put(entry.id, 'id')
        return before
      }),
    putNew: (entry) =>
      ask(async (entries, latest) => {
        if (isRecord(await entries.get(entry.id))) return false
        await entries.put(entry)
        await latest.put(entry.id, 'id')
        return true
      }),
    change: (id, step) =>
      ask(async (entries) => {
        const found = await entries.get(id)
        if (!isRecord(found)) return undefined
        const changed = step(found)
        if (changed) await entries.put(changed)
        return changed ?? found
      }),
    remove: (id) =>
      ask(async (entries) => {
        const known = await entries.getKey(id)
        await entries.delete(id)
        return known !== undefined
      }),
    key: async (name) => {
      const opened = await db()
      const found = await opened.get('keys', name)
      if (found) return found
      const fresh = await createSealKey()
      // Another worker of ours may have been faster: its key stays.
      const transaction = opened.transaction('keys', 'readwrite')
      const winner = (await transaction.store.get(name)) ?? fresh
      if (winner === fresh) await transaction.store.put(fresh, name)
      await transaction.done
      return winner
    },
    forgetKey: async (name) => (await db()).delete('keys', name),
  }
}
