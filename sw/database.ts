import { type DBSchema, type IDBPDatabase, openDB } from 'idb'

/**
 * A database that is opened when it is first needed, stays open, and is opened again after it was lost: somebody who
 * deletes it, or brings a newer version, is not held up by us.
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
  return () =>
    (database ??= openDB<Schema>(name, 1, {
      upgrade,
      blocking: (_current, _blocked, event) => {
        forget()
        ;(event.target as IDBDatabase).close()
      },
      terminated: forget,
    }).catch((error: unknown) => {
      forget()
      throw error
    }))
}
