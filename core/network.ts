/** The only access to the browser's network state. */
export interface Network {
  /** `false`: the browser knows of no network. `true` says little: its network may lead nowhere. */
  isOnline: () => boolean
  /** Calls back whenever the browser is, or may be, back online; the returned function stops that. */
  onOnline: (callback: () => void) => () => void
}

interface Platform extends Partial<EventTarget> {
  navigator?: { onLine?: boolean; connection?: EventTarget }
}

/** The network state that page and worker report; Node and edge runtimes report none, and count as online. */
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
