import type { Network } from '../network.ts'

export interface FakeNetwork extends Network {
  /** What the browser says from now on. */
  say: (online: boolean) => void
  /** How many wait for it to come back. */
  waiting: () => number
}

/** A browser that says what it is told to say; online unless told otherwise. */
export function createFakeNetwork(online = true): FakeNetwork {
  let isOnline = online
  const callbacks = new Set<() => void>()
  return {
    isOnline: () => isOnline,
    onOnline: (callback) => {
      callbacks.add(callback)
      return () => void callbacks.delete(callback)
    },
    say: (next) => {
      if (next === isOnline) return
      isOnline = next
      if (isOnline) for (const callback of callbacks) callback()
    },
    waiting: () => callbacks.size,
  }
}
