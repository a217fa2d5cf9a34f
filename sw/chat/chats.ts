import { digestCredential } from '../../core/chat/credential.ts'
import { type ParsedChatRequest, parseChatRequest } from '../../core/chat/parse-request.ts'
import { startRequest } from '../../core/chat/run-request.ts'
import { type Clock, type Random, throwIfAborted, waitAtMost } from '../../core/clock.ts'
import { type Deferred, deferred } from '../../core/deferred.ts'
import { DEFAULT_CHAT } from '../../core/options/defaults.ts'
import type { ChatRouteOptions, Options } from '../../core/options/options.ts'
import type { RouteMatch } from '../../core/options/routes.ts'
import type { Failure } from '../../core/messages/failure.ts'
import { createRequestId, readRequestId, REQUEST_ID_HEADER } from '../../core/messages/request-id.ts'
import type { RequestStatus, NewStatus } from '../../core/messages/status.ts'
import type { Limits } from '../../core/retry/limits.ts'
import type { Responses } from '../responses/responses.ts'
import type { RecordedReadingOn } from '../responses/journal.ts'
import type { RepeatGuard } from './repeat-guard.ts'
import { digestRequest } from './digest-request.ts'
import type { EndedChats } from '../page/ended-chats.ts'
import type { Principal, PrincipalId } from '../page/principal.ts'
import { askForRest, readBody, resend } from './resend.ts'

export interface Chats {
  /** Handles a chat request; both promises exist in the same turn and never reject. */
  handle: (
    request: Request,
    clientId: string,
    route: RouteMatch<ChatRouteOptions>,
  ) => { response: Promise<Response>; finished: Promise<void> }
  /** Stop: ends the request, whatever it is doing. */
  cancel: (requestId: string) => void
  /** True if this worker has, or had, a request with that id. */
  knows: (requestId: string) => boolean
}

export interface ChatsContext {
  options: Options
  clock: Clock
  random: Random
  limits: Limits
  /** Waits, within bounds, for the limits that the previous worker knew. */
  ready: () => Promise<unknown>
  principal: Pick<Principal, 'of' | 'current'>
  /** After this long a page gets an early Response: the browser would fail its request a minute later. ms */
  earlyMs: number
  /** As `BrowserLimits.hidesHeaders`. */
  hidesHeaders: boolean
  /** Waits for a conversation's saves, at most `limitMs`. */
  saved: (conversation: string, limitMs: number, signal: AbortSignal) => Promise<void>
  repeatGuard: RepeatGuard
  responses: Responses
  /** Resolves with the URL of the page that sent a request with that referrer. */
  pageUrl?: (clientId: string, referrer: string) => Promise<string | undefined>
  endedChats?: Pick<EndedChats, 'asked' | 'ended'>
}

/** Larger bodies are sent once, without retries, which would require keeping them. Bytes. */
const MAX_BODY = 32 * 1024 * 1024

/** A cancel may overtake its own request; it is remembered for this long, ms. */
const EARLY_CANCEL_MS = 10_000

/** The longest that a chat waits for storage, or for its page to report who is signed in, ms. */
const OWNER_MS = 100

/** How many ids of ended requests are remembered. */
const MAX_ENDED = 500

