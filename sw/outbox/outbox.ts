import type { Clock, Random } from '../../core/clock.ts'
import type { OutboxOptions, SaveRouteOptions } from '../../core/options/options.ts'
import type { RouteMatch } from '../../core/options/routes.ts'
import type { OutboxCounts, OutboxEntry } from '../../core/protocol/message.ts'
import { createRequestId, REQUEST_ID_HEADER } from '../../core/protocol/request-id.ts'
import type { Status, Untold } from '../../core/protocol/status.ts'
import type { AuthQuestion } from '../ask-auth.ts'
import { readBody } from '../reissue.ts'
import { deliver } from './deliver.ts'
import { startRun } from './drain.ts'
import { countEntries, type Entry, toPublic, type Triggers, UNTRIED } from './entry.ts'
import { seal } from './seal.ts'
import { sendRecord, takeApart } from './send-save.ts'
import { openStore } from './store.ts'

/** The saved messages of a scope: stored first, sent in the background until they arrive. */
export interface Outbox {
  /** Stores a request and answers it. Call it in the turn of the request: calls are stored in their order. */
  accept: (request: Request, route: RouteMatch<SaveRouteOptions>, clientId: string) => Promise<Response>
  /**
   * Sends what is due; `'woken'`: also what failed for lack of a network or of credentials; `'flush'`: everything.
   * Resolves when nothing more can be sent now; never rejects.
   */
  drain: (why?: 'woken' | 'flush') => Promise<void>
  counts: () => Promise<OutboxCounts>
  /** Oldest first. */
  list: () => Promise<OutboxEntry[]>
  body: (id: string) => Promise<Blob | null>
  /** Sends one entry now, a dead letter too; `false` when there is none. */
  retry: (id: string) => Promise<boolean>
  discard: (id: string) => Promise<boolean>
  clear: () => Promise<void>
}

export interface OutboxContext extends OutboxOptions {
  clock: Clock
  random: Random
  fetch: (url: string, init: RequestInit) => Promise<Response>
  scope: string
  origin: string
  caches: CacheStorage
  locks: LockManager
  report: (status: Untold<Status>, clientId: string) => void
  askAuth: (question: AuthQuestion) => Promise<Record<string, string> | null>
  /** Asks the browser to wake this worker when the network is back. */
  requestSync: () => void
}

const MAX_AGE_MS = 7 * 24 * 3_600_000
const RESPOND_MS = 2_000

/** After so long failed storage is tried again, while the worker lives, ms. */
const STORAGE_MS = 60_000

