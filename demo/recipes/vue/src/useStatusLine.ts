import { computed } from 'vue'
import type { Keeper } from 'streamkeeper'
import { describeForScreenReader, describeStatus } from 'streamkeeper/ui'
import { useEnded, useKeeper, useNow } from './useKeeper.ts'

/** What is being done for this page's last request, or how it ended: to be read, and to be said once. */
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
