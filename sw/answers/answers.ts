import { type Answer, toResponse } from '../../core/chat/answer.ts'
import { relay } from '../../core/chat/byte-source.ts'
import type { ChatDescription } from '../../core/chat/describe.ts'
import type { Trip } from '../../core/chat/trip.ts'
import { type Clock, sleep } from '../../core/clock.ts'
import type { StreamInfo } from '../../core/protocol/message.ts'
import type { RequestStatus, Untold } from '../../core/protocol/status.ts'
import { type AnswerLog, createAnswerLog } from './answer-log.ts'

/** The answers of all chats: read on behalf of the pages, so that none of them takes its answer with it. */
export interface Answers {
  /** Follows a request from its start, and answers the page that sent it. */
  take: (request: Taken, trip: Trip) => Promise<Response>
  /** Hears what is told of every request. */
  hear: (status: Untold<RequestStatus>) => void
  /** An answer from that byte on, then live, also before it has begun; `undefined` where there is none. */
  attach: (requestId: string, from: number, clientId: string) => Promise<Response | undefined>
  list: () => StreamInfo[]
  /** A page says that it is about to go: what it gives up now it does not stop. */
  leaving: (clientId: string) => void
}

/** What is to be known of a request whose answer is kept. */
export type Taken = Pick<ChatDescription, 'url' | 'model' | 'conversation'> & {
  requestId: string
  /** Whose it is: the page that sent it, or has attached to it since. */
  clientId: string
}

export interface AnswersContext {
  clock: Clock
  /** So long an answer that has ended can be read again, ms. */
  keepMs: number
  /** So long an answer goes on without any page, ms. */
  graceMs: number
  /** Whether giving up a Response only detaches from it. */
  onAbort: 'stop' | 'detach'
  isOpen: (clientId: string) => Promise<boolean>
  hasPages: () => Promise<boolean>
  report: (status: Untold<RequestStatus>, clientId: string) => void
}

interface Kept {
  request: Taken
  trip: Trip
  log: AnswerLog
  at: number
  answer?: Answer & { kind: 'response' }
  verdict?: StreamInfo['verdict']
  endedAt?: number
  deliveredWhole: boolean
}

/** A page that reloads gives its Response up before, or shortly after, the worker can know why; ms. */
const UNSURE_MS = 1_000

/** An announcement of leaving holds for so long; a person may stay after all. ms. */
const LEAVING_MS = 5_000

/** All that is kept of answers that have ended; the oldest goes first. Bytes. */
const ENDED_KEPT = 32 * 1024 * 1024

/**
 * What becomes of an answer when a page gives its Response up. A worker is not told why; so:
 *
 *     given up ─┬─ another reader is there ─────────────────────────────▶ goes on
 *               ├─ the page said that it leaves, or is gone ────────────▶ goes on (detached)
 *               └─ 1 s later: no reader came, the page is still there ──▶ Stop: the upstream is closed
 */
