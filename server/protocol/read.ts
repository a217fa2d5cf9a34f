import { problem } from '../head.ts'
import { LEASE_MS, LONG_POLL_MS, POLL_MS } from '../limits.ts'
import { openReader, type Step, type StreamReader } from '../read-stream.ts'
import type { FoundStream } from '../runs.ts'
import type { Source, SourceState } from '../source.ts'
import type { StreamError, StreamInfo } from '../stream-info.ts'
import { heartbeatOf, streamResponse } from '../stream-response.ts'
import { nextCursor } from './cursor.ts'
import { keepAlive } from './ingest.ts'
import { formatOffset, readOffset } from './offset.ts'
import type { ProtocolContext } from './protocol.ts'
import { serverSentEvents } from './server-sent-events.ts'

/**
 * Responds to a GET or HEAD.
 *
 * An error end is reported after the last byte: the protocol's own error event is sent as bytes that have no position,
 * and then the stream is closed. If there is no such event, the response is 410.
 */
export async function readStream(
  context: ProtocolContext,
  request: Request,
  { source, info, length }: FoundStream,
): Promise<Response> {
  const { store, clock, path, onError } = context
  const query = new URL(request.url).searchParams
  if (request.method === 'HEAD') return new Response(null, { headers: metadata(source, info, length) })
  const offset = readOffset(query)
  const live = query.get('live')
  if (offset === 'wrong') return problem(400, 'bad_request', 'The offset is malformed')
  if (live !== null && !['long-poll', 'sse', 'stream'].includes(live)) {
    return problem(400, 'bad_request', 'There is no such live mode')
  }
  if (live !== null && live !== 'stream' && !query.has('offset')) {
    return problem(400, 'bad_request', 'Live reads need an offset')
  }
  const from = offset === 'now' ? length : offset
  if (from > length && (info.end || live !== 'stream')) {
    return problem(400, 'bad_request', 'The offset is beyond the end')
  }
  await keepAlive(context, source.id, info)
  const isBody = live === 'stream' || live === 'sse'
  const reader = openReader(source, from, { store, clock, ...(isBody ? { onError } : {}) })

  if (live === 'stream') {
    const state = await reader.head(request.signal)
    const head = state?.info.head ?? headOfIngest(info)
    if (!state || !head) {
      reader.close()
      return state ? stateError(state) : problem(404, 'not_found', 'There is no such stream')
    }
    const { id } = source
    const isWhole = state.info.end?.kind === 'complete'
    const headers = isWhole ? { 'stream-closed': 'true' } : {}
    return streamResponse(reader, head, {
      url: `${path}/${id}`,
      id,
      heartbeatMs: heartbeatOf(request),
      clock,
      headers,
    })
  }
  if (live === 'sse') {
    const end = info.end?.kind === 'error' && from === length ? info.end : undefined
    if (end && end.notice === undefined) return closing(reader.close, gone(end))
    return serverSentEvents(reader, contentType(info), { clock, cursor: query.get('cursor') })
  }
  if (offset === 'now' && live === null) return closing(reader.close, tail(source, info, length))
  const step = await reader.next(live === null ? 0 : LONG_POLL_MS)
  if (live === null && step.kind !== 'gone' && !step.state.info.end) watchOver(context, source, length)
  const cursor =
    live === null ? {} : { 'stream-cursor': nextCursor(query.get('cursor'), clock.now(), Math.random) }
  return responseOf(step, request, reader, source, cursor)
}

function closing(close: () => void, response: Response): Response {
  close()
  return response
}

/** The response with a stream's bytes from the reader's position on, and with its end. */
function responseOf(
  step: Step,
  request: Request,
  reader: StreamReader,
  source: Source,
  cursor: Record<string, string>,
): Response {
  if (step.kind !== 'bytes') reader.close()
  if (step.kind === 'gone') return problem(404, 'not_found', 'There is no such stream')
  const { info, length } = step.state
  if (step.kind === 'end' && step.end.kind === 'error') {
    if (step.end.notice === undefined) return gone(step.end)
    const headers = { ...base(source, info, length), ...CLOSED, 'stream-error': step.end.code, ...cursor }
    return new Response(step.end.notice, { headers })
  }
  // A reader that has all the bytes of a failed stream learns that from its next read.
  const isClosed = info.end?.kind === 'complete'
  const from = reader.position() - (step.kind === 'bytes' ? step.bytes.length : 0)
  const etag = etagOf(source, info, from, length)
  const headers: Record<string, string> = {
    ...base(source, info, length),
    ...(info.end?.kind === 'error' ? {} : UP_TO_DATE),
    ...(isClosed ? CLOSED : {}),
    ...cursor,
  }
  if (step.kind !== 'bytes' && 'stream-cursor' in cursor) {
    const { 'content-type': _, ...more } = headers
    return new Response(null, { status: 204, headers: more })
  }
  if (request.headers.get('if-none-match') === etag) {
    return closing(reader.close, new Response(null, { status: 304, headers: { etag } }))
  }
  const body = step.kind === 'bytes' ? upTo(reader, step.bytes, length) : ''
  return new Response(body, { headers: { ...headers, etag } })
}

