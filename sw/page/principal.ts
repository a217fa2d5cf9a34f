import type { DBSchema } from 'idb'
import { type Clock, waitAtMost } from '../../core/clock.ts'
import { type Clearing, isPrincipal } from '../../core/messages/message.ts'
import { OWN_PATHS } from '../../core/messages/paths.ts'
import { type Deferred, deferred } from '../../core/deferred.ts'
import { inTime, openLazily } from '../storage/database.ts'

/** The id of who is signed in; `null`: nobody, or the app does not say. */
export type PrincipalId = string | null

/** Who is signed in. What belongs to another is neither listed, told nor given back. */
export interface Principal {
  /** `undefined`: not known yet. That is nobody's, until it is. */
  current: () => PrincipalId | undefined
  /** Counts who has been signed in so far: what was asked of one person is no answer for the next. */
  changes: () => number
  /**
   * `clientId`: the page that says it; if that is its first word, what it has sent before belongs to that person, too.
   * `saidAt`: when the app said it to that page, epoch ms; whom another page has named since stays. `isLate`: it may be long
   * ago, so a worker that has just started first finds out who was named since.
   */
  set: (id: PrincipalId, clientId?: string, saidAt?: number, isLate?: boolean) => Promise<void>
  /**
   * Resolves, when it is known, with who was signed in when it was asked. Rejects when the storage refuses, or has not
   * answered in time; the next call asks again.
   */
  known: () => Promise<PrincipalId>
  /**
   * Who was signed in on a page when it sent a request. A page whose first word is still to come is waited for: it may
   * say that somebody else is signed in now. Call it in the turn of the request; rejects as `known`.
   */
  of: (clientId: string) => Promise<PrincipalId>
  /** A page says, perhaps late, who is signed in, as in `set`; without an id, that it has nothing to say. */
  met: (clientId: string, id?: PrincipalId, saidAt?: number) => void
}

export interface PrincipalContext {
  scope: string
  caches: CacheStorage
  clock: Clock
  /** The option `principal`. */
  initial: PrincipalId | undefined
  /** True if it is a page, which may have something to say; a Worker has not. */
  isPage: (clientId: string) => Promise<boolean>
  /** Somebody else is signed in, or somebody at last. */
  changed?: () => void
}

interface Schema extends DBSchema {
  /** `current`: the id; `saidAt`: when it was said, epoch ms; `met`: pages whose first word has come. */
  principal: { key: 'current' | 'saidAt' | 'met'; value: PrincipalId | number | string[] }
}

/** A page says its first word within so long, or has no module that would. ms */
const FIRST_WORD_MS = 3_000

/** Nobody waits longer for the copy, ms. */
const COPY_MS = 1_000

/** So many pages are remembered beyond this worker's life. */
const MAX_MET = 64

/**
 * One for the scope, as cookies are; kept in IndexedDB, for a worker does not live as long as a session. Browsers have
 * been seen to lose a database, and then nobody may be taken for signed out: the Cache API has a copy.
 */
