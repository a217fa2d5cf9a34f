import { encodeName } from '../encode-name.ts'
import { problem } from '../head.ts'
import type { FoundStream } from '../runs.ts'
import { leapFrom, type StreamChange } from '../stores/store.ts'
import { type IngestInfo, readInfo, type StreamInfo } from '../stream-info.ts'
import { formatOffset } from './offset.ts'
import type { ProtocolContext } from './protocol.ts'
import { readBody } from './read-body.ts'

/** How often a write that others overtake is decided again. */
const MAX_ROUNDS = 1_000

/** The most characters of a record, because each append writes it again. */
const MAX_RECORD = 64 * 1024

/** Stores need not keep anything for longer, ms: a hundred years. */
const MAX_KEPT_MS = 100 * 365 * 86_400_000

/** The name of a client's own stream in the store: one namespace for each user. */
export function ingestId(owner: string, name: string): string {
  return `${encodeName(owner)}/${name}`
}

export function isExpired({ ttlSeconds, expiresAt, usedAt }: IngestInfo, now: number): boolean {
  if (expiresAt !== undefined && now >= Date.parse(expiresAt)) return true
  return ttlSeconds !== undefined && now >= usedAt + ttlSeconds * 1000
}

/** Records a read as use, though not every one. */
export async function keepAlive(
  { store, clock }: ProtocolContext,
  id: string,
  info: StreamInfo,
): Promise<void> {
  const { ingest } = info
  if (ingest?.ttlSeconds === undefined || clock.now() - ingest.usedAt < ingest.ttlSeconds * 50) return
  const stored = await store.read(id, 0, 0)
  if (!stored) return
  const latest = readInfo(stored.info)
  if (!latest.ingest) return
  const used = { ...latest, ingest: { ...latest.ingest, usedAt: clock.now() } }
  const nextVersion = leapFrom(stored.version)
  await store.write(id, stored.version, { info: JSON.stringify(used), nextVersion })
}

/** PUT: creates a stream, or finds one that was created with the same settings. */
export async function createStream(
  { store, clock, ttlMs, maxBytes, path }: ProtocolContext,
  request: Request,
  owner: string,
  name: string,
): Promise<Response> {
  const { headers } = request
  const ttl = headers.get('stream-ttl')
  const expiresAt = headers.get('stream-expires-at')
  if (headers.has('stream-forked-from')) return wrong('Forks are not supported')
  if (ttl !== null && expiresAt !== null) return wrong('Stream-TTL and Stream-Expires-At exclude each other')
  if (ttl !== null && !(/^(0|[1-9]\d*)$/.test(ttl) && Number.isSafeInteger(Number(ttl))))
    return wrong('Stream-TTL is malformed')
  if (expiresAt !== null && Number.isNaN(Date.parse(expiresAt)))
    return wrong('Stream-Expires-At is malformed')
  const bytes = await readBody(request, maxBytes)
  if (bytes === 'too_large') return tooLarge()
  if (bytes === 'broken') return wrong('The body broke off')
  const provided = headers.get('content-type') ?? ''
  const isClosed = headers.get('stream-closed') === 'true'
  const ingest: IngestInfo = {
    contentType: /^[\w-]+\/[\w-]+/.test(provided) ? provided : 'application/octet-stream',
    ...(ttl === null ? {} : { ttlSeconds: Number(ttl) }),
    ...(expiresAt === null ? {} : { expiresAt }),
    usedAt: clock.now(),
  }
  const info: StreamInfo = { owner, createdAt: clock.now(), path: '/', ingest }
  const id = ingestId(owner, name)
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const stored = await store.read(id, 0, 0)
    const other = stored && readInfo(stored.info)
    if (stored && other?.ingest && !isExpired(other.ingest, clock.now())) {
      const isAlike = isSame(other.ingest, ingest) && isClosed === (other.end !== undefined)
      if (!isAlike) return problem(409, 'conflict', 'The stream exists with other settings')
      return new Response(null, { status: 200, headers: created(other.ingest, stored.length, isClosed) })
    }
    if (stored) await store.delete(id)
    const ended: StreamInfo = isClosed ? { ...info, end: { kind: 'complete' } } : info
    const isFirst = await addStream(store, id, owner, JSON.stringify(info), keptMs(ingest, ttlMs))
    if (!isFirst) continue
    if (bytes.length > 0 || isClosed) {
      const change = {
        bytes,
        nextVersion: leapFrom(1),
        ...(isClosed ? { info: JSON.stringify(ended), isEnd: true } : {}),
      }
      if (!(await store.write(id, 1, change))) continue
    }
    const location = new URL(`${path}/${name}`, request.url).href
    return new Response(null, {
      status: 201,
      headers: { ...created(ingest, bytes.length, isClosed), location },
    })
  }
  return busy()
}

