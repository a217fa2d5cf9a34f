import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import type { Clock } from '../../core/clock.ts'
import { type Entry, type SaveRecord, UNTRIED } from './entry.ts'
import { createSealKey } from './seal.ts'

interface Schema extends DBSchema {
  entries: { key: string; value: Entry }
  keys: { key: string; value: CryptoKey }
}

/**
 * Where saved messages are kept: the Cache API has each message whole (what it deletes is really gone), IndexedDB the
 * index and how far each has come. Browsers have been seen to lose the one without a word; not both.
 *
 * Every method rejects when the browser's storage refuses, or has not answered within 3 s.
 */
export interface Store {
  add: (entry: Entry, body: ArrayBuffer | null) => Promise<void>
  /** Oldest first. */
  list: () => Promise<Entry[]>
  get: (id: string) => Promise<Entry | undefined>
  /** `undefined` when it is lost, or was removed. */
  body: (id: string) => Promise<Blob | undefined>
  /** Changes an entry that is still there. */
  update: (entry: Entry) => Promise<void>
  /** Whether there was one. */
  remove: (id: string) => Promise<boolean>
  /** Puts back into the index what only the cache still has; resolves with how many. */
  restore: () => Promise<number>
  sealKey: () => Promise<CryptoKey>
}

/** A damaged database may never answer, ms. */
const DEADLINE_MS = 3_000

const RECORD_HEADER = 'X-Streamkeeper-Record'

export function openStore(scope: string, origin: string, caches: CacheStorage, clock: Clock): Store {
  const folder = `${origin}/__streamkeeper/outbox/`
  let database: Promise<IDBPDatabase<Schema>> | undefined
  let key: Promise<CryptoKey> | undefined

  const db = () => {
    const forget = () => {
      database = undefined
    }
    database ??= openDB<Schema>(`streamkeeper ${scope}`, 1, {
      upgrade: (upgraded) => {
        upgraded.createObjectStore('entries', { keyPath: 'id' })
        upgraded.createObjectStore('keys')
      },
      // Somebody deletes the database, or a newer version changes it: not to be held up by us.
      blocking: (_current, _blocked, event) => {
        forget()
        ;(event.target as IDBDatabase).close()
      },
      terminated: forget,
    }).catch((error: unknown) => {
      forget()
      throw error
    })
    return database
  }
  const cache = () => caches.open(`streamkeeper outbox ${scope}`)

  const findKey = async () => {
    const opened = await db()
    const found = await opened.get('keys', 'seal')
    if (found) return found
    const fresh = await createSealKey()
    // Another worker of ours may have been faster: its key stays.
    const transaction = opened.transaction('keys', 'readwrite')
    const winner = (await transaction.store.get('seal')) ?? fresh
    if (winner === fresh) await transaction.store.put(fresh, 'seal')
    await transaction.done
    return winner
  }

  const inTime =
    <Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>) =>
    (...args: Args): Promise<Result> =>
      new Promise((resolve, reject) => {
        const stop = clock.timer(DEADLINE_MS, () => reject(new Error('The storage did not answer in time')))
        work(...args)
          .then(resolve, reject)
          .finally(stop)
      })

  return {
    add: inTime(async (entry, body) => {
      const pair = new Response(body, {
        headers: { [RECORD_HEADER]: encodeURIComponent(JSON.stringify(recordOf(entry))) },
      })
      await Promise.all([
        db().then((opened) => opened.put('entries', entry)),
        cache().then((opened) => opened.put(folder + entry.id, pair)),
      ])
    }),
    list: inTime(async () => (await db()).getAll('entries')),
    get: inTime(async (id) => (await db()).get('entries', id)),
    body: inTime(async (id) => (await (await cache()).match(folder + id))?.blob()),
    update: inTime(async (entry) => {
      const transaction = (await db()).transaction('entries', 'readwrite')
      if (await transaction.store.getKey(entry.id)) await transaction.store.put(entry)
      await transaction.done
    }),
    remove: inTime(async (id) => {
      // In this order: what is gone from the cache is never put back.
      const wasThere = await (await cache()).delete(folder + id)
      await (await db()).delete('entries', id)
      return wasThere
    }),
    restore: inTime(async () => {
      const opened = await db()
      const known = new Set(await opened.getAllKeys('entries'))
      const messages = await cache()
      let restored = 0
      for (const { url } of await messages.keys()) {
        if (known.has(url.slice(folder.length))) continue
        const pair = await messages.match(url)
        const record = pair?.headers.get(RECORD_HEADER)
        if (!record) continue
        await opened.put('entries', { ...(JSON.parse(decodeURIComponent(record)) as SaveRecord), ...UNTRIED })
        restored++
      }
      return restored
    }),
    sealKey: inTime(
      () =>
        (key ??= findKey().catch((error: unknown) => {
          key = undefined
          throw error
        })),
    ),
  }
}

function recordOf(entry: Entry): SaveRecord {
  const record: Partial<Entry> = { ...entry }
  for (const field in UNTRIED) delete record[field as keyof Entry]
  return record as SaveRecord
}
