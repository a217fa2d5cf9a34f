import type { ResumePosition } from '../options/options.ts'
import { isEventStream } from '../providers/media-types.ts'
import { type BackgroundResponse, below, type Follower, get, type StreamEvent } from '../providers/wire.ts'
import { WIRES } from '../providers/wires.ts'
import type { Splice } from './splice.ts'
import { BYTE_OFFSET, spliceBytes } from './splice-bytes.ts'
import { spliceEvents } from './splice-events.ts'

/** How a request's response can be resumed after a cut. */
export interface ReadingOn {
  /** The request's URL, with its query. */
  url: string
  /** True if its body asks the server to continue the response by itself. */
  isBackground: boolean
  /**
   * Where, according to the app, the response can be read again: a URL, or `'location'` for the URL in its `Location`
   * header.
   */
  place?: { url: string; position: ResumePosition } | undefined
}

/**
 * The splice for a response, if its server can send it again: because the app says so, because the response's headers
 * name its location, or because a background response was requested. Nothing is read from an origin other than the
 * response's own.
 */
export function createSplice(
  response: Response,
  { url, isBackground, place }: ReadingOn,
): Splice | undefined {
  const { headers } = response
  const offset = headers.get('stream-next-offset')
  // Most responses cannot be read again; they cost nothing.
  if (!place && offset === null && !isBackground) return undefined
  const base = response.url || url
  // A redirect to another origin has dropped the request's credentials; they must not be sent there after all.
  if (new URL(base).origin !== new URL(url).origin) return undefined
  const provided = place && resolve(place.url === 'location' ? headers.get('location') : place.url, base)
  const isEvents = isEventStream(headers.get('content-type')?.toLowerCase() ?? '')
  if (place) {
    if (!provided) return undefined
    if (place.position === 'replay')
      return spliceBytes({ isReplay: true, requestFrom: () => ({ url: provided }) })
    if (place.position === 'offset') return spliceBytes({ requestFrom: offsetsOf(provided, String) })
    // LangGraph, which uses `Location`, replays the whole run after the id -1, and without an id only what is new.
    return isEvents ? spliceEvents(sseIds(provided, place.url === 'location' ? '-1' : undefined)) : undefined
  }
  const location = offset === null ? undefined : resolve(headers.get('content-location'), base)
  if (offset !== null && location) {
    if (BYTE_OFFSET.test(offset)) {
      const write = (byte: number) => String(byte).padStart(offset.length, '0')
      return spliceBytes({
        saysEnd: true,
        requestFrom: offsetsOf(location, write, { live: 'stream' }),
        stopUrl: below(location, 'stop'),
      })
    }
    // Opaque offsets cannot be computed: read from where the response began.
    const all = withQuery(location, { offset })
    return spliceBytes({ isReplay: true, saysEnd: true, requestFrom: () => ({ url: all }) })
  }
  return isBackground && isEvents ? spliceEvents(backgroundEvents(new URL(base))) : undefined
}

function offsetsOf(url: URL, write: (byte: number) => string, more: Record<string, string> = {}) {
  return (byte = 0) => ({ url: withQuery(url, { offset: write(byte), ...more }) })
}

/**
 * Positions by the ids of server-sent events, as an EventSource sends the last one.
 *
 * @param before the id to send before any event has been read; default: none
 */
function sseIds(url: URL, before?: string) {
  return {
    // An id with control characters cannot be a header's value, and servers refuse headers that are too long.
    positionOf: ({ id = '' }: StreamEvent) => (/^\P{Cc}{1,999}$/u.test(id) ? id : undefined),
    requestAfter: (id: number | string | undefined = before) => ({
      url,
      ...(id === undefined ? {} : { headers: { 'last-event-id': toHeader(String(id)) } }),
    }),
  }
}

/** Positions of a background response, in the terms of the wire that its first event belongs to. */
function backgroundEvents(url: URL) {
  let wire: BackgroundResponse | undefined
  let follower: Follower | undefined
  return {
    idOf: (event: StreamEvent) => {
      wire ??= WIRES.find(({ background }) => background?.idOf(event) !== undefined)?.background
      follower ??= wire?.follow?.()
      return wire?.idOf(event)
    },
    positionOf: (event: StreamEvent) => wire?.positionOf(event),
    sameness: (event: StreamEvent) => wire?.sameness?.(event) ?? event.text,
    requestAfter: (position: number | string | undefined, id: string | undefined) =>
      wire && id !== undefined ? { url: wire.urlAfter(url, id, position) } : undefined,
    stopUrl: (id: string | undefined) => (id === undefined ? undefined : wire?.stopUrl?.(url, id)),
    see: (event: StreamEvent) => follower?.see(event),
    whole: (id: string | undefined, number: number) => {
      const { missing } = follower ?? {}
      if (!missing || id === undefined) return undefined
      return {
        url: below(url, id),
        missing: (reply: unknown) => (get(reply, 'id') === id ? missing(reply, number) : undefined),
      }
    },
  }
}

/** A text as UTF-8, one character per byte: a header cannot contain other characters. */
function toHeader(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text))
}

/** A place, if it is at the same origin. */
function resolve(place: string | null, base: string): URL | undefined {
  if (place === null) return undefined
  try {
    const url = new URL(place, base)
    // Of the same scheme, and without a password, because a URL with one cannot be fetched.
    return url.href.startsWith(`${new URL(base).origin}/`) ? url : undefined
  } catch {
    return undefined // Not a URL.
  }
}

function withQuery(url: URL, parameters: Record<string, string>): URL {
  const asking = new URL(url)
  for (const [name, value] of Object.entries(parameters)) asking.searchParams.set(name, value)
  return asking
}
