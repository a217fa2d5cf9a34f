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

// Loaded on its own, at once where there may be a worker: what a page needs in its first moment is in create-keeper.

/** What is queued is sent for so long before the worker goes, ms. */
const DRAIN_MS = 10_000

/** A page waits so long for a worker of the app's own before it does without, ms; less than `register` takes at most. */
const OWN_MS = 4_000

const CHANGES = /^(principal|seen|clear|outbox\.(flush|retry|discard|clear))$/

export type Reading = Pick<Keeper, 'streams' | 'attach'>

export interface Connection {
  /**
   * Settles when it is known who has this page.
   *
   * @throws {TypeError} naming a wrong option.
   */
  established: Promise<unknown>
  /** @throws {Error} when no worker of ours has this page, or it does not answer in time */
  ask: <Name extends keyof Calls>(
    name: Name,
    args: Calls[Name][0],
    limitMs?: number,
  ) => Promise<Calls[Name][1]>
  /** A call was done in a request: takes in what it changed. */
  followUp: (name: keyof Calls) => Promise<void>
  /** The responses of the worker and, where that is said, of a server. */
  reading: () => Reading | Promise<Reading>
  /** Asks the app for credentials. */
  findAuth: (question: AuthQuestion) => Promise<Record<string, string> | null | undefined>
  /** `guardResponse` with the worker that this page has; `undefined` where it is not needed, or did not load. */
  guarding: Promise<((chat: SentChat) => Promise<Response>) | undefined> | undefined
  /** Sends what is queued and takes the worker away. */
  retire: () => Promise<{ left: number }>
}

/**
 * Brings a worker of ours to this page, and follows whichever has it.
 *
 * Without a controller (first visit, hard reload) the active worker is asked to claim the page; whatever comes is
 * greeted before it counts:
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
  /** What is wrong with the options is told once. */
  const registered = finding.then(
    ({ registration }) => registration,
    () => undefined,
  )
  /** The last that was asked who it is. */
  let greeted: ServiceWorker | undefined

  const isControlled = () => !!context.worker && context.worker === container.controller

  const settle: KeeperContext['settle'] = (state, reason) => {
    if (signal.aborted) return // Retired meanwhile.
    context.settle(state, reason)
    if (reason) explain(reason)
  }

  /** Asks a worker where everything stands. */
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
      // It is none of ours, or has died meanwhile: the next one answers.
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
      // Where this page's own are on their way, there is nothing to warn of.
      if (found?.installing || found?.waiting || greeted !== candidate) return
      compareOptions(options, running, scope)
    })
    // A worker of 0.1 does not read it in the greeting.
    if (said !== undefined && !hello.hearsPrincipal) {
      await call(candidate, 'principal', { ...said, isLate: true }).catch(() => {}) // A call behind `ready` says so.
    }
    if (container.controller === candidate) {
      const isReached = !!scriptUrl || (await reachesIt())
      if (greeted !== candidate) return
      if (!isReached) return settle('fallback', 'other_listener')
      settle('controlling')
      // Whoever waited for that listens from then on.
      setTimeout(() => hello.notices.forEach((notice) => store.receive(notice)))
    } else await call(candidate, 'claim', null).catch(() => {}) // What counts is the controllerchange.
    post(candidate, 'wake')
  }

  /** A worker that is to go sends what waits first, and may ask for credentials; the page is without one. */
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
    // The URL of a worker that a page of 0.1 has registered names no scope.
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
    // Where the worker that takes itself away cannot be had, or not for the app's own, the page does what it can.
    if (!isEnabled && (!registration || !scriptUrl || found.reason)) return retire()
    // A worker of the app's own decides for itself.
    if (registration && scriptUrl) watchUpdates(registration, store, container, signal)
    if (context.worker) return greet(context.worker)
    if (found.reason && !registration?.active) return settle('fallback', found.reason)
    const candidate = (scriptUrl ? undefined : container.controller) ?? registration?.active
    if (candidate) return greet(candidate)
    const incoming = registration?.installing ?? registration?.waiting
    if (!incoming && scriptUrl) return settle('fallback', 'no_worker')
    if (!incoming) {
      // The app's own may be registered a moment later, or much later.
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
        // Without a worker of ours the path would be the server's.
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
    // Statuses tell of entries as they are sent, not of those that are gone.
    if (CHANGES.test(name)) await look(worker).catch(() => {})
    // The person who has signed in may have something to send.
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

  // At once: a Response must not wait for it.
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

/** True if this page's requests come to `keepStreams`, and not to a listener that was there before it. */
async function reachesIt(): Promise<boolean> {
  const reached = ['GET', 'POST'].map((method) => reaches(HELLO_PATH, { method }))
  return !(await Promise.all(reached)).includes(false)
}

/** Takes in where everything stands; what was heard since it was asked for, at `askedAt` (epoch ms), is newer. */
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
