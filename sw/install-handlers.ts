import { browserLimits } from '../core/browser-limits.ts'
import { type Clock, systemClock, waitAtMost } from '../core/clock.ts'
import { checkOptions } from '../core/options/check.ts'
import { checkAllRoutes } from '../core/options/check-routes.ts'
import type { ChatRouteOptions, Options } from '../core/options/options.ts'
import { canonicalOptions } from '../core/options/canonical.ts'
import { watchLocalNetwork } from '../core/local-network.ts'
import { matchRoute, type RouteMatch } from '../core/options/routes.ts'
import { isOurs, type ToWorker } from '../core/messages/message.ts'
import { systemNetwork } from '../core/network.ts'
import { DEFAULT_RESUME, DEFAULT_RETRY } from '../core/options/defaults.ts'
import { REQUEST_ID_HEADER } from '../core/messages/request-id.ts'
import { createResponses } from './responses/responses.ts'
import { openJournal, type Recorded } from './responses/journal.ts'
import { createResumeRoutes } from './responses/serve-resume.ts'
import { askAuth } from './page/ask-auth.ts'
import { requestSync, serveSync } from './lifecycle/background-sync.ts'
import { createRepeatGuard } from './chat/repeat-guard.ts'
import { createCalls } from './page/calls.ts'
import { createChats } from './chat/chats.ts'
import { openLimits } from './storage/open-limits.ts'
import { isEligible } from './is-eligible.ts'
import { createEndedChats } from './page/ended-chats.ts'
import { createNotifications } from './page/notifications.ts'
import { openUnseen } from './page/unseen.ts'
import { createStatusEmitter } from './page/status-emitter.ts'
import { openMessageIndex } from './outbox/message-index.ts'
import { openMessageCache } from './outbox/message-cache.ts'
import { createOutbox } from './outbox/outbox.ts'
import { openPrincipal } from './page/principal.ts'
import { askForLost, readBody, resend } from './chat/resend.ts'
import { serveInternal } from './page/internal-endpoints.ts'
import { createActivityLock, type ActivityLock } from './lifecycle/activity-lock.ts'
import { worker } from './worker.ts'

/** `waitUntil` keeps the worker for its event, but the browser kills a worker whose event takes 300 s. ms */
const KEEP_AWAKE_MS = 240_000

/** A page that has no Response by then gets an early one: at 300 s browsers fail its request. ms */
const EARLY_MS = 240_000

/** A chat that no route is configured for. */
const ANY_CHAT: RouteMatch<ChatRouteOptions> = { settings: { url: '' }, groups: {} }

/** Access to the installed handlers. */
export interface Installed {
  activity: ActivityLock
  /** As `Outbox.isEmpty`. */
  isEmpty: () => Promise<boolean>
  /** Handles a chat that nobody has responded to yet. */
  takeChat: (event: ExtendableEvent, request: Request, clientId: string) => Promise<Response>
}

