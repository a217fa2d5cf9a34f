type Listener = (version: number) => void

/** Listeners for the changes of each stream, within this process. */
export interface Listeners {
  add: (id: string, listener: Listener) => () => void
  call: (id: string, version: number) => void
}

interface ListenersOptions {
  /** The first listener of a stream has come. */
  first?: (id: string) => void
  /** The last one has gone. */
  last?: (id: string) => void
}

export function createListeners({ first, last }: ListenersOptions = {}): Listeners {
  const byId = new Map<string, Set<Listener>>()
  return {
    add: (id, listener) => {
      const listeners = byId.get(id) ?? new Set()
      listeners.add(listener)
      if (listeners.size === 1) {
        byId.set(id, listeners)
        first?.(id)
      }
      return () => {
        if (!listeners.delete(listener) || listeners.size > 0) return
        byId.delete(id)
        last?.(id)
      }
    },
    call: (id, version) => {
      for (const listener of byId.get(id) ?? []) listener(version)
    },
  }
}
