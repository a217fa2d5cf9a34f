import { isRecord, type SaveRecord } from './entry.ts'

/**
 * Saved messages whole, one Request/Response pair each in the Cache API: the body, and all that is needed to send it.
 * They are the truth: whatever is here was accepted and is not sent yet. What the Cache API deletes is really gone.
 */
export interface Letters {
  put: (record: SaveRecord, body: ArrayBuffer | null) => Promise<void>
  ids: () => Promise<string[]>
  /** `undefined` when it is not there, or cannot be read. */
  record: (id: string) => Promise<SaveRecord | undefined>
  /** `undefined` when it is not there. */
  body: (id: string) => Promise<Blob | undefined>
  /** Whether it was there. */
  remove: (id: string) => Promise<boolean>
}

const RECORD_HEADER = 'X-Streamkeeper-Record'

export function openLetters(scope: string, origin: string, caches: CacheStorage): Letters {
  const folder = `${origin}/__streamkeeper/outbox/`
  const cacheName = `streamkeeper outbox ${scope}`
  const open = () => caches.open(cacheName)
  const find = (id: string) => caches.match(folder + id, { cacheName })

  return {
    put: async (record, body) => {
      const headers = { [RECORD_HEADER]: encodeURIComponent(JSON.stringify(record)) }
      await (await open()).put(folder + record.id, new Response(body, { headers }))
    },
    ids: async () => (await (await open()).keys()).map(({ url }) => url.slice(folder.length)),
    record: async (id) => parseRecord((await find(id))?.headers.get(RECORD_HEADER)),
    body: async (id) => (await find(id))?.blob(),
    remove: async (id) => (await open()).delete(folder + id),
  }
}

function parseRecord(text: string | null | undefined): SaveRecord | undefined {
  try {
    const record: unknown = JSON.parse(decodeURIComponent(text ?? ''))
    return isRecord(record) ? record : undefined
  } catch {
    return undefined // Damaged: there is nothing to go by.
  }
}
