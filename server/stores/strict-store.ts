import type { Clock } from '../../core/clock.ts'
import { inTime } from '../in-time.ts'
import { STORE_MS } from '../limits.ts'
import type { StreamStore } from './store.ts'

/** A store of which every operation settles: one that does not reply in time has failed, whatever it makes of it later. */
export function withDeadline(store: StreamStore, clock: Clock): StreamStore {
  const bounded = <Value>(operation: string, task: Promise<Value>) =>
    inTime(clock, STORE_MS, task, `Cannot ${operation}: no reply from the store within ${STORE_MS / 1000} s`)
  return {
    create: (stream) => bounded('create', store.create(stream)),
    write: (id, version, change) => bounded('write', store.write(id, version, change)),
    read: (id, from, maxBytes) => bounded('read', store.read(id, from, maxBytes)),
    watch: (id, changed) => store.watch(id, changed),
    list: (owner, conversation) => bounded('list', store.list(owner, conversation)),
    delete: (id) => bounded('delete', store.delete(id)),
    ...(store.wasDeleted && {
      wasDeleted: (id) => bounded('read', store.wasDeleted?.(id) ?? Promise.resolve(true)),
    }),
  }
}
