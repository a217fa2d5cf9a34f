import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import { type Clock, type Random, sleep } from '../core/clock.ts'
import { createLimits, type KnownLimits, type Limits } from '../core/retry/limits.ts'

interface Schema extends DBSchema {
  known: { key: 'limits'; value: KnownLimits }
}

/** No chat waits longer for storage, ms. */
const LOAD_MS = 100

/**
 * The limits that all pages of a scope share, kept in IndexedDB: a worker that is started anew must not ask earlier
 * than the one before it was told.
 *
 * `ready` resolves when they are known, or will not be in time; it never rejects.
 */
export function keepLimits(
  scope: string,
  clock: Clock,
  random: Random,
): { limits: Limits; ready: Promise<void> } {
  let unsaved: KnownLimits | undefined
  let isSaving = false

  const save = async () => {
    if (isSaving) return
    isSaving = true
    while (unsaved) {
      const known = unsaved
      unsaved = undefined
      // Refused: then the next start knows less, and nothing else is lost.
      await inDatabase(scope, (database) => database.put('known', known, 'limits')).catch(() => {})
    }
    isSaving = false
  }

  const limits = createLimits({
    clock,
    random,
    changed: (known) => {
      unsaved = known
      void save()
    },
  })
  const restored = inDatabase(scope, (database) => database.get('known', 'limits')).then(
    (known) => known && limits.restore(known),
    () => {}, // Not readable: as on the first day.
  )
  const over = new AbortController()
  const ready = Promise.race([restored, sleep(clock, LOAD_MS, over.signal)]).finally(() => over.abort())
  return { limits, ready }
}

/** Opened for one use: nobody who deletes the database, or brings a newer one, is held up. */
async function inDatabase<Result>(
  scope: string,
  use: (database: IDBPDatabase<Schema>) => Promise<Result>,
): Promise<Result> {
  const database = await openDB<Schema>(`streamkeeper limits ${scope}`, 1, {
    upgrade: (upgraded) => void upgraded.createObjectStore('known'),
  })
  try {
    return await use(database)
  } finally {
    database.close()
  }
}
