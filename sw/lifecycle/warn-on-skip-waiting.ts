import type { ActivityLock } from './activity-lock.ts'
import { worker } from '../worker.ts'

/** Warns a host that takes over while the previous version has work: its responses may break off. */
export function warnOnSkipWaiting(activity: ActivityLock): void {
  const skipWaiting = worker.skipWaiting.bind(worker)
  worker.skipWaiting = async () => {
    // If locks are refused, this is unknown.
    if (await activity.isUnderWayElsewhere().catch(() => false)) {
      console.warn(
        '[streamkeeper] skipWaiting() may cut a response that is being read: await whenIdle() first',
      )
    }
    return skipWaiting()
  }
}
