import { type Clock, deadline, type Random, sleep, throwIfAborted } from '../clock.ts'
import { nearnessOf } from '../local-network.ts'
import type { Network } from '../network.ts'
import type { RequestStatus, NewStatus } from '../messages/status.ts'
import { parseJson } from '../providers/inspection/event-reader.ts'
import { backoff, jitter } from '../retry/backoff.ts'
import { classifyResponse } from '../retry/classify.ts'
import type { RetryPolicy } from '../retry/policy.ts'
import { awaitNetwork } from './await-network.ts'
import { type Chunks, openChunks } from './chunks.ts'
import { orAborted } from './or-aborted.ts'
import type { ResumeRequest, Splice, WholeRequest } from './splice.ts'
import { MAX_TOTAL_MS } from './timeouts.ts'

/** Asks for the same response with the credentials of the original request; follows no redirects. */
export type Ask = (
  url: string,
  init: { method: 'GET' | 'POST'; headers: Record<string, string>; signal: AbortSignal },
) => Promise<Response>

export interface ReadOnContext {
  clock: Clock
  random: Random
  network: Network
  retry: RetryPolicy
  headersMs: number
  /** For a response without output so far: the time left for its first output, ms. */
  leftMs?: (() => number) | undefined
  requestId: string
  signal: AbortSignal
  ask: Ask
  emit: (status: NewStatus<RequestStatus>) => void
}

/** A connection on which a server sends a response again. */
export interface Connection {
  rest: Chunks
  abort: () => void
  /** How long it may bring nothing new, ms. Absent: the first connection, which has other limits. */
  limitMs?: number
}

/** An unfinished response is polled this often, ms, and at most this many times: ten minutes. */
const POLL_MS = 5_000
const MAX_POLLS = 120

/** Whatever a server does, reading ends when nothing new has come for this long, ms. */
const MAX_SILENT_MS = 600_000

/** A request that got a response. */
interface Sent {
  response: Response
  /** The result of `WholeRequest.missing`, if the whole response was requested. */
  missing: string | undefined
  connection: Connection | null
  discard: () => void
}

/** The connections that follow the one that was cut. */
export interface ReadOn {
  /** The next one; `'closed'`: the server says that there is nothing more; `undefined`: the cut stands. Never rejects. */
  connect: () => Promise<Connection | 'closed' | undefined>
  /** Something new has come: waits and their budgets start again. */
  progressed: () => void
  /** Stops it at the server, if that is possible. */
  stop: () => void
}

/**
 * Resumes a response at its server. Only reconnects that bring nothing new use up the budgets for waits.
 *
 * @param first the headers of the response that was cut
 */
