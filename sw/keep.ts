import { browserLimits } from '../core/browser-limits.ts'
import { type Clock, systemClock, waitAtMost } from '../core/clock.ts'
import { checkOptions } from '../core/options/check.ts'
import { checkRoutes } from '../core/options/check-routes.ts'
import type { ChatRouteOptions, Options } from '../core/options/options.ts'
import { canonicalOptions } from '../core/options/canonical.ts'
import { watchLocalNetwork } from '../core/local-network.ts'
import { matchRoute, type RouteMatch } from '../core/options/routes.ts'
import { isOurs, type ToWorker } from '../core/protocol/message.ts'
import { systemNetwork } from '../core/network.ts'
import { DEFAULT_RETRY } from '../core/retry/policy.ts'
import { REQUEST_ID_HEADER } from '../core/protocol/request-id.ts'
import { createAnswers } from './answers/answers.ts'
import { openJournal } from './answers/journal.ts'
import { createResumeRoutes } from './answers/serve-resume.ts'
import { askAuth } from './ask-auth.ts'
import { requestSync, serveSync } from './background-sync.ts'
import { createBrake } from './brake.ts'
import { createCalls } from './calls.ts'
import { createChats } from './chats.ts'
import { keepLimits } from './keep-limits.ts'
import { mayBeOurs } from './may-be-ours.ts'
import { createEndedChats } from './notifications/ended-chats.ts'
import { createNotifications } from './notifications/notifications.ts'
import { openUnseen } from './notifications/unseen.ts'
import { createNotify } from './notify.ts'
import { openLedger } from './outbox/ledger.ts'
import { openLetters } from './outbox/letters.ts'
import { createOutbox } from './outbox/outbox.ts'
import { openPrincipal } from './principal.ts'
import { askForLost, readBody, reissue } from './reissue.ts'
import { serveOwn } from './serve-own.ts'
import { createWork, type Work } from './work.ts'
import { worker } from './worker.ts'

/** `waitUntil` keeps the worker for its event, but the browser kills what waits for 300 s. ms. */
const KEEP_AWAKE_MS = 240_000

/** A page that has no Response by then gets an early one: at 300 s browsers fail its request. ms */
const EARLY_MS = 240_000

/** A chat that no route is configured for. */
const ANY_CHAT: RouteMatch<ChatRouteOptions> = { settings: { url: '' }, groups: {} }

/** Defaults of `resume`. ms. */
const KEEP_MS = 600_000
const GRACE_MS = 30_000

/** What else a worker does with what it keeps. */
export interface Kept {
  work: Work
  /** As `Outbox.isEmpty`. */
  isEmpty: () => Promise<boolean>
  /** Takes a chat that nobody has answered yet. */
  takeChat: (event: ExtendableEvent, request: Request, clientId: string) => Promise<Response>
}

