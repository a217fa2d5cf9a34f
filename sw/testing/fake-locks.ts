interface Ask {
  owner: object
  grant: () => void
}

export interface FakeLocks {
  /** What one worker sees as `navigator.locks`; only exclusive locks. */
  of: (owner: object) => LockManager
  /** The browser ends that worker: its locks and its place in every queue are free. */
  release: (owner: object) => void
}

/** Web Locks that really queue: one holder per name, the others in the order in which they asked. */
export function createFakeLocks(): FakeLocks {
  /** The first of each queue holds the lock. */
  const waitingByName = new Map<string, Ask[]>()
  const gone = new WeakSet<object>()

  const leave = (name: string, isLeaving: (ask: Ask) => boolean) => {
    const waiting = waitingByName.get(name) ?? []
    const holder = waiting[0]
    const left = waiting.filter((ask) => !isLeaving(ask))
    waitingByName.set(name, left)
    if (left[0] !== holder) left[0]?.grant()
  }

  return {
    of: (owner) => {
      const manager = {
        request: async (name: string, task: () => unknown) => {
          if (gone.has(owner)) await new Promise(() => {})
          const waiting = waitingByName.get(name) ?? []
          waitingByName.set(name, waiting)
          let ask: Ask | undefined
          await new Promise<void>((resolve) => {
            ask = { owner, grant: () => setImmediate(resolve) }
            waiting.push(ask)
            if (waiting[0] === ask) ask.grant()
          })
          try {
            return await task()
          } finally {
            leave(name, (each) => each === ask)
          }
        },
      }
      return manager as unknown as LockManager
    },
    release: (owner) => {
      gone.add(owner)
      for (const name of waitingByName.keys()) leave(name, (ask) => ask.owner === owner)
    },
  }
}