/** Runs the chat requests of all pages, each in its own loop. */
export function createChats(context: ChatsContext): Chats {
  const { options, clock, random, limits, repeatGuard, responses } = context
  const open = new Map<string, OpenChat>()
  const cancelledEarly = new Map<string, number>()
  const ended = new Set<string>()

  const run = async (
    request: Request,
    clientId: string,
    route: RouteMatch<ChatRouteOptions>,
    openChat: OpenChat,
  ): Promise<{ response: Response; finished: Promise<void> }> => {
    const pageUrl = context.pageUrl?.(clientId, request.referrer)
    const owner = context.principal.of(clientId)
    let whose: PrincipalId | undefined
    const known = owner.then((id) => {
      whose = id
    })
    const reading = readBody(request)
    const digesting = reading.then((bytes) => (isTooLarge(bytes) ? '' : digestRequest(request, bytes)))
    const [body, digest, { found: lost, late }, credential] = await Promise.all([
      reading,
      digesting,
      responses.claim({ requestId: openChat.asked, clientId, digest: digesting }),
      digestCredential(request),
      context.ready(),
      waitAtMost(clock, OWNER_MS, known).catch(() => {}), // Until then it is its page's alone.
    ])
    const { signal } = openChat.stop
    if (isTooLarge(body)) {
      return { response: await resend(request, body, { signal }), finished: Promise.resolve() }
    }
    if (lost) rename(openChat, lost.requestId)
    context.endedChats?.asked({ clientId, digest })
    const ownerId = () => (lost?.principal === undefined ? whose : lost.principal)
    /** True if another user is signed in now: a request that is sent now goes with that user's cookies. */
    const isOthers = () => {
      const now = context.principal.current()
      return now !== undefined && ownerId() !== undefined && now !== ownerId()
    }
    const { requestId } = openChat
    const posted = { clientId, digest, credential }
    // Only a POST is work that is done again and again; an EventSource reconnects by design.
    const isGuarded = request.method === 'POST'
    const heldUntil = isGuarded ? repeatGuard.heldUntil(posted) : undefined
    const isRetried = isGuarded && !lost && repeatGuard.isRetried(posted)
    const text = body ? new TextDecoder().decode(body) : ''
    const parsed = parseChatRequest(request, text, route, options)
    const { url, model, conversation, resumeId, ends, errors, choices } = parsed
    const {
      journal = DEFAULT_CHAT.journal,
      idempotencyKey = DEFAULT_CHAT.idempotencyKey,
      afterSavesMs = DEFAULT_CHAT.afterSavesMs,
    } = route.settings
    if (afterSavesMs > 0 && conversation !== undefined) {
      await context.saved(conversation, afterSavesMs, signal)
    }
    const begun = responses.begin(
      {
        requestId,
        clientId,
        digest,
        url,
        ...(model === undefined ? {} : { model }),
        ...(conversation === undefined ? {} : { conversation }),
        ...(resumeId === undefined ? {} : { resumeId }),
        ...(isEventSource(request) && { isEventSource: true }),
        ...((ends || errors || choices > 1) && { judgedBy: { ends, errors, choices } }),
        keep: journal,
        principal: ownerId(),
      },
      openChat.stop,
      openChat.arrival,
      lost && lost.attempts + 1,
    )
    openChat.begun.resolve()
    known.then(() => whose !== undefined && !lost && begun.belongsTo(whose)).catch(() => {}) // Handled above.
    /** Attempts by an earlier worker that were not known in time. */
    let lateAttempts = 0
    let hasEnded = false
    const emit = (status: NewStatus<RequestStatus>) => {
      const counted = addAttempts(status, lateAttempts)
      responses.note(counted)
      begun.emit(counted)
      const { status: name } = counted
      hasEnded ||= name === 'request_finished' || name === 'request_failed' || name === 'request_cancelled'
      // An EventSource reconnects after each end.
      if ((name !== 'request_finished' && name !== 'request_failed') || isEventSource(request)) return
      void context.endedChats?.ended({
        requestId,
        clientId,
        digest,
        principal: ownerId(),
        conversation,
        isFailed: name === 'request_failed',
        pageUrl,
        firstWords: begun.firstWords,
      })
    }
    void late?.then((before) => {
      if (!before) return
      lateAttempts = before.attempts
      begun.wasLost(before)
      if (hasEnded) return
      emit({
        status: 'network_retry',
        requestId,
        phase: 'worker_lost',
        attempt: 1,
        retryAfterMs: 0,
        retryAt: clock.now(),
        budgetLeftMs: parsed.retry.networkBudgetMs,
      })
    })
    const keyName = idempotencyKey === true ? 'Idempotency-Key' : idempotencyKey
    const key = keyName ? { name: keyName, value: requestId } : undefined
    const runningRequest = startRequest(
      {
        ...parsed,
        ...(isRetried ? { retry: { ...parsed.retry, maxAttempts: 1 } } : {}),
        requestId,
        // Browsers hide cookies: each user has limits of their own.
        credential: `${credential} ${ownerId() ?? ''}`.trim(),
        isEventSource: isEventSource(request),
        isKeyed: key !== undefined || request.headers.has('idempotency-key'),
        ...(heldUntil === undefined ? {} : { heldUntil }),
        ...(lost ? { lostAttempts: lost.attempts } : {}),
        send: async (attemptSignal) => {
          await begun.recorded
          if (isOthers()) openChat.stop.abort()
          throwIfAborted(attemptSignal)
          return resend(request, body, { signal: attemptSignal, key })
        },
        ask: async (resumeUrl, init) => {
          if (isOthers()) throw new TypeError('Somebody else is signed in now')
          return askForRest(request, resumeUrl, init)
        },
        signal,
      },
      {
        clock,
        random,
        writer: begun.writer,
        limits,
        earlyMs: context.earlyMs,
        hidesHeaders: context.hidesHeaders,
        canReadOn: () => begun.canReadOn(recordReadingOn(request, parsed, credential)),
        emit: (status) => {
          emit(status)
          if (isGuarded && status.status === 'request_failed' && isOwnFailure(status)) {
            repeatGuard.failed(posted)
          }
        },
      },
    )
    return { response: await begun.respond(runningRequest), finished: runningRequest.finished }
  }

  const rename = (openChat: OpenChat, requestId: string) => {
    forget(openChat)
    openChat.requestId = requestId
    open.set(requestId, openChat)
  }

  /** Its id may have been used again meanwhile. */
  const forget = (openChat: OpenChat) => {
    if (open.get(openChat.requestId) === openChat) open.delete(openChat.requestId)
  }

  const end = (openChat: OpenChat) => {
    const { requestId } = openChat
    forget(openChat)
    ended.add(requestId)
    if (ended.size > MAX_ENDED) for (const oldest of [...ended].slice(0, 1)) ended.delete(oldest)
  }

  /** A page that asks again under the same id wants the request under way. */
  const again = async ({ requestId, begun }: OpenChat, clientId: string) => {
    await begun.promise // Until then there is nothing to attach to.
    return (await responses.attach(requestId, 0, clientId)) ?? Response.error()
  }

  return {
    handle: (request, clientId, route) => {
      const asked = readRequestId(request.headers.get(REQUEST_ID_HEADER))
      const same = asked ? open.get(asked) : undefined
      // One that is being stopped has nothing to give any more.
      if (same && !same.stop.signal.aborted)
        return { response: again(same, clientId), finished: Promise.resolve() }
      const requestId = asked ?? createRequestId()
      const openChat: OpenChat = {
        asked,
        requestId,
        stop: new AbortController(),
        arrival: responses.arrive(),
        begun: deferred(),
      }
      open.set(requestId, openChat)
      if (clock.monotonic() - (cancelledEarly.get(requestId) ?? -Infinity) < EARLY_CANCEL_MS)
        openChat.stop.abort()
      cancelledEarly.delete(requestId)
      // A failure here came before anything was sent (such as a body that cannot be read): the page sees what it would
      // without us.
      const running = run(request, clientId, route, openChat).catch(() => ({
        response: Response.error(),
        finished: Promise.resolve(),
      }))
      void running.then(() => openChat.begun.resolve())
      return {
        response: running.then(({ response }) => response),
        finished: running.then(({ finished }) => finished).finally(() => end(openChat)),
      }
    },
    knows: (requestId) => open.has(requestId) || ended.has(requestId),
    cancel: (requestId) => {
      const openChat = open.get(requestId)
      if (openChat) return openChat.stop.abort()
      // It came too late, and must not stop the next request with that id.
      if (ended.has(requestId) || responses.cancel(requestId)) return
      for (const [id, at] of cancelledEarly) {
        if (clock.monotonic() - at >= EARLY_CANCEL_MS) cancelledEarly.delete(id)
      }
      cancelledEarly.set(requestId, clock.monotonic())
    },
  }
}

