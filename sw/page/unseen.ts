import type { DBSchema, IDBPObjectStore } from 'idb'
import type { Clock } from '../../core/clock.ts'
import type { Unseen } from '../../core/messages/message.ts'
import { inTime, openLazily } from '../storage/database.ts'
import type { PrincipalId } from './principal.ts'

/** Principal (`''`: nobody) and conversation. */
type Key = [string, string]

interface Schema extends DBSchema {
  unseen: { key: Key; value: { count: number; at: number }; indexes: { at: number } }
}

type Store = IDBPObjectStore<Schema, ['unseen'], 'unseen', 'readwrite'>

/** At most this many conversations are remembered, of all principals; the one that ended first goes first. */
const MAX_CONVERSATIONS = 500

/** The number of unseen chats of each conversation, in IndexedDB. All methods reject if storage refuses. */
export interface UnseenStore {
  add: (principal: PrincipalId, conversation: string) => Promise<void>
  remove: (principal: PrincipalId, conversation: string) => Promise<void>
  clear: (principal: PrincipalId) => Promise<void>
  counts: (principal: PrincipalId) => Promise<Unseen>
}

export function openUnseen(scope: string, clock: Clock): UnseenStore {
  const database = openLazily<Schema>(`streamkeeper unseen ${scope}`, (upgraded) => {
    upgraded.createObjectStore('unseen').createIndex('at', 'at')
  })
  const inStore = <Result>(act: (store: Store) => Promise<Result>): Promise<Result> =>
    inTime(
      database().then((opened) => act(opened.transaction('unseen', 'readwrite').store)),
      clock,
    )

  return {
    add: (principal, conversation) =>
      inStore(async (store) => {
        const key: Key = [principal ?? '', conversation]
        const { count } = (await store.get(key)) ?? { count: 0 }
        await store.put({ count: count + 1, at: clock.now() }, key)
        if ((await store.count()) <= MAX_CONVERSATIONS) return
        const oldest = await store.index('at').openKeyCursor()
        if (oldest) await store.delete(oldest.primaryKey)
      }),
    remove: (principal, conversation) => inStore((store) => store.delete([principal ?? '', conversation])),
    clear: (principal) => inStore((store) => store.delete(rangeOf(principal))),
    counts: (principal) =>
      inStore(async (store) => {
        const range = rangeOf(principal)
        const [keys, values] = await Promise.all([store.getAllKeys(range), store.getAll(range)])
        return Object.fromEntries(keys.map(([, name], index) => [name, values[index]?.count ?? 0]))
      }),
  }
}

function rangeOf(principal: PrincipalId): IDBKeyRange {
  // In the order of keys a list is greater than any text.
  return IDBKeyRange.bound([principal ?? ''], [principal ?? '', []])
}
