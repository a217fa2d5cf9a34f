import type { SaveRouteOptions } from '../../core/options/options.ts'
import type { Clock } from '../../core/clock.ts'
import { compileRoutes, matchRoute } from '../../core/options/routes.ts'
import type { Status, NewStatus } from '../../core/messages/status.ts'
import type { FakeClock } from '../../core/testing/fake-clock.ts'
import type { AuthQuestion } from '../page/ask-auth.ts'
import type { Entry } from '../outbox/entry.ts'
import { openMessageIndex } from '../outbox/message-index.ts'
import { openMessageCache } from '../outbox/message-cache.ts'
import { createOutbox, type Outbox, type OutboxContext } from '../outbox/outbox.ts'
import type { Principal } from '../page/principal.ts'
import { createFakeCaches, type FakeCaches } from './fake-caches.ts'
import { createFakeDatabase, type FakeDatabase } from './fake-database.ts'
import { createFakeLocks } from './fake-locks.ts'
import { createFakeUpstream, type FakeUpstream } from './fake-upstream.ts'
import { createQuietClock } from './quiet-clock.ts'

export const ORIGIN = 'https://app.example'
const SCOPE = `${ORIGIN}/`

export interface Save {
  method?: string
  headers?: Record<string, string>
  clientId?: string
  /** The route's; every path of every origin. */
  settings?: Partial<SaveRouteOptions>
  /** How long the worker takes to read the body, ms. */
  bodyMs?: number
}

export interface FakeWorker {
  outbox: Outbox
  /** A page of the app saves something; as the worker's `fetch` event answers it. */
  save: (path: string, body: string, save?: Save) => Promise<Response>
  /** As a worker answers it that retires. */
  saveLast: FakeWorker['save']
  /** The browser ends this worker in mid-work. */
  kill: () => void
}

/** A browser's stores and network, in which one worker may follow the other. */
export interface FakeDevice {
  clock: FakeClock
  caches: FakeCaches
  database: FakeDatabase
  upstream: FakeUpstream
  statuses: (NewStatus<Status> & { at: number; clientId: string })[]
  /** What happened, in its order: `1000 send m1`, `1000 save_sent /a`. */
  timeline: () => string[]
  /** The names of the statuses, in order. */
  emitted: () => string[]
  questions: AuthQuestion[]
  /** How the pages answer when asked for credentials. */
  askAuth: (question: AuthQuestion) => Promise<Record<string, string> | null>
  /** Who is signed in. */
  principal: Principal
  /** How often the browser was asked for a Background Sync. */
  syncs: () => number
  /** Starts a worker, which begins to send as `keepStreams` lets it. */
  boot: (more?: Partial<OutboxContext>) => FakeWorker
  /** What is in the index, and how many messages are in the cache. */
  entries: () => Promise<Entry[]>
  advance: (ms: number) => Promise<void>
}

export function createFakeDevice(): FakeDevice {
  const clock = createQuietClock()
  const startedAt = clock.now()
  const caches = createFakeCaches(clock)
  const locks = createFakeLocks()
  const database = createFakeDatabase()
  const upstream = createFakeUpstream(clock)
  let syncs = 0

  const device: FakeDevice = {
    clock,
    caches,
    database,
    upstream,
    statuses: [],
    timeline: () => {
      const sends = upstream.received.map(({ at, body }) => ({ at, text: `send ${body}` }))
      const emitted = device.statuses.map((each) => {
        const about = 'conversation' in each ? ` ${each.conversation}` : ''
        return { at: each.at, text: `${each.status}${about}` }
      })
      return [...sends, ...emitted].sort((a, b) => a.at - b.at).map(({ at, text }) => `${at} ${text}`)
    },
    emitted: () => device.statuses.map(({ status }) => status),
    questions: [],
    askAuth: () => Promise.resolve(null),
    principal: fakePrincipal(),
    syncs: () => syncs,
    entries: () => database.readAll(`streamkeeper ${SCOPE}`, 'entries') as Promise<Entry[]>,
    advance: clock.advance,
    boot: (more = {}) => {
      let isOver = false
      const isDead = () => isOver
      const self = {}
      // A dead worker's timers are gone.
      const aliveClock: Clock = {
        ...clock,
        timer: (ms, callback) => clock.timer(ms, () => isOver || callback()),
      }
      database.owner = self
      const outbox = createOutbox({
        clock: aliveClock,
        random: () => 0.5,
        fetch: upstream.of(isDead),
        scope: SCOPE,
        origin: ORIGIN,
        messageIndex: openMessageIndex(SCOPE, aliveClock),
        messageCache: openMessageCache(SCOPE, ORIGIN, caches.of(isDead)),
        principal: device.principal,
        locks: locks.of(self),
        emit: (status, clientId) => {
          if (!isOver) device.statuses.push({ ...status, at: clock.now() - startedAt, clientId })
        },
        askAuth: async (question) => {
          device.questions.push(question)
          return device.askAuth(question)
        },
        requestSync: () => syncs++,
        ...more,
      })
      void outbox.drain('woken')
      const saveBy =
        (accept: Outbox['accept']): FakeWorker['save'] =>
        (path, body, { clientId = 'page', ...save } = {}) => {
          const request = createRequest(clock, path, body, save)
          const routes = compileRoutes([{ url: '*', method: request.method, ...save.settings }], SCOPE)
          const route = matchRoute(routes, request.method, request.url)
          if (!route) throw new Error(`No route for ${path}`)
          return accept(request, route, clientId)
        }
      return {
        outbox,
        save: saveBy(outbox.accept),
        saveLast: saveBy(outbox.acceptLast),
        kill: () => {
          isOver = true
          database.close(self)
          locks.release(self)
        },
      }
    },
  }
  return device
}

/** Somebody who is known at once. */
function fakePrincipal(): Principal {
  let current: string | null = null
  let changes = 0
  return {
    current: () => current,
    changes: () => changes,
    set: (id) => {
      if (id !== current) changes++
      current = id
      return Promise.resolve()
    },
    known: () => Promise.resolve(current),
    of: () => Promise.resolve(current),
    met: () => {},
  }
}

export function createRequest(
  clock: FakeClock,
  path: string,
  body: string,
  { method = 'POST', headers = {}, bodyMs = 0 }: Save,
): Request {
  const request = new Request(new URL(path, SCOPE), {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: method === 'GET' ? null : body,
  })
  if (bodyMs === 0) return request
  const read = request.arrayBuffer.bind(request)
  return Object.defineProperty(request, 'arrayBuffer', {
    value: async () => {
      await new Promise<void>((resolve) => clock.timer(bodyMs, resolve))
      return read()
    },
  })
}
