import { type Clock, type Random, sleep, waitAtMost } from '../../core/clock.ts'
import { type Deferred, deferred } from '../../core/deferred.ts'
import { DEFAULT_OUTBOX, DEFAULT_SAVE } from '../../core/options/defaults.ts'
import type { OutboxOptions, SaveRouteOptions } from '../../core/options/options.ts'
import type { RouteMatch } from '../../core/options/routes.ts'
import { type Clearing, isAfter, type OutboxCounts, type OutboxEntry } from '../../core/messages/message.ts'
import { createRequestId } from '../../core/messages/request-id.ts'
import type { Status, NewStatus } from '../../core/messages/status.ts'
import type { AuthQuestion } from '../page/ask-auth.ts'
import { type Principal, principalOf } from '../page/principal.ts'
import { saveResponse, actualResponse, type Waiters } from './save-response.ts'
import { createCredentials } from './credentials.ts'
import { deliver, type DeliverContext, type Send, trackSend } from './deliver.ts'
import { startRun } from './drain.ts'
import { type Entry, ownerOf, toPublic } from './entry.ts'
import { createMessageAge } from './message-age.ts'
import type { MessageIndex } from './message-index.ts'
import type { MessageCache } from './message-cache.ts'
import { move, type Triggers } from './transitions.ts'
import { NO_SECRETS, type Secrets } from './seal.ts'
import { sendRecord } from './send-save.ts'
import { openStore } from './store.ts'
import { createEnqueue, SLOT_MS } from './enqueue.ts'

/** The saved messages of a scope: stored first, sent in the background until they arrive. */
export interface Outbox {
  /**
   * Stores a request and responds to it. Call it in the turn of the request: requests are stored in the order of the
   * calls.
   */
  accept: (request: Request, route: RouteMatch<SaveRouteOptions>, clientId: string) => Promise<Response>
  /** Like `accept`, behind messages that still wait; if there are none, the request goes out as it would without us. */
  acceptLast: Outbox['accept']
  /**
   * Sends what is due; `'online'`: also what failed for lack of a network; `'woken'`: or of credentials; `'flush'`:
   * everything. Resolves when all that is due has been tried; never rejects.
   */
  drain: (why?: 'online' | 'woken' | 'flush') => Promise<void>
  /** Waits until a conversation has nothing left to send, at most `limitMs`. */
  settled: (conversation: string, limitMs: number, signal: AbortSignal) => Promise<void>
  counts: () => Promise<OutboxCounts>
  /** True if nothing is left to send, of any user. Rejects if the browser's storage refuses. */
  isEmpty: () => Promise<boolean>
  /** Oldest first. */
  list: () => Promise<OutboxEntry[]>
  body: (id: string) => Promise<Blob | null>
  /** Sends one entry now, even a dead letter; `false` if there is none. One that is being sent stays as it is. */
  retry: (id: string) => Promise<boolean>
  discard: (id: string) => Promise<boolean>
  /** Deletes everything of the user who is signed in, or named, that was saved before; rejects if it could not. */
  clear: (clearing?: Clearing) => Promise<void>
  /**
   * Stops what is being sent for users other than the one who is signed in. Resolves when it has ended: from then on it
   * cannot carry a cookie that is set.
   */
  stopOthers: () => Promise<void>
  /** Like `clear`; also deletes the key to the messages' secrets, and the headers that pages provided. */
  forget: (clearing?: Clearing) => Promise<void>
}

export interface OutboxContext extends OutboxOptions {
  clock: Clock
  random: Random
  fetch: (input: string | Request, init: RequestInit) => Promise<Response>
  scope: string
  origin: string
  messageIndex: MessageIndex
  messageCache: MessageCache
  principal: Principal
  locks: LockManager
  emit: (status: NewStatus<Status>, clientId: string) => void
  askAuth: (question: AuthQuestion) => Promise<Record<string, string> | null>
  /** Asks the browser to wake this worker when the network is back. */
  requestSync: () => void
  /** Called whenever nothing is left to send. */
  emptied?: (() => void) | undefined
}

