import type { SaveRouteOptions } from '../../core/options/options.ts'
import { compileRoutes, matchRoute } from '../../core/options/routes.ts'
import type { Status, NewStatus } from '../../core/messages/status.ts'
import { type Entry, isRecord, type SaveRecord } from '../outbox/entry.ts'
import type { MessageIndex } from '../outbox/message-index.ts'
import type { MessageCache } from '../outbox/message-cache.ts'
import type { SealKey, Secrets } from '../outbox/seal.ts'
import { isHolding } from '../outbox/transitions.ts'
import { createOutbox, type Outbox } from '../outbox/outbox.ts'
import type { Clock } from '../../core/clock.ts'
import { inTime } from '../storage/database.ts'
import { createFakeLocks } from './fake-locks.ts'

/** What the server does with a message that reaches it, or the network before that. */
export type Fate =
  | 'created'
  | 'noNetwork'
  | 'lostAnswer'
  | 'busy'
  | 'limited'
  | 'error'
  | 'conflict'
  | 'refused'
  | 'unauthorized'
  | 'forbidden'
  | 'portal'
  | 'silent'
  /** A redirect that makes a GET of it. */
  | 'redirected'
  /** It is taken, and a redirect leads to a GET of what was made of it. */
  | 'shown'
  /** One that leaves it as it is, to a server that answers 200, or 201. */
  | 'moved'
  | 'moved201'
  | 'stale'
  /** An edge's pages. */
  | 'edge'
  | 'deploying'
  /** A hint of ten years, in seconds or as an epoch. */
  | 'absurd'
  | 'absurdEpoch'

/** One message that reached the server. */
export interface Arrival {
  text: string
  key: string
  /** Who was signed in when it reached the server. */
  as: string | null
  fate: Fate
  /** Its response came to the worker that sent it. */
  hasReply: boolean
}

/** One message that a page saved. */
export interface Saved {
  text: string
  conversation: string
  owner: string | null
  settings: Partial<SaveRouteOptions>
  search: string
  /** It has credentials of its own, beside cookies. */
  hasToken: boolean
  /** The worker that took it. */
  worker: object
  /** How many had been saved when its 202 came; absent when that never came. */
  promisedAt?: number
}

export interface WorldWorker {
  outbox: Outbox
  kill: (isWritten: (operation: number) => boolean) => void
}

type Place = 'principal' | 'ledger' | 'letters' | 'network' | 'page'

interface Operation {
  owner: object
  place: Place
  run: () => void
}

const ORIGIN = 'https://app.example'
const SCOPE = `${ORIGIN}/`
const DAY_MS = 86_400_000
const MAX_AGE_MS = 7 * DAY_MS

/** A storage that lacks a body is asked again so soon. ms */
const SOON_MS = 6_000

const STATUS: Partial<Record<Fate, number>> = {
  created: 201,
  busy: 503,
  limited: 429,
  error: 500,
  conflict: 409,
  refused: 400,
  unauthorized: 401,
  forbidden: 403,
  stale: 419,
  absurd: 429,
  absurdEpoch: 503,
  moved201: 201,
}

const TEN_YEARS_S = 315_360_000
const page = (status = 200) => new Response('<p>Log in', { status, headers: { 'content-type': 'text/html' } })

/** A response as it comes after a redirect. */
function redirected(path: string, response: Response): Response {
  return Object.defineProperties(response, {
    url: { value: ORIGIN + path },
    redirected: { value: true },
  })
}

/**
 * A browser whose every operation on storage or network waits until it is told to happen, in whatever order: so that a
 * worker can die, or another one act, between any two of them. The outbox is real, and so is what joins its two stores;
 * beneath are maps.
 */
