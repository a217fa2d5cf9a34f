import { browserLimits } from '../core/browser-limits.ts'
import { deferred } from '../core/deferred.ts'
import type { ChatRouteOptions, Options, SaveRouteOptions } from '../core/options/options.ts'
import { readOptions } from '../core/options/query.ts'
import { compileRoutes, matchRoute, type Route } from '../core/options/routes.ts'
import {
  type Calls,
  isOurs,
  isPrincipal,
  PRINCIPAL_TAKES,
  type ToPage,
  type ToWorker,
} from '../core/messages/message.ts'
import { createRequestId, readRequestId, REQUEST_ID_HEADER } from '../core/messages/request-id.ts'
import { request } from './request.ts'
import type { Connection } from './connection.ts'
import type { Fallback } from './fallback.ts'
import type { SentChat } from './guard-response.ts'
import type { Keeper, ScriptUrl } from './keeper.ts'
import type { KeeperContext, SaidPrincipal } from './keeper-context.ts'
import { forgetAborts, observeAborts } from './observe-aborts.ts'
import { isEnd } from './open-requests.ts'
import { pause } from './pause.ts'
import { ownScope, pathOf, SCOPE_PARAMETER } from './script-path.ts'
import { createStatusStore, FIRST_SNAPSHOT } from './status-store.ts'

/** `register` resolves by then, whatever happens; a worker that has not replied to `hello` by then is not ours. ms */
const PATIENCE_MS = 5_000

/** A flush ends when everything has been tried, or after this long if the worker is alive, ms. */
const FLUSH_MS = 240_000

/** The longest that a Response waits for the code that guards it, ms. */
const GUARD_MS = 1_000

/** The page's keeper as the module's other parts see it. */
export interface Current {
  key: string
  keeper: Keeper
  /** True if the worker that controls this page handles such a request as a chat. */
  isChat: (method: string, url: string) => boolean
  /** `keeper.fetch`, with the request's id. */
  fetch: (input: RequestInfo | URL, init?: RequestInit, requestId?: string) => Promise<Response>
  /** From now on another keeper of that worker reports who is signed in. */
  hush: (scriptUrl?: ScriptUrl) => void
}

let current: Current | undefined

/** How many keepers of this page have not yet replied to a request for credentials, by its port. */
const deciding = new WeakMap<MessagePort, number>()

/** The keeper made last, unless it was retired. */
export function currentKeeper(): Current | undefined {
  return current
}

/**
 * Like `register`, but returns the `Keeper` immediately, in state `'starting'`; `keeper.ready` is what `register`
 * returns. Called again with the same arguments, it returns the same `Keeper`. Works on a server, where it does
 * nothing.
 */
