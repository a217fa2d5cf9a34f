import type { Clock } from '../../core/clock.ts'
import { HARMLESS, problem } from '../head.ts'
import { REMOVE_MS } from '../limits.ts'
import type { FoundStream, Runs } from '../runs.ts'
import { openReader, type Step } from '../read-stream.ts'
import { storedSource } from '../source.ts'
import type { StreamStore } from '../stores/store.ts'
import { EXPOSED_HEADERS } from '../stream-response.ts'
import { appendTo, createStream, ingestId, isExpired } from './ingest.ts'
import { readStream } from './read.ts'

export interface ProtocolContext {
  store: StreamStore
  clock: Clock
  path: string
  ttlMs: number
  maxBytes: number
  origins?: string[] | '*' | undefined
  ingest?: boolean | undefined
  waitUntil: (task: Promise<unknown>) => void
  onError: (error: unknown) => void
}

type AsUser = (task: (owner: string) => Promise<Response>) => Promise<Response>

const STOP = /^([0-9a-f]{32})\/stop$/

/** How many streams are listed, the newest first. */
const MAX_LISTED = 20

const METHODS = 'GET, HEAD, POST, PUT, DELETE, OPTIONS'

const REQUEST_HEADERS = [
  'authorization',
  'content-type',
  'idempotency-key',
  'if-none-match',
  'producer-epoch',
  'producer-id',
  'producer-seq',
  'stream-closed',
  'stream-expires-at',
  'stream-seq',
  'stream-ttl',
].join(', ')

/**
 * Serves the streams below one path.
 *
 * - `GET /` lists the user's streams, `?conversation=` those of one conversation
 * - `GET /:id`, `HEAD /:id` read, `POST /:id/stop` stops, `DELETE /:id` stops and removes
 * - `PUT /:name`, `POST /:name` create and append, where `ingest` allows it
 *
 * // [spec] https://github.com/durable-streams/durable-streams/blob/main/PROTOCOL.md
 * // [not in spec] `live=stream`, the list, the Stop, `Stream-Content-Type` and `Stream-Error`; no forks, no JSON mode
 */
export function createProtocol(context: ProtocolContext, runs: Runs) {
  const { store, path, ingest = false, origins } = context

  return async (request: Request, asUser: AsUser): Promise<Response> => {
    const response =
      request.method === 'OPTIONS'
        ? new Response(null, { status: 204 })
        : await asUser((owner) => serve(request, owner))
    return secured(response, request)
  }

  async function serve(request: Request, owner: string): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname !== path && !pathname.startsWith(`${path}/`)) return notFound()
    const name = pathname.slice(path.length + 1)
    const { method } = request
    if (name === '') {
      if (method !== 'GET' && method !== 'HEAD') return notAllowed()
      const listed = await list(owner, searchParams.get('conversation') ?? undefined)
      return method === 'GET' ? listed : new Response(null, listed)
    }
    const [, stopped] = STOP.exec(name) ?? []
    if (stopped !== undefined && method === 'POST') {
      if (!(await runs.find(owner, stopped))) return notFound()
      await runs.stop(stopped)
      return new Response(null, { status: 204 })
    }
    if (ingest && method === 'PUT') return createStream(context, request, owner, name)
    const found = await find(owner, name)
    if (!found) return notFound()
    if (ingest && method === 'POST' && found.info.ingest) return appendTo(context, request, found)
    switch (method) {
      case 'GET':
      case 'HEAD':
        return readStream(context, request, found)
      case 'DELETE':
        await remove(found)
        return new Response(null, { status: 204 })
      default:
        return notAllowed()
    }
  }

  async function find(owner: string, name: string): Promise<FoundStream | undefined> {
    const found = await runs.find(owner, name)
    if (found || !ingest) return found
    const provided = await runs.find(owner, ingestId(owner, name))
    if (!provided?.info.ingest || !isExpired(provided.info.ingest, context.clock.now())) return provided
    await store.delete(provided.source.id)
    return undefined
  }

  async function list(owner: string, conversation: string | undefined): Promise<Response> {
    const found = await runs.list(owner, conversation, MAX_LISTED)
    const streams = found.map(({ source: { id }, info, length }) => ({
      id,
      url: `${path}/${id}`,
      conversation: info.conversation,
      key: info.key,
      state: info.end ? 'ended' : info.head ? 'streaming' : 'waiting',
      verdict: info.end && (info.end.kind === 'complete' ? 'complete' : info.end.code),
      bytes: length,
      at: info.createdAt,
    }))
    return Response.json({ streams }, { headers: { 'cache-control': 'no-store' } })
  }

  async function remove({ source: { id }, info, length }: FoundStream): Promise<void> {
    if (!info.end && !info.ingest) {
      // If a Stop cannot be stored, its producer learns of the removal.
      await runs.stop(id).then(() => ended(id, length), context.onError)
    }
    await store.delete(id)
  }

  /** Waits for the end: the producer, which may be elsewhere, sees the Stop only while there is a record. */
  async function ended(id: string, length: number): Promise<void> {
    const reader = openReader(storedSource(store, id), length, context)
    const until = context.clock.monotonic() + REMOVE_MS
    let step: Step
    do step = await reader.next(until - context.clock.monotonic())
    while (step.kind === 'bytes')
    reader.close()
  }

  function secured(response: Response, { headers: asked, method }: Request): Response {
    const { headers } = response
    for (const [name, value] of Object.entries(HARMLESS)) headers.set(name, value)
    if (!headers.has('cache-control')) headers.set('cache-control', 'no-store')
    headers.set('cross-origin-resource-policy', origins ? 'cross-origin' : 'same-origin')
    headers.set('access-control-expose-headers', EXPOSED_HEADERS)
    const origin = asked.get('origin')
    if (origins === '*') headers.set('access-control-allow-origin', '*')
    else if (origins && origin !== null && origins.includes(origin)) {
      headers.set('access-control-allow-origin', origin)
      headers.set('access-control-allow-credentials', 'true')
    }
    if (origins) headers.append('vary', 'origin')
    if (method === 'OPTIONS' && headers.has('access-control-allow-origin')) {
      headers.set('access-control-allow-methods', METHODS)
      headers.set('access-control-allow-headers', REQUEST_HEADERS)
      headers.set('access-control-max-age', '600')
    }
    return response
  }
}

function notFound(): Response {
  return problem(404, 'not_found', 'There is no such stream')
}

function notAllowed(): Response {
  return problem(405, 'bad_request', 'The method is not allowed here', { allow: METHODS })
}