/** Like `keepStreams`; `emptied` is called whenever no saved message is left to send. */
export function installHandlers(provided: Options, emptied?: () => void): Installed {
  const options = checkOptions(provided)
  /** True if it only sends what is queued, and leaves everything else alone. */
  const isRetiring = options.enabled === false
  const { scope } = worker.registration
  const clock: Clock = systemClock
  const random = Math.random
  const { chat: chatRoutes, saves: saveRoutes, resuming, stopping } = checkAllRoutes(options, scope)
  const isLeftToPage = watchLocalNetwork(scope, navigator.permissions)
  const activity = createActivityLock(navigator.locks, scope)
  const emitter = createStatusEmitter(
    scope,
    clock,
    () => outbox.counts(),
    activity.track,
    options.debug === true,
  )
  const clientType = async (clientId: string) => (await worker.clients.get(clientId))?.type
  const principal = openPrincipal({
    scope,
    caches,
    clock,
    initial: options.principal,
    isPage: async (clientId) => (await clientType(clientId)) === 'window',
    changed: () => {
      emitter.forget()
      void outbox.stopOthers()
      endedChats.principalChanged()
    },
  })
  const allPages = () => pages({ includeUncontrolled: true })
  const notifications = createNotifications({
    clock,
    scope,
    registration: worker.registration,
    isGranted: () => 'Notification' in worker && Notification.permission === 'granted',
    openWindow: (url) => worker.clients.openWindow(url),
    pages: allPages,
  })
  const endedChats = createEndedChats({
    clock,
    options: options.notifications,
    principal,
    store: openUnseen(scope, clock),
    notifications,
    pages: allPages,
    emit: emitter.emitCounts,
  })
  const {
    keepMs = DEFAULT_RESUME.keepMs,
    graceMs = DEFAULT_RESUME.graceMs,
    onAbort = DEFAULT_RESUME.onAbort,
  } = options.resume ?? {}
  const responses = createResponses({
    clock,
    journal: openJournal({ scope, clock, refused }),
    principal,
    keepMs,
    graceMs,
    onAbort,
    isOpen: async (clientId) => (await clientType(clientId)) !== undefined,
    pages: async () => (await allPages()).map(({ id }) => id),
    isWorker: async (clientId) => (await clientType(clientId))?.endsWith('worker') === true,
    emit: emitter.emit,
    lost: endedLater,
    unreadable: degraded,
    readOn: {
      random,
      retry: { ...DEFAULT_RETRY, ...options.retry },
      network: systemNetwork,
      ask: (record) =>
        askForLost(record, async (url) => {
          const { origin } = new URL(url)
          const { requestId, conversation = '' } = record
          const question = { origin, url, entryId: requestId, conversation, for: 'resume' as const }
          return askAuth(clock, await pages(), question)
        }),
      track: activity.track,
      ended: endedLater,
    },
  })
  const resumeRoutes = createResumeRoutes(resuming, stopping, responses, activity.track)
  const { limits, ready: limitsReady } = openLimits(scope, clock, random)
  const chats = createChats({
    options,
    clock,
    random,
    limits,
    ready: limitsReady,
    principal,
    saved: (...conversation) => outbox.settled(...conversation),
    repeatGuard: createRepeatGuard(clock),
    responses,
    earlyMs: EARLY_MS,
    hidesHeaders: browserLimits(navigator.userAgent).hidesHeaders,
    ...(options.notifications && { pageUrl }),
    endedChats,
  })
  const outbox = createOutbox({
    clock,
    random,
    fetch: (input, init) => fetch(input, init),
    scope,
    origin: worker.location.origin,
    messageIndex: openMessageIndex(scope, clock),
    messageCache: openMessageCache(scope, worker.location.origin, caches),
    principal,
    locks: navigator.locks,
    emit: emitter.emit,
    askAuth: async (question) => askAuth(clock, await pages(), question),
    requestSync: () => requestSync(scope),
    emptied,
    ...options.outbox,
  })
  const { reply, obey } = createCalls({
    options: canonicalOptions(options),
    clock,
    emitter,
    responses,
    chats,
    endedChats,
    outbox,
    limits,
    principal,
  })

  const own = { clock, responses, activity, obey }

  worker.addEventListener('fetch', (event) => {
    const { request, clientId } = event
    if (!isEligible(request)) return
    const keepAlive = (task: Promise<unknown>) => event.waitUntil(atMost(task))
    const internal = serveInternal(own, request, clientId, keepAlive) ?? resumeRoutes.serve(request, clientId)
    if (internal) return event.respondWith(internal)
    // A request with an id is from a page that expects this worker to handle it.
    if (isLeftToPage(request.url) && !request.headers.has(REQUEST_ID_HEADER)) return
    const save = matchRoute(saveRoutes, request.method, request.url)
    if (save) {
      const accept = isRetiring ? outbox.acceptLast : outbox.accept
      const response = accept(request, save, clientId)
      event.respondWith(response)
      event.waitUntil(atMost(response.then(() => drain())))
      return
    }
    // Nobody can read the response to a beacon: only saves are ours.
    const chat = request.mode !== 'no-cors' && matchRoute(chatRoutes, request.method, request.url)
    // A page that does not know of the retirement yet sends an id, in a header that no server knows.
    if (!chat || (isRetiring && !request.headers.has(REQUEST_ID_HEADER))) return
    event.respondWith(handleChat(event, request, clientId, chat))
  })

  worker.addEventListener('message', (event) => {
    const message: unknown = event.data
    if (!isOurs<ToWorker>(message)) return
    switch (message.type) {
      case 'cancel':
        return chats.cancel(message.requestId)
      case 'aborted':
        if (onAbort === 'detach' || responses.isReadByOthers(message.requestId, clientOf(event))) return
        return chats.cancel(message.requestId)
      case 'wake':
        return event.waitUntil(atMost(drain('woken').then(syncLater)))
      case 'leaving':
        return responses.leaving(clientOf(event))
      case 'staying':
        return responses.staying(clientOf(event))
      case 'ping':
        return // Its arrival alone keeps the worker alive.
      case 'takeover':
        return // For the ready-made worker: see take-over.ts.
      case 'call':
        return event.waitUntil(atMost(reply(message, event)))
    }
  })

  worker.addEventListener('notificationclick', (event) => {
    const handled = notifications.clicked(event.notification)
    if (handled) event.waitUntil(handled)
  })

  // While this version waits for its turn, the previous one still accepts messages.
  if (isRetiring) worker.addEventListener('activate', (event) => event.waitUntil(atMost(drain('woken'))))
  serveSync(scope, clock, { drain, counts: outbox.counts })
  void drain('woken')
  return {
    activity,
    isEmpty: outbox.isEmpty,
    takeChat: (event, request, clientId) =>
      handleChat(event, request, clientId, matchRoute(chatRoutes, request.method, request.url) ?? ANY_CHAT),
  }

  function handleChat(
    event: ExtendableEvent,
    request: Request,
    clientId: string,
    route: RouteMatch<ChatRouteOptions>,
  ): Promise<Response> {
    if (isRetiring) return sendUnnamed(request)
    const { response, finished } = chats.handle(request, clientId, route)
    activity.track(finished)
    event.waitUntil(atMost(finished.then(endedChats.settled)))
    return response
  }

  function drain(...[why]: Parameters<typeof outbox.drain>): Promise<void> {
    const draining = outbox.drain(why)
    activity.track(draining)
    return draining
  }

  /** The browser gives up after a few tries; now that there is a page, it may be asked again. */
  async function syncLater(): Promise<void> {
    const { queued } = await outbox.counts()
    if (queued > 0) requestSync(scope)
  }

  /** The pages of this scope, the one in front first. */
  async function pages(more: ClientQueryOptions = {}): Promise<readonly WindowClient[]> {
    const all = await worker.clients.matchAll({ type: 'window', ...more })
    return (all as WindowClient[]).filter(({ url }) => url.startsWith(scope))
  }

  /**
   * The current URL of a page: browsers give the one that it was loaded with, and in the referrer the one that it has
   * moved to since.
   */
  async function pageUrl(clientId: string, referrer: string): Promise<string | undefined> {
    const client = await worker.clients.get(clientId).catch(() => undefined)
    if (client?.type !== 'window') return undefined
    // For another origin the referrer is cut, and it never has a fragment.
    const isMoved = referrer.startsWith(scope) && referrer !== scope && referrer !== client.url.split('#')[0]
    return isMoved ? referrer : client.url
  }

  /** Handles the end of a request that an earlier worker sent. */
  function endedLater({ isEventSource, ...chat }: Recorded, isFailed = true) {
    if (!isEventSource) void endedChats.ended({ ...chat, isFailed })
  }

  function refused(requestId: string, error: unknown) {
    emitter.emit({ status: 'storage_degraded', message: storageFailed(error), requestId }, '')
  }

  function degraded(error: unknown) {
    emitter.emit({ status: 'storage_degraded', message: storageFailed(error) }, '')
  }

  function atMost(underWay: Promise<unknown>): Promise<void> {
    return waitAtMost(clock, KEEP_AWAKE_MS, underWay)
  }
}

async function sendUnnamed(request: Request): Promise<Response> {
  return resend(request, await readBody(request))
}

function storageFailed(error: unknown): string {
  return `The browser's storage failed: ${error instanceof Error ? error.message : String(error)}`
}

/** The id of the page that sent a message; empty if it was not a page. */
function clientOf({ source }: ExtendableMessageEvent): string {
  return source && 'id' in source ? source.id : ''
}