/** Refusals of who asks, or of what is there: a sign-in in another tab, or a top-up, changes them. */
const MENDED_ELSEWHERE = new Set([401, 402, 403, 404, 407, 409, 419, 440, 498])

/** True if the same request would fail again. What was never sent has not failed. */
function isOwnFailure({ attempts, code, httpStatus = 0 }: Failure & { attempts: number }): boolean {
  return attempts > 0 && code !== 'quota_exhausted' && !MENDED_ELSEWHERE.has(httpStatus)
}

function isTooLarge(body: ArrayBuffer | null): boolean {
  return body !== null && body.byteLength > MAX_BODY
}

/**
 * The facts of a request that are stored to resume its response after this worker's death: nothing that could be a
 * secret.
 */
function recordReadingOn(
  { credentials }: Request,
  { readingOn, timeouts }: ParsedChatRequest,
  credential: string,
): RecordedReadingOn {
  const url = new URL(readingOn.url)
  for (const name of Array.from(url.searchParams.keys())) {
    // A background response is requested again with its query.
    if (!readingOn.isBackground || /key|token|secret|sig|auth|pass/i.test(name)) url.searchParams.delete(name)
  }
  return { ...readingOn, url: url.href, credentials, needsAuth: credential !== '', timeouts }
}

function addAttempts(status: NewStatus<RequestStatus>, earlier: number): NewStatus<RequestStatus> {
  // Reconnects are not attempts.
  if (status.status === 'stream_resuming') return status
  if ('attempt' in status) return { ...status, attempt: status.attempt + earlier }
  return 'attempts' in status ? { ...status, attempts: status.attempts + earlier } : status
}

/** A request that is under way. */
interface OpenChat {
  /** The id that the page gave it. */
  asked: string | undefined
  requestId: string
  stop: AbortController
  /** Resolves when others can attach to it. */
  begun: Deferred<void>
  /** As `Responses.arrive` numbers it. */
  arrival: number
}

/** [spec] https://html.spec.whatwg.org/#dom-eventsource step 9: nothing else sets all three of these. */
function isEventSource({ method, cache, headers }: Request): boolean {
  return method === 'GET' && cache === 'no-store' && headers.get('accept') === 'text/event-stream'
}
