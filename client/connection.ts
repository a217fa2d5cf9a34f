import { browserLimits } from '../core/browser-limits.ts'
import { watchLocalNetwork } from '../core/local-network.ts'
import type { Options } from '../core/options/options.ts'
import { compileRoutes } from '../core/options/routes.ts'
import { type Calls, type Hello, PROTOCOL_VERSION } from '../core/messages/message.ts'
import { AWAKE_PATH, HELLO_PATH, STREAMS_PATH } from '../core/messages/paths.ts'
import { REQUEST_ID_HEADER } from '../core/messages/request-id.ts'
import type { RequestStatus } from '../core/messages/status.ts'
import { call, post, reaches } from './channel.ts'
import { ownUrl } from './request.ts'
import { createRequestOrder } from './request-order.ts'
import { watchUpdates } from './watch-updates.ts'
import { keepAwake } from './keep-awake.ts'
import type { SentChat } from './guard-response.ts'
import type { AuthQuestion, Keeper } from './keeper.ts'
import type { KeeperContext, SaidPrincipal } from './keeper-context.ts'
import { nextRequests } from './open-requests.ts'
import { findRegistration } from './registration.ts'
import type { StatusStore } from './status-store.ts'
import { compareOptions, explain } from './warnings.ts'

// Loaded separately, and immediately if there can be a worker: what a page needs first is in create-keeper.

/** Queued messages are sent for at most this long before the worker is unregistered, ms. */
const DRAIN_MS = 10_000

/** How long a page waits for the app's own worker before it does without, ms; less than `register` takes at most. */
const OWN_MS = 4_000

const CHANGES = /^(principal|seen|clear|outbox\.(flush|retry|discard|clear))$/

export type Reading = Pick<Keeper, 'streams' | 'attach'>

export interface Connection {
  /**
   * Settles when it is known whether a worker of ours controls this page.
   *
   * @throws {TypeError} naming a wrong option.
   */
  established: Promise<unknown>
  /** @throws {Error} if no worker of ours controls this page, or it does not reply in time */
  ask: <Name extends keyof Calls>(
    name: Name,
    args: Calls[Name][0],
    limitMs?: number,
  ) => Promise<Calls[Name][1]>
  /** Reads what a call that was made by a request has changed. */
  followUp: (name: keyof Calls) => Promise<void>
  /** The responses of the worker and, with `resume.streams`, of a server. */
  reading: () => Reading | Promise<Reading>
  /** Asks the app for credentials. */
  findAuth: (question: AuthQuestion) => Promise<Record<string, string> | null | undefined>
  /** `guardResponse` for this page's worker; `undefined` if it is not needed, or did not load. */
  guarding: Promise<((chat: SentChat) => Promise<Response>) | undefined> | undefined
  /** Sends queued messages and unregisters the worker. */
  retire: () => Promise<{ left: number }>
}

/**
 * Connects this page to a worker of ours, and follows changes of its controller.
 *
 * Without a controller (first visit, hard reload) the active worker is asked to claim the page; each worker
 * must reply to a greeting before it counts:
 *
 *     register ─► active ─hello─► claim ─► controllerchange ─hello─► controlling
 *                    └─ no response, other protocol ─► fallback
 */