/** Bytes up to a position that exists already, a slice at a time. */
function upTo(reader: StreamReader, first: Uint8Array, end: number): ReadableStream<Uint8Array> {
  let next: Uint8Array | undefined = first
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const step: Step | undefined = next ? undefined : await reader.next(0)
          if (step && step.kind !== 'bytes') throw new TypeError('The stream is not there any more')
          const bytes = next ?? step?.bytes ?? new Uint8Array()
          next = undefined
          const beyond = Math.max(0, reader.position() - end)
          controller.enqueue(bytes.subarray(0, bytes.length - beyond))
          if (reader.position() < end) return
          reader.close()
          controller.close()
        } catch (error) {
          reader.close()
          controller.error(error)
        }
      },
      cancel: () => reader.close(),
    },
    { highWaterMark: 0 },
  )
}

const CLOSED = { 'stream-closed': 'true', 'stream-up-to-date': 'true' }
const UP_TO_DATE = { 'stream-up-to-date': 'true' }

function base(source: Source, info: StreamInfo, next: number): Record<string, string> {
  const real = info.head?.headers['content-type']
  return {
    'content-type': contentType(info),
    'stream-next-offset': formatOffset(next),
    ...(real === undefined ? {} : { 'stream-content-type': real }),
    ...(info.ingest ? {} : { 'x-streamkeeper-id': source.id }),
  }
}

/** The end as it is now, and no bytes. */
function tail(source: Source, info: StreamInfo, length: number): Response {
  const isClosed = info.end?.kind === 'complete'
  return new Response('', {
    headers: {
      ...base(source, info, length),
      ...(info.end?.kind === 'error' ? {} : UP_TO_DATE),
      ...(isClosed ? CLOSED : {}),
    },
  })
}

function metadata(source: Source, info: StreamInfo, length: number): Record<string, string> {
  const { ttlSeconds, expiresAt } = info.ingest ?? {}
  return {
    ...base(source, info, length),
    ...(info.end ? { 'stream-closed': 'true' } : {}),
    ...(info.end?.kind === 'error' ? { 'stream-error': info.end.code } : {}),
    ...(ttlSeconds === undefined ? {} : { 'stream-ttl': String(ttlSeconds) }),
    ...(expiresAt === undefined ? {} : { 'stream-expires-at': expiresAt }),
    etag: etagOf(source, info, 0, length),
  }
}

/** Names the bytes, and the known end: a stream may end or fail without another byte. */
function etagOf({ id }: Source, { end }: StreamInfo, from: number, length: number): string {
  const state = end ? `:${end.kind === 'error' ? end.code : 'c'}` : ''
  return `"${encodeURIComponent(id)}:${from}:${length}${state}"`
}

/**
 * Responses are octets to Durable Streams clients, with the real type beside it: clients take an event stream for the
 * protocol's own framing, and text in server-sent events would lose its carriage returns.
 */
function contentType(info: StreamInfo): string {
  return info.ingest?.contentType ?? 'application/octet-stream'
}

function headOfIngest({ ingest }: StreamInfo) {
  return ingest && { status: 200, headers: { 'content-type': ingest.contentType } }
}

function stateError({ info }: SourceState): Response {
  return info.end?.kind === 'error' ? gone(info.end) : problem(404, 'not_found', 'There is no such stream')
}

function gone({ code, message }: StreamError): Response {
  return problem(410, code, message, { 'stream-error': code })
}

/** Streams whose producers are watched, though nobody reads them all the time. */
const watched = new Set<string>()

/** Watches a producer for clients that poll: none of them waits long enough to see that it has died. */
function watchOver({ store, clock, waitUntil }: ProtocolContext, source: Source, length: number): void {
  if (!source.isRemote || watched.has(source.id)) return
  watched.add(source.id)
  const reader = openReader(source, length, { store, clock })
  const task = reader
    .next(LEASE_MS + 2 * POLL_MS)
    .catch(() => {}) // The next reader meets the store's fault itself.
    .then(() => {
      reader.close()
      watched.delete(source.id)
    })
  waitUntil(task)
}
