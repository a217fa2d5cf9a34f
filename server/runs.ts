import type { Clock } from '../core/clock.ts'
import { createRequestId } from '../core/messages/request-id.ts'
import { problem } from './head.ts'
import { inTime } from './in-time.ts'
import { errorEnd } from './judge-end.ts'
import { STORE_MS } from './limits.ts'
import { produce, type Production } from './produce.ts'
import { openReader } from './read-stream.ts'
import { type Source, storedSource } from './source.ts'
import { leapFrom, type StreamStore } from './stores/store.ts'
import { isVoid, readInfo, type StreamErrorCode, type StreamInfo } from './stream-info.ts'
import { heartbeatOf, streamResponse } from './stream-response.ts'

export type StartOptions = {
  /** The app's name of the conversation, by which `latest` and `stop` find the response. */
  conversation?: string
} & (
  | {
      /** The provider's endpoint. */
      url: string | URL
      /** The request that is sent there; the caller's own is not passed on. Its `signal` is not used. */
      init?: RequestInit
    }
  | {
      /** Creates the response, for SDKs that send requests by themselves. The signal aborts on Stop. */
      respond: (signal: AbortSignal) => Response | Promise<Response>
    }
)

/** The responses of one store: those that this process runs, and all others. */
export interface Runs {
  start: (request: Request, owner: string, options: StartOptions) => Promise<Response>
  /** One stream of this owner. */
  find: (owner: string, id: string) => Promise<FoundStream | undefined>
  /** The streams of this owner, or of one conversation, newest first. */
  list: (owner: string, conversation?: string, most?: number) => Promise<FoundStream[]>
  /** The streams that an id names for this owner and that this process runs; the store is not asked. */
  own: (owner: string, id: string) => Promise<FoundStream[]>
  /**
   * Stops those, and also one that the store is still to add, which may turn out to be another process's with the same
   * key: `claimed`, if there are only such.
   */
  stopOwn: (owner: string, id: string) => 'stopped' | 'claimed' | 'none'
  /** A stream's bytes from the first on, live; `undefined`: it ended before it began. */
  respond: (source: Source, request: Request) => Promise<Response | undefined>
  /** Closes a stream's upstream, whichever process has it. */
  stop: (id: string) => Promise<void>
}

export interface FoundStream {
  source: Source
  info: StreamInfo
  /** Bytes so far. */
  length: number
}

export interface RunsContext {
  store: StreamStore
  send: typeof fetch
  clock: Clock
  path: string
  ttlMs: number
  maxBytes: number
  waitUntil: (task: Promise<unknown>) => void
  onError: (error: unknown) => void
}

/** Longer keys are refused, characters. */
const MAX_KEY = 256

/** The form of ids that we give streams, or clients of the protocol theirs: nothing else is looked for. */
const ID = /^[0-9a-f]{32}$|\//

/** A Stop is a write that may be refused again and again while bytes come. */
const MAX_STOPS = 100

