import { type Clock, systemClock } from '../core/clock.ts'
import { createResilientFetch } from '../core/fetch/create-resilient-fetch.ts'
import { checkRequest, checkStart, checkStreams, toId } from './check-streams.ts'
import { problem } from './head.ts'
import { createProtocol } from './protocol/protocol.ts'
import { createRuns, type FoundStream, type StartOptions } from './runs.ts'
import { isLost, type StreamStore } from './stores/store.ts'
import { strictStore } from './stores/strict-store.ts'

export interface StreamsOptions {
  /**
   * The store that keeps responses: `sqliteStore(path)`, `redisStore(client)`, `durableStreamsStore({ url })`,
   * `memoryStore()`.
   */
  store: StreamStore
  /**
   * Returns the id of the user who sent a request; for `null` the response is a 401. Other users cannot access a user's
   * streams.
   */
  authorize: (request: Request) => string | null | undefined | Promise<string | null | undefined>
  /**
   * Sends requests upstream. Default `createResilientFetch()`, which handles deadlines, retries and rate limits, and
   * marks its final failures so that no client retries them.
   */
  fetch?: typeof fetch
  /** The path where `handle` is mounted. Default `'/api/streams'`. */
  path?: string
  /** A response can be read for this long after its end, ms. Default 3 600 000: an hour. */
  ttlMs?: number
  /** Responses that grow beyond this are broken off. Bytes, default 16 MiB. */
  maxBytes?: number
  /** Keeps a serverless process alive until a promise settles: the platform's own `waitUntil`. */
  waitUntil?: (task: Promise<unknown>) => void
  /**
   * Other origins whose pages may read streams, as browsers write them: `['https://app.example.com']`; `'*'`: any,
   * without cookies. Default none.
   */
  origins?: string[] | '*'
  /** Lets clients create streams and append to them themselves, by PUT and POST. Default `false`. */
  ingest?: boolean
  /** Called with errors of the store, and of requests upstream. Default: they are ignored. */
  onError?: (error: unknown) => void
}

/** Responses that outlive the browser that asked for them. The methods can be detached from the object. */
export interface Streams {
  /**
   * Sends a request upstream and returns its response as it streams. The request runs to its end with or without
   * readers, and any device of the user can read it meanwhile.
   *
   * If an earlier request of this user had the same `Idempotency-Key`, its response is returned again, from its
   * beginning, live; the model does not run twice. A run that failed before its first output frees its key. Refusals
   * keep their status and body, and are not stored.
   */
  start: (request: Request, options: StartOptions) => Promise<Response>
  /** Returns the open response of a conversation, from its beginning, live; 204 if there is none. */
  latest: (request: Request, id: string) => Promise<Response>
  /**
   * Stops the open responses of a conversation, or one stream, from any device: 204, or 404 if the user has no such
   * stream.
   */
  stop: (request: Request, id: string) => Promise<Response>
  /** Serves streams below `path`: a subset of the Durable Streams protocol, and `live=stream`. */
  handle: (request: Request) => Promise<Response>
}

const DEFAULT_TTL_MS = 3_600_000
const DEFAULT_MAX_BYTES = 16 * 1024 * 1024

/**
 * Runs chat requests on the server, so that their responses outlive the browser: any device of the same user can read
 * them, even after their end, and stop them.
 *
 * @throws {TypeError} naming a wrong or unknown option.
 * @example
 * const streams = createStreams({ store: sqliteStore('./answers.db'), authorize: (request) => userOf(request) })
 * export const POST = (request: Request) => streams.start(request, { url, init, conversation })
 */
export function createStreams(options: StreamsOptions, clock: Clock = systemClock): Streams {
  checkStreams(options)
  const { authorize } = options
  // Errors in the app's own functions cost no response.
  const onError = (error: unknown) => void attempt(() => options.onError?.(error))
  const waitUntil = (task: Promise<unknown>) => void attempt(() => options.waitUntil?.(task), onError)
  const context = {
    ...options,
    store: strictStore(options.store, clock),
    clock,
    onError,
    waitUntil,
    send: options.fetch ?? createResilientFetch(),
    // In the form that it has in the URLs of requests.
    path: new URL(`http://localhost${options.path ?? '/api/streams'}`).pathname.replace(/\/+$/, ''),
    ttlMs: options.ttlMs ?? DEFAULT_TTL_MS,
    maxBytes: options.maxBytes ?? DEFAULT_MAX_BYTES,
  }
  const runs = createRuns(context)
  const serve = createProtocol(context, runs)

  return {
    start: async (request, options) => {
      checkStart(options)
      const { conversation, ...start } = options
      return asUser(request, (owner) =>
        runs.start(request, owner, {
          ...start,
          ...(conversation === undefined ? {} : { conversation: toId(conversation) }),
        }),
      )
    },
    latest: async (request, provided) => {
      const id = toId(provided)
      return asUser(request, async (owner) => {
        const open = (await named(owner, id)).find(isOpen)
        return (open && (await runs.respond(open.source, request))) ?? new Response(null, { status: 204 })
      })
    },
    stop: async (request, provided) => {
      const id = toId(provided)
      return asUser(request, async (owner) => {
        // A run of this process is stopped without the store.
        const own = runs.stopOwn(owner, id)
        const found = await named(owner, id).catch((error: unknown) => {
          if (own !== 'stopped') throw error
          onError(error)
          return []
        })
        if (own === 'none' && found.length === 0)
          return problem(404, 'not_found', 'There is no such response')
        await Promise.all(found.filter(isOpen).map(({ source }) => runs.stop(source.id)))
        return new Response(null, { status: 204 })
      })
    },
    handle: async (request) => {
      checkRequest(request)
      return serve(request, (task) => asUser(request, task))
    },
  }

  /** The streams that an id names for this owner: those of a conversation, newest first, or a single one. */
  async function named(owner: string, id: string): Promise<FoundStream[]> {
    const own = await runs.own(owner, id)
    try {
      const ofConversation = await runs.list(owner, id)
      const one = ofConversation.length === 0 ? await runs.find(owner, id) : undefined
      return one ? [one] : ofConversation
    } catch (error) {
      if (own.length === 0) throw error
      onError(error)
      return own
    }
  }

  async function asUser(request: Request, task: (owner: string) => Promise<Response>): Promise<Response> {
    checkRequest(request)
    const owner = await authorize(request)
    if (!owner && (owner as unknown) !== 0) return problem(401, 'unauthorized', 'Sign in first')
    // As text, all objects are the same.
    if (typeof owner !== 'string' && typeof owner !== 'number')
      throw new TypeError(
        `Wrong result of authorize: got a value of type ${typeof owner}, takes a user id, or null`,
      )
    try {
      return await task(toId(owner))
    } catch (error) {
      onError(error)
      if (isLost(error)) return problem(410, 'storage_unavailable', 'A part of the response is lost')
      return problem(503, 'storage_unavailable', 'Responses cannot be stored at the moment', {
        'retry-after': '1',
      })
    }
  }
}

/** Runs a task that may throw or reject. */
async function attempt(task: () => unknown, onError: (error: unknown) => void = () => {}): Promise<void> {
  try {
    await task()
  } catch (error) {
    onError(error)
  }
}

function isOpen({ info }: FoundStream): boolean {
  return info.end === undefined && !info.ingest
}