export function connect(context: KeeperContext, helloMs: number): Connection {
  const { scriptUrl, options, store, container, signal, adopt } = context
  const isEnabled = options.enabled !== false
  context.isLeftToPage = watchLocalNetwork(location.href, navigator.permissions)
  const { reorders, endsInSilence } = browserLimits(navigator.userAgent)
  if (reorders) context.order = createRequestOrder(window, reorders)
  let registration: ServiceWorkerRegistration | undefined
  const finding = findRegistration(scriptUrl, options)
  /** Never rejects: a wrong option is reported once, by `finding`. */
  const registered = finding.then(
    ({ registration }) => registration,
    () => undefined,
  )
  /** The worker that was greeted last. */
  let greeted: ServiceWorker | undefined

  const isControlled = () => !!context.worker && context.worker === container.controller

  const settle: KeeperContext['settle'] = (state, reason) => {
    if (signal.aborted) return // Retired meanwhile.
    context.settle(state, reason)
    if (reason) explain(reason)
  }

  /** Asks a worker for its state, and adopts it. */
  const look = async (at: ServiceWorker, { id: principal, saidAt }: Partial<SaidPrincipal> = {}) => {
    const askedAt = Date.now()
    const hello = await call(at, 'hello', { protocol: PROTOCOL_VERSION, principal, saidAt }, helloMs)
    if (hello.protocol === PROTOCOL_VERSION) catchUp(store, hello, askedAt)
    return hello
  }

  const greet = async (candidate: ServiceWorker) => {
    greeted = candidate
    await shown()
    let said = context.principalToSay
    let hello = await look(candidate, said).catch(() => undefined)
    if (!hello && greeted === candidate) {
      // It is not ours, or has died meanwhile; in that case its successor replies.
      settle('fallback', 'other_worker')
      said = context.principalToSay
      hello = await look(candidate, said).catch(() => undefined)
    }
    if (greeted !== candidate) return // Another came instead.
    if (hello?.protocol !== PROTOCOL_VERSION) {
      return settle('fallback', hello ? 'version_mismatch' : 'other_worker')
    }
    context.worker = candidate
    context.knowsRequests = hello.knowsRequests
    if (context.principalToSay === said) context.principalToSay = undefined
    const running = JSON.parse(hello.options) as Options
    if (running.enabled === false || !isEnabled) return leaveTo(candidate)
    const scope = registration?.scope ?? document.baseURI
    context.chats = compileRoutes(running.chat, scope)
    context.saves = compileRoutes(running.saves, scope)
    void registered.then((found) => {
      // If a worker with this page's options is on its way, there is nothing to warn of.
      if (found?.installing || found?.waiting || greeted !== candidate) return
      compareOptions(options, running, scope)
    })
    // A worker of 0.1 does not read the principal in the greeting.
    if (said !== undefined && !hello.hearsPrincipal) {
      await call(candidate, 'principal', { ...said, isLate: true }).catch(() => {}) // A later call reports it.
    }
    if (container.controller === candidate) {
      const isReached = !!scriptUrl || (await reachesIt())
      if (greeted !== candidate) return
      if (!isReached) return settle('fallback', 'other_listener')
      settle('controlling')
      // Code that awaited `ready` must have added its listeners.
      setTimeout(() => hello.notices.forEach((notice) => store.receive(notice)))
    } else await call(candidate, 'claim', null).catch(() => {}) // Only the controllerchange counts.
    post(candidate, 'wake')
  }

  /** A worker that is to go first sends what waits, and may ask for credentials; the page counts as having none. */
  const leaveTo = async (candidate: ServiceWorker) => {
    const { installing, waiting, active } = (await registered) ?? {}
    if (greeted !== candidate) return
    // Enabled again: another takes this page over.
    if (isEnabled && [installing, waiting, active].some((other) => other && other !== candidate)) return
    settle('unsupported', 'disabled')
    context.worker = candidate
    post(candidate, 'wake')
  }

  const onControllerChange = () => {
    adopt()
    const { controller } = container
    // A worker that a page of 0.1 registered has no scope in its URL.
    const isRegistered = !!registration && registration.active === controller
    const candidate = scriptUrl && !isRegistered ? context.worker : controller
    if (candidate) void greet(candidate)
    else settle('fallback', 'other_worker')
  }

  const retire = async () => {
    const { queued, needsAuth } = store.getSnapshot().outbox
    registration ??= await registered
    const target = context.worker ?? registration?.active
    const drained = target && call(target, 'drain', { timeoutMs: DRAIN_MS }, 2 * DRAIN_MS)
    const left = await drained?.catch(() => undefined)
    if (scriptUrl) await registration?.unregister()
    context.end()
    return left ?? { left: queued + needsAuth }
  }

  const establish = async () => {
    const found = await finding
    registration = found.registration
    // If there can be no retiring worker, or the worker is the app's own, the page does what it can.
    if (!isEnabled && (!registration || !scriptUrl || found.reason)) return retire()
    // The app's own worker decides for itself.
    if (registration && scriptUrl) watchUpdates(registration, store, container, signal)
    if (context.worker) return greet(context.worker)
    if (found.reason && !registration?.active) return settle('fallback', found.reason)
    const candidate = (scriptUrl ? undefined : container.controller) ?? registration?.active
    if (candidate) return greet(candidate)
    const incoming = registration?.installing ?? registration?.waiting
    if (!incoming && scriptUrl) return settle('fallback', 'no_worker')
    if (!incoming) {
      // The app's own worker may be registered a moment later, or much later.
      const patience = setTimeout(settle, OWN_MS, 'fallback', 'no_worker')
      registration = await container.ready
      clearTimeout(patience)
      const { active } = registration
      return active && !context.worker && !signal.aborted ? greet(active) : undefined
    }
    incoming.addEventListener(
      'statechange',
      () => {
        if (incoming.state === 'activated') void greet(incoming)
        else if (incoming.state === 'redundant' && !context.worker) settle('fallback', 'blocked')
      },
      { signal },
    )
  }

  container.addEventListener('controllerchange', onControllerChange, { signal })
  keepAwake(
    store,
    {
      post: (type) => context.worker && post(context.worker, type),
      look: async () => context.worker && look(context.worker),
      listen: async (stop) => {
        // Without a worker of ours this path would reach the server.
        if (!isControlled()) return
        const { body } = await fetch(ownUrl(AWAKE_PATH), { signal: stop })
        await body?.pipeTo(new WritableStream())
      },
    },
    signal,
  )

  const followUp: Connection['followUp'] = async (name) => {
    const { worker } = context
    if (!worker) return
    // Statuses report entries that are sent, not those that are deleted.
    if (CHANGES.test(name)) await look(worker).catch(() => {})
    // The user who has signed in may have something to send.
    if (name === 'principal') post(worker, 'wake')
  }

  const ask: Connection['ask'] = async (name, args, limitMs) => {
    const { worker } = context
    if (!worker) throw new Error(`Cannot call ${name}: no worker`)
    const result = await call(worker, name, args, limitMs, limitMs ? () => look(worker) : undefined)
    await followUp(name)
    return result
  }

  const own: Reading = {
    streams: () => ask('streams', null),
    attach: async (requestId, { from = 0 } = {}) => {
      if (!isControlled()) throw new Error('Cannot attach: no worker')
      const response = await fetch(ownUrl(`${STREAMS_PATH}/${requestId}?from=${from}`))
      if (!response.headers.has(REQUEST_ID_HEADER)) throw new Error('Cannot attach: no such response')
      return response
    },
  }

  // Loaded immediately: a Response must not wait for it.
  const guarding = endsInSilence
    ? import('./guard-response.ts').then(
        ({ guardResponse }) =>
          (chat: SentChat) =>
            guardResponse(chat, {
              wasTaken: (id) => store.getSnapshot().requests.some(({ requestId }) => requestId === id),
              isKnown: async (requestId) => {
                if (!context.worker || !context.knowsRequests) return true
                return call(context.worker, 'knows', { requestId }).catch(() => false)
              },
            }),
        () => undefined, // It did not load.
      )
    : undefined

  return {
    established: establish(),
    ask,
    followUp,
    reading: () => {
      const path = options.resume?.streams
      if (!path) return own
      return import('./server-streams.ts').then(
        ({ withServer }) => withServer(path, own),
        () => own, // It did not load: perhaps next time.
      )
    },
    findAuth: async ({ origin, url, entryId, conversation, for: purpose }) => {
      try {
        return await context.provider?.({
          origin,
          url,
          entryId,
          conversation,
          ...(purpose && { for: purpose }),
        })
      } catch (error) {
        reportError(error)
      }
    },
    guarding,
    retire,
  }
}

/** Resolves when a prerendered page is shown: until then the browser holds back its messages. */
async function shown(): Promise<void> {
  if (!('prerendering' in document && document.prerendering)) return
  await new Promise((resolve) => document.addEventListener('prerenderingchange', resolve, { once: true }))
}

/** True if this page's requests reach `keepStreams`, and not a listener that was added before it. */
async function reachesIt(): Promise<boolean> {
  const reached = ['GET', 'POST'].map((method) => reaches(HELLO_PATH, { method }))
  return !(await Promise.all(reached)).includes(false)
}

/** Adopts a worker's state; statuses received since it was requested, at `askedAt` (epoch ms), are newer. */
function catchUp(
  { getSnapshot, set }: StatusStore,
  { requests, outbox, unseen = {} }: Hello,
  askedAt: number,
): void {
  const open = new Set(requests.map((status) => (status as RequestStatus).requestId))
  const still = getSnapshot().requests.filter(
    ({ requestId, status }) => open.has(requestId) || status.at >= askedAt,
  )
  set({ requests: requests.reduce(nextRequests, still), outbox, unseen })
}
