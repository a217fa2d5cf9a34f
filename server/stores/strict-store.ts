import type { Clock } from '../../core/clock.ts'
import { inTime } from '../in-time.ts'
import { STORE_MS } from '../limits.ts'
import type { StreamStore } from './store.ts'

/**
 * A store as its callers rely on it: every operation settles, and one that does not reply in time has failed, whatever it
 * makes of it later; a read that gives nothing where there are bytes has failed, too. Otherwise the rest would pass for
 * the end.
 */
export function strictStore(store: StreamStore, clock: Clock): StreamStore {
  const bounded = <Value>(operation: string, task: Promise<Value>) =>
    inTime(clock, STORE_MS, task, `Cannot ${operation}: no reply from the store within ${STORE_MS / 1000} s`)
  return {
    create: (stream) => bounded('create', store.create(stream)),
    write: (id, version, change) => bounded('write', store.write(id, version, change)),
    read: async (id, from, maxBytes) => {
      const stored = await bounded('read', store.read(id, from, maxBytes))
      if (stored && !ArrayBuffer.isView(stored.bytes)) {
        throw new TypeError(
          `Cannot read stream: got bytes of type ${typeof stored.bytes}, takes a Uint8Array`,
        )
      }
      if (stored?.bytes.length === 0 && maxBytes > 0 && from < stored.length) {
        throw new Error('Cannot read stream: the store gives none of the bytes that it has')
      }
      return stored
    },
    watch: (id, changed) => store.watch(id, changed),
    list: (owner, conversation) => bounded('list', store.list(owner, conversation)),
    delete: (id) => bounded('delete', store.delete(id)),
    ...(store.wasDeleted && {
      wasDeleted: (id) => bounded('read', store.wasDeleted?.(id) ?? Promise.resolve(true)),
    }),
  }
}