export function createAnswers(context: AnswersContext): Answers {
  const { clock, report } = context
  const all = new Map<string, Kept>()
  const leaving = new Map<string, number>()

  const isLeaving = (clientId: string) => (leaving.get(clientId) ?? -Infinity) > clock.now() - LEAVING_MS

  /** Reads the upstream to its end, as fast as somebody wants it. */
  const pump = async ({ answer, log }: Kept) => {
    try {
      for (;;) {
        await log.room()
        const chunk = await answer?.body?.read()
        if (!chunk) return log.end()
        log.append(chunk)
      }
    } catch (error) {
      log.end(error instanceof Error ? error : new TypeError(String(error)))
    }
  }

  /** Lets go of what is too old, and (oldest first) of what is too much. */
  const forget = () => {
    const ended = Array.from(all).filter(([, { endedAt }]) => endedAt !== undefined)
    let bytes = ended.reduce((sum, [, { log }]) => sum + log.kept(), 0)
    for (const [requestId, { endedAt = 0, log }] of ended) {
      if (bytes <= ENDED_KEPT && endedAt > clock.now() - context.keepMs) continue
      all.delete(requestId)
      bytes -= log.kept()
    }
    for (const clientId of leaving.keys()) if (!isLeaving(clientId)) leaving.delete(clientId)
  }

  /** Nobody reads it, and nobody told it to stop: it goes on as long as there is a page, or the grace. */
  const goOn = async (kept: Kept) => {
    const { request, log } = kept
    report({ status: 'stream_detached', requestId: request.requestId, from: log.size() }, request.clientId)
    while (kept.endedAt === undefined) {
      await sleep(clock, context.graceMs, new AbortController().signal)
      if (log.readers() > 0) return
      if (!(await context.hasPages())) kept.trip.cancel('grace')
    }
  }

  const givenUp = async (kept: Kept, clientId: string) => {
    const { log } = kept
    const goesOn = async () => log.readers() > 0 || isLeaving(clientId) || !(await context.isOpen(clientId))
    if (kept.endedAt !== undefined) return
    if (!(await goesOn())) {
      await sleep(clock, UNSURE_MS, new AbortController().signal)
      if (kept.endedAt !== undefined) return
      if (!(await goesOn()) && context.onAbort === 'stop') return kept.trip.cancel()
    }
    if (log.readers() === 0) await goOn(kept)
  }

  const open = (kept: Kept, from: number, clientId: string): Response | undefined => {
    if (!kept.answer) return undefined
    const { head, body } = kept.answer
    if (!body) return new Response(null, head)
    const reader = kept.log.open(from)
    if (!reader) return undefined
    return new Response(
      relay({
        read: async () => {
          const bytes = await reader.read()
          if (!bytes) kept.deliveredWhole = true
          return bytes
        },
        cancel: () => {
          reader.cancel()
          void givenUp(kept, clientId)
        },
      }),
      head,
    )
  }

  return {
    take: async (request, trip) => {
      const kept: Kept = { request, trip, log: createAnswerLog(), at: clock.now(), deliveredWhole: false }
      all.set(request.requestId, kept)
      void trip.finished.then(() => {
        kept.endedAt = clock.now()
        forget()
      })
      const answer = await trip.answer
      if (answer.kind === 'network_error') {
        all.delete(request.requestId)
        return toResponse(answer)
      }
      kept.answer = answer
      const response = open(kept, 0, request.clientId) ?? Response.error()
      void pump(kept)
      // A page that went before there was a Response cannot give it up any more.
      if (clock.now() - kept.at > UNSURE_MS && !(await context.isOpen(request.clientId))) {
        void response.body?.cancel()
      }
      return response
    },
    hear: (status) => {
      const kept = all.get(status.requestId)
      if (!kept) return
      if (status.status === 'request_finished') kept.verdict = status.verdict
      if (status.status === 'request_failed') kept.verdict = status.code
      if (status.status === 'request_cancelled') kept.verdict = 'cancelled'
    },
    attach: async (requestId, from, clientId) => {
      const kept = all.get(requestId)
      if (!kept) return undefined
      await kept.trip.answer
      // Who reads it now is told of it as of its own.
      if (kept.log.readers() === 0) kept.request.clientId = clientId
      const response = open(kept, from, clientId)
      if (response) report({ status: 'stream_attached', requestId, from }, clientId)
      return response
    },
    list: () => {
      forget()
      return Array.from(all.values(), ({ request, log, at, answer, endedAt, verdict, deliveredWhole }) => {
        const { clientId: _own, ...told } = request
        const state = endedAt !== undefined ? 'ended' : answer ? 'streaming' : 'waiting'
        return { ...told, at, state, bytes: log.size(), deliveredWhole, ...(verdict ? { verdict } : {}) }
      })
    },
    leaving: (clientId) => {
      leaving.set(clientId, clock.now())
    },
  }
}