interface Clear {
  /** The ids of messages that were saved after it. */
  spared: Set<string>
  ended: Deferred<void>
}

/** The longest wait for counts, or for an earlier `clear`, ms. */
const COUNT_MS = 1_000

/** No browser is known to take longer to end a request, ms. */
const STOP_MS = 1_000

/** How often a wait for a conversation checks it, ms. */
const LOOK_MS = 20

/** Failed storage is tried again after this long, while the worker lives, ms. */
const STORAGE_MS = 60_000

export function createOutbox(context: OutboxContext): Outbox {
  const { clock, principal } = context
  const store = openStore(context.messageIndex, context.messageCache, clock, (count) =>
    context.emit({ status: 'outbox_restored', message: `${count} saved messages were put back` }, ''),
  )
  const triggers: Triggers = { onlineAt: 0, wokenAt: 0, flushedAt: 0 }
  const credentials = createCredentials({ clock, askAuth: context.askAuth, triggers, principal })
  const waiters: Waiters = new Map()
  const sends = new Set<Send>()
  /** Requests that are neither in both stores yet nor sent without; each resolves with its id. */
  const storing = new Set<Promise<string | void>>()
  /** The `clear` calls under way. */
  const clears = new Set<Clear>()
  /** Secrets that are never stored. */
  const unsealed = new Map<string, Secrets>()
  const age = createMessageAge(clock, context.maxAgeMs ?? DEFAULT_OUTBOX.maxAgeMs)
  let running: Promise<void> | undefined
  let renewRun = () => {}
  /** Resolves for all callers of `drain`. */
  let settled = deferred<void>()
  let disarm = () => {}
  /** True if `drain` was called since the last run began. */
  let isWanted = false
  /** True if a page has come since: then the stores are compared again. */
  let isWoken = false

  const backlog = () => store.backlog(principal.current())
  const isOwn = (entry: Send['entry']) => ownerOf(entry) === principal.current()
  const own = async () => {
    await principal.known()
    return (await store.list()).filter(isOwn)
  }
  const find = async (id: string) => (await own()).find((entry) => entry.id === id)

  const degraded = (error: unknown, clientId = '') => {
    const message = `The browser's storage failed: ${error instanceof Error ? error.message : String(error)}`
    context.emit({ status: 'storage_degraded', message }, clientId)
  }

  let loading: Promise<void> | undefined
  let hasLoaded = false

  const load = async () => {
    await principal.known()
    await store.load()
    hasLoaded = true
  }
  const reload = () =>
    (loading ??= load().finally(() => {
      loading = undefined
    }))
  /**
   * Resolves when the entries that an earlier run of this worker left are known; tries again if the storage refused.
   */
  const loaded = async () => {
    if (!hasLoaded) await reload()
  }
  const begun = loaded().catch((error: unknown) => degraded(error))
  const enqueue = createEnqueue({
    clock,
    origin: context.origin,
    store,
    principal,
    authorization: context.authorization,
    unsealed,
    begun,
    loaded,
  })

  const isEmpty = async () => {
    await loaded()
    const entries = await store.list()
    return entries.every((entry) => entry.state === 'dead' || age.isOver(entry))
  }

  const emitWhenEmpty = (isEmpty: boolean) => {
    if (isEmpty) context.emptied?.()
  }

  const remove = (id: string) => {
    unsealed.delete(id)
    age.forget(id)
    return store.remove(id)
  }

  const openSecrets = async (entry: Entry) => {
    const { id, sealed, hasSecrets, hasQuery } = entry
    if (!hasSecrets && !hasQuery) return NO_SECRETS
    if (!sealed) return unsealed.get(id)
    const key = await store.sealKey(ownerOf(entry))
    return key.unseal(sealed).catch(() => undefined)
  }

  const delivery: DeliverContext = {
    ...context,
    store: { ...store, remove },
    credentials,
    openSecrets,
    isOwn,
    waiters,
    sends,
    age,
  }

  const stop = async (isMeant: (entry: Send['entry']) => boolean) => {
    const meant = Array.from(sends).filter(({ entry }) => isMeant(entry))
    for (const { abort } of meant) abort()
    await waitAtMost(clock, STOP_MS, Promise.allSettled(meant.map(({ ended }) => ended)))
  }

  const settle = () => {
    settled.resolve()
    settled = deferred()
  }

  const refresh = async () => {
    await (isWoken ? reload() : loaded())
    isWoken = false
    await store.refresh()
  }

  const run = async () => {
    disarm()
    try {
      await begun
      do {
        isWanted = false
        await context.locks.request(`streamkeeper outbox ${context.scope}`, async () => {
          await refresh()
          const { finished, renew } = startRun({
            clock,
            backlog,
            deliver: (entry, slot) => deliver(entry, slot, delivery),
            triggers,
            settle,
          })
          // Conversations that hang can make a run last: a page that comes does not wait for its end.
          renewRun = () => renew(isWoken ? refresh() : undefined)
          return finished.finally(() => (renewRun = () => {}))
        })
      } while (isWanted)
      // While this worker lives, a timer is enough to wake it.
      const { nextAttemptAt } = backlog().counts()
      if (nextAttemptAt) disarm = clock.timer(nextAttemptAt - clock.now(), () => void drain())
      // Not awaited: a run that is requested meanwhile must start.
      else if (context.emptied) void isEmpty().then(emitWhenEmpty, () => {})
    } catch (error) {
      degraded(error)
      // Trying again immediately would fail, unless somebody asked meanwhile.
      disarm = clock.timer(isWanted ? 0 : STORAGE_MS, () => void drain())
    } finally {
      running = undefined
      settle()
    }
  }

  const drain: Outbox['drain'] = (why) => {
    const now = clock.now()
    if (why) triggers.onlineAt = now
    if (why && why !== 'online') {
      isWoken ||= loading === undefined
      triggers.wokenAt = now
    }
    if (why === 'flush') triggers.flushedAt = now
    isWanted = true
    renewRun()
    running ??= run()
    return settled.promise
  }

  const clear = async (clearing: Clearing = {}) => {
    const spared = new Set<string>()
    const meant = new Set<string | void>()
    const current = { spared, ended: deferred<void>() }
    clears.add(current)
    const pending = Promise.all(Array.from(storing, async (stored) => meant.add(await stored)))
    try {
      // Messages that only the cache has would come back at the next start.
      const [who, ids] = await Promise.all([
        principalOf(principal, clearing),
        store.load(),
        waitAtMost(clock, SLOT_MS, pending),
      ])
      for (const id of ids) meant.add(id)
      const isMeant = (entry: Send['entry']) =>
        ownerOf(entry) === who && meant.has(entry.id) && !spared.has(entry.id)
      const removeMeant = async () => {
        const entries = await store.list()
        for (const { id, createdAt } of entries) {
          if (isAfter(clearing, createdAt, clock.now())) spared.add(id)
        }
        await Promise.all(entries.filter(isMeant).map(({ id }) => remove(id).wasThere))
        await stop(isMeant)
      }
      await removeMeant()
      // Messages that are stored only later were still saved before.
      void pending.then(removeMeant).catch(degraded)
    } finally {
      clears.delete(current)
      current.ended.resolve()
    }
  }

  /** Sends a message that is in no store, unless another user has signed in, whose cookies it would carry. */
  const sendUnstored = async (
    entry: Send['entry'],
    send: (deadline: AbortController) => Promise<Response>,
  ): Promise<Response> => {
    if (entry.principal !== principal.current()) return Response.error()
    const deadline = new AbortController()
    return trackSend(sends, entry, deadline, send(deadline))
  }

  const accept: Outbox['accept'] = async (request, route, clientId) => {
    const { respond = DEFAULT_SAVE.respond, respondMs = DEFAULT_SAVE.respondMs } = route.settings
    const { parts, placed, owner } = enqueue(request, route, clientId)
    const clearing = Array.from(clears)
    /** The id of a message that finds no place. */
    const otherId = createRequestId()
    const named = placed.then(
      async ({ entry, stored }) => {
        for (const { spared } of clearing) spared.add(entry.id)
        await stored.catch(() => {}) // Reported below.
        return entry.id
      },
      () => otherId,
    )
    storing.add(named)
    let entry: Entry
    let real: Promise<Response | undefined> | undefined
    try {
      const { record, secrets, body } = await parts
      try {
        const { stored, ...rest } = await placed
        entry = rest.entry
        age.note(entry.id)
        real = respond === 'sent' ? actualResponse(clock, waiters, entry.id, respondMs) : undefined
        await stored
      } catch (error) {
        degraded(error, clientId)
        const unstored = { id: await named, principal: await owner.catch(() => undefined) }
        return await sendUnstored(unstored, ({ signal }) =>
          sendRecord(context.fetch, record, secrets, body, {}, signal),
        )
      }
    } finally {
      storing.delete(named)
    }
    // If the worker dies before it has responded to a clear(), the next one receives both again, in their order.
    if (clearing.length > 0) {
      await waitAtMost(clock, COUNT_MS, Promise.all(clearing.map(({ ended }) => ended.promise)))
    }
    const { id, conversation } = entry
    if (isOwn(entry)) {
      context.emit({ status: 'save_queued', entryId: id, conversation, attempts: 0 }, clientId)
    }
    context.requestSync()
    void drain()
    return (await real) ?? saveResponse(id, respond)
  }

  return {
    accept,
    acceptLast: async (request, route, clientId) => {
      const id = createRequestId()
      const owner = principal.of(clientId).catch(() => undefined)
      const known = isEmpty().catch(() => true)
      const named = Promise.all([owner, known]).then(() => id)
      storing.add(named)
      try {
        const entry = { id, principal: await owner }
        if (!(await known) && isOwn(entry)) return await accept(request, route, clientId)
        return await sendUnstored(entry, (deadline) => {
          const abort = () => deadline.abort()
          request.signal.addEventListener('abort', abort)
          if (request.signal.aborted) abort()
          // Any setting would make the worker the referrer, the options in its URL included.
          const { referrer, referrerPolicy } = request
          return context.fetch(request, { signal: deadline.signal, referrer, referrerPolicy })
        })
      } finally {
        storing.delete(named)
      }
    },
    drain,
    settled: async (conversation, limitMs, signal) => {
      const until = clock.monotonic() + limitMs
      await waitAtMost(clock, Math.min(limitMs, COUNT_MS), begun)
      while (backlog().has(conversation) && clock.monotonic() < until && !signal.aborted) {
        await sleep(clock, LOOK_MS, signal).catch(() => {}) // Stopped.
      }
    },
    counts: async () => {
      await waitAtMost(clock, COUNT_MS, begun)
      return backlog().counts()
    },
    isEmpty,
    list: async () => (await own()).map(toPublic),
    body: async (id) => {
      const entry = await find(id)
      const body = entry && (await store.body(entry))
      return body ? new Blob([body]) : null
    },
    retry: async (id) => {
      if (!(await find(id))) return false
      const vouchedAt = clock.now()
      await store.change(id, (entry) =>
        // A send that is under way may arrive: if the worker dies meanwhile, its outcome must stay unknown.
        entry.state === 'sending'
          ? undefined
          : move(entry, 'queued', { triedAt: 0, retryAt: 0, failures: 0, vouchedAt }),
      )
      context.requestSync()
      void drain()
      return true
    },
    discard: async (id) => {
      const wasThere = (await find(id)) !== undefined && (await remove(id).wasThere)
      if (wasThere) await stop((entry) => entry.id === id)
      void drain() // It may have held back others.
      return wasThere
    },
    clear,
    stopOthers: () => stop((entry) => !isOwn(entry)),
    forget: async (clearing = {}) => {
      credentials.forget()
      const owner = principalOf(principal, clearing)
      const isLate = clearing.askedAt !== undefined
      await Promise.all([clear(clearing), isLate || owner.then(store.forgetSealKey)])
      if (!isLate) return
      // Messages that were saved since it was requested are sealed with the same key, and perhaps still being stored.
      const who = await owner
      const isNeeded = (await store.list()).some((entry) => ownerOf(entry) === who)
      if (!isNeeded && storing.size === 0) await store.forgetSealKey(who)
    },
  }
}