export function createReadOn(splice: Splice, first: Headers, context: ReadOnContext): ReadOn {
  const { clock, random, retry, requestId, signal } = context
  /** Reconnects since the last that brought anything new. */
  let tries = 0
  let spent = { networkMs: 0, rateLimitMs: 0 }
  let cutAt: number | undefined
  let hasProgressed = false
  /** Time since then that the browser was offline or the machine slept, ms. */
  let freeMs = 0
  /** Set when the server no longer streams the response. */
  let whole: WholeRequest | undefined

  return {
    connect: async () => {
      cutAt ??= clock.monotonic()
      try {
        return await connect()
      } catch {
        return undefined // Only the request's own signal ends a wait.
      }
    },
    progressed: () => {
      if (cutAt === undefined) return
      hasProgressed = true
      freeMs = 0
      context.emit({ status: 'stream_resumed', requestId, gapMs: clock.monotonic() - cutAt })
      cutAt = undefined
      tries = 0
      spent = { networkMs: 0, rateLimitMs: 0 }
    },
    stop: () => stopAtServer(splice, context.ask),
  }

  async function connect(): Promise<Connection | 'closed' | undefined> {
    let waitMs = tries === 0 ? 0 : ownWait()
    for (;;) {
      if (waitMs === undefined || waitMs >= leftMs()) return undefined
      const request = whole ?? splice.reconnect()
      if (!request) return undefined
      await awaitOnline(request.url)
      tries++
      context.emit({
        status: 'stream_resuming',
        requestId,
        from: 'server',
        attempt: tries,
        retryAt: clock.now() + waitMs,
      })
      const until = clock.monotonic() + waitMs
      await sleep(clock, waitMs, signal)
      freeMs += clock.monotonic() - until
      const sent = await send(request)
      const verdict = sent ? judge(sent) : 'later'
      if (verdict === 'good' && sent?.connection) return { ...sent.connection, limitMs: leftMs() }
      sent?.discard()
      if (verdict === 'closed') return verdict
      if (verdict === 'over') return undefined
      if (verdict === 'poll') waitMs = POLL_MS
      else waitMs = typeof verdict === 'object' ? hintedWait(verdict) : ownWait()
    }
  }

  /** Time left to bring anything new, ms. */
  function leftMs(): number {
    if (context.leftMs && !hasProgressed) return context.leftMs() + freeMs
    const now = clock.monotonic()
    return (cutAt ?? now) + MAX_SILENT_MS + freeMs - now
  }

  /** Being offline is nobody's failure: this wait is not charged. */
  async function awaitOnline(url: URL) {
    if (context.network.isOnline() || nearnessOf(url.href) !== undefined) return
    context.emit({ status: 'network_wait', requestId })
    const since = clock.monotonic()
    await awaitNetwork(context.network, clock, MAX_TOTAL_MS, signal)
    freeMs += clock.monotonic() - since
  }

  async function send({ url, headers = {} }: ResumeRequest): Promise<Sent | undefined> {
    const upstream = new AbortController()
    const abort = () => upstream.abort()
    const disarm = deadline(clock, Math.min(context.headersMs, leftMs()), abort)
    signal.addEventListener('abort', abort)
    try {
      const asking = context.ask(url.href, { method: 'GET', headers, signal: upstream.signal })
      const response = await orAborted(upstream.signal, asking)
      const missing =
        whole && response.ok
          ? whole.missing(parseJson(await orAborted(upstream.signal, response.text())))
          : undefined
      const { body, bodyUsed } = missing === undefined ? response : new Response(missing)
      const connection = bodyUsed ? null : body && { rest: openChunks(body), abort }
      return { response, missing, connection, discard: () => connection?.rest.cancel() }
    } catch {
      throwIfAborted(signal)
      return undefined // No response, or none in time.
    } finally {
      disarm()
      signal.removeEventListener('abort', abort)
    }
  }

  /** Judges the server's reply; `retryHintMs`: try again after the time that it names. */
  function judge({
    response,
    missing,
  }: Sent): 'good' | 'closed' | 'poll' | 'later' | 'over' | { retryHintMs: number } {
    const { status, headers } = response
    if (status >= 200 && status < 300 && !response.redirected) {
      if (whole) {
        if (missing !== 'later') return missing === undefined ? 'over' : 'good'
        spent = { networkMs: 0, rateLimitMs: 0 }
        return tries > MAX_POLLS ? 'over' : 'poll'
      }
      splice.begin({ headers })
      if (!response.body || status === 204) return splice.isClosed() ? 'closed' : 'over'
      return isSameKind(first, headers) ? 'good' : 'over'
    }
    const { kind, retryHintMs, isFinal } = classifyResponse(status, headers, '', clock.now())
    const mayPass =
      status === 409 ||
      (!isFinal && (kind === 'rate_limited' || kind === 'overloaded' || kind === 'server_error'))
    if (status === 400 && !whole) {
      whole = splice.whole?.()
      if (whole) return { retryHintMs: 0 }
    }
    if (status < 400 || !mayPass) return 'over'
    if (retryHintMs === undefined) return 'later'
    // A hint may lengthen our own wait, never shorten it: some servers say “at once” each time.
    return { retryHintMs: Math.max(retryHintMs, backoff(tries - 1, retry.baseMs, retry.maxMs)) }
  }

  /** A wait of our own; `undefined` when its budget is spent. */
  function ownWait(): number | undefined {
    const leftMs = retry.networkBudgetMs - spent.networkMs
    if (leftMs <= 0) return undefined
    const waitMs = Math.min(backoff(tries - 1, retry.baseMs, retry.maxMs), leftMs)
    spent.networkMs += waitMs
    return waitMs + jitter(retry.jitterMs, random)
  }

  /** The wait that the server names; `undefined` if it exceeds the budget. */
  function hintedWait({ retryHintMs }: { retryHintMs: number }): number | undefined {
    if (retryHintMs > retry.rateLimitBudgetMs - spent.rateLimitMs) return undefined
    spent.rateLimitMs += retryHintMs
    return retryHintMs + jitter(retry.jitterMs, random)
  }
}

/** Stops a response at its server, if that is possible. */
export function stopAtServer(splice: Pick<Splice, 'stopUrl'>, ask: Ask): void {
  const url = splice.stopUrl()
  if (!url) return
  const { signal: always } = new AbortController()
  // Not awaited: its response would come too late.
  ask(url.href, { method: 'POST', headers: {}, signal: always }).catch(() => {})
}

/** The headers of a request for the rest: those of the original request, except the one that describes its body. */
export function headersForAsking(own: Headers, more: Record<string, string>): Headers {
  const headers = new Headers(own)
  headers.delete('content-type')
  for (const [name, value] of Object.entries(more)) headers.set(name, value)
  return headers
}

/** True if a response can be the rest of another: of the same media type, or raw bytes that say their offset. */
function isSameKind(one: Headers, other: Headers): boolean {
  const [type, own] = [one, other].map((headers) =>
    headers.get('content-type')?.split(';')[0]?.trim().toLowerCase(),
  )
  return type === own || (other.has('stream-next-offset') && /^$|octet/.test(own ?? ''))
}
