import type { StreamStore } from './stores/store.ts'
import { readInfo, type StreamInfo } from './stream-info.ts'

/** Where the bytes of one stream are read from: the producer in this process, or the store. */
export interface Source {
  id: string
  /** At most `maxBytes` bytes from that position, at least one where there are any; `undefined`: no such stream. */
  read: (from: number, maxBytes: number) => Promise<SourceState | undefined>
  /** Calls after changes; the returned function ends it. */
  watch: (changed: () => void) => () => void
  /** Its producer may have died without a word. */
  isRemote: boolean
}

export interface SourceState {
  info: StreamInfo
  length: number
  bytes: Uint8Array
  /** The store's, where it is read from the store. */
  version?: number
}

/** A stream that another process writes, or nobody any more. */
export function storedSource(store: StreamStore, id: string): Source {
  return {
    id,
    read: async (from, maxBytes) => {
      const stored = await store.read(id, from, maxBytes)
      return stored && { ...stored, info: readInfo(stored.info) }
    },
    watch: (changed) => store.watch(id, changed),
    isRemote: true,
  }
}
