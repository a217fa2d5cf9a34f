import { type Clock, waitAtMost } from '../core/clock.ts'
import {
  type Calls,
  type Hello,
  isPrincipal,
  PRINCIPAL_TAKES,
  PROTOCOL_VERSION,
  type Reply,
  type ToWorker,
} from '../core/protocol/message.ts'
import { VERSION } from '../core/protocol/version.ts'
import type { Limits } from '../core/retry/limits.ts'
import type { Answers } from './answers/answers.ts'
import type { Chats } from './chats.ts'
import type { EndedChats } from './notifications/ended-chats.ts'
import type { Notify } from './notify.ts'
import type { Outbox } from './outbox/outbox.ts'
import type { Principal } from './principal.ts'
import { worker } from './worker.ts'

type Call = Extract<ToWorker, { type: 'call' }>

type Handlers = {
  [Name in keyof Calls]: (args: Calls[Name][0], clientId: string) => Promise<Calls[Name][1]>
}

export interface CallsContext {
  /** The options this worker runs with, canonical. */
  options: string
  clock: Clock
  notify: Notify
  answers: Answers
  chats: Pick<Chats, 'knows'>
  endedChats: EndedChats
  outbox: Outbox
  limits: Limits
  principal: Principal
}

/** Answers what pages ask, each call on the port it brought. */
export function createCalls(context: CallsContext) {
  const { options, clock, notify, answers, chats, endedChats, outbox, limits, principal } = context
  const handlers: Handlers = {
    hello: async ({ principal: id }, clientId): Promise<Hello> => {
      if (id !== undefined && id !== principal.current()) notify.forget()
      principal.met(clientId, id)
      return greeting(clientId)
    },
    'outbox.list': () => outbox.list(),
    'outbox.body': ({ id }) => outbox.body(id),
    'outbox.flush': async () => {
      await outbox.drain('flush')
    },
    'outbox.retry': ({ id }) => outbox.retry(id),
    'outbox.discard': ({ id }) => outbox.discard(id),
    'outbox.clear': async () => {
      await outbox.clear()
    },
    streams: () => answers.list(),
    knows: async ({ requestId }) => chats.knows(requestId),
    principal: async ({ id }, clientId) => {
      if (!isPrincipal(id))
        throw new TypeError(`Wrong principal: got ${String(id)}, takes ${PRINCIPAL_TAKES}`)
      if (id !== principal.current()) notify.forget()
      await principal.set(id)
      principal.met(clientId)
    },
    seen: async ({ conversation }) => {
      await endedChats.seen(conversation)
    },
    clear: async () => {
      limits.forget()
      await Promise.all([answers.clear(), outbox.forget(), endedChats.clear()])
    },
    warm: async ({ url }) => {
      // Its answer does not matter, nor whether there is one: the connection does.
      await fetch(url, { method: 'HEAD', mode: 'no-cors', cache: 'no-store' }).catch(() => {})
    },
    claim: async () => {
      await worker.clients.claim()
    },
    drain: async ({ timeoutMs }) => {
      await waitAtMost(clock, timeoutMs, outbox.drain('flush'))
      const { queued, needsAuth } = await outbox.counts()
      return { left: queued + needsAuth }
    },
  }

  async function greeting(clientId: string): Promise<Hello> {
    const [counts, unseen] = await Promise.all([outbox.counts(), endedChats.unseen()])
    return {
      protocol: PROTOCOL_VERSION,
      version: VERSION,
      hearsPrincipal: true,
      knowsRequests: true,
      options,
      outbox: counts,
      unseen,
      requests: notify.openRequests(clientId),
      notices: notify.notices(),
    }
  }

  return async ({ name, args }: Call, event: ExtendableMessageEvent): Promise<void> => {
    const port = event.ports[0]
    const clientId = event.source && 'id' in event.source ? event.source.id : ''
    try {
      const handle = handlers[name] as ((args: unknown, clientId: string) => Promise<unknown>) | undefined
      if (!handle) throw new TypeError(`Cannot answer ${name}: this worker does not know it`)
      port?.postMessage({ ok: true, result: await handle(args, clientId) } satisfies Reply)
    } catch (error) {
      port?.postMessage({
        ok: false,
        message: error instanceof Error ? error.message : String(error),
      } satisfies Reply)
    }
  }
}
