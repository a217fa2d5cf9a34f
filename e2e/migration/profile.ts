/** The data that a worker has left in a browser, as JSON: the page's own origin is `{origin}`, bytes are text, keys are JWK. */
export interface Profile {
  /** Epoch ms. */
  takenAt: number
  databases: { name: string; stores: Store[] }[]
  caches: { name: string; entries: CachedMessage[] }[]
}

interface Store {
  name: string
  keyPath: string | null
  /** Keys are named where the values do not have them. */
  records: { key?: IDBValidKey; value: unknown }[]
}

interface CachedMessage {
  url: string
  /** Those that hold JSON, encoded as a URI's component, have it as it is. */
  headers: Record<string, unknown>
  body: string
}

// These run in the page; each must stand alone.

/** Reads all that lies in the browser for this page's origin. */
export async function readProfile(): Promise<Profile> {
  const settled = <Result>(request: IDBRequest<Result>) =>
    new Promise<Result>((resolve, reject) => {
      request.addEventListener('success', () => resolve(request.result))
      request.addEventListener('error', () => reject(request.error ?? new Error('IndexedDB refuses')))
    })
  const toJson = async (value: unknown): Promise<unknown> => {
    if (value instanceof CryptoKey) return { jwk: await crypto.subtle.exportKey('jwk', value) }
    if (value instanceof Uint8Array) return { text: new TextDecoder().decode(value) }
    if (typeof value === 'string') return value.replaceAll(location.origin, '{origin}')
    if (Array.isArray(value)) return Promise.all(value.map(toJson))
    if (typeof value !== 'object' || value === null) return value
    const fields = Object.entries(value).map(async ([name, field]) => [name, await toJson(field)] as const)
    return Object.fromEntries(await Promise.all(fields))
  }
  const readStore = async (store: IDBObjectStore): Promise<Store> => {
    const { name, keyPath } = store
    const [keys, values] = await Promise.all([settled(store.getAllKeys()), settled(store.getAll())])
    const records = await Promise.all(
      values.map(async (stored, index) => {
        const value = await toJson(stored)
        return keyPath === null ? { key: keys[index] as IDBValidKey, value } : { value }
      }),
    )
    return { name, keyPath: keyPath as string | null, records }
  }
  const readDatabase = async (name: string) => {
    const database = await settled(indexedDB.open(name))
    const names = Array.from(database.objectStoreNames)
    const transaction = names.length > 0 ? database.transaction(names) : undefined
    const stores = await Promise.all(
      names.map((each) => readStore((transaction as IDBTransaction).objectStore(each))),
    )
    database.close()
    return { name: (await toJson(name)) as string, stores }
  }
  const readEntry = async (cache: Cache, request: Request): Promise<CachedMessage> => {
    const response = (await cache.match(request)) as Response
    const headers = Array.from(response.headers, async ([name, value]) => {
      const text = decodeURIComponent(value)
      return [name, await toJson(text.startsWith('{') ? (JSON.parse(text) as unknown) : value)] as const
    })
    return {
      url: (await toJson(request.url)) as string,
      headers: Object.fromEntries(await Promise.all(headers)),
      body: await response.text(),
    }
  }
  const readCache = async (name: string) => {
    const cache = await caches.open(name)
    const entries = await Promise.all((await cache.keys()).map((request) => readEntry(cache, request)))
    return { name: (await toJson(name)) as string, entries }
  }

  const databases = await indexedDB.databases()
  return {
    takenAt: Date.now(),
    databases: await Promise.all(databases.map(({ name = '' }) => readDatabase(name))),
    caches: await Promise.all((await caches.keys()).map(readCache)),
  }
}

/** Puts it back where nothing is, as if it had been taken just now. */
export async function putBack({ takenAt, databases, caches: folders }: Profile): Promise<void> {
  const laterMs = Date.now() - takenAt
  /** A greater number is a time: epoch ms of 2020. */
  const EPOCH = 1_577_836_800_000

  const fromJson = async (value: unknown): Promise<unknown> => {
    if (typeof value === 'string') return value.replaceAll('{origin}', location.origin)
    if (typeof value === 'number') return value > EPOCH ? value + laterMs : value
    if (Array.isArray(value)) return Promise.all(value.map(fromJson))
    if (typeof value !== 'object' || value === null) return value
    const { jwk, text } = value as { jwk?: JsonWebKey; text?: string }
    if (jwk) return crypto.subtle.importKey('jwk', jwk, 'AES-GCM', false, ['encrypt', 'decrypt'])
    if (text !== undefined) return new TextEncoder().encode(text)
    const fields = Object.entries(value).map(async ([name, field]) => [name, await fromJson(field)] as const)
    return Object.fromEntries(await Promise.all(fields))
  }
  const putDatabase = async ({ name, stores }: Profile['databases'][number]) => {
    const records = await Promise.all(
      stores.flatMap((store) =>
        store.records.map(async ({ key, value }) => ({
          store: store.name,
          key,
          value: await fromJson(value),
        })),
      ),
    )
    await new Promise<void>((resolve, reject) => {
      const opening = indexedDB.open(name.replaceAll('{origin}', location.origin), 1)
      opening.addEventListener('upgradeneeded', () => {
        for (const { name: store, keyPath } of stores) opening.result.createObjectStore(store, { keyPath })
      })
      opening.addEventListener('error', () => reject(opening.error ?? new Error('IndexedDB refuses')))
      opening.addEventListener('success', () => {
        const database = opening.result
        const names = stores.map((store) => store.name)
        const transaction = database.transaction(names, 'readwrite')
        for (const { store, key, value } of records) transaction.objectStore(store).put(value, key)
        transaction.addEventListener('complete', () => {
          database.close()
          resolve()
        })
        transaction.addEventListener('abort', () =>
          reject(transaction.error ?? new Error('Cannot put it back')),
        )
      })
    })
  }
  const putCache = async ({ name, entries }: Profile['caches'][number]) => {
    const cache = await caches.open(name.replaceAll('{origin}', location.origin))
    for (const { url, headers, body } of entries) {
      const encoded = Object.entries(headers).map(async ([header, value]) => {
        const own = await fromJson(value)
        return [header, typeof own === 'string' ? own : encodeURIComponent(JSON.stringify(own))] as const
      })
      const response = new Response(body, { headers: Object.fromEntries(await Promise.all(encoded)) })
      await cache.put(url.replaceAll('{origin}', location.origin), response)
    }
  }

  await Promise.all([...databases.map(putDatabase), ...folders.map(putCache)])
}