export function createOutbox(context: OutboxContext): Outbox {
  const { clock, scope, origin, report, maxAgeMs = MAX_AGE_MS } = context
  const store = openStore(scope, origin, context.caches, clock)
  const triggers: Triggers = { wokenAt: 0, flushedAt: 0 }
  const waiters = new Map<string, (response: Response) => void>()
  let lastId = ''
  let running: Promise<void> | undefined
  let renewRun = () => {}
  let disarm = () => {}
  /** Somebody asked for a drain since the last run began. */
  let isWanted = false

  const degraded = (error: unknown, clientId = '') => {
    const message = `The browser's storage failed: ${error instanceof Error ? error.message : String(error)}`
    report({ status: 'storage_degraded', message }, clientId)
  }

  const begun = store.restore().then(async (restored) => {
    lastId = (await store.list()).at(-1)?.id ?? ''
    if (restored === 0) return
    report({ status: 'outbox_restored', message: `${restored} saved messages were put back` }, '')
  })
  /** Settles when all that came before is stored, and what an earlier life of this worker left is known. */
  let turn: Promise<unknown> = begun.catch((error: unknown) => degraded(error))
  const ready = turn

  const run = async () => {
    disarm()
    try {
      await ready
      let next: number | undefined
      do {
        isWanted = false
        await context.locks.request(`streamkeeper outbox ${scope}`, () => {
          const { finished, renew } = startRun({
            clock,
            list: store.list,
            deliver: (id) => deliver(id, { ...context, store, waiters, maxAgeMs }),
            triggers,
          })
          renewRun = renew
          return finished
        })
        next = countEntries(await store.list()).nextAttemptAt
      } while (isWanted)
      // While this worker lives, it needs nobody to wake it.
      if (next) disarm = clock.timer(next - clock.now(), () => void drain())
    } catch (error) {
      degraded(error)
      // Trying at once would fail at once, unless somebody asked meanwhile.
      disarm = clock.timer(isWanted ? 0 : STORAGE_MS, () => void drain())
    } finally {
      running = undefined
    }
  }

  const drain: Outbox['drain'] = (why) => {
    if (why) triggers.wokenAt = clock.now()
    if (why === 'flush') triggers.flushedAt = clock.now()
    isWanted = true
    renewRun()
    return (running ??= run())
  }

  const counts = async () => countEntries(await store.list().catch(() => []))

  return {
    accept: async (request, route, clientId) => {
      const { respond = 'queued', respondMs = RESPOND_MS } = route.settings
      const earlier = turn
      const parts = readBody(request).then((body) => ({ body, ...takeApart(request, body, route, origin) }))

      const keep = async () => {
        const { record, secrets, body } = await parts
        const hasSecrets = record.hasQuery || secrets.headers.length > 0
        const sealed = hasSecrets ? { sealed: await seal(await store.sealKey(), secrets) } : {}
        await earlier
        const id = (lastId = nextId(lastId, clock.now()))
        const entry: Entry = { ...record, ...sealed, ...UNTRIED, id, createdAt: clock.now(), clientId }
        const real = respond === 'sent' ? realAnswer(id, respondMs) : undefined
        await store.add(entry, body)
        return { entry, real }
      }
      const storing = keep()
      turn = storing.catch(() => {})

      const { record, secrets, body } = await parts
      let kept: Awaited<typeof storing>
      try {
        kept = await storing
      } catch (error) {
        degraded(error, clientId)
        return sendRecord(context.fetch, record, secrets, body)
      }
      const { id, conversation } = kept.entry
      report({ status: 'save_queued', entryId: id, conversation, attempts: 0 }, clientId)
      context.requestSync()
      void drain()
      return (await kept.real) ?? acceptance(id, respond)
    },
    drain,
    counts,
    list: async () => (await store.list()).map(toPublic),
    body: async (id) => (await store.body(id)) ?? null,
    retry: async (id) => {
      const entry = await store.get(id)
      if (!entry) return false
      await store.update({ ...entry, state: 'queued', triedAt: 0, retryAt: 0, failures: 0 })
      context.requestSync()
      void drain()
      return true
    },
    discard: async (id) => {
      const wasThere = await store.remove(id)
      void drain() // It may have held back others.
      return wasThere
    },
    clear: async () => {
      await store.restore() // What only the cache has would come back at the next start.
      for (const { id } of await store.list()) await store.remove(id)
    },
  }

  /** The answer to that entry's request, if it comes in time. */
  function realAnswer(id: string, limitMs: number): Promise<Response | undefined> {
    return new Promise((resolve) => {
      const finish = (response?: Response) => {
        stop()
        waiters.delete(id)
        resolve(response)
      }
      const stop = clock.timer(limitMs, finish)
      waiters.set(id, finish)
    })
  }
}

/** What the app is told when its message is stored. */
function acceptance(id: string, respond: SaveRouteOptions['respond']): Response {
  const { status, body } =
    typeof respond === 'object' ? respond : { status: 202, body: { id, status: 'queued' } }
  const isEmpty = body === undefined || status === 204 || status === 205 || status === 304
  return new Response(isEmpty ? null : JSON.stringify(body), {
    status,
    headers: {
      'Cache-Control': 'no-store',
      [REQUEST_ID_HEADER]: id,
      ...(isEmpty ? {} : { 'Content-Type': 'application/json' }),
    },
  })
}

/** The next id: of the time, but never before the last one, whatever the clock does. */
function nextId(lastId: string, now: number): string {
  const number = Math.max(now, (parseInt(lastId, 36) || 0) + 1)
  return `${number.toString(36).padStart(9, '0')}-${createRequestId().slice(0, 8)}`
}
