/** The one doorway for what the browser says of its network. */
export interface Network {
  /** `false`: the browser knows of no network. `true` says little: the one that it has may lead nowhere. */
  isOnline: () => boolean
  /** Calls back whenever the browser says that it is back; the returned function ends that. */
  onOnline: (callback: () => void) => () => void
}

/** What page and worker say; Node and edge runtimes say nothing, and are taken to be online. */
export const systemNetwork: Network = {
  isOnline: () => (globalThis as { navigator?: { onLine?: boolean } }).navigator?.onLine !== false,
  onOnline: (callback) => {
    const { addEventListener, removeEventListener } = globalThis as Partial<typeof globalThis>
    addEventListener?.call(globalThis, 'online', callback)
    return () => removeEventListener?.call(globalThis, 'online', callback)
  },
}