export function createWorld() {
  const locks = createFakeLocks()
  const entries = new Map<string, Entry>()
  const keys = new Map<string, SealKey>()
  let sealings = 0
  const messageCache = new Map<string, { record: string; body: Blob }>()
  const texts = new WeakMap<Blob, string>()
  const textOf = new Map<string, string>()
  const dead = new Set<object>()
  /** Texts of the messages that were dead at some time and held back nothing, whether a page heard of it or not. */
  const everPassed = new Set<string>()
  const owners: object[] = []
  const outboxes: Outbox[] = []
  let operations: Operation[] = []
  let latest: string | undefined
  let timers: { at: number; owner: object; callback: () => void }[] = []
  let now = Date.UTC(2026, 0, 1)
  /** By how much the clock was set in all. */
  let setMs = 0
  let principal: string | null = null
  let changes = 0
  let fates: Fate[] = []
  const arrivals: Arrival[] = []
  const saved: Saved[] = []
  const statuses: NewStatus<Status>[] = []
  let auth: Record<string, string> | null = null
  /** So many of the next operations on storage are refused. */
  let refusals = 0
  /** Those that know who is signed in: a page has told them, or their storage. */
  const knowing = new WeakSet<object>()

  /** Something that happens when the world says so. */
  const happen = <Result>(owner: object, place: Place, what: () => Result): Promise<Result> =>
    new Promise((resolve, reject) => {
      if (dead.has(owner)) return
      const run = () => {
        try {
          if (refusals > 0 && place !== 'network' && place !== 'page') {
            refusals--
            throw new Error('The storage refuses')
          }
          const result = what()
          if (!dead.has(owner)) resolve(result)
        } catch (error) {
          reject(error)
        }
      }
      operations.push({ owner, place, run })
    })

  /** Encryption would take turns of its own on other threads. */
  const createSealKey = (): SealKey => {
    const sealed = new Map<string, Secrets>()
    return {
      key: {} as CryptoKey,
      seal: async (secrets) => {
        const text = String(sealings++)
        sealed.set(text, secrets)
        return text
      },
      unseal: async (text) => {
        const secrets = sealed.get(text)
        if (!secrets) throw new Error('Another key')
        return secrets
      },
    }
  }

  const messageIndexOf = (owner: object): MessageIndex => {
    const ask = <Result>(what: () => Result) => happen(owner, 'ledger', what)
    const note = (entry: Entry) => {
      if (entry.state === 'dead' && !isHolding(entry)) everPassed.add(textOf.get(entry.id) ?? '')
    }
    const sorted = () => Array.from(entries.values()).sort((a, b) => (a.id < b.id ? -1 : 1))
    return {
      progress: () => 0,
      all: () => ask(() => ({ entries: structuredClone(sorted().filter(isRecord)), latest })),
      latest: () => ask(() => latest),
      put: (entry) =>
        ask(() => {
          const before = latest
          entries.set(entry.id, structuredClone(entry))
          latest = entry.id
          return before
        }),
      putBack: (id, entry) =>
        ask(() => {
          const found = entries.get(id)
          if (isRecord(found) || (entry && !found)) return false
          entries.set(id, entry ?? ({ id } as Entry))
          if (!entry) return true
          note(entry)
          latest = entry.id
          return true
        }),
      change: (id, step) =>
        ask(() => {
          const found = entries.get(id)
          if (!isRecord(found)) return undefined
          const changed = step(found)
          if (changed) entries.set(id, changed)
          if (changed) note(changed)
          return changed ?? found
        }),
      remove: (id) => ask(() => entries.delete(id)),
      key: (name, known) =>
        ask(() => {
          const key = keys.get(name) ?? known ?? createSealKey()
          keys.set(name, key)
          return key
        }),
      forgetKey: (name) => ask(() => void keys.delete(name)),
    }
  }

  const messageCacheOf = (owner: object): MessageCache => {
    const ask = <Result>(what: () => Result) => happen(owner, 'letters', what)
    return {
      put: (record, bytes) => {
        const text = new TextDecoder().decode(bytes ?? new ArrayBuffer())
        const body = new Blob([text])
        texts.set(body, text)
        textOf.set(record.id, text)
        return ask(() => void messageCache.set(record.id, { record: JSON.stringify(record), body }))
      },
      ids: () => ask(() => Array.from(messageCache.keys())),
      mark: () => Promise.resolve('mark'),
      isMarked: () => Promise.resolve(true),
      record: (id) =>
        ask(() => {
          const cachedMessage = messageCache.get(id)
          return cachedMessage && (JSON.parse(cachedMessage.record) as SaveRecord)
        }),
      body: (id) => ask(() => messageCache.get(id)?.body),
      remove: (id) => ask(() => messageCache.delete(id)),
    }
  }

  const fetchOf =
    (owner: object) =>
    async (input: string | Request, init: RequestInit): Promise<Response> => {
      const { method, body, headers, signal } = init
      const url = input instanceof Request ? input.url : input
      /** What is ended before it happens does not happen. */
      const onNetwork = <Result>(what: () => Result) =>
        new Promise<Result>((resolve, reject) => {
          const abort = () => reject(new TypeError('Aborted'))
          if (signal?.aborted) return abort()
          signal?.addEventListener('abort', abort)
          happen(owner, 'network', () => (signal?.aborted ? undefined : resolve(what()))).catch(reject)
        })
      // To see what a redirect did.
      if (method === 'GET') {
        const isThere = !url.endsWith('/moved')
        return onNetwork(() => Response.json({ ok: isThere }, { status: isThere ? 200 : 405 }))
      }
      const fate = method === 'HEAD' && fates[0] !== 'noNetwork' ? 'created' : (fates.shift() ?? 'created')
      if (fate === 'noNetwork') {
        return onNetwork(() => {
          throw new TypeError('No network')
        })
      }
      const text = body instanceof Blob ? texts.get(body) : new TextDecoder().decode(body as ArrayBuffer)
      const key = new Headers(headers).get('idempotency-key') ?? ''
      const arrival: Arrival = { text: text ?? '', key, as: null, fate, hasReply: false }
      if (method !== 'HEAD') await onNetwork(() => arrivals.push(Object.assign(arrival, { as: principal })))
      if (fate === 'silent') {
        return new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(new TypeError('Aborted')))
        })
      }
      return onNetwork(() => {
        if (fate === 'lostAnswer') throw new TypeError('The connection was lost')
        arrival.hasReply = true
        const json = (more: Record<string, string> = {}) =>
          Response.json({ ok: true }, { status: STATUS[fate] ?? 200, headers: more })
        switch (fate) {
          case 'portal':
            return page()
          case 'edge':
            return page(403)
          case 'deploying':
            return page(404)
          case 'redirected':
          case 'shown':
            return redirected('/login', json())
          case 'moved':
          case 'moved201':
            return redirected('/moved', json())
          case 'limited':
            return json({ 'retry-after': '30' })
          case 'absurd':
            return json({ 'retry-after': String(TEN_YEARS_S) })
          case 'absurdEpoch':
            return json({ 'retry-after': String(Math.floor(now / 1_000) + TEN_YEARS_S) })
          default:
            return json()
        }
      })
    }

  const boot = (): WorldWorker => {
    const owner = {}
    owners.push(owner)
    now += 1_000
    const clock: Clock = {
      now: () => now,
      monotonic: () => now - setMs,
      timer: (ms, callback) => {
        const timer = { at: now + ms, owner, callback }
        timers.push(timer)
        return () => {
          timers = timers.filter((each) => each !== timer)
        }
      },
    }
    // As `openPrincipal`: asked of the storage at once, and again by whoever needs it after it failed.
    let loading: Promise<unknown> | undefined
    const knowPrincipal = async () => {
      const then = principal
      if (knowing.has(owner)) return then
      loading ??= happen(owner, 'principal', () => knowing.add(owner)).catch((error: unknown) => {
        loading = undefined
        throw error
      })
      await inTime(loading, clock)
      return then
    }
    const outbox = createOutbox({
      clock,
      random: () => 0.5,
      fetch: fetchOf(owner),
      scope: SCOPE,
      origin: ORIGIN,
      messageIndex: messageIndexOf(owner),
      messageCache: messageCacheOf(owner),
      principal: {
        current: () => (knowing.has(owner) ? principal : undefined),
        changes: () => changes,
        set: () => Promise.resolve(),
        known: knowPrincipal,
        of: knowPrincipal,
        met: () => {},
      },
      locks: locks.of(owner),
      emit: (status) => dead.has(owner) || statuses.push(status),
      askAuth: () => happen(owner, 'page', () => auth),
      requestSync: () => {},
    })
    outboxes.push(outbox)
    void outbox.drain('woken')
    return {
      outbox,
      kill: (isWritten) => {
        dead.add(owner)
        // What was asked of storage may have been done, or not; nobody hears of it.
        const left = operations.filter((operation) => operation.owner === owner)
        operations = operations.filter((operation) => operation.owner !== owner)
        timers = timers.filter((timer) => timer.owner !== owner)
        let isIndexOpen = true
        left.forEach(({ place, run }, index) => {
          const isDone = isWritten(index)
          if (place === 'letters' && isDone) run()
          // What was not written is followed by nothing that was.
          if (place === 'ledger') isIndexOpen &&= isDone
          if (place === 'ledger' && isIndexOpen) run()
        })
        locks.release(owner)
      },
    }
  }

  return {
    boot,
    arrivals,
    saved,
    statuses,
    everPassed,
    /** By id; of all that ever were. */
    textOf,
    /** Lets everything run that waits for nothing but its turn. */
    settle: () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve))),
    underWay: () => operations.length,
    /** One of what is under way happens; in the message index, whatever one worker asked for first. */
    happen: (which: number) => {
      const chosen = operations[which % operations.length]
      const first = operations.find(({ owner, place }) => owner === chosen?.owner && place === chosen.place)
      const operation = chosen?.place === 'ledger' ? first : chosen
      operations = operations.filter((each) => each !== operation)
      operation?.run()
    },
    /** Whatever is due by then rings, in its order. */
    advance: (ms: number) => {
      now += ms
      for (;;) {
        timers.sort((a, b) => a.at - b.at)
        const [first] = timers
        if (!first || first.at > now) return
        timers.shift()
        first.callback()
      }
    },
    /** The clock is set, and nothing rings for it. */
    setClock: (ms: number) => {
      now += ms
      setMs += ms
      for (const timer of timers) timer.at += ms
    },
    loseIndex: (isLost: (place: number) => boolean) => {
      keys.clear()
      latest = undefined
      Array.from(entries.keys()).forEach((id, place) => isLost(place) && entries.delete(id))
    },
    /** The newer half of the index is lost, as a log that was not written; the keys are not. */
    loseTheNewest: () => {
      const ids = Array.from(entries.keys()).sort()
      for (const id of ids.slice(Math.ceil(ids.length / 2))) entries.delete(id)
      latest = ids.at(Math.ceil(ids.length / 2) - 1)
    },
    refuse: (times: number) => {
      refusals = times
    },
    /** Ids of what only one of the two stores has. A place that a worker kept before it died is nothing. */
    torn: () => [
      ...Array.from(entries.values()).flatMap((entry) =>
        isRecord(entry) && !messageCache.has(entry.id) ? [entry.id] : [],
      ),
      ...Array.from(messageCache.keys()).filter((id) => !entries.has(id)),
    ],
    /** How far the next try of each is set beyond the end of its message's time, ms; none may be. */
    beyondTheirAge: () =>
      Array.from(entries.values())
        // A try that is yet to come is of a clock that was set back: what it says does not count.
        .filter(({ triedAt }) => triedAt <= now)
        // An age is believed a day after it was first seen.
        .map(
          ({ retryAt, createdAt, overAt = -Infinity }) =>
            retryAt - Math.max(now, createdAt + MAX_AGE_MS, overAt + DAY_MS),
        )
        .filter((ms) => ms > SOON_MS),
    /** A page tells all workers who is signed in, whether it has changed or not. */
    signIn: (name: string | null) => {
      for (const owner of owners) knowing.add(owner)
      if (name !== principal) changes++
      principal = name
      for (const { stopOthers } of outboxes) void stopOthers()
    },
    principal: () => principal,
    fates: (next: Fate[]) => {
      fates = next
    },
    giveAuth: (headers: Record<string, string> | null) => {
      auth = headers
    },
    save: (
      worker: WorldWorker,
      {
        conversation,
        settings,
        search,
        hasToken,
      }: Pick<Saved, 'conversation' | 'settings' | 'search' | 'hasToken'>,
    ) => {
      now += 10 // Two workers may take messages, but not in the same millisecond.
      const text = `m${saved.length}`
      const message: Saved = {
        text,
        conversation,
        owner: principal,
        settings,
        search,
        hasToken,
        worker,
      }
      saved.push(message)
      const url = `${ORIGIN}/api/${conversation}${search}`
      const route = matchRoute(compileRoutes([{ url: '*', ...settings }], SCOPE), 'POST', url)
      if (!route) throw new Error(`No route for ${url}`)
      const request = {
        method: 'POST',
        url,
        headers: new Headers(hasToken ? { authorization: 'Bearer old' } : {}),
        mode: 'cors',
        credentials: 'same-origin',
        referrer: '',
        referrerPolicy: '',
        arrayBuffer: () => Promise.resolve(new TextEncoder().encode(text).buffer),
      } as unknown as Request
      void worker.outbox.accept(request, route, 'page').then(
        ({ status }) => {
          if (status === 202) message.promisedAt = saved.length
        },
        () => {}, // Straight to the network, which failed: as without us.
      )
    },
  }
}

export type World = ReturnType<typeof createWorld>
