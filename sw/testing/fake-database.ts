import 'fake-indexeddb/auto'
import type { Fault } from './fake-caches.ts'

export interface FakeDatabase {
  /** Set it to let opening fail or hang. */
  fault: () => Fault
  /** Loses everything without a word, as browsers do; for workers to come. */
  lose: () => void
  /** Closes what that owner has open: nothing more is read or written for it. */
  close: (owner: object) => void
  /** Whose databases are opened from now on. */
  owner: object
  /** All records of a store, as they are. */
  readAll: (name: string, store: string) => Promise<unknown[]>
}

/** IndexedDB in memory, a fresh one as the global `indexedDB`. */
export function createFakeDatabase(): FakeDatabase {
  const opened = new Map<object, IDBDatabase[]>()
  let plain: IDBFactory

  const fake: FakeDatabase = {
    fault: () => undefined,
    owner: {},
    lose: () => {
      plain = new IDBFactory()
      globalThis.indexedDB = Object.create(plain, {
        open: { value: (name: string, version: number) => open(plain, name, version) },
      }) as IDBFactory
    },
    close: (owner) => {
      for (const database of opened.get(owner) ?? []) database.close()
    },
    readAll: (name, store) =>
      new Promise((resolve, reject) => {
        const request = plain.open(name, 1)
        request.addEventListener('success', () => {
          const database = request.result
          const all = database.transaction(store).objectStore(store).getAll()
          all.addEventListener('success', () => {
            database.close()
            resolve(all.result as unknown[])
          })
        })
        request.addEventListener('error', () => reject(request.error ?? new Error('Cannot open')))
      }),
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

  fake.lose()
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
