import { useEffect } from 'preact/hooks'
import { useSignal } from '@preact/signals'

/** The time of day for whoever counts down; it ticks only while `active`. Epoch ms. */
export function useNow(active: boolean, everyMs = 250): number {
  const now = useSignal(Date.now())
  useEffect(() => {
    if (!active) return undefined
    now.value = Date.now()
    const timer = setInterval(() => (now.value = Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [active, everyMs, now])
  return now.value
}
