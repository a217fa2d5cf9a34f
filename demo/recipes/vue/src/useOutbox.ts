import { computed, onScopeDispose, shallowRef } from 'vue'
import type { Keeper } from 'streamkeeper'
import {
  describeEmptyOutbox,
  describeEntry,
  describeForScreenReader,
  type OutboxStore,
} from 'streamkeeper/ui'
import { useKeeper, useNow } from './useKeeper.ts'

/** The messages that have not reached the server yet, where each of them stands, and the latest news for screen readers. */
export function useOutbox(keeper: Keeper, outbox: OutboxStore) {
  const waiting = shallowRef(outbox.getSnapshot())
  onScopeDispose(outbox.subscribe(() => (waiting.value = outbox.getSnapshot())))
  const now = useNow(() => waiting.value.length > 0)
  const items = computed(() =>
    waiting.value.map((item) => ({ item, fate: describeEntry(item, { now: now.value }) })),
  )
  const snapshot = useKeeper(keeper)
  const empty = computed(() => {
    const { state, outbox: counts } = snapshot.value
    return items.value.length === 0 && describeEmptyOutbox(state, { counts })
  })
  const news = shallowRef('')
  onScopeDispose(
    keeper.on('*', (status) => {
      if (/^(save|outbox|storage)_/.test(status.status))
        news.value = describeForScreenReader(status) || news.value
    }),
  )
  return { items, empty, news }
}