/** As `keepStreams`; `emptied` is called whenever no saved message is left to send. */
export function keep(given: Options, emptied?: () => void): Kept {
  const options = checkOptions(given)
  /** Sends what is queued, and leaves everything else alone. */
  const isRetiring = options.enabled === false
  const { scope } = worker.registration
  const clock: Clock = systemClock
  const random = Math.random
  const chatRoutes = checkRoutes('chat', options.chat, scope)
  const saveRoutes = checkRoutes('saves', options.saves, scope)
  const isLeftToPage = watchLocalNetwork(scope, navigator.permissions)
  const notify = createNotify(scope, clock, () => outbox.counts(), options.debug === true)
  const typeOf = async (clientId: string) => (await worker.clients.get(clientId))?.type
  const principal = openPrincipal({
    scope,
    clock,
    initial: options.principal,
    isPage: async (clientId) => (await typeOf(clientId)) === 'window',
    changed: () => endedChats.principalChanged(),
  })
  const allPages = () => pages({ includeUncontrolled: true })
  const notifications = createNotifications({
    scope,
    registration: worker.registration,
    isGranted: () => 'Notification' in worker && Notification.permission === 'granted',
    clients: worker.clients,
    pages: allPages,
  })
  const endedChats = createEndedChats({
    clock,
    options: options.notifications,
    principal,
    store: openUnseen(scope, clock),
    notifications,
    pages: allPages,
    tell: notify.tellUnseen,
  })
  const { keepMs = KEEP_MS, graceMs = GRACE_MS, onAbort = 'stop' } = options.resume ?? {}
  const answers = createAnswers({
    clock,
    journal: openJournal({ scope, clock, refused }),
    principal,
    keepMs,
    graceMs,
    onAbort,
    isOpen: async (clientId) => (await typeOf(clientId)) !== undefined,
    pages: async () => (await allPages()).map(({ id }) => id),
    isWorker: async (clientId) => (await typeOf(clientId))?.endsWith('worker') === true,
    report: notify.report,
    lost: ({ requestId, clientId, conversation, principal: whose }) =>
      void endedChats.ended({ requestId, clientId, principal: whose, conversation, isFailed: true }),
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
      during: (reading) => work.during(reading),
      ended: ({ requestId, clientId, principal: whose, conversation }, isFailed) =>
        void endedChats.ended({ requestId, clientId, principal: whose, conversation, isFailed }),
    },
  })
  const resumeRoutes = createResumeRoutes(options.resume ?? {}, scope, answers)
  const work = createWork(navigator.locks, scope)
  const { limits, ready: limitsReady } = keepLimits(scope, clock, random)
  const chats = createChats({
    options,
    clock,
    random,
    limits,
    ready: limitsReady,
    principal,
    saved: (...conversation) => outbox.settled(...conversation),
    brake: createBrake(clock),
    answers,
    earlyMs: EARLY_MS,
    hidesHeaders: browserLimits(navigator.userAgent).hidesHeaders,
    ...(options.notifications && { pageUrl }),
    ended: (chat) => void endedChats.ended(chat),
  })
  const outbox = createOutbox({
    clock,
    random,
    fetch: (input, init) => fetch(input, init),
    scope,
    origin: worker.location.origin,
    ledger: openLedger(scope, clock),
    letters: openLetters(scope, worker.location.origin, caches),
    principal,
    locks: navigator.locks,
    report: notify.report,
    askAuth: async (question) => askAuth(clock, await pages(), question),
    requestSync: () => requestSync(scope),
    emptied,
    ...options.outbox,
  })
  const call = createCalls({
    options: canonicalOptions(options),
    clock,
    notify,
    answers,
    chats,
    endedChats,
    outbox,
    limits,
    principal,
  })

  const own = { clock, answers, work }

  worker.addEventListener('fetch', (event) => {
    const { request, clientId } = event
    if (!mayBeOurs(request)) return
    const ours = serveOwn(own, request, clientId) ?? resumeRoutes.serve(request, clientId)
    if (ours) return event.respondWith(ours)
    // Named, it knows that this worker takes it.
    if (isLeftToPage(request.url) && !request.headers.has(REQUEST_ID_HEADER)) return
    const save = matchRoute(saveRoutes, request.method, request.url)
    if (save) {
      const response = isRetiring
        ? acceptLast(request, save, clientId)
        : outbox.accept(request, save, clientId)
      event.respondWith(response)
      event.waitUntil(atMost(response.then(() => drain())))
      return
    }
    // A beacon's answer is nobody's to read: only its saves are ours.
    const chat = request.mode !== 'no-cors' && matchRoute(chatRoutes, request.method, request.url)
    // A page that has not heard of its retiring yet names its requests, by a header that no server knows.
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
        if (onAbort === 'detach' || answers.isReadByOthers(message.requestId, clientOf(event))) return
        return chats.cancel(message.requestId)
      case 'wake':
        return event.waitUntil(atMost(drain('woken').then(syncLater)))
      case 'leaving':
        return answers.leaving(clientOf(event))
      case 'staying':
        return answers.staying(clientOf(event))
      case 'ping':
        return // That it came is all: it keeps the worker alive.
      case 'takeover':
        return // The ready-made worker's own affair.
      case 'call':
        return event.waitUntil(atMost(call(message, event)))
    }
  })

  worker.addEventListener('notificationclick', (event) => {
    const handled = notifications.clicked(event.notification)
    if (handled) event.waitUntil(handled)
  })

  // While it only waits for its turn, the version before it still takes messages.
  if (isRetiring) worker.addEventListener('activate', (event) => event.waitUntil(atMost(drain('woken'))))
  serveSync(scope, clock, { drain, counts: outbox.counts })
  void drain('woken')
  return {
    work,
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
    work.during(finished)
    event.waitUntil(atMost(finished.then(endedChats.settled)))
    return response
  }

  function drain(why?: 'woken' | 'flush'): Promise<void> {
    const draining = outbox.drain(why)
    work.during(draining)
    return draining
  }

  /** Behind what still waits; when nothing does, as without us. */
  async function acceptLast(...[request, save, clientId]: Parameters<typeof outbox.accept>) {
    const isEmpty = await outbox.isEmpty().catch(() => true)
    return isEmpty ? fetch(request) : outbox.accept(request, save, clientId)
  }

  /** The browser gives up after a few tries; now that there is a page, it may be asked again. */
  async function syncLater(): Promise<void> {
    const { queued } = await outbox.counts()
    if (queued > 0) requestSync(scope)
  }

  /** Those of this scope, the one in front first. */
  async function pages(more: ClientQueryOptions = {}): Promise<readonly WindowClient[]> {
    const all = await worker.clients.matchAll({ type: 'window', ...more })
    return (all as WindowClient[]).filter(({ url }) => url.startsWith(scope))
  }

  async function pageUrl(clientId: string): Promise<string | undefined> {
    const client = await worker.clients.get(clientId).catch(() => undefined)
    return client?.type === 'window' ? client.url : undefined
  }

  function refused(requestId: string, error: unknown) {
    notify.report({ status: 'storage_degraded', message: storageFailed(error), requestId }, '')
  }

  function degraded(error: unknown) {
    notify.report({ status: 'storage_degraded', message: storageFailed(error) }, '')
  }

  function atMost(underWay: Promise<unknown>): Promise<void> {
    return waitAtMost(clock, KEEP_AWAKE_MS, underWay)
  }
}

async function sendUnnamed(request: Request): Promise<Response> {
  return reissue(request, await readBody(request))
}

function storageFailed(error: unknown): string {
  return `The browser's storage failed: ${error instanceof Error ? error.message : String(error)}`
}

/** Which page sent a message; empty where it was none. */
function clientOf({ source }: ExtendableMessageEvent): string {
  return source && 'id' in source ? source.id : ''
}
