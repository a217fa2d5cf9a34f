import 'fake-indexeddb/auto'
import type { SaveRouteOptions } from '../../core/options/options.ts'
import { compileRoutes, matchRoute } from '../../core/options/routes.ts'
import type { OutboxEntry } from '../../core/protocol/message.ts'
import type { Status, Untold } from '../../core/protocol/status.ts'
import { createFakeClock, type FakeClock } from '../../core/testing/fake-clock.ts'
import type { AuthQuestion } from '../ask-auth.ts'
import { createOutbox, type Outbox, type OutboxContext } from '../outbox/outbox.ts'
import { createMemoryCaches, createMemoryLocks, type MemoryCaches } from './memory-caches.ts'

export const ORIGIN = 'https://app.test'

/** A save as the server saw it. */
export interface Sent {
  at: number
  url: string
  body: string
  headers: Record<string, string>
  init: RequestInit
}

/** What the server answers: a status, a Response, no answer at all (`'down'`), or never one (`'silent'`). */
export type Reply = number | Response | 'down' | 'silent'

export interface Run {
  clock: FakeClock
  outbox: Outbox
  sent: Sent[]
  statuses: Untold<Status>[]
  questions: AuthQuestion[]
  storage: MemoryCaches
  scope: string
  /** Sets what the server answers from now on. */
  server: (answer: (request: Sent) => Reply | Promise<Reply>) => void
  /** Saves `text` in a session, as a page does. */
  save: (session: string, text: string, init?: RequestInit & { query?: string }) => Promise<Response>
  /** Lets time pass, from one try to the next; at each everything that was started comes to rest. */
  pass: (ms: number) => Promise<void>
  /** What the server saw, in words: `session:text`. */
  seen: () => string[]
  /** Another life of the same worker: same stores, same lock, nothing in memory. */
  restart: (context?: Partial<OutboxContext>) => Run
  told: (name: Status['status']) => Untold<Status>[]
  list: () => Promise<OutboxEntry[]>
}

/** While something is under way time goes in small steps: storage has deadlines, too. */
const MAX_STEP_MS = 2_000

let runs = 0

export interface RunOptions {
  route?: Partial<SaveRouteOptions>
  context?: Partial<OutboxContext>
  auth?: (question: AuthQuestion) => Record<string, string> | null
}

/** An outbox over stores in memory, on a fake clock, with a server that answers 201. */
export function runOutbox({ route, context, auth = () => null }: RunOptions = {}): Run {
  const scope = `${ORIGIN}/${runs++}/`
  const clock = createFakeClock()
  const storage = createMemoryCaches()
  const locks = createMemoryLocks()
  const sent: Sent[] = []
  const statuses: Untold<Status>[] = []
  const questions: AuthQuestion[] = []
  let answer: (request: Sent) => Reply | Promise<Reply> = () => 201
  const routes = compileRoutes<SaveRouteOptions>(
    'saves',
    [{ url: '/api/sessions/:session/messages', ...route }],
    ORIGIN,
  )

  const live = (more: Partial<OutboxContext> = {}): Run => {
    const outbox = createOutbox({
      clock,
      random: () => 0.5,
      scope,
      origin: ORIGIN,
      caches: storage.caches,
      locks,
      fetch: async (url, init) => {
        const body = await new Response(init.body ?? null).text()
        const headers = Object.fromEntries(new Headers(init.headers ?? {}))
        const request = { at: clock.now(), url, body, headers, init }
        sent.push(request)
        const reply = await answer(request)
        if (reply === 'down') throw new TypeError('Failed to fetch')
        if (reply === 'silent') {
          return new Promise((_resolve, reject) => {
            init.signal?.addEventListener('abort', () => reject(init.signal?.reason))
          })
        }
        return typeof reply === 'number' ? Response.json({}, { status: reply }) : reply
      },
      report: (status) => statuses.push(status),
      askAuth: async (question) => {
        questions.push(question)
        return auth(question)
      },
      requestSync: () => {},
      ...context,
      ...more,
    })
    return {
      clock,
      outbox,
      sent,
      statuses,
      questions,
      storage,
      scope,
      server: (next) => {
        answer = next
      },
      save: async (session, text, { query = '', ...init } = {}) => {
        const request = new Request(`${ORIGIN}/api/sessions/${session}/messages${query}`, {
          method: 'POST',
          body: JSON.stringify({ text }),
          headers: { 'Content-Type': 'application/json' },
          ...init,
        })
        const match = matchRoute(routes, request.method, request.url)
        if (!match) throw new Error(`Not configured: ${request.url}`)
        return outbox.accept(request, match, 'page-1')
      },
      pass: async (ms) => {
        const until = clock.now() + ms
        await rest()
        while (clock.now() < until) {
          const { nextAttemptAt = until } = await outbox.counts()
          const stepMs = nextAttemptAt > clock.now() ? nextAttemptAt - clock.now() : MAX_STEP_MS
          await clock.advance(Math.min(stepMs, until - clock.now()))
          await rest()
        }
      },
      seen: () =>
        sent.map(({ url, body }) => {
          const { text } = JSON.parse(body) as { text: string }
          return `${new URL(url).pathname.split('/')[3]}:${text}`
        }),
      restart: live,
      told: (name) => statuses.filter(({ status }) => status === name),
      list: () => outbox.list(),
    }
  }
  return live()
}

/** Long enough for a few transactions and a cipher: they take turns of the event loop, hardly any time. */
export async function rest(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) {
    await new Promise((resolve) => setTimeout(resolve))
    for (let step = 0; step < 10; step++) await new Promise((resolve) => setImmediate(resolve))
  }
}
