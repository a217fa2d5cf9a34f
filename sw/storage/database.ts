import { type DBSchema, type IDBPDatabase, openDB, type OpenDBCallbacks } from 'idb'
import type { Clock } from '../../core/clock.ts'

/**
 * A database that is opened when it is first needed, stays open, and is opened again after it was lost. It does not
 * hold up whoever deletes it or brings a newer version. One that is newer already is used as it is: later versions only
 * add to it.
 */
export function openLazily<Schema extends DBSchema>(
  name: string,
  upgrade: (database: IDBPDatabase<Schema>) => void,
  lost: () => void = () => {},
): () => Promise<IDBPDatabase<Schema>> {
  let database: Promise<IDBPDatabase<Schema>> | undefined
  const forget = () => {
    database = undefined
    lost()
  }
  const callbacks: OpenDBCallbacks<Schema> = {
    upgrade,
    blocking: (_current, _blocked, event) => {
      forget()
      ;(event.target as IDBDatabase).close()
    },
    terminated: forget,
  }
  const open = () =>
    openDB<Schema>(name, 1, callbacks).catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'VersionError') {
        return openDB<Schema>(name, undefined, callbacks)
      }
      throw error
    })
  return () =>
    (database ??= open().catch((error: unknown) => {
      forget()
      throw error
    }))
}

/** A damaged database may never respond, ms. */
const DEADLINE_MS = 3_000

/**
 * Rejects if a storage task has not settled in time.
 *
 * @param progress counts the operations that the storage has completed so far: the time restarts while that grows,
 *   because busy storage is not damaged
 */
export function inTime<Result>(
  task: Promise<Result>,
  clock: Clock,
  limitMs = DEADLINE_MS,
  progress = () => 0,
): Promise<Result> {
  let stop = () => {}
  const late = new Promise<never>((_resolve, reject) => {
    let seen = -1
    const look = () => {
      if (progress() === seen) return reject(new Error('The storage did not answer in time'))
      seen = progress()
      stop = clock.timer(limitMs, look)
    }
    look()
  })
  return Promise.race([task, late]).finally(stop)
}
