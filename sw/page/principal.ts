import type { DBSchema } from 'idb'
import { type Clock, waitAtMost } from '../../core/clock.ts'
import { type Clearing, isPrincipal } from '../../core/messages/message.ts'
import { OWN_PATHS } from '../../core/messages/paths.ts'
import { type Deferred, deferred } from '../../core/deferred.ts'
import { inTime, openLazily } from '../storage/database.ts'

/** The id of the signed-in user; `null`: nobody, or the app does not say. */
export type PrincipalId = string | null

/** The user who is signed in. What belongs to another is neither listed, reported nor returned. */
export interface Principal {
  /** `undefined`: not known yet; until then no user is assumed. */
  current: () => PrincipalId | undefined
  /** Counts the changes of users: a reply from one user is no reply for the next. */
  changes: () => number
  /**
   * `clientId`: the page that reports it; if that is its first report, what it has sent before belongs to that user,
   * too. `saidAt`: when the app told that page, epoch ms; a user whom another page has named since stays. `isLate`: it
   * may be long ago, so a worker that has just started first finds out who was named since.
   */
  set: (id: PrincipalId, clientId?: string, saidAt?: number, isLate?: boolean) => Promise<void>
  /**
   * Resolves, once it is known, with the user who was signed in at the time of the call. Rejects if the storage
   * refuses, or has not responded in time; the next call tries again.
   */
  known: () => Promise<PrincipalId>
  /**
   * The user who was signed in on a page when it sent a request. Waits for a page's first report: it may name another
   * user. Call it in the turn of the request; rejects like `known`.
   */
  of: (clientId: string) => Promise<PrincipalId>
  /** A page reports, perhaps late, who is signed in, as in `set`; without an id, it has nothing to report. */
  met: (clientId: string, id?: PrincipalId, saidAt?: number) => void
}

export interface PrincipalContext {
  scope: string
  caches: CacheStorage
  clock: Clock
  /** The option `principal`. */
  initial: PrincipalId | undefined
  /** True if it is a page, which may report a user; a Worker does not. */
  isPage: (clientId: string) => Promise<boolean>
  /** Called when another user is signed in, or a first one is named. */
  changed?: () => void
}

interface Schema extends DBSchema {
  /** `current`: the id; `saidAt`: when it was reported, epoch ms; `met`: pages that have made their first report. */
  principal: { key: 'current' | 'saidAt' | 'met'; value: PrincipalId | number | string[] }
}

/** A page makes its first report within this time, or has no module that would. ms */
const FIRST_WORD_MS = 3_000

/** The longest wait for the copy, ms. */
const COPY_MS = 1_000

/** How many pages are remembered beyond this worker's life. */
const MAX_MET = 64

/**
 * One user for the scope, as with cookies; kept in IndexedDB, because a worker does not live as long as a user is
 * signed in. Browsers have been seen to lose a database, and then no user may count as signed out: the Cache API has a
 * copy.
 */
export function openPrincipal(context: PrincipalContext): Principal {
  const { scope, caches, clock, initial, isPage, changed } = context
  const database = openLazily<Schema>(`streamkeeper principal ${scope}`, (upgraded) => {
    upgraded.createObjectStore('principal')
  })
  const cacheName = `streamkeeper principal ${scope}`
  const copyUrl = new URL(`${OWN_PATHS}principal`, scope).href
  let current: PrincipalId | undefined
  /** When `current` was reported, epoch ms; 0: not known. */
  let saidAt = 0
  /** A page's late report, while it is unknown whether another user has been named since. */
  let late: Saying | undefined
  let changes = 0
  /** True if pages of this app report who is signed in. */
  let isUsed = initial !== undefined
  let loading: Promise<PrincipalId> | undefined
  /**
   * Settles when the copy has been read: a copy that is written sooner might be mistaken for that of earlier workers.
   */
  let copyRead: Promise<unknown> = Promise.resolve()
  const met = new Set<string>()
  /** Those of them whose first report an earlier worker received. */
  const metBefore = new Set<string>()
  /** The awaited first reports of pages that have already sent something. */
  const words = new Map<string, Word>()
  /** Another version of this worker may be at work, and pages report to only one. */
  const others = new BroadcastChannel(`streamkeeper principal ${scope}`)
  others.addEventListener('message', ({ data }: MessageEvent<PrincipalId>) => {
    take({ id: data, saidAt: clock.now() })
  })
  loaded().catch(() => {}) // Tried again by whoever needs it.

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
      await loaded().catch(() => {}) // Then the page's report is enough.
      if (late !== saying) return
      late = undefined
    }
    if (!isOutdated(saying)) await accept(saying)
  }

  /** True if another user was named after it. A future time is another clock's. */
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
    // Until then pages had nothing to report.
    if (!isUsed && met.size > 0) noteMet()
    isUsed = true
    if (isOther) changed?.()
  }

  /** The user who was signed in when this worker started. */
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
    // One of them may be lost, or have refused what the other stored.
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
    // This also loads which pages have reported to an earlier worker.
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

  /** If a write is refused, neither place may go on naming another user. */
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

/** The user whose data a `clear` deletes. */
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
  /** Set for a late report: another user had been named since. */
  isOutdated?: boolean
}

/** A page's first report. */
interface Word {
  said?: PrincipalId
  received: Deferred<void>
}
