import { computed } from 'vue'
import type { Keeper } from 'streamkeeper'
import { describeForScreenReader, describeStatus } from 'streamkeeper/ui'
import { useEnded, useKeeper, useNow } from './useKeeper.ts'

/** The state of this page's last request, or how it ended: as visible text, and as text for a screen reader. */
export function useStatusLine(keeper: Keeper) {
  const snapshot = useKeeper(keeper)
  const ended = useEnded(keeper)
  const status = computed(() => snapshot.value.requests.findLast(({ own }) => own)?.status ?? ended.value)
  const now = useNow(() => status.value !== undefined && status.value.status !== 'request_finished')
  const words = computed(
    () => status.value && describeStatus(status.value, { now: Math.max(now.value, status.value.at) }),
  )
  const aloud = computed(() => status.value && describeForScreenReader(status.value))
  return { words, aloud }
}