export function createKeeper(scriptUrl?: ScriptUrl, options: Options = {}): Keeper {
  const key = JSON.stringify([String(scriptUrl), options])
  if (current?.key === key) return current.keeper
  current?.hush(scriptUrl)

  const store = createStatusStore()
  const { on, subscribe, getSnapshot } = store
  const ready = deferred<Keeper>()
  const lifetime = new AbortController()
  const container = findContainer()
  let connection: Promise<Connection> | undefined
  /** Once this is set, calls are made in their own turn, ahead of what the app sends next. */
  let connected: Connection | undefined
  let engine: Promise<Fallback> | undefined
  /** The latest report of who is signed in: calls that waited for the worker use no earlier one. */
  let latest: SaidPrincipal | undefined
  const say = (id: string | null) => (latest = { id, saidAt: Date.now() })
  /** The number of `clear` calls under way. */
  let clears = 0
  /** True while the page is being unloaded: it starts no more requests. */
  let isGoing = false

  const settle: KeeperContext['settle'] = (state, reason) => {
    if (state !== 'controlling') context.worker = undefined
    store.set({ state, reason })
    clearTimeout(patience)
    ready.resolve(keeper)
  }

  const isControlled = () =>
    !!context.worker && context.worker === container?.controller && getSnapshot().state !== 'unsupported'
  const isTaken = (routes: Route<ChatRouteOptions | SaveRouteOptions>[] = [], method: string, url: string) =>
    isControlled() && !context.isLeftToPage(url) && !!matchRoute(routes, method, url)
  const isChat = (method: string, url: string) => isTaken(context.chats, method, url)
  const orderOf = (method: string, url: string) =>
    context.order && (isChat(method, url) || isTaken(context.saves, method, url)) ? context.order : undefined

  const reach = async () => {
    await ready.promise
    if (!connection) throw new Error('No worker')
    return (connected = await connection)
  }

  const ask = async <Name extends keyof Calls>(name: Name, args: Calls[Name][0], limitMs?: number) =>
    (connected ?? (await reach())).ask(name, args, limitMs)

  /** The worker that controls this page, if it runs this keeper's script. */
  const findOwn = () => {
    const controller = container?.controller
    if (!controller || !scriptUrl) return undefined
    const { pathname, searchParams } = new URL(controller.scriptURL)
    const isOwn =
      pathname === pathOf(scriptUrl) &&
      searchParams.get(SCOPE_PARAMETER) === ownScope(scriptUrl, options.scope)
    return isOwn ? controller : undefined
  }

  /** True if nothing is kept for this page, since no worker of ours has it; false where one may be there and is silent. */
  const isWithout = async () => {
    await ready.promise
    const { state, reason } = getSnapshot()
    if (state === 'starting' || state === 'controlling' || context.worker) return false
    if (container?.controller) return !!scriptUrl && !findOwn()
    return reason !== 'other_worker' && reason !== 'version_mismatch'
  }

  const isInOrder = () => !isGoing && isControlled()

  /** Makes a call whose place among this page's requests matters; resolves with whether it was done. */
  const askInOrder = async <Name extends 'principal' | 'clear' | 'outbox.clear'>(
    name: Name,
    args: Calls[Name][0],
  ): Promise<boolean> => {
    const { order } = context
    const make = async () => isInOrder() && request(name, args)
    if (!(await (order ? order.call(make) : make()))) return false
    await reach().then(
      ({ followUp }) => followUp(name),
      () => {}, // It was done all the same.
    )
    return true
  }

  const clear = async (name: 'clear' | 'outbox.clear') => {
    const late = { principal: latest?.id, askedAt: Date.now() }
    clears++
    try {
      if (!(await askInOrder(name, null)) && !(await isWithout())) await ask(name, late)
    } finally {
      clears--
    }
  }

  const post = (message: ToWorker) => context.worker?.postMessage(message)

  const aborted = (requestId: string) => post({ streamkeeper: 1, type: 'aborted', requestId })

  const cancel = (requestId: string) => {
    post({ streamkeeper: 1, type: 'cancel', requestId })
    void engine?.then((fallback) => fallback.cancel(requestId))
  }

  const fetchAs: Current['fetch'] = (input, init, requestId) => {
    if (getSnapshot().state !== 'fallback') return fetch(input, init)
    engine ??= import('./fallback.ts').then(({ createFallback }) => createFallback(options, store.receive))
    return engine.then(
      (fallback) => fallback.fetch(input, init, requestId),
      () => {
        engine = undefined // It did not load: perhaps next time.
        return fetch(input, init)
      },
    )
  }

  /** Guards a response, unless the code for that does not load: a Response that is here waits only a moment for it. */
  const guard = (chat: SentChat) => {
    const loading = connection?.then(({ guarding }) => guarding)
    const wait = () => pause(GUARD_MS)
    return Promise.race([loading, chat.response.then(wait, wait)])
      .then((guard) => guard?.(chat) ?? chat.response)
      .catch(() => chat.response)
  }

  const onMessage = ({ data, source, ports }: MessageEvent<unknown>) => {
    // Workers of other scopes reach this page, too.
    if (!isOurs<ToPage>(data)) return
    const isItsOwn = (source as ServiceWorker | null)?.scriptURL === context.worker?.scriptURL
    if (data.type === 'auth') {
      // A page that does not know its worker yet must not keep it waiting: it wakes the worker once it does.
      void respond(
        ports[0] as MessagePort,
        isItsOwn &&
          connection?.then(
            ({ findAuth }) => findAuth(data),
            () => null,
          ),
      )
      return
    }
    if (!isItsOwn) return
    if (data.type === 'counts') store.set({ unseen: data.unseen, outbox: data.outbox })
    else {
      if (isEnd(data.status)) forgetAborts(data.status.requestId)
      store.receive(data.status, data.outbox)
    }
  }

  const context: KeeperContext = {
    scriptUrl,
    options,
    principalToSay: options.principal === undefined ? undefined : say(options.principal),
    store,
    container: container as ServiceWorkerContainer,
    signal: lifetime.signal,
    settle,
    isLeftToPage: (url) => !url.startsWith(`${location.origin}/`),
    adopt: () => {
      context.worker = findOwn()
      if (!context.worker) return
      const { chat, saves } = readOptions(context.worker.scriptURL) ?? {}
      context.chats = compileRoutes(chat)
      context.saves = compileRoutes(saves)
    },
    end: () => {
      lifetime.abort()
      if (current?.keeper === keeper) {
        observeAborts(undefined)
        current = undefined
      }
      store.set({ requests: [], unseen: {} })
      settle('unsupported', 'disabled')
      context.adopt() // It has this page until the page is left, and is still told who is signed in.
    },
  }

  const keeper: Keeper = {
    ready: ready.promise,
    get state() {
      return getSnapshot().state
    },
    get reason() {
      return getSnapshot().reason
    },
    on,
    subscribe,
    getSnapshot,
    getServerSnapshot: () => FIRST_SNAPSHOT,
    headers: (id): Record<string, string> =>
      isControlled() ? { [REQUEST_ID_HEADER]: readRequestId(id) ?? createRequestId() } : {},
    cancel,
    streams: async () => (await (await reach()).reading()).streams(),
    attach: async (...response) => (await (await reach()).reading()).attach(...response),
    seen: async (conversation) => {
      await ask('seen', { conversation }).catch(() => {}) // Without a worker nothing is counted.
    },
    outbox: {
      list: () => ask('outbox.list', null),
      deadLetters: async () => (await ask('outbox.list', null)).filter(({ state }) => state === 'dead'),
      body: (id) => ask('outbox.body', { id }),
      flush: () => ask('outbox.flush', null, FLUSH_MS),
      retry: (id) => ask('outbox.retry', { id }),
      discard: (id) => ask('outbox.discard', { id }),
      clear: () => clear('outbox.clear'),
    },
    provideAuth: (next) => {
      context.provider = next
      if (next) post({ streamkeeper: 1, type: 'wake' })
    },
    setPrincipal: async (id) => {
      if (!isPrincipal(id))
        throw new TypeError(`Wrong principal: got ${String(id)}, takes ${PRINCIPAL_TAKES}`)
      const said = say(id)
      // The request carries it: the greeting, which may come later, must neither repeat it nor carry an earlier one.
      if (isInOrder()) context.principalToSay = undefined
      if (await askInOrder('principal', said)) return
      // The greeting carries it, and the worker uses it to decide who owns the earlier requests. But a pending `clear`
      // still applies to the user before.
      if (clears === 0) context.principalToSay = latest
      if (await isWithout()) return
      await ask('principal', { ...(latest ?? said), isLate: true })
      // Another page may name another user before there is a new worker to greet.
      if (context.principalToSay === said) context.principalToSay = undefined
    },
    clear: () => clear('clear'),
    persist: async () => (await navigator.storage?.persist?.()) ?? false,
    warm: async (url) => {
      // A connection that cannot be opened fails when it is needed.
      await ask('warm', { url: new URL(url, document.baseURI).href }).catch(() => {})
    },
    fetch: fetchAs,
    unregister: async () => (await connection)?.retire() ?? { left: 0 },
  }

  const hush: Current['hush'] = (other) => {
    if (String(other) === String(scriptUrl)) context.principalToSay = undefined
  }

  current = { key, keeper, isChat, fetch: fetchAs, hush }
  const patience = setTimeout(ready.resolve, PATIENCE_MS, keeper)
  // A browser that has URLPattern has streams.
  if (!container || !globalThis.URLPattern) {
    if (container === null) settle('fallback', 'blocked')
    else if (!(globalThis.isSecureContext ?? true)) settle('fallback', 'insecure')
    else settle('unsupported')
  } else {
    container.addEventListener('message', onMessage, lifetime)
    container.startMessages()
    context.adopt()
    addEventListener('pagehide', () => (isGoing = true), { signal: lifetime.signal, capture: true })
    addEventListener('pageshow', () => (isGoing = false), lifetime)
    // Before the greeting: requests that this page sends in this same turn are that user's, though they may go
    // immediately.
    if (options.principal !== undefined && isControlled())
      keeper.setPrincipal(options.principal).catch(() => {}) // The greeting carries it.
    connection = import('./connection.ts').then(({ connect }) => connect(context, PATIENCE_MS))
    observeAborts(
      options.observeAborts === false
        ? undefined
        : {
            isChat,
            orderOf,
            aborted,
            guard: browserLimits(navigator.userAgent).endsInSilence ? guard : undefined,
          },
    )
    connection
      .then(({ established }) => established.catch(ready.reject))
      .then(reach)
      .catch(() => settle('fallback', 'blocked')) // Or it did not load: no network, or a deploy has removed it.
  }
  return keeper
}

/** `undefined` if there is none; `null` if the page may not access it: in Chromium the getter throws in a sandbox. */
function findContainer(): ServiceWorkerContainer | null | undefined {
  try {
    return globalThis.navigator?.serviceWorker
  } catch {
    return null
  }
}

/**
 * Replies to a worker's request for headers. Each keeper of the page is asked, and the first reply counts; only the
 * last keeper replies that there are none.
 */
async function respond(
  port: MessagePort,
  asking: Promise<Record<string, string> | null | undefined> | false | undefined,
): Promise<void> {
  deciding.set(port, (deciding.get(port) ?? 0) + 1)
  const headers = await asking
  // The other keepers receive the question in this same task.
  if (!headers) await pause()
  const left = (deciding.get(port) as number) - 1
  deciding.set(port, left)
  if (headers || !left) port.postMessage(headers ?? null)
}
