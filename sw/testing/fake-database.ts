import 'fake-indexeddb/auto'
import type { Fault } from './fake-caches.ts'

export interface FakeDatabase {
  /** Set it to let opening fail or hang. */
  fault: () => Fault
  /** Loses everything without a word, as browsers do; for workers to come. */
  loseAll: () => void
  /** Closes what that owner has open: nothing more is read or written for it. */
  close: (owner: object) => void
  /** Whose databases are opened from now on. */
  owner: object
  /** All records of a store, as they are. */
  readAll: (name: string, store: string) => Promise<unknown[]>
  /** Puts a record as it is. */
  put: (name: string, store: string, record: unknown) => Promise<void>
  /** Loses one record. */
  remove: (name: string, store: string, key: string) => Promise<void>
}

/** IndexedDB in memory, a fresh one as the global `indexedDB`. */
export function createFakeDatabase(): FakeDatabase {
  const opened = new Map<object, IDBDatabase[]>()
  let plain: IDBFactory

  const fake: FakeDatabase = {
    fault: () => undefined,
    owner: {},
    loseAll: () => {
      plain = new IDBFactory()
      globalThis.indexedDB = Object.create(plain, {
        open: { value: (name: string, version: number) => open(plain, name, version) },
      }) as IDBFactory
    },
    close: (owner) => {
      for (const database of opened.get(owner) ?? []) database.close()
    },
    readAll: (name, store) => inStore(name, store, (records) => records.getAll()) as Promise<unknown[]>,
    put: async (name, store, record) => {
      await inStore(name, store, (records) => records.put(record))
    },
    remove: async (name, store, key) => {
      await inStore(name, store, (records) => records.delete(key))
    },
  }

  /** Does one thing in a store, past all that is faked. */
  function inStore(
    name: string,
    store: string,
    act: (records: IDBObjectStore) => IDBRequest,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const request = plain.open(name)
      request.addEventListener('success', () => {
        const database = request.result
        const acting = act(database.transaction(store, 'readwrite').objectStore(store))
        acting.addEventListener('success', () => {
          database.close()
          resolve(acting.result)
        })
      })
      request.addEventListener('error', () => reject(request.error ?? new Error('Cannot open')))
    })
  }

  function open(factory: IDBFactory, name: string, version: number): IDBOpenDBRequest {
    const fault = fake.fault()
    if (fault) return failing(fault)
    const { owner } = fake
    const request = factory.open(name, version)
    request.addEventListener('success', () => {
      opened.set(owner, [...(opened.get(owner) ?? []), request.result])
    })
    return request
  }

  fake.loseAll()
  return fake
}

/** A request to open that ends with an error, or never. */
function failing(fault: Error | 'hang'): IDBOpenDBRequest {
  return Object.create(IDBOpenDBRequest.prototype, {
    error: { value: fault },
    addEventListener: {
      value: (type: string, listener: () => void) => {
        if (type === 'error' && fault !== 'hang') setImmediate(listener)
      },
    },
    removeEventListener: { value: () => {} },
  }) as IDBOpenDBRequest
}