/** Two clients may create the same name at once: only one of them does. */
async function addStream(
  store: ProtocolContext['store'],
  id: string,
  owner: string,
  info: string,
  ttlMs: number,
): Promise<boolean> {
  try {
    return (await store.create({ id, owner, info, ttlMs })) === id
  } catch (error) {
    if ((await store.read(id, 0, 0)) === undefined) throw error
    return false
  }
}

function keptMs({ ttlSeconds }: IngestInfo, ttlMs: number): number {
  return ttlSeconds === undefined ? ttlMs : Math.min(Math.max(ttlSeconds * 1000, 1000), MAX_KEPT_MS)
}

function isSame(a: IngestInfo, b: IngestInfo): boolean {
  return (
    mediaType(a.contentType) === mediaType(b.contentType) &&
    a.ttlSeconds === b.ttlSeconds &&
    a.expiresAt === b.expiresAt
  )
}

function mediaType(contentType: string): string {
  return contentType.split(';')[0]?.trim().toLowerCase() ?? ''
}

function created({ contentType }: IngestInfo, length: number, isClosed: boolean): Record<string, string> {
  return {
    'content-type': contentType,
    'stream-next-offset': formatOffset(length),
    ...(isClosed ? { 'stream-closed': 'true' } : {}),
  }
}

interface Append {
  bytes: Uint8Array
  contentType: string | null
  seq?: string
  closes: boolean
  producer?: { id: string; epoch: number; seq: number }
}

/** POST: appends, closes, or both. */
export async function appendTo(
  { store, clock, maxBytes }: ProtocolContext,
  request: Request,
  { source: { id } }: FoundStream,
): Promise<Response> {
  const append = await readAppend(request, maxBytes)
  if (append instanceof Response) return append
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const stored = await store.read(id, 0, 0)
    const info = stored && readInfo(stored.info)
    if (!stored || !info?.ingest) return problem(404, 'not_found', 'There is no such stream')
    if (stored.length + append.bytes.length > maxBytes) return tooLarge()
    const { change, response } = decideAppend(append, info, info.ingest, stored.length, clock.now())
    if (change?.info && change.info.length > MAX_RECORD) return tooLarge()
    const { version } = stored
    if (!change || (await store.write(id, version, { ...change, nextVersion: leapFrom(version) })))
      return response
  }
  return busy()
}

async function readAppend(request: Request, maxBytes: number): Promise<Append | Response> {
  const { headers } = request
  const producer = readProducer(headers)
  if (producer === 'wrong')
    return wrong('Producer-Id, Producer-Epoch and Producer-Seq go together, the last two are numbers')
  const bytes = await readBody(request, maxBytes)
  if (bytes === 'too_large') return tooLarge()
  if (bytes === 'broken') return wrong('The body broke off')
  const closes = headers.get('stream-closed') === 'true'
  const contentType = headers.get('content-type')
  const seq = headers.get('stream-seq')
  if (bytes.length === 0 && !closes) return wrong('The body is empty')
  if (bytes.length > 0 && !contentType) return wrong('Content-Type is missing')
  return { bytes, contentType, closes, ...(seq === null ? {} : { seq }), ...(producer ? { producer } : {}) }
}

function readProducer(headers: Headers): Append['producer'] | 'wrong' {
  const id = headers.get('producer-id')
  const epoch = headers.get('producer-epoch')
  const seq = headers.get('producer-seq')
  if (id === null && epoch === null && seq === null) return undefined
  const numbers = [epoch, seq].map((text) => (text !== null && /^\d+$/.test(text) ? Number(text) : NaN))
  const [epochNumber = NaN, seqNumber = NaN] = numbers
  if (!id || !numbers.every((number) => Number.isSafeInteger(number))) return 'wrong'
  return { id, epoch: epochNumber, seq: seqNumber }
}

