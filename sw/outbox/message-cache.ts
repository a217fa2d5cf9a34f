import { createRequestId } from '../../core/messages/request-id.ts'
import { isRecord, type SaveRecord } from './entry.ts'

/**
 * The body of a message: in memory if it is small, because sending a Blob takes the browser longer; otherwise a Blob.
 */
export type Body = Blob | ArrayBuffer

/** Bodies up to this size are small, bytes. */
export const SMALL = 64 * 1024

/**
 * Whole saved messages, one Request/Response pair each in the Cache API: the body, and everything needed to send it.
 * They are the truth: whatever is here was accepted and is not sent yet. What the Cache API deletes is really gone.
 */
export interface MessageCache {
  put: (record: SaveRecord, body: ArrayBuffer | null) => Promise<void>
  ids: () => Promise<string[]>
  /** Identifies the cache as it is now: one that was lost with all that it had, and created anew, has another mark. */
  mark: () => Promise<string>
  /** True if the cache with that mark has not been lost. */
  isMarked: (mark: string) => Promise<boolean>
  /** `undefined` if it is not there, or cannot be read. */
  record: (id: string) => Promise<SaveRecord | undefined>
  /** `undefined` if it is not there. */
  body: (id: string) => Promise<Body | undefined>
  /** True if it was there. */
  remove: (id: string) => Promise<boolean>
}

const RECORD_HEADER = 'X-Streamkeeper-Record'
const SIZE_HEADER = 'X-Streamkeeper-Size'

export function openMessageCache(scope: string, origin: string, caches: CacheStorage): MessageCache {
  const folder = `${origin}/__streamkeeper/outbox/`
  const cacheName = `streamkeeper outbox ${scope}`
  /**
   * An empty cache has the mark in its name: whatever deletes all caches deletes it, too, and nothing creates it again.
   */
  const markPrefix = `streamkeeper mark ${scope} `
  let opened: Promise<Cache> | undefined
  const open = () => {
    const opening = caches.open(cacheName)
    opened = opening
    opening.catch(() => opened === opening && (opened = undefined))
    return opening
  }
  const find = (id: string) => caches.match(folder + id, { cacheName })

  return {
    put: async (record, body) => {
      const headers = {
        [RECORD_HEADER]: encodeURIComponent(JSON.stringify(record)),
        [SIZE_HEADER]: String(body?.byteLength ?? 0),
      }
      await (await open()).put(folder + record.id, new Response(body, { headers }))
    },
    mark: async () => {
      const found = (await caches.keys()).find((name) => name.startsWith(markPrefix))
      if (found) return found.slice(markPrefix.length)
      const mark = createRequestId()
      await caches.open(markPrefix + mark)
      return mark
    },
    isMarked: async (mark) => (await caches.has(cacheName)) && caches.has(markPrefix + mark),
    ids: async () => (await (await open()).keys()).map(({ url }) => url.slice(folder.length)),
    record: async (id) => parseRecord((await find(id))?.headers.get(RECORD_HEADER)),
    body: async (id) => {
      const cachedMessage = await find(id)
      // 0.1 did not store the size.
      const size = Number(cachedMessage?.headers.get(SIZE_HEADER) ?? Infinity)
      return size <= SMALL ? cachedMessage?.arrayBuffer() : cachedMessage?.blob()
    },
    remove: async (id) => {
      const isGone = await (await (opened ?? open())).delete(folder + id)
      // It may be in another cache of the same name, if somebody has deleted the one that is open.
      return isGone || (await open()).delete(folder + id)
    },
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

export function sizeOf(body: Body | null): number {
  return body instanceof Blob ? body.size : (body?.byteLength ?? 0)
}
