import { type Clock, waitAtMost } from '../../core/clock.ts'
import {
  type Calls,
  type Hello,
  isPrincipal,
  PRINCIPAL_TAKES,
  PROTOCOL_VERSION,
  type Reply,
  type ToWorker,
} from '../../core/messages/message.ts'
import { VERSION } from '../../core/messages/version.ts'
import type { Limits } from '../../core/retry/limits.ts'
import type { Responses } from '../responses/responses.ts'
import type { Chats } from '../chat/chats.ts'
import type { EndedChats } from './ended-chats.ts'
import type { StatusEmitter } from './status-emitter.ts'
import type { Outbox } from '../outbox/outbox.ts'
import type { Principal } from './principal.ts'
import { worker } from '../worker.ts'

type Call = Extract<ToWorker, { type: 'call' }>

type Handlers = {
  [Name in keyof Calls]: (args: Calls[Name][0], clientId: string) => Promise<Calls[Name][1]>
}

/** A call that came as a request. */
export interface Obeyed {
  /**
   * Settles when the request may get its response. If the worker dies before that, browsers deliver it to the next one.
   * A `clear` comes again together with what was saved after it, which waited for it; but a principal must not come
   * again, after another.
   */
  isSafe: Promise<unknown>
  /** Never rejects. */
  done: Promise<Reply>
}

export interface CallsContext {
  /** The options this worker runs with, canonical. */
  options: string
  clock: Clock
  emitter: StatusEmitter
  responses: Responses
  chats: Pick<Chats, 'knows'>
  endedChats: EndedChats
  outbox: Outbox
  limits: Limits
  principal: Principal
}

/**
 * Handles the calls of pages: replies to a message on the port that it brought, to a request that must keep its order
 * in the response's body.
 */
export function createCalls(context: CallsContext) {
  const { options, clock, emitter, responses, chats, endedChats, outbox, limits, principal } = context
  /** Statuses report messages that are sent, not those that are deleted. */
  const emitCounts = () => void emitter.emitCounts(endedChats.unseen)

  const handlers: Handlers = {
    hello: async ({ principal: id, saidAt }, clientId): Promise<Hello> => {
      principal.met(clientId, id, saidAt)
      return greeting(clientId)
    },
    'outbox.list': () => outbox.list(),
    'outbox.body': ({ id }) => outbox.body(id),
    'outbox.flush': async () => {
      await outbox.drain('flush')
    },
    'outbox.retry': ({ id }) => outbox.retry(id),
    'outbox.discard': async ({ id }) => {
      const wasThere = await outbox.discard(id)
      emitCounts()
      return wasThere
    },
    'outbox.clear': async (clearing) => {
      await outbox.clear(clearing ?? {})
      emitCounts()
    },
    streams: () => responses.list(),
    knows: async ({ requestId }) => chats.knows(requestId),
    principal: async ({ id, saidAt, isLate }, clientId) => {
      if (!isPrincipal(id))
        throw new TypeError(`Wrong principal: got ${String(id)}, takes ${PRINCIPAL_TAKES}`)
      await principal.set(id, clientId, saidAt, isLate)
      await outbox.stopOthers()
    },
    seen: async ({ conversation }) => {
      await endedChats.seen(conversation)
    },
    clear: async (asked) => {
      const clearing = asked ?? {}
      limits.forget()
      await Promise.all([responses.clear(clearing), outbox.forget(clearing), endedChats.clear(clearing)])
      emitCounts()
    },
    warm: async ({ url }) => {
      // The connection matters, not its response, nor whether there is one.
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
    const changes = principal.changes()
    const [counts, unseen] = await Promise.all([outbox.counts(), endedChats.unseen(), outbox.stopOthers()])
    // Another user has signed in meanwhile.
    if (principal.changes() !== changes) return greeting(clientId)
    return {
      protocol: PROTOCOL_VERSION,
      version: VERSION,
      hearsPrincipal: true,
      knowsRequests: true,
      options,
      outbox: counts,
      unseen,
      requests: emitter.openRequests(clientId),
      notices: emitter.notices(),
    }
  }

  /** Begins in the turn of its event. */
  const handle = async (read: () => Pick<Call, 'name' | 'args'>, clientId: string): Promise<Reply> => {
    try {
      const { name, args } = read()
      const handler = handlers[name] as ((args: unknown, clientId: string) => Promise<unknown>) | undefined
      if (!handler) throw new TypeError(`Cannot answer ${name}: this worker does not know it`)
      return { ok: true, result: await handler(args, clientId) }
    } catch (error) {
      return { ok: false, message: error instanceof Error ? error.message : String(error) }
    }
  }

  const obey = (text: string | null, clientId: string): Obeyed => {
    let call: Call | undefined
    const done = handle(() => (call = JSON.parse(decodeURIComponent(text ?? '')) as Call), clientId)
    return { done, isSafe: call?.name === 'principal' ? Promise.resolve() : done }
  }

  const reply = async (call: Call, event: ExtendableMessageEvent): Promise<void> => {
    const clientId = event.source && 'id' in event.source ? event.source.id : ''
    event.ports[0]?.postMessage(await handle(() => call, clientId))
  }

  return { reply, obey }
}
