/** The one doorway for what the browser says of its network. */
export interface Network {
  /** `false`: the browser knows of no network. `true` says little: the one that it has may lead nowhere. */
  isOnline: () => boolean
  /** Calls back whenever the browser says that it is back, or may be; the returned function ends that. */
  onOnline: (callback: () => void) => () => void
}

interface Platform extends Partial<EventTarget> {
  navigator?: { onLine?: boolean; connection?: EventTarget }
}

/** What page and worker say; Node and edge runtimes say nothing, and are taken to be online. */
export const systemNetwork: Network = {
  isOnline: () => (globalThis as Platform).navigator?.onLine !== false,
  onOnline: (callback) => {
    const platform = globalThis as Platform
    const received = new AbortController()
    const { signal } = received
    platform.addEventListener?.('online', callback, { signal })
    // [not in spec] Chromium's workers know whether they are online, but have no event for it: only that the kind of
    // connection has changed.
    platform.navigator?.connection?.addEventListener('change', callback, { signal })
    return () => received.abort()
  },
}
