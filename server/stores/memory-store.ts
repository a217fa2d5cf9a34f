import { type Clock, systemClock } from '../../core/clock.ts'
import { createListeners } from './listeners.ts'
import type { NewStream, StreamStore } from './store.ts'

interface Kept extends NewStream {
  version: number
  length: number
  pieces: { from: number; bytes: Uint8Array }[]
  isEnded: boolean
  /** By the monotonic clock. */
  writtenAt: number
}

/** Keeps streams in memory: for tests, and to try things out. They are gone with the process. */
export function memoryStore(clock: Clock = systemClock): StreamStore {
  const streams = new Map<string, Kept>()
  const listeners = createListeners()

  return {
    create: async (stream) => {
      removeExpired()
      for (const kept of streams.values()) {
        if (stream.key !== undefined && kept.key === stream.key && kept.owner === stream.owner) return kept.id
      }
      if (streams.has(stream.id)) throw new Error('Cannot create stream: its id is taken')
      const writtenAt = clock.monotonic()
      streams.set(stream.id, { ...stream, version: 1, length: 0, pieces: [], isEnded: false, writtenAt })
      return stream.id
    },
    write: async (id, version, { bytes, info, nextVersion = version + 1, isEnd }) => {
      const kept = find(id)
      if (kept?.version !== version) return false
      kept.version = nextVersion
      kept.writtenAt = clock.monotonic()
      if (bytes && bytes.length > 0) {
        kept.pieces.push({ from: kept.length, bytes: bytes.slice() })
        kept.length += bytes.length
      }
      if (info !== undefined) kept.info = info
      if (isEnd) kept.isEnded = true
      listeners.call(id, kept.version)
      return true
    },
    read: async (id, from, maxBytes) => {
      const kept = find(id)
      if (!kept) return undefined
      const { version, length, info, pieces } = kept
      const bytes = new Uint8Array(Math.max(0, Math.min(maxBytes, length - from)))
      for (const piece of pieces) {
        const at = piece.from - from
        if (at + piece.bytes.length <= 0 || at >= bytes.length) continue
        bytes.set(piece.bytes.subarray(Math.max(0, -at), bytes.length - at), Math.max(0, at))
      }
      return { version, length, info, bytes }
    },
    watch: listeners.add,
    list: async (owner, conversation) => {
      removeExpired()
      return [...streams.values()]
        .filter((kept) => kept.owner === owner && (conversation ?? kept.conversation) === kept.conversation)
        .map(({ id }) => id)
        .toReversed()
    },
    delete: async (id) => {
      const version = streams.get(id)?.version ?? 0
      streams.delete(id)
      listeners.call(id, version + 1)
    },
  }

  function find(id: string): Kept | undefined {
    removeExpired()
    return streams.get(id)
  }

  function removeExpired(): void {
    for (const [id, { isEnded, writtenAt, ttlMs }] of streams) {
      if (isEnded && clock.monotonic() - writtenAt > ttlMs) streams.delete(id)
    }
  }
}
