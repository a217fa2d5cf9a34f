import { useEffect, useState, useSyncExternalStore } from 'react'
import type { Keeper, Snapshot } from 'streamkeeper'

/** A keeper's snapshot; renders again when it changes. */
export function useKeeper({ subscribe, getSnapshot, getServerSnapshot }: Keeper): Snapshot {
  return useSyncExternalStore(subscribe, getSnapshot, getServerSnapshot)
}

/** The time, four times a second while something counts. */
export function useNow(isCounting: boolean): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    if (!isCounting) return
    const tick = () => setNow(Date.now())
    tick()
    const timer = setInterval(tick, 250)
    return () => clearInterval(timer)
  }, [isCounting])
  return now
}
