import type { StreamStore } from './stores/store.ts'
import { readInfo, type StreamInfo } from './stream-info.ts'

/** Where the bytes of one stream are read from: the producer in this process, or the store. */
export interface Source {
  id: string
  /** At most `maxBytes` bytes from that position, at least one if there are any; `undefined`: no such stream. */
  read: (from: number, maxBytes: number) => Promise<SourceState | undefined>
  /** Calls `changed` after changes; the returned function stops that. */
  watch: (changed: () => void) => () => void
  /** True if its producer may have died unnoticed. */
  isRemote: boolean
}

export interface SourceState {
  info: StreamInfo
  length: number
  bytes: Uint8Array
  /** The store's version, if it is read from the store. */
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
