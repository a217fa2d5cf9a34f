import type { SaveRouteOptions } from '../../core/options/options.ts'
import { compileRoutes, matchRoute } from '../../core/options/routes.ts'
import type { Status, Untold } from '../../core/protocol/status.ts'
import { type Entry, isRecord, type SaveRecord } from '../outbox/entry.ts'
import type { Ledger } from '../outbox/ledger.ts'
import type { Letters } from '../outbox/letters.ts'
import { createOutbox, type Outbox } from '../outbox/outbox.ts'
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

/** One message that reached the server. */
export interface Arrival {
  text: string
  key: string
  /** Who was signed in when it was sent. */
  as: string | null
  fate: Fate
  /** Its answer came to the worker that sent it. */
  isAnswered: boolean
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

type Place = 'ledger' | 'letters' | 'network' | 'page'

interface Operation {
  owner: object
  place: Place
  run: () => void
}

const ORIGIN = 'https://app.example'
const SCOPE = `${ORIGIN}/`

const STATUS: Partial<Record<Fate, number>> = {
  created: 201,
  busy: 503,
  limited: 429,
  error: 500,
  conflict: 409,
  refused: 400,
  unauthorized: 401,
  forbidden: 403,
}

/**
 * A browser whose every operation on storage or network waits until it is told to happen, in whatever order: so that a
 * worker can die, or another one act, between any two of them. The outbox is real, and so is what joins its two stores;
 * beneath are maps.
 */
export function createWorld() {
  const locks = createFakeLocks()
  const entries = new Map<string, Entry>()
  const keys = new Map<string, CryptoKey>()
  const letters = new Map<string, { record: string; body: Blob }>()
  const texts = new WeakMap<Blob, string>()
  const textOf = new Map<string, string>()
  const dead = new Set<object>()
  let operations: Operation[] = []
  let latest: string | undefined
  let timers: { at: number; owner: object; callback: () => void }[] = []
  let now = Date.UTC(2026, 0, 1)
  let principal: string | null = null
  let changes = 0
  let fates: Fate[] = []
  const arrivals: Arrival[] = []
  const saved: Saved[] = []
  const statuses: Untold<Status>[] = []
  let auth: Record<string, string> | null = null

  /** Something that happens when the world says so. */
  const happen = <Result>(owner: object, place: Place, what: () => Result): Promise<Result> =>
    new Promise((resolve, reject) => {
      if (dead.has(owner)) return
      const run = () => {
        try {
          const result = what()
          if (!dead.has(owner)) resolve(result)
        } catch (error) {
          reject(error)
        }
      }
      operations.push({ owner, place, run })
    })

  const ledgerOf = (owner: object): Ledger => {
    const ask = <Result>(what: () => Result) => happen(owner, 'ledger', what)
    const sorted = () => Array.from(entries.values()).sort((a, b) => (a.id < b.id ? -1 : 1))
    return {
      all: () => ask(() => ({ entries: structuredClone(sorted().filter(isRecord)), latest })),
      latest: () => ask(() => latest),
      put: (entry) =>
        ask(() => {
          const before = latest
          entries.set(entry.id, structuredClone(entry))
          latest = entry.id
          return before
        }),
      putNew: (entry) =>
        ask(() => {
          if (entries.has(entry.id)) return false
          entries.set(entry.id, entry)
          latest = entry.id
          return true
        }),
      change: (id, step) =>
        ask(() => {
          const found = entries.get(id)
          const changed = found && step(found)
          if (changed) entries.set(id, changed)
          return changed ?? found
        }),
      remove: (id) => ask(() => entries.delete(id)),
      key: (name) =>
        ask(() => {
          const key = keys.get(name) ?? ({ name } as unknown as CryptoKey)
          keys.set(name, key)
          return key
        }),
      forgetKey: (name) => ask(() => void keys.delete(name)),
    }
  }

  const lettersOf = (owner: object): Letters => {
    const ask = <Result>(what: () => Result) => happen(owner, 'letters', what)
    return {
      put: (record, bytes) => {
        const text = new TextDecoder().decode(bytes ?? new ArrayBuffer())
        const body = new Blob([text])
        texts.set(body, text)
        textOf.set(record.id, text)
        return ask(() => void letters.set(record.id, { record: JSON.stringify(record), body }))
      },
      ids: () => ask(() => Array.from(letters.keys())),
      record: (id) =>
        ask(() => {
          const letter = letters.get(id)
          return letter && (JSON.parse(letter.record) as SaveRecord)
        }),
      body: (id) => ask(() => letters.get(id)?.body),
      remove: (id) => ask(() => letters.delete(id)),
    }
  }

  const fetchOf =
    (owner: object) =>
    async (_url: string, { method, body, headers, signal }: RequestInit): Promise<Response> => {
      const as = principal
      const fate = method === 'HEAD' && fates[0] !== 'noNetwork' ? 'created' : (fates.shift() ?? 'created')
      if (fate === 'noNetwork') {
        return happen(owner, 'network', () => {
          throw new TypeError('No network')
        })
      }
      const text = body instanceof Blob ? texts.get(body) : new TextDecoder().decode(body as ArrayBuffer)
      const key = new Headers(headers).get('idempotency-key') ?? ''
      const arrival: Arrival = { text: text ?? '', key, as, fate, isAnswered: false }
      if (method !== 'HEAD') await happen(owner, 'network', () => arrivals.push(arrival))
      if (fate === 'silent') {
        return new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(new TypeError('Aborted')))
        })
      }
      return happen(owner, 'network', () => {
        if (fate === 'lostAnswer') throw new TypeError('The connection was lost')
        arrival.isAnswered = true
        if (fate === 'portal') return new Response('<p>Log in', { headers: { 'content-type': 'text/html' } })
        const hint = fate === 'limited' ? { 'retry-after': '30' } : {}
        return Response.json({}, { status: STATUS[fate] ?? 200, headers: hint })
      })
    }

  const boot = (): WorldWorker => {
    const owner = {}
    now += 1_000
    const outbox = createOutbox({
      clock: {
        now: () => now,
        timer: (ms, callback) => {
          const timer = { at: now + ms, owner, callback }
          timers.push(timer)
          return () => {
            timers = timers.filter((each) => each !== timer)
          }
        },
      },
      random: () => 0.5,
      fetch: fetchOf(owner),
      scope: SCOPE,
      origin: ORIGIN,
      ledger: ledgerOf(owner),
      letters: lettersOf(owner),
      principal: {
        current: () => principal,
        changes: () => changes,
        set: () => Promise.resolve(),
        known: () => Promise.resolve(principal),
        of: () => Promise.resolve(principal),
        met: () => {},
      },
      locks: locks.of(owner),
      report: (status) => dead.has(owner) || statuses.push(status),
      askAuth: () => happen(owner, 'page', () => auth),
      requestSync: () => {},
    })
    void outbox.drain('woken')
    return {
      outbox,
      kill: (isWritten) => {
        dead.add(owner)
        // What was asked of storage may have been done, or not; nobody hears of it.
        const left = operations.filter((operation) => operation.owner === owner)
        operations = operations.filter((operation) => operation.owner !== owner)
        timers = timers.filter((timer) => timer.owner !== owner)
        let isLedgerOpen = true
        left.forEach(({ place, run }, index) => {
          const isDone = isWritten(index)
          if (place === 'letters' && isDone) run()
          // What was not written is followed by nothing that was.
          if (place === 'ledger') isLedgerOpen &&= isDone
          if (place === 'ledger' && isLedgerOpen) run()
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
    /** By id; of all that ever were. */
    textOf,
    /** Lets everything run that waits for nothing but its turn. */
    settle: () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve))),
    underWay: () => operations.length,
    /** One of what is under way happens; in the ledger, whatever one worker asked for first. */
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
      for (const timer of timers) timer.at += ms
    },
    loseIndex: (isLost: (place: number) => boolean) => {
      keys.clear()
      latest = undefined
      Array.from(entries.keys()).forEach((id, place) => isLost(place) && entries.delete(id))
    },
    signIn: (name: string | null) => {
      if (name !== principal) changes++
      principal = name
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
