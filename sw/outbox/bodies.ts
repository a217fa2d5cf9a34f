import { type Body, SMALL } from './message-cache.ts'

/** Bodies that are likely to be sent next, in memory; each can be taken once. Others are read when they are sent. */
export interface Bodies {
  /** Keeps a body that has just come for its first try, if there is room. */
  keep: (id: string, body: ArrayBuffer | null) => void
  /** Starts to read these. */
  readAhead: (ids: readonly string[]) => void
  /** `undefined`: it is neither here nor being read. */
  take: (id: string) => Promise<Body | undefined> | undefined
}

/** The most of such bodies that is kept, bytes. */
const MAX_KEPT = 1024 * 1024

/** At most this many are read ahead; then the oldest makes room. */
const MAX_AHEAD = 32

/** @param read reads one from storage */
export function createBodies(read: (id: string) => Promise<Body | undefined>): Bodies {
  const kept = new Map<string, ArrayBuffer>()
  let keptBytes = 0
  const ahead = new Map<string, Promise<Body | undefined>>()

  return {
    keep: (id, body) => {
      if (!body || body.byteLength > SMALL || keptBytes + body.byteLength > MAX_KEPT) return
      kept.set(id, body)
      keptBytes += body.byteLength
    },
    readAhead: (ids) => {
      for (const id of ids) {
        if (kept.has(id) || ahead.has(id)) continue
        const [oldest] = ahead.keys()
        if (oldest && ahead.size >= MAX_AHEAD) ahead.delete(oldest)
        const reading = read(id)
        ahead.set(id, reading)
        // It is read again when it is sent.
        reading.catch(() => ahead.get(id) === reading && ahead.delete(id))
      }
    },
    take: (id) => {
      const body = kept.get(id)
      const reading = ahead.get(id)
      kept.delete(id)
      ahead.delete(id)
      if (!body) return reading
      keptBytes -= body.byteLength
      return Promise.resolve(body)
    },
  }
}