/** The result of an append; without `change` nothing is written. */
function decideAppend(
  { bytes, contentType, seq, closes, producer }: Append,
  info: StreamInfo,
  ingest: IngestInfo,
  length: number,
  now: number,
): { change?: StreamChange; response: Response } {
  const at = { 'stream-next-offset': formatOffset(length) }
  if (info.end) {
    const { closedBy } = ingest
    const isSameAgain =
      producer &&
      closedBy?.id === producer.id &&
      closedBy.epoch === producer.epoch &&
      closedBy.seq === producer.seq
    const closed = { ...at, 'stream-closed': 'true', ...(isSameAgain ? echo(producer) : {}) }
    if (isSameAgain || (bytes.length === 0 && !producer)) {
      return { response: new Response(null, { status: 204, headers: closed }) }
    }
    return { response: problem(409, 'conflict', 'The stream is closed', closed) }
  }
  if (bytes.length > 0 && mediaType(contentType ?? '') !== mediaType(ingest.contentType)) {
    return { response: problem(409, 'conflict', "The content type is not the stream's") }
  }
  const refusal = producer && refuseProducer(producer, knownProducer(ingest, producer.id))
  if (refusal) return { response: refusal }
  if (seq !== undefined && ingest.lastSeq !== undefined && seq <= ingest.lastSeq) {
    return { response: problem(409, 'conflict', 'The sequence goes backwards') }
  }
  const changed: IngestInfo = {
    ...ingest,
    usedAt: now,
    ...(seq === undefined ? {} : { lastSeq: seq }),
    ...(producer
      ? { producers: { ...ingest.producers, [producer.id]: { epoch: producer.epoch, seq: producer.seq } } }
      : {}),
    ...(closes && producer ? { closedBy: producer } : {}),
  }
  const end: Partial<StreamInfo> = closes ? { end: { kind: 'complete' } } : {}
  return {
    change: {
      bytes,
      info: JSON.stringify({ ...info, ...end, ingest: changed }),
      ...(closes ? { isEnd: true } : {}),
    },
    response: new Response(null, {
      status: producer && bytes.length > 0 ? 200 : 204,
      headers: {
        'stream-next-offset': formatOffset(length + bytes.length),
        ...(producer ? echo(producer) : {}),
        ...(closes ? { 'stream-closed': 'true' } : {}),
      },
    }),
  }
}

/** The known state of a producer; its name is the client's own, and may be a property that every object has. */
function knownProducer({ producers = {} }: IngestInfo, id: string) {
  return Object.hasOwn(producers, id) ? producers[id] : undefined
}

/** // [spec] Durable Streams, section 5.2.1: which epochs and sequence numbers may follow. */
function refuseProducer(
  { epoch, seq }: NonNullable<Append['producer']>,
  known: { epoch: number; seq: number } | undefined,
): Response | undefined {
  if (known && epoch < known.epoch) {
    return problem(403, 'conflict', 'The epoch is stale', { 'producer-epoch': String(known.epoch) })
  }
  if (known && epoch > known.epoch) return seq === 0 ? undefined : wrong('A new epoch begins with 0')
  if (known && seq <= known.seq) {
    return new Response(null, { status: 204, headers: echo(known) })
  }
  const expected = known ? known.seq + 1 : 0
  if (seq === expected) return undefined
  return problem(409, 'conflict', 'There is a gap in the sequence', {
    'producer-expected-seq': String(expected),
    'producer-received-seq': String(seq),
  })
}

function echo({ epoch, seq }: { epoch: number; seq: number }): Record<string, string> {
  return { 'producer-epoch': String(epoch), 'producer-seq': String(seq) }
}

function tooLarge(): Response {
  return problem(413, 'too_large', 'The stream is too large')
}

function wrong(message: string): Response {
  return problem(400, 'bad_request', message)
}

function busy(): Response {
  return problem(503, 'overloaded', 'Too many write to this stream at once', { 'retry-after': '1' })
}
