/** Tracks work that must not be cut short: responses that are read, messages that are sent. */
export interface ActivityLock {
  /** Counts as work until it settles. */
  track: (task: Promise<unknown>) => void
  isUnderWay: () => boolean
  /** True if another version of the worker has something under way. */
  isUnderWayElsewhere: () => Promise<boolean>
}

/** The name of the lock that is held while there is work. */
function activityLockName(scope: string): string {
  return `streamkeeper work ${scope}`
}

/**
 * Runs `action` if nothing is under way, in no version of the worker; resolves with whether it did.
 *
 * Waiting in the lock's queue instead would make the next stream's claim wait behind us.
 */
export function ifIdle(locks: LockManager, scope: string, action: () => unknown): Promise<boolean> {
  return locks.request(activityLockName(scope), { ifAvailable: true }, async (lock) => {
    if (lock) await action()
    return lock !== null
  })
}

/**
 * Counts the work under way, and holds a Web Lock while there is any, for other versions of this worker to see: one
 * that gets the lock alone knows that nothing would be lost.
 */
export function createActivityLock(locks: LockManager, scope: string): ActivityLock {
  let count = 0
  let release = () => {}

  const end = () => {
    count--
    if (count === 0) release()
  }

  return {
    track: (task) => {
      count++
      if (count === 1) {
        const idle = new Promise<void>((resolve) => (release = resolve))
        // Refused in private modes: then other versions see no work.
        locks.request(activityLockName(scope), { mode: 'shared' }, () => idle).catch(() => {})
      }
      task.then(end, end)
    },
    isUnderWay: () => count > 0,
    isUnderWayElsewhere: async () => {
      const { held = [] } = await locks.query()
      return held.filter(({ name }) => name === activityLockName(scope)).length > Math.min(count, 1)
    },
  }
}
