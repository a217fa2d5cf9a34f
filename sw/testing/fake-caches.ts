import type { Clock } from '../../core/clock.ts'

/** What a browser's storage may do instead of its work. */
export type Fault = Error | 'hang' | undefined

export type CacheOperation = 'open' | 'put' | 'match' | 'keys' | 'delete'

interface Pair {
  bytes: ArrayBuffer
  status: number
  headers: [string, string][]
}

export interface FakeCaches {
  /** What one worker sees as `caches`; `isDead` ends it: nothing it asks is done or answered any more. */
  of: (isDead: () => boolean) => CacheStorage
  /** Set it to let an operation fail or hang. */
  fault: (operation: CacheOperation, url: string) => Fault
  /** Set it to let an operation take so long, ms. */
  delay: (operation: CacheOperation, url: string) => number
  /** How often an operation was asked for. */
  count: (operation: CacheOperation) => number
  /** Everything stored, as text; by URL. */
  readAll: () => Map<string, string>
  /** Makes the headers of the pair with that body unreadable. */
  damage: (body: string) => void
  /** Loses pairs without a word; all of them unless told which. */
  loseAll: (part?: string) => void
}

/** The Cache API in memory, as far as an outbox uses it: GET only, bodies consumed, fresh Responses handed out. */
export function createFakeCaches(clock: Clock): FakeCaches {
  const stored = new Map<string, Map<string, Pair>>()
  const counts = new Map<CacheOperation, number>()

  /** Every operation takes a turn, and so does a fault. */
  const begin = async (operation: CacheOperation, url: string, isDead: () => boolean): Promise<void> => {
    counts.set(operation, (counts.get(operation) ?? 0) + 1)
    await new Promise((resolve) => setImmediate(resolve))
    const delayMs = fakes.delay(operation, url)
    if (delayMs > 0) await new Promise<void>((resolve) => clock.timer(delayMs, resolve))
    const fault = isDead() ? 'hang' : fakes.fault(operation, url)
    if (fault === 'hang') await new Promise(() => {})
    if (fault instanceof Error) throw fault
  }

  const openCache = (pairs: Map<string, Pair>, isDead: () => boolean): Cache => {
    const cache: Pick<Cache, 'put' | 'match' | 'keys' | 'delete'> = {
      put: async (about, response) => {
        const request = new Request(about)
        // [spec] https://w3c.github.io/ServiceWorker/#cache-put
        if (request.method !== 'GET' || !/^https?:/.test(request.url))
          throw new TypeError('Only GET over http')
        if (response.status === 206) throw new TypeError('Partial response')
        if (response.bodyUsed) throw new TypeError('The body is used')
        const bytes = await response.arrayBuffer()
        await begin('put', request.url, isDead)
        pairs.delete(request.url)
        pairs.set(request.url, { bytes, status: response.status, headers: [...response.headers] })
      },
      match: async (about) => {
        const { url } = new Request(about)
        await begin('match', url, isDead)
        const pair = pairs.get(url)
        return pair && new Response(pair.bytes.slice(0), { status: pair.status, headers: pair.headers })
      },
      keys: async () => {
        await begin('keys', '', isDead)
        return Array.from(pairs.keys(), (url) => new Request(url))
      },
      delete: async (about) => {
        const { url } = new Request(about)
        await begin('delete', url, isDead)
        return pairs.delete(url)
      },
    }
    return cache as Cache
  }

  const createStorage = (isDead: () => boolean): CacheStorage => {
    const storage: Pick<CacheStorage, 'has' | 'keys' | 'open' | 'match'> = {
      has: async (name) => stored.has(name),
      keys: async () => Array.from(stored.keys()),
      open: async (name) => {
        await begin('open', name, isDead)
        const pairs = stored.get(name) ?? new Map<string, Pair>()
        stored.set(name, pairs)
        return openCache(pairs, isDead)
      },
      match: (about, { cacheName = '' } = {}) =>
        openCache(stored.get(cacheName) ?? new Map(), isDead).match(about),
    }
    return storage as CacheStorage
  }

  const fakes: FakeCaches = {
    of: createStorage,
    fault: () => undefined,
    delay: () => 0,
    count: (operation) => counts.get(operation) ?? 0,
    readAll: () => {
      const all = new Map<string, string>()
      for (const pairs of stored.values()) {
        for (const [url, { bytes, headers }] of pairs) {
          if (!url.endsWith('/'))
            all.set(url, `${JSON.stringify(headers)}\n${new TextDecoder().decode(bytes)}`)
        }
      }
      return all
    },
    damage: (body) => {
      for (const pairs of stored.values()) {
        for (const pair of pairs.values()) {
          if (new TextDecoder().decode(pair.bytes) !== body) continue
          pair.headers = pair.headers.map(([name, value]) => [name, value.slice(0, 20)])
        }
      }
    },
    loseAll: (part = '') => {
      for (const pairs of stored.values()) {
        for (const url of pairs.keys()) if (url.includes(part)) pairs.delete(url)
      }
      if (part === '') stored.clear()
    },
  }
  return fakes
}
