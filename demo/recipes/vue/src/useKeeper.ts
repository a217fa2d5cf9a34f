import { onScopeDispose, type ShallowRef, shallowRef, watchEffect } from 'vue'
import type { Keeper, RequestStatus, Snapshot } from 'streamkeeper'

/** A keeper's snapshot. */
export function useKeeper(keeper: Keeper): Readonly<ShallowRef<Snapshot>> {
  const snapshot = shallowRef(keeper.getSnapshot())
  onScopeDispose(keeper.subscribe((next) => (snapshot.value = next)))
  return snapshot
}

/** How the last of this page's requests ended: the snapshot has only those that are open. */
export function useEnded(keeper: Keeper): Readonly<ShallowRef<RequestStatus | undefined>> {
  const ended = shallowRef<RequestStatus>()
  for (const name of ['request_finished', 'request_failed', 'request_cancelled'] as const) {
    onScopeDispose(
      keeper.on(name, (status) => {
        if (status.own) ended.value = status
      }),
    )
  }
  return ended
}

/** The time, four times a second while something counts. */
export function useNow(isCounting: () => boolean): Readonly<ShallowRef<number>> {
  const now = shallowRef(Date.now())
  watchEffect((onCleanup) => {
    if (!isCounting()) return
    const tick = () => {
      now.value = Date.now()
    }
    tick()
    const timer = setInterval(tick, 250)
    onCleanup(() => clearInterval(timer))
  })
  return now
}
