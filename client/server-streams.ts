import type { StreamInfo } from '../core/messages/message.ts'
import { readRequestId } from '../core/messages/request-id.ts'
import type { Reading } from './connection.ts'

// The page's side of `streamkeeper/server`. Loaded only if `resume.streams` is set.

/** A list that takes longer is left out, ms. */
const LIST_MS = 5_000

/** An entry of the server's list. */
interface Listed {
  id: string
  conversation?: string
  /** The `Idempotency-Key` of the request. */
  key?: string
  state: StreamInfo['state']
  verdict?: StreamInfo['verdict'] | 'stopped'
  bytes: number
  /** Epoch ms. */
  at: number
}

/** The responses of this browser's worker, and those that the server keeps at that path of this origin. */
export function withServer(path: string, worker: Reading): Reading {
  return {
    streams: () => listBoth(path, worker.streams()),
    attach: (id, { from = 0 } = {}) =>
      worker.attach(id, { from }).catch(() => attachToServer(path, id, from)),
  }
}

/**
 * Lists the worker's responses, then the server's others, each oldest first. A response that broke off here, but not
 * there, is listed as the server's.
 *
 * @throws the worker's error if neither of them responds
 */
async function listBoth(path: string, asking: Promise<StreamInfo[]>): Promise<StreamInfo[]> {
  const [own, listing] = await Promise.allSettled([asking, list(path)])
  if (listing.status === 'rejected') return asking
  const listed = listing.value
  const isSame = (stream: StreamInfo, { id, key }: Listed) =>
    stream.requestId === key || stream.location?.endsWith(`/${id}`) === true
  const here = (own.status === 'fulfilled' ? own.value : []).filter(
    (stream) => !isCut(stream) || !listed.some((each) => isSame(stream, each) && !isCut(toInfo(path, each))),
  )
  const elsewhere = listed.filter((each) => !here.some((stream) => isSame(stream, each)))
  return [...here, ...elsewhere.map((each) => toInfo(path, each)).sort((a, b) => a.at - b.at)]
}

/**
 * A response of the server from that byte on, then live. The page's cookies authorize it.
 *
 * @throws {Error} if the server does not return it
 */
async function attachToServer(path: string, id: string, from: number): Promise<Response> {
  const offset = String(from).padStart(16, '0')
  const response = readRequestId(id) && (await ask(`${path}/${id}?offset=${offset}&live=stream`))
  if (response && response.headers.has('stream-next-offset')) return response
  if (response) void response.body?.cancel()
  throw new Error('Cannot attach: no such response')
}

async function list(path: string): Promise<Listed[]> {
  const stop = new AbortController()
  const timer = setTimeout(() => stop.abort(), LIST_MS)
  try {
    const { streams } = (await (await ask(path, stop.signal)).json()) as { streams: Listed[] }
    return streams.filter(({ id }) => readRequestId(id) !== undefined)
  } finally {
    clearTimeout(timer)
  }
}

function toInfo(path: string, { id, conversation, state, verdict, bytes, at }: Listed): StreamInfo {
  const place = `${path}/${id}`
  return {
    requestId: id,
    url: location.origin + place,
    ...(conversation === undefined ? {} : { conversation }),
    state,
    bytes,
    deliveredWhole: false,
    ...(verdict === undefined ? {} : { verdict: verdict === 'stopped' ? 'cancelled' : verdict }),
    at,
    location: place,
    from: 'server',
  }
}

/** True if it ended, but neither complete nor because it was stopped. */
function isCut({ state, verdict }: StreamInfo): boolean {
  return state === 'ended' && verdict !== 'complete' && verdict !== 'cancelled'
}

/** Asks this origin only: a redirect is an error. */
function ask(path: string, signal: AbortSignal | null = null): Promise<Response> {
  return fetch(location.origin + path, { cache: 'no-store', redirect: 'error', signal })
}
