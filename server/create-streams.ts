import { type Clock, systemClock } from '../core/clock.ts'
import { createResilientFetch } from '../core/fetch/create-resilient-fetch.ts'
import { problem } from './head.ts'
import { createProtocol } from './protocol/protocol.ts'
import { createRuns, type FoundStream, type StartOptions } from './runs.ts'
import type { StreamStore } from './stores/store.ts'

export interface StreamsOptions {
  /** Where responses are kept: `sqliteStore(path)`, `redisStore(client)`, `durableStreamsStore({ url })`, `memoryStore()`. */
  store: StreamStore
  /**
   * The id of the user that a request comes from; `null`: nobody, who is answered with 401. A user's streams do not exist
   * for any other.
   */
  authorize: (request: Request) => string | null | undefined | Promise<string | null | undefined>
  /**
   * What sends requests upstream. Default `createResilientFetch()`: deadlines, retries and rate limits are its part, and
   * what it gives up is marked so that nobody before it tries again.
   */
  fetch?: typeof fetch
  /** Where `handle` is mounted. Default `'/api/streams'`. */
  path?: string
  /** A response can be read for this long after its end, ms. Default 3 600 000: an hour. */
  ttlMs?: number
  /** A response that grows beyond this is broken off. Bytes, default 16 MiB. */
  maxBytes?: number
  /** Keeps a serverless process alive until a promise settles: the platform's own `waitUntil`. */
  waitUntil?: (task: Promise<unknown>) => void
  /** Origins of pages that may read streams from elsewhere; `'*'`: any, without cookies. Default none. */
  origins?: string[] | '*'
  /** Lets clients create streams and append to them themselves, by PUT and POST. Default `false`. */
  ingest?: boolean
  /** Hears of faults of the store. Default: none does. */
  onError?: (error: unknown) => void
}

/** Responses that outlive the browser that asked for them. All methods can be used without the object. */
export interface Streams {
  /**
   * Sends a request upstream and gives its response as it comes. It runs to its end whether or not anybody reads it, and can
   * be read from any device meanwhile.
   *
   * An `Idempotency-Key` that this user's requests have had before gives that response again, from its beginning, live; the
   * model does not run twice. A run that failed before its first output frees its key. Refusals keep their status and
   * body, and nothing of them is stored.
   */
  start: (request: Request, options: StartOptions) => Promise<Response>
  /** The response that a conversation has open, from its beginning, live; 204 when there is none. */
  latest: (request: Request, id: string) => Promise<Response>
  /** Stops what a conversation has open, or one stream, from any device: 204, or 404 where the user has no such thing. */
  stop: (request: Request, id: string) => Promise<Response>
  /** Serves streams below `path`: a subset of the Durable Streams protocol, and `live=stream`. */
  handle: (request: Request) => Promise<Response>
}

const DEFAULT_TTL_MS = 3_600_000
const DEFAULT_MAX_BYTES = 16 * 1024 * 1024

/**
 * Runs chat requests on the server, so that their responses outlive the browser: read by any device of the same user, also
 * after they have ended, and stopped from anywhere.
 *
 * @throws {TypeError} naming a wrong option.
 * @example
 * const streams = createStreams({ store: sqliteStore('./answers.db'), authorize: (request) => userOf(request) })
 * export const POST = (request: Request) => streams.start(request, { url, init, conversation })
 */
export function createStreams(options: StreamsOptions, clock: Clock = systemClock): Streams {
  checkOptions(options)
  const { authorize, onError = () => {} } = options
  const context = {
    ...options,
    clock,
    onError,
    send: options.fetch ?? createResilientFetch(),
    path: (options.path ?? '/api/streams').replace(/\/+$/, ''),
    ttlMs: options.ttlMs ?? DEFAULT_TTL_MS,
    maxBytes: options.maxBytes ?? DEFAULT_MAX_BYTES,
  }
  const runs = createRuns(context)
  const serve = createProtocol(context, runs)

  return {
    start: (request, start) => asUser(request, (owner) => runs.start(request, owner, start)),
    latest: (request, id) =>
      asUser(request, async (owner) => {
        const open = (await named(owner, id)).find(isOpen)
        return (open && (await runs.respond(open.source, request))) ?? new Response(null, { status: 204 })
      }),
    stop: (request, id) =>
      asUser(request, async (owner) => {
        const found = await named(owner, id)
        if (found.length === 0) return problem(404, 'not_found', 'There is no such answer')
        await Promise.all(found.filter(isOpen).map(({ source }) => runs.stop(source.id)))
        return new Response(null, { status: 204 })
      }),
    handle: (request) => serve(request, (task) => asUser(request, task)),
  }

  /** What an id means to this owner: a conversation's streams, newest first, or one stream. */
  async function named(owner: string, id: string): Promise<FoundStream[]> {
    const ofConversation = await runs.list(owner, id)
    const one = ofConversation.length === 0 ? await runs.find(owner, id) : undefined
    return one ? [one] : ofConversation
  }

  async function asUser(request: Request, task: (owner: string) => Promise<Response>): Promise<Response> {
    const owner = await authorize(request)
    if (!owner) return problem(401, 'unauthorized', 'Sign in first')
    try {
      return await task(owner)
    } catch (error) {
      onError(error)
      return problem(503, 'storage_unavailable', 'Answers cannot be kept at the moment', {
        'retry-after': '1',
      })
    }
  }
}

function isOpen({ info }: FoundStream): boolean {
  return info.end === undefined && !info.ingest
}

function checkOptions({ store, authorize, ttlMs, maxBytes, path }: StreamsOptions): void {
  const wrong = (option: string, got: unknown, takes: string) => {
    throw new TypeError(`Wrong option ${option}: got ${String(got)}, takes ${takes}`)
  }
  if (typeof store?.write !== 'function') wrong('store', store, 'a store such as sqliteStore(path)')
  if (typeof authorize !== 'function') wrong('authorize', authorize, 'a function from a Request to a user id')
  if (path !== undefined && !path.startsWith('/')) wrong('path', path, "a path that begins with '/'")
  for (const [option, value] of Object.entries({ ttlMs, maxBytes })) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0))
      wrong(option, value, 'a whole number above 0')
  }
}
