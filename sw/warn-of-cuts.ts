import type { Work } from './work.ts'
import { worker } from './worker.ts'

/** Warns a host that takes over while the version before it has work: its answers may break off. */
export function warnOfCuts(work: Work): void {
  const skipWaiting = worker.skipWaiting.bind(worker)
  worker.skipWaiting = async () => {
    // Where locks are refused, nobody knows.
    if (await work.isUnderWayElsewhere().catch(() => false)) {
      console.warn(
        '[streamkeeper] skipWaiting() may break off an answer that is being read: await whenIdle() first',
      )
    }
    return skipWaiting()
  }
}
