import { computed, onScopeDispose, shallowRef } from 'vue'
import type { Keeper } from 'streamkeeper'
import type { OutboxStore } from './outbox-store.ts'
import { tellAloud, tellEmptyOutbox, tellEntry } from './status-words.ts'
import { useKeeper, useNow } from './useKeeper.ts'

/** The messages that have not reached the server yet, with where they stand; and what of it is to be said, once. */
export function useOutbox(keeper: Keeper, outbox: OutboxStore) {
  const waiting = shallowRef(outbox.getSnapshot())
  onScopeDispose(outbox.subscribe(() => (waiting.value = outbox.getSnapshot())))
  const now = useNow(() => waiting.value.length > 0)
  const items = computed(() => waiting.value.map((item) => ({ item, fate: tellEntry(item, now.value) })))
  const snapshot = useKeeper(keeper)
  const empty = computed(() => items.value.length === 0 && tellEmptyOutbox(snapshot.value.state))
  const news = shallowRef('')
  onScopeDispose(
    keeper.on('*', (status) => {
      if (/^(save|outbox|storage)_/.test(status.status)) news.value = tellAloud(status) || news.value
    }),
  )
  return { items, empty, news }
}
