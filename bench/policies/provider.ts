import type { Clock } from '../../core/clock.ts'
import { DONE, FINISH, KEEP_ALIVE, ROLE, errorEvent, say, think } from '../../core/testing/openai-events.ts'
import type { Chat } from './chats.ts'
import { type Accepted, meet, type Meeting } from './meet.ts'
import type { Outage } from './outages.ts'

/** The provider's record of one request. Instants in epoch ms. */
export interface Attempt {
  chat: Chat
  at: number
  meeting: Meeting
  /** 2xx headers went out. */
  acceptedAt?: number
  /** When nothing more was under way. */
  endedAt?: number
  /** Its last word went out. */
  isWhole: boolean
}

export interface Provider {
  /** Sends one chat's requests, in the form and with the errors of a browser's `fetch`. */
  fetchFor: (chat: Chat) => typeof fetch
  /** In the order in which they came. */
  attempts: Attempt[]
}

export interface ProviderContext {
  seed: number
  clock: Clock
  outages: readonly Outage[]
}

/** The last words of a complete response, and of no other. */
export const LAST_WORD = 'END'

/** Pieces of an answer come so often at most: none of the policies' clocks is shorter, ms. */
const PIECE_MS = 5_000

/** A provider of OpenAI's protocol on a virtual clock, that does with each request what the mix says. */
export function createProvider({ seed, clock, outages }: ProviderContext): Provider {
  const beganAt = clock.now()
  const attempts: Attempt[] = []

  const answer = (attempt: Attempt, signal: AbortSignal): Promise<Response> =>
    new Promise((resolve, reject) => {
      const { meeting, chat } = attempt
      const later = (ms: number, act: () => void) => {
        if (ms === Infinity) return
        disarm = clock.timer(ms, () => {
          signal.removeEventListener('abort', onAbort)
          act()
        })
      }
      let disarm = () => {}
      const onAbort = () => {
        disarm()
        attempt.endedAt = clock.now()
        reject(signal.reason)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      const refuse = (...refusal: Parameters<typeof refuseWith>) => {
        attempt.endedAt = clock.now()
        resolve(refuseWith(...refusal))
      }
      switch (meeting.kind) {
        case 'network_error':
          return later(meeting.afterMs, () => {
            attempt.endedAt = clock.now()
            reject(new TypeError('Failed to fetch'))
          })
        case 'hang':
          return later(meeting.gatewayMs, () => refuse(chat, 504, 'Gateway time-out'))
        case 'refusal':
          return later(meeting.afterMs, () => refuse(chat, meeting.status, meeting.why, meeting.retryAfterMs))
        case 'accepted':
          return later(meeting.headersMs, () => {
            attempt.acceptedAt = clock.now()
            const body = speak(clock, attempt, meeting, signal)
            resolve(new Response(body, { headers: { 'content-type': 'text/event-stream' } }))
          })
      }
    })

  return {
    attempts,
    fetchFor: (chat) => {
      let sent = 0
      return async (input, init) => {
        const signal =
          init?.signal ?? (input instanceof Request ? input.signal : new AbortController().signal)
        signal.throwIfAborted()
        sent++
        const at = clock.now()
        const meeting = meet(seed, outages, chat, sent, at - beganAt)
        const attempt: Attempt = { chat, at, meeting, isWhole: false }
        attempts.push(attempt)
        return answer(attempt, signal)
      }
    },
  }
}

/** Refuses as OpenAI does; what can be read of the time depends on where the page stands. */
function refuseWith({ session }: Chat, status: number, why: string, retryAfterMs?: number): Response {
  const headers = new Headers({ 'content-type': 'application/json' })
  let message = why
  if (retryAfterMs !== undefined && session.hint === 'header') {
    headers.set('retry-after', String(Math.max(1, Math.ceil(retryAfterMs / 1_000))))
  }
  if (retryAfterMs !== undefined && session.hint === 'body') {
    message = `Rate limit reached. Please try again in ${(Math.ceil(retryAfterMs) / 1_000).toFixed(3)}s.`
  }
  const code =
    why === 'quota' ? 'insufficient_quota' : status === 429 ? 'rate_limit_exceeded' : 'server_error'
  return new Response(JSON.stringify({ error: { message, type: code, code } }), { status, headers })
}

/** An answer, word by word, to wherever it ends. */
function speak(
  clock: Clock,
  attempt: Attempt,
  meeting: Accepted,
  signal: AbortSignal,
): ReadableStream<Uint8Array> {
  const { chat } = attempt
  const { end, keepAliveMs, headersMs } = meeting
  const encoder = new TextEncoder()
  let disarm = () => {}
  let source: ReadableStreamDefaultController<Uint8Array>

  const finish = (act: () => void) => {
    disarm()
    signal.removeEventListener('abort', onAbort)
    attempt.endedAt = clock.now()
    act()
  }
  const onAbort = () => finish(() => source.error(signal.reason))
  const reset = () => finish(() => source.error(new TypeError('network error')))
  const tell = (event: string) => source.enqueue(encoder.encode(event))
  /** Waits until so long after the attempt's arrival, unless the answer ends before. */
  const at = (ms: number, act: () => void) => {
    if (end.kind !== 'whole' && ms >= end.atMs) return untilEnd()
    disarm = clock.timer(attempt.at + ms - clock.now(), act)
  }
  const untilEnd = () => {
    if (end.kind === 'whole') return
    disarm = clock.timer(attempt.at + end.atMs - clock.now(), () => {
      if (end.kind === 'stall') {
        if (end.gatewayMs < Infinity) disarm = clock.timer(end.gatewayMs, reset)
        return
      }
      if (end.kind === 'reset') return reset()
      if (end.kind === 'error_event') {
        tell(errorEvent({ message: 'Overloaded', type: 'overloaded_error', code: 'overloaded_error' }))
      }
      finish(() => source.close())
    })
  }
  const wait = (fromMs: number) => {
    const nextMs = fromMs + keepAliveMs
    if (keepAliveMs === 0 || nextMs >= meeting.outputMs)
      return at(meeting.outputMs, () => go(meeting.outputMs))
    at(nextMs, () => {
      tell(KEEP_ALIVE)
      wait(nextMs)
    })
  }
  /** One piece after the other: thoughts where they are visible, then words, then the last one. */
  const go = (nowMs: number) => {
    const isThought = chat.reasoning?.visible === true && nowMs < meeting.lastMs - chat.streamMs
    if (nowMs >= meeting.lastMs) {
      attempt.isWhole = true
      tell(say(LAST_WORD) + FINISH + DONE)
      return finish(() => source.close())
    }
    tell(isThought ? think('.') : say('.'))
    const nextMs = Math.min(nowMs + PIECE_MS, meeting.lastMs)
    at(nextMs, () => go(nextMs))
  }

  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      source = controller
      signal.addEventListener('abort', onAbort, { once: true })
      tell(ROLE)
      wait(headersMs)
    },
    cancel: () => {
      disarm()
      signal.removeEventListener('abort', onAbort)
      attempt.endedAt ??= clock.now()
    },
  })
}
