import type { DBSchema } from 'idb'
import type { Clock } from '../../core/clock.ts'
import { openLazily } from '../database.ts'
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
  /** Stores an entry in both, or leaves nothing behind. */
  add: (entry: Entry, body: ArrayBuffer | null) => Promise<void>
  /** Those stored whole, oldest first. */
  list: () => Promise<Entry[]>
  get: (id: string) => Promise<Entry | undefined>
  /** `undefined` when it is lost, or was removed. */
  body: (id: string) => Promise<Blob | undefined>
  /** Changes an entry that is still there; resolves with whether it was. */
  update: (entry: Entry) => Promise<boolean>
  /** Whether there was one. */
  remove: (id: string) => Promise<boolean>
  /** Puts back into the index what only the cache still has; resolves with how many. */
  restore: () => Promise<number>
  sealKey: () => Promise<CryptoKey>
}

/** A damaged database may never answer, ms. */
const DEADLINE_MS = 3_000

/** So long for what did not answer the last time, ms: those behind it have waited already. */
const STUCK_MS = 300

const RECORD_HEADER = 'X-Streamkeeper-Record'

export function openStore(scope: string, origin: string, caches: CacheStorage, clock: Clock): Store {
  const folder = `${origin}/__streamkeeper/outbox/`
  let key: Promise<CryptoKey> | undefined

  /** Entries that may be in one of the stores only. */
  const half = new Set<string>()

  const db = openLazily<Schema>(
    `streamkeeper ${scope}`,
    (database) => {
      database.createObjectStore('entries', { keyPath: 'id' })
      database.createObjectStore('keys')
    },
    () => (key = undefined),
  )
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

  const inTime = <Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>) => {
    let isStuck = false
    return (...args: Args): Promise<Result> =>
      new Promise((resolve, reject) => {
        const stop = clock.timer(isStuck ? STUCK_MS : DEADLINE_MS, () => {
          isStuck = true
          reject(new Error('The storage did not answer in time'))
        })
        work(...args)
          .then((result) => {
            isStuck = false
            resolve(result)
          }, reject)
          .finally(stop)
      })
  }

  /** Puts an entry into the index if it is, or is not, there; resolves with whether it did. */
  const putIf = async (isThere: boolean, entry: Entry) => {
    const transaction = (await db()).transaction('entries', 'readwrite')
    const doesPut = ((await transaction.store.getKey(entry.id)) !== undefined) === isThere
    if (doesPut) await transaction.store.put(entry)
    await transaction.done
    return doesPut
  }

  const whole = inTime((writes: Promise<unknown>[]) => Promise.all(writes))
  const remove = inTime(async (id: string) => {
    // In this order: what is gone from the cache is never put back.
    const wasCached = await (await cache()).delete(folder + id)
    const opened = await db()
    const wasKnown = await opened.getKey('entries', id)
    await opened.delete('entries', id)
    return wasCached || wasKnown !== undefined
  })

  return {
    add: async (entry, body) => {
      const { id } = entry
      const pair = new Response(body, {
        headers: { [RECORD_HEADER]: encodeURIComponent(JSON.stringify(recordOf(entry))) },
      })
      half.add(id)
      const writes = [
        db().then((opened) => opened.put('entries', entry)),
        cache().then((opened) => opened.put(folder + id, pair)),
      ]
      try {
        await whole(writes)
        half.delete(id)
      } catch (error) {
        // Now, and when the slower of them is done, too.
        for (const done of [Promise.resolve(), Promise.allSettled(writes)]) {
          void done.then(() => remove(id)).catch(() => {}) // Refused as well: there is nothing to undo.
        }
        throw error
      }
    },
    list: inTime(async () => (await (await db()).getAll('entries')).filter(({ id }) => !half.has(id))),
    get: inTime(async (id) => (await db()).get('entries', id)),
    body: inTime(async (id) => (await (await cache()).match(folder + id))?.blob()),
    update: inTime((entry) => putIf(true, entry)),
    remove,
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
        const entry = { ...(JSON.parse(decodeURIComponent(record)) as SaveRecord), ...UNTRIED }
        // Not if another worker, which stored it just now, was faster: it may have sent it.
        if (await putIf(false, entry)) restored++
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
