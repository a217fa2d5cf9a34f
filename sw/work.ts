/** What must not be cut short: answers that are read, messages that are sent. */
export interface Work {
  /** Counts as work until it settles. */
  during: (work: Promise<unknown>) => void
  isUnderWay: () => boolean
  /** True if another version of the worker has something under way. */
  isUnderWayElsewhere: () => Promise<boolean>
}

/** The name of the lock that is held while there is work. */
function workLock(scope: string): string {
  return `streamkeeper work ${scope}`
}

/**
 * Does something if nothing is under way, in no version of the worker; resolves with whether it did.
 *
 * Waiting in the lock's queue instead would keep the next stream's claim behind us.
 */
export function ifIdle(locks: LockManager, scope: string, action: () => unknown): Promise<boolean> {
  return locks.request(workLock(scope), { ifAvailable: true }, async (lock) => {
    if (lock) await action()
    return lock !== null
  })
}

/**
 * Counts what is under way; while there is any a Web Lock is held, for other versions of this worker to see: whoever
 * gets it alone knows that nothing would be lost.
 */
export function createWork(locks: LockManager, scope: string): Work {
  let count = 0
  let release = () => {}

  const end = () => {
    count--
    if (count === 0) release()
  }

  return {
    during: (work) => {
      count++
      if (count === 1) {
        const idle = new Promise<void>((resolve) => (release = resolve))
        // Refused in private modes: then other versions see no work.
        locks.request(workLock(scope), { mode: 'shared' }, () => idle).catch(() => {})
      }
      work.then(end, end)
    },
    isUnderWay: () => count > 0,
    isUnderWayElsewhere: async () => {
      const { held = [] } = await locks.query()
      return held.filter(({ name }) => name === workLock(scope)).length > Math.min(count, 1)
    },
  }
}