export function openPrincipal(context: PrincipalContext): Principal {
  const { scope, caches, clock, initial, isPage, changed } = context
  const database = openLazily<Schema>(`streamkeeper principal ${scope}`, (upgraded) => {
    upgraded.createObjectStore('principal')
  })
  const cacheName = `streamkeeper principal ${scope}`
  const copyUrl = new URL(`${OWN_PATHS}principal`, scope).href
  let current: PrincipalId | undefined
  /** When `current` was said, epoch ms; 0: not known. */
  let saidAt = 0
  /** A page's late word, while it is not known whether another has been named since. */
  let late: Saying | undefined
  let changes = 0
  /** True if pages of this app say who is signed in. */
  let isUsed = initial !== undefined
  let loading: Promise<PrincipalId> | undefined
  /** Settles when the copy has been read: what is written sooner might be read as the word of earlier workers. */
  let copyRead: Promise<unknown> = Promise.resolve()
  const met = new Set<string>()
  /** Of these, those whose first word a worker before this one has heard. */
  const metBefore = new Set<string>()
  /** Of pages that have sent something before they said anything. */
  const words = new Map<string, Word>()
  /** Another version of this worker may be at work, and pages tell only one. */
  const others = new BroadcastChannel(`streamkeeper principal ${scope}`)
  others.addEventListener('message', ({ data }: MessageEvent<PrincipalId>) => {
    take({ id: data, saidAt: clock.now() })
  })
  loaded().catch(() => {}) // Asked again by whoever needs it.

  return {
    current: () => current,
    changes: () => changes,
    set: async (id, clientId = '', at, isLate) => {
      const received = receive({ id, saidAt: at ?? clock.now() }, isLate)
      learn(clientId, id)
      await received
    },
    known: async () => (current === undefined ? loaded() : current),
    of,
    met: (clientId, id, at) => {
      if (id !== undefined) void receive({ id, saidAt: at ?? clock.now() }, at !== undefined)
      learn(clientId, id)
    },
  }

  async function receive(saying: Saying, isLate = false): Promise<void> {
    if (current === undefined && isLate) {
      if (!late || late.saidAt <= saying.saidAt) late = saying
      await loaded().catch(() => {}) // Then a page's word is enough.
      if (late !== saying) return
      late = undefined
    }
    if (!isOutdated(saying)) await accept(saying)
  }

  /** True if another was named after it. A time to come is of another clock. */
  function isOutdated(saying: Saying): boolean {
    return saying.saidAt < saidAt && saidAt <= clock.now()
  }

  async function accept(saying: Saying): Promise<void> {
    take(saying)
    others.postMessage(saying.id)
    await writeCurrent(saying)
  }

  function take({ id, saidAt: at }: Saying) {
    const isOther = id !== current
    if (isOther) changes++
    current = id
    saidAt = at
    // Until then there was nothing that a page could have said.
    if (!isUsed && met.size > 0) noteMet()
    isUsed = true
    if (isOther) changed?.()
  }

  /** Who was signed in when this worker started. */
  function loaded(): Promise<PrincipalId> {
    loading ??= load().catch((error: unknown) => {
      loading = undefined
      throw error
    })
    return inTime(loading, clock)
  }

  async function load(): Promise<PrincipalId> {
    const copied = (copyRead = readCopy())
    const opened = await database()
    const [kept, keptAt, before] = await Promise.all([
      opened.get('principal', 'current'),
      opened.get('principal', 'saidAt'),
      opened.get('principal', 'met'),
    ])
    for (const clientId of Array.isArray(before) ? before : []) {
      met.add(clientId)
      metBefore.add(clientId)
    }
    const record = isPrincipal(kept) ? { id: kept, saidAt: Number(keptAt ?? 0) } : undefined
    const copy = await copied
    // One of them may have been lost, or have refused what the other took.
    const known = copy && !(record && record.saidAt >= copy.saidAt) ? copy : record
    isUsed ||= known !== undefined
    const id = known ? known.id : (initial ?? null)
    // A page may have been faster.
    if (current !== undefined) return id
    saidAt = known?.saidAt ?? 0
    if (late) late.isOutdated = isOutdated(late)
    if (late && !late.isOutdated) void accept(late)
    else {
      current = id
      if (known && known !== record) void writeCurrent(known)
    }
    late = undefined
    return id
  }

  async function of(clientId: string): Promise<PrincipalId> {
    const then = current
    const pending = late
    if (then !== undefined && met.has(clientId)) return then
    const word = words.get(clientId) ?? { received: deferred() }
    if (!met.has(clientId)) words.set(clientId, word)
    // It knows, too, which pages have said something to the worker before this one.
    const before = await loaded().catch((error: unknown) => {
      if (then === undefined && word.said === undefined && !pending) throw error
      return null
    })
    const mayStillSay = isUsed && clientId !== '' && !met.has(clientId) && (await isPage(clientId))
    if (mayStillSay) {
      await waitAtMost(clock, FIRST_WORD_MS, word.received.promise)
      learn(clientId)
    } else words.delete(clientId)
    if (word.said !== undefined && !metBefore.has(clientId)) return word.said
    if (then !== undefined) return then
    return pending && !pending.isOutdated ? pending.id : before
  }

  function learn(clientId: string, said?: PrincipalId) {
    const word = words.get(clientId)
    if (word && said !== undefined) word.said = said
    word?.received.resolve()
    words.delete(clientId)
    if (!clientId || met.has(clientId)) return
    met.add(clientId)
    if (isUsed) noteMet()
  }

  function noteMet() {
    const putting = database().then((opened) => opened.put('principal', [...met].slice(-MAX_MET), 'met'))
    putting.catch(() => {}) // The next start asks the pages.
  }

  /** Refused: then neither place may go on naming another. */
  async function writeCurrent(saying: Saying): Promise<void> {
    await inTime(Promise.allSettled([writeRecord(saying), writeCopy(saying)]), clock).catch(() => {})
  }

  async function writeRecord({ id, saidAt: at }: Saying) {
    const opened = await database()
    try {
      const { store, done } = opened.transaction('principal', 'readwrite')
      await Promise.all([store.put(id, 'current'), store.put(at, 'saidAt'), done])
    } catch {
      await opened.delete('principal', 'current')
    }
  }

  async function writeCopy(saying: Saying) {
    await copyRead
    const cache = await caches.open(cacheName)
    await cache.put(copyUrl, new Response(JSON.stringify(saying))).catch(() => cache.delete(copyUrl))
  }

  async function readCopy(): Promise<Saying | undefined> {
    const reading = caches
      .match(copyUrl, { cacheName })
      .then((copy): Promise<Saying> | undefined => copy?.json())
    let read: Saying | undefined
    await waitAtMost(
      clock,
      COPY_MS,
      reading.then((saying) => (read = saying)),
    ).catch(() => {}) // Without storage there is no copy.
    return read && isPrincipal(read.id) ? read : undefined
  }
}

/** Whose data a `clear` deletes. */
export function principalOf(
  { known }: Pick<Principal, 'known'>,
  { principal }: Clearing,
): Promise<PrincipalId> {
  return principal === undefined ? known() : Promise.resolve(principal)
}

interface Saying {
  id: PrincipalId
  /** Epoch ms. */
  saidAt: number
  /** Of one that was said late: another had been named since. */
  isOutdated?: boolean
}

/** What a page says first. */
interface Word {
  said?: PrincipalId
  received: Deferred<void>
}
