import { type Clock, systemClock } from '../../core/clock.ts'
import { concat } from '../../core/concat.ts'
import { callable, checkOptions, matching, wholeNumber } from '../check-options.ts'
import { inTime } from '../in-time.ts'
import { decodeFrames, encodeFrame } from './frames.ts'
import { createListeners } from './listeners.ts'
import type { StreamStore } from './store.ts'

export interface DurableStreamsOptions {
  /** The URL below which streams are created: `https://streams.example/v1/stream/answers`. */
  url: string
  /** Sent with each request, for the server's own authorization. */
  headers?: HeadersInit
  /** Default the global `fetch`. */
  fetch?: typeof fetch
  /** A request that has no response in this time has failed, ms. Default 5 000. */
  requestMs?: number
}

/** The known state of a stream: how far it has been read, and where each piece of its log began. */
interface Known {
  offset: string
  /** The number of frames in its log. */
  frames: number
  version: number
  length: number
  info: string
  lists: string[]
  /** The server's offsets, and the byte of the stream that follows each. */
  pieces: { offset: string; from: number }[]
  /** The newest piece that was read. */
  last?: { from: number; bytes: Uint8Array }
}

/** How much more is read than the bytes themselves, for the lines between them. */
const FRAMING = 64 * 1024

const OPTIONS = {
  url: matching(
    'an http(s) URL without a query',
    (value) => typeof value === 'string' && /^https?:[^?#]+$/i.test(value) && URL.canParse(value),
  ),
  headers: matching('headers as fetch takes them', (value) => typeof value === 'object' && value !== null),
  fetch: callable,
  requestMs: wholeNumber,
}

/** At most this many streams are remembered; what is forgotten is read again. */
const MAX_KNOWN = 100

const BEGINNING = '-1'
const PAUSE_MS = 1_000
const MIN_TTL_MS = 60_000

/**
 * Keeps streams on any Durable Streams server.
 *
 * Each response is one stream of octets there, and each write one append: its record and its bytes in a frame. `Stream-Seq`
 * makes the server refuse a write that another has overtaken. Keys and lists are streams of ids.
 *
 * // [spec] https://github.com/durable-streams/durable-streams/blob/main/PROTOCOL.md
 *
 * @throws {TypeError} naming a wrong or unknown option.
 */
export function durableStreamsStore(options: DurableStreamsOptions, clock: Clock = systemClock): StreamStore {
  checkOptions(options, OPTIONS, ['url'])
  const { url, fetch: send = globalThis.fetch, requestMs = 5_000 } = options
  const headers = Object.fromEntries(new Headers(options.headers))
  const known = new Map<string, Promise<Known | undefined>>()
  const watching = new Map<string, AbortController>()
  const listeners = createListeners({
    first: (id) => {
      const stop = new AbortController()
      watching.set(id, stop)
      void poll(id, stop.signal)
    },
    last: (id) => watching.get(id)?.abort(),
  })

  return {
    create: async ({ id, owner, conversation, key, info, ttlMs }) => {
      const lists = await Promise.all([
        digest('list', owner),
        ...(conversation === undefined ? [] : [digest('list', owner, conversation)]),
      ])
      const frame = encodeFrame({ version: 1, info, lists, bytes: new Uint8Array() })
      // Each write counts as use, and a live stream is written to more often than this.
      const ttl = { 'stream-ttl': String(Math.ceil(Math.max(ttlMs, MIN_TTL_MS) / 1000)) }
      const created = await request(place(id), { method: 'PUT', headers: ttl, body: frame }, [201, 200, 409])
      if (created.status !== 201) {
        const server = `the Durable Streams server ${url}: it answered PUT with ${created.status}`
        throw new Error(`Cannot create stream: its id is taken, or the url wrong; ${server}`)
      }
      const holder = key === undefined ? id : await claim(await digest('key', owner, key), id)
      if (holder !== id) await request(place(id), { method: 'DELETE' }, [204, 404])
      else for (const list of lists) await addLine(list, id)
      return holder
    },
    write: async (id, version, { bytes = new Uint8Array(), info, nextVersion = version + 1 }) => {
      const frame = encodeFrame({ version: nextVersion, ...(info === undefined ? {} : { info }), bytes })
      const stream = await latest(id)
      if (stream?.version !== version) return false
      // Not the version: of two writes that follow the same one, the server must refuse the second.
      const seq = { 'stream-seq': sequence(stream.frames + 1) }
      const response = await request(
        place(id),
        { method: 'POST', headers: seq, body: frame },
        [200, 204, 404, 409],
      )
      if (!response.ok) return false
      listeners.call(id, nextVersion)
      return true
    },
    read: async (id, from, maxBytes) => {
      const stream = await latest(id)
      if (!stream) return undefined
      const { version, length, info } = stream
      const wanted = Math.min(maxBytes, length - from)
      const bytes =
        wanted > 0 ? (await readFrom(id, stream, from, wanted)).slice(0, wanted) : new Uint8Array()
      return { version, length, info, bytes }
    },
    watch: listeners.add,
    list: async (owner, conversation) => {
      const of = conversation === undefined ? [owner] : [owner, conversation]
      const lines = await readLines(await digest('list', ...of))
      const removed = new Set(lines.filter((line) => line.startsWith('-')).map((line) => line.slice(1)))
      return lines
        .filter((line) => !line.startsWith('-') && !removed.has(line))
        .toReversed()
        .slice(0, 100)
    },
    delete: async (id) => {
      const stream = await latest(id)
      if (!stream) return
      await request(place(id), { method: 'DELETE' }, [204, 404])
      for (const list of stream.lists) await addLine(list, `-${id}`)
      known.delete(id)
      listeners.call(id, stream.version + 1)
    },
  }

  /** The state of a stream, once everything that was written meanwhile is read. One after the other. */
  function latest(id: string): Promise<Known | undefined> {
    const before = known.get(id)
    const next = (async () => {
      // After a failure it is read again from the beginning.
      const stream = await (before ?? Promise.resolve(undefined)).catch(() => undefined)
      return readOn(
        id,
        stream ?? { offset: BEGINNING, frames: 0, version: 0, length: 0, info: '', lists: [], pieces: [] },
      )
    })()
    known.delete(id)
    known.set(id, next)
    next.then(
      (stream) => stream ?? known.delete(id),
      () => known.delete(id),
    )
    const [oldest] = known.keys()
    if (known.size > MAX_KNOWN && oldest !== undefined) known.delete(oldest)
    return next
  }

  async function readOn(id: string, stream: Known): Promise<Known | undefined> {
    for (;;) {
      const piece = await readPiece(place(id), stream.offset)
      if (!piece) return undefined
      const frames = decodeFrames(piece.bytes)
      if (frames.length > 0) stream.pieces.push({ offset: stream.offset, from: stream.length })
      const bytes = concat(frames.map((frame) => frame.bytes))
      if (bytes.length > 0) stream.last = { from: stream.length, bytes }
      for (const { version, info = stream.info, lists = stream.lists } of frames) {
        Object.assign(stream, { version, info, lists })
      }
      stream.frames += frames.length
      stream.length += bytes.length
      stream.offset = piece.next
      if (piece.isAll) return stream
    }
  }

  /**
   * Bytes of a stream from a position on. Some servers return everything that follows in one piece: only the required
   * part of it is read.
   */
  async function readFrom(
    id: string,
    { pieces, last }: Known,
    from: number,
    count: number,
  ): Promise<Uint8Array> {
    if (last && from >= last.from) return last.bytes.subarray(from - last.from)
    const began = pieces.findLast((piece) => piece.from <= from)
    if (!began) throw new Error('Cannot read stream: its beginning is not known')
    const skipped = from - began.from
    // Many small writes have more lines between them than that: then more is read.
    for (let most = skipped + count + FRAMING; ; most *= 2) {
      const response = await request(`${place(id)}?offset=${began.offset}`, {}, [200])
      const log = await readAtMost(response, most)
      const bytes = concat(decodeFrames(log, true).map((frame) => frame.bytes)).subarray(skipped)
      if (bytes.length > 0) return bytes
      if (log.length < most) throw new Error('Cannot read stream: bytes are missing')
    }
  }

  /** Gives a key to a stream, unless an existing one has it; returns the id of the one that has it. */
  async function claim(list: string, id: string): Promise<string> {
    for (;;) {
      const lines = await readLines(list)
      const holder = lines.at(-1)
      if (holder !== undefined && (holder === id || (await latest(holder)))) return holder
      if (await addLine(list, id, lines.length + 1)) return id
    }
  }

  /** @param number the number that the line must have; refused if that line exists already */
  async function addLine(list: string, line: string, number?: number): Promise<boolean> {
    await request(place(list), { method: 'PUT' }, [200, 201])
    const seq: Record<string, string> = number === undefined ? {} : { 'stream-seq': sequence(number) }
    const body = new TextEncoder().encode(`${line}\n`)
    return (await request(place(list), { method: 'POST', headers: seq, body }, [200, 204, 409])).ok
  }

  async function readLines(list: string): Promise<string[]> {
    let text = ''
    for (let offset = BEGINNING; ;) {
      const piece = await readPiece(place(list), offset)
      if (!piece) return []
      text += new TextDecoder().decode(piece.bytes)
      if (piece.isAll) return text.split('\n').filter((line) => line !== '')
      offset = piece.next
    }
  }

  async function readPiece(where: string, offset: string) {
    const response = await request(`${where}?offset=${offset}`, {}, [200, 404, 410])
    if (!response.ok) return undefined
    const next = response.headers.get('stream-next-offset')
    if (next === null)
      throw new Error(`Cannot use the Durable Streams server ${url}: it sent no Stream-Next-Offset`)
    return {
      bytes: new Uint8Array(await response.arrayBuffer()),
      next,
      isAll: response.headers.get('stream-up-to-date') === 'true',
    }
  }

  /** Waits for writes of other processes, and announces them. */
  async function poll(id: string, signal: AbortSignal): Promise<void> {
    let version = 0
    while (!signal.aborted) {
      try {
        const stream = await latest(id)
        if (!stream || signal.aborted) return
        if (version !== 0 && stream.version !== version) listeners.call(id, stream.version)
        version = stream.version
        const live = `${place(id)}?offset=${stream.offset}&live=long-poll`
        const response = await send(live, { headers, signal })
        await response.body?.cancel()
      } catch {
        // Readers poll meanwhile.
        await new Promise<void>((resolve) => clock.timer(PAUSE_MS, resolve))
      }
    }
  }

  async function request(where: string, init: RequestInit, expected: number[]): Promise<Response> {
    const all = {
      ...headers,
      'content-type': 'application/octet-stream',
      ...(init.headers as Record<string, string>),
    }
    const response = await inTime(
      clock,
      requestMs,
      send(where, { ...init, headers: all }),
      'no reply in time',
    ).catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new Error(`Cannot reach the Durable Streams server ${url}: ${reason}`, { cause })
    })
    if (expected.includes(response.status)) return response
    const { method = 'GET' } = init
    const did = response.status === 0 ? 'no response' : `it answered ${method} with ${response.status}`
    throw new Error(`Cannot use the Durable Streams server ${url}: ${did}`)
  }

  function place(name: string): string {
    return `${url.replace(/\/+$/, '')}/${encodeURIComponent(name)}`
  }
}

async function readAtMost({ body }: Response, count: number): Promise<Uint8Array> {
  const reader = body?.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  while (reader && length < count) {
    const { done, value } = await reader.read()
    if (done) break
    chunks.push(value)
    length += value.length
  }
  await reader?.cancel()
  return concat(chunks)
}

/** Sequences are compared as text. */
function sequence(number: number): string {
  return String(number).padStart(16, '0')
}

/** Names that anybody may choose, as one name that every server accepts. */
async function digest(kind: string, ...names: string[]): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify([kind, ...names]))
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', text))
  return `${kind}-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
