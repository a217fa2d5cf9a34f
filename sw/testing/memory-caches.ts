/** The part of `CacheStorage` that the outbox uses, in memory. */
export interface MemoryCaches {
  caches: CacheStorage
  /** What is stored, by URL. */
  stored: Map<string, { headers: [string, string][]; body: ArrayBuffer }>
  /** Makes every write fail, as a full disk does; `undefined`: no more. */
  refuse: (error: Error | undefined) => void
}

export function createMemoryCaches(): MemoryCaches {
  const stored: MemoryCaches['stored'] = new Map()
  let refusal: Error | undefined

  const cache = {
    put: async (url: string, response: Response) => {
      const body = await response.arrayBuffer()
      if (refusal) throw refusal
      stored.set(url, { headers: [...response.headers], body })
    },
    match: async (url: string) => {
      const found = stored.get(url)
      return found && new Response(found.body, { headers: found.headers })
    },
    keys: async () => Array.from(stored.keys(), (url) => new Request(url)),
    delete: async (url: string) => stored.delete(url),
  }
  return {
    caches: { open: async () => cache } as unknown as CacheStorage,
    stored,
    refuse: (error) => {
      refusal = error
    },
  }
}

/** Web Locks in memory: one holder a name, the others in line. */
export function createMemoryLocks(): LockManager {
  const lines = new Map<string, Promise<unknown>>()
  return {
    request: (name: string, work: () => Promise<unknown>) => {
      const turn = (lines.get(name) ?? Promise.resolve()).then(work)
      lines.set(
        name,
        turn.catch(() => {}),
      )
      return turn
    },
  } as unknown as LockManager
}