export function createRuns(context: RunsContext): Runs {
  const { store, send, clock, path, ttlMs, maxBytes, waitUntil, onError } = context
  /** The runs of this process, by id. */
  const productions = new Map<string, Production>()
  /** Runs that begin once the store has added them, by id. */
  const claims = new Map<string, { added: StreamInfo; isStopped: boolean }>()
  /**
   * Runs with a key, from their claim to their end: the store takes its time to say which was the first, and may lose
   * one that still runs.
   */
  const keyed = new Map<string, Promise<Production | string>>()

  return { start, find, list, own, stopOwn, respond, stop }

  async function start(request: Request, owner: string, options: StartOptions): Promise<Response> {
    const key = request.headers.get('idempotency-key') || undefined
    if (key && key.length > MAX_KEY) return problem(400, 'bad_request', 'The Idempotency-Key is too long')
    const name = key === undefined ? undefined : JSON.stringify([owner, key])
    // A run that fails before its first output frees its key, even while somebody waits to read it.
    for (let round = 0; round < 3; round++) {
      const earlier = name === undefined ? undefined : keyed.get(name)
      const claiming = earlier ?? claim(owner, key, options)
      if (name !== undefined && !earlier) remember(name, claiming)
      const run = await claiming
      if (!earlier && typeof run !== 'string') return begin(run, request)
      const response = await join(run, owner, request)
      if (response) return response
    }
    return failedEarly()
  }

  function remember(name: string, claiming: Promise<Production | string>): void {
    keyed.set(name, claiming)
    const forget = () => void keyed.delete(name)
    claiming
      .then(async (run) => {
        if (typeof run === 'string') return
        // A run that has not begun frees its key at once.
        if ((await run.beginning).kind === 'streaming') await run.finished
      })
      .then(forget, forget)
  }

  /** Adds a stream and runs it, unless the key names one already: then returns that one's id. */
  async function claim(
    owner: string,
    key: string | undefined,
    options: StartOptions,
  ): Promise<Production | string> {
    const id = createRequestId()
    const { conversation } = options
    const named = {
      owner,
      ...(conversation === undefined ? {} : { conversation }),
      ...(key ? { key } : {}),
    }
    const upstreamPath = 'url' in options ? new URL(options.url).pathname : '/'
    const info: StreamInfo = { ...named, createdAt: clock.now(), path: upstreamPath }
    const claimed = { added: info, isStopped: false }
    claims.set(id, claimed)
    let isKept = true
    try {
      const holder = await store.create({ ...named, id, info: JSON.stringify(info), ttlMs })
      if (holder !== id) {
        if (claimed.isStopped) await stop(holder)
        return holder
      }
    } catch (error) {
      // With a key, it may have run already. Without one, a response that is not stored is better than none.
      if (key) throw error
      isKept = false
      onError(error)
    } finally {
      claims.delete(id)
    }
    const production = produce({
      id,
      info,
      send: async (signal) =>
        'url' in options ? send(options.url, { ...options.init, signal }) : options.respond(signal),
      store,
      clock,
      maxBytes,
      isKept,
      isStopped: claimed.isStopped,
      onStoreError: onError,
    })
    productions.set(id, production)
    const finished = production.finished.then(() => void productions.delete(id))
    waitUntil(finished)
    return production
  }

  /** The response of a run of this process: its stream, or the reason why there is none. */
  async function begin({ beginning, source }: Production, request: Request): Promise<Response> {
    const begun = await beginning
    switch (begun.kind) {
      case 'streaming': {
        const { timing } = begun
        return (await respond(source, request, timing ? { 'server-timing': timing } : {})) ?? failedEarly()
      }
      case 'refused':
        return begun.refusal.response
      case 'failed':
        onError(begun.error)
        return problem(502, 'network_error', 'The upstream could not be reached', {
          'x-should-retry': 'false',
        })
      case 'closed':
        return closed(begun.code)
    }
  }

  /** The response that an earlier start with the same key has begun; `undefined`: it failed, and the key is free. */
  async function join(
    run: Production | string,
    owner: string,
    request: Request,
  ): Promise<Response | undefined> {
    const earlier = typeof run === 'string' ? (productions.get(run) ?? (await find(owner, run))) : run
    if (!earlier) return undefined
    if (!('beginning' in earlier)) {
      if (!isVoid(earlier.info, earlier.length)) return respond(earlier.source, request)
      // The process that ended it could not remove it.
      await store.delete(earlier.source.id)
      return undefined
    }
    const begun = await earlier.beginning
    // A request that comes after its failure runs again, once the store has forgotten it.
    if (typeof run === 'string' && begun.kind !== 'streaming') {
      await inTime(clock, STORE_MS, earlier.finished, 'Cannot run key again: its failed run is still stored')
      return undefined
    }
    return begun.kind === 'refused' ? begun.refusal.again() : begin(earlier, request)
  }

  async function respond(
    source: Source,
    request: Request,
    headers: Record<string, string> = {},
  ): Promise<Response | undefined> {
    const reader = openReader(source, 0, { store, clock, onError })
    const state = await reader.head(request.signal)
    if (state?.info.head) {
      const { id } = source
      const heartbeatMs = heartbeatOf(request)
      const response = streamResponse(reader, state.info.head, {
        url: `${path}/${id}`,
        id,
        heartbeatMs,
        headers,
        clock,
      })
      if (request.method !== 'HEAD') return response
      // Nobody would read the body, or cancel it.
      reader.close()
      return new Response(null, response)
    }
    reader.close()
    return state?.info.end?.kind === 'error' && state.info.end.code === 'stopped'
      ? closed('stopped')
      : undefined
  }

  async function find(owner: string, id: string): Promise<FoundStream | undefined> {
    if (!ID.test(id)) return undefined
    const source = productions.get(id)?.source ?? storedSource(store, id)
    const state = await source.read(0, 0)
    return state?.info.owner === owner ? { source, ...state } : undefined
  }

  async function list(owner: string, conversation?: string, most = Infinity): Promise<FoundStream[]> {
    const kept = await store.list(owner, conversation)
    // Runs of this process are known, whatever the store has lost of them.
    const own = [...productions].filter(
      ([, { added }]) => added.owner === owner && (conversation ?? added.conversation) === added.conversation,
    )
    const ids = new Set([...own.map(([id]) => id).filter((id) => !kept.includes(id)), ...kept])
    const found = await Promise.all([...ids].slice(0, most).map((id) => find(owner, id)))
    return found.filter((stream) => stream !== undefined)
  }

  async function own(owner: string, id: string): Promise<FoundStream[]> {
    const named = [...productions.values()].filter(
      ({ added, source }) => added.conversation === id || source.id === id,
    )
    const found = await Promise.all(named.map(({ source }) => find(owner, source.id)))
    return found.filter((stream) => stream !== undefined)
  }

  function stopOwn(owner: string, id: string): 'stopped' | 'claimed' | 'none' {
    const isNamed = ([streamId, { added }]: [string, { added: StreamInfo }]) =>
      added.owner === owner && (added.conversation === id || streamId === id)
    const claimed = [...claims].filter(isNamed)
    for (const [, claim] of claimed) claim.isStopped = true
    const running = [...productions].filter(isNamed)
    for (const [, production] of running) production.stop()
    // Without a key it runs here, or nowhere.
    if (running.length > 0 || claimed.some(([, { added }]) => added.key === undefined)) return 'stopped'
    return claimed.length > 0 ? 'claimed' : 'none'
  }

  async function stop(id: string): Promise<void> {
    const production = productions.get(id)
    if (production) return production.stop()
    for (let attempt = 0; attempt < MAX_STOPS; attempt++) {
      const stored = await store.read(id, 0, 0)
      const info = stored && readInfo(stored.info)
      if (!info || info.end || info.isStopping || info.ingest) return
      const { version } = stored
      const change = {
        info: JSON.stringify({ ...info, isStopping: true }),
        nextVersion: leapFrom(version),
      }
      if (await store.write(id, version, change)) return
    }
    throw new Error('Cannot stop stream: its record changes too fast')
  }
}

function failedEarly(): Response {
  return problem(503, 'upstream_error', 'The response failed before it started', { 'retry-after': '1' })
}

/** The response of a run that was closed before the upstream's response came. */
function closed(code: StreamErrorCode): Response {
  const isStopped = code === 'stopped'
  return problem(
    isStopped ? 409 : 503,
    code,
    errorEnd(code).message,
    isStopped ? { 'x-should-retry': 'false' } : {},
  )
}
