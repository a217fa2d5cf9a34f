import { join } from '../concat.ts'
import { createEventReader } from '../providers/inspection/event-reader.ts'
import { splitEvents } from '../providers/inspection/split.ts'
import type { BackgroundResponse, StreamEvent } from '../providers/wire.ts'
import type { ResumeRequest, Splice, WholeRequest } from './splice.ts'

/** A stream with longer events is not split into them, but passed on as it comes, bytes. */
const MAX_EVENT = 4 * 1024 * 1024

/** At most this many events are compared; a stream whose ids are rarer cannot be resumed. */
const MAX_OVERLAP = 256

const NEWLINE = 10
const RETURN = 13
const BLANK_LINE = new Uint8Array([NEWLINE, NEWLINE])

/** The positions of events in a response, and how to request what follows one. */
export interface EventPlace {
  /** The position of an event: a number, one more than the number before it, or an opaque id. */
  positionOf: (event: StreamEvent) => number | string | undefined
  /** The content of an event, the same each time it is sent; default: its text. */
  sameness?: (event: StreamEvent) => string
  /** The response's id, in the events that contain it; absent: none does. */
  idOf?: BackgroundResponse['idOf']
  /** `undefined` while the response's id is not known. */
  requestAfter: (position: number | string | undefined, id: string | undefined) => ResumeRequest | undefined
  stopUrl?: (id: string | undefined) => URL | undefined
  /** Called with each event that is passed on. */
  see?: (event: StreamEvent) => void
  /** @param number of the next event */
  whole?: (id: string | undefined, number: number) => WholeRequest | undefined
}

/**
 * A splice of server-sent events. Those after the second-to-last position are requested again, and must be the same:
 * that proves what follows them. Numbered events then continue with the next number.
 */
export function spliceEvents({
  idOf,
  positionOf,
  sameness = textOf,
  requestAfter,
  stopUrl,
  see,
  whole,
}: EventPlace): Splice {
  const decoder = new TextDecoder()
  let splitter = splitEvents()
  /** The unfinished event, and comments before it. */
  let pending: Uint8Array[] = []
  let pendingBytes = 0
  let isOff = false
  let id: string | undefined
  let count = 0
  let last: number | string | undefined
  let previous: number | string | undefined
  const known = new Set<number | string>()
  /** The events after the one at `previous`, and after the one at `last`. */
  let overlap: StreamEvent[] = []
  let sinceLast: StreamEvent[] = []
  /** True if several events in a row have the same id. */
  let hasGroups = false
  /** The events that must come again before anything new; `undefined`: all that comes is new. */
  let expected: StreamEvent[] | undefined
  /** True on a resumed connection: each number follows the one before, and no id comes again. */
  let isAgain = false

  return {
    take,
    unfinished: () => (expected?.length ? [] : pending),
    reconnect: () => {
      if (isOff) return undefined
      splitter = splitEvents()
      pending = []
      pendingBytes = 0
      isAgain = true
      if (overlap.length > 0) expected = overlap.slice()
      return requestAfter(previous, id)
    },
    begin: () => {},
    isClosed: () => false,
    size: () => count,
    hasCaughtUp: () => count > 0 && (expected ?? []).every(isKeepAlive),
    saysEnd: false,
    isExact: false,
    isKnown: () => {
      // The first event may lack only its blank line.
      if (idOf && pendingBytes > 0) id ??= idOf(parse(join([...pending, BLANK_LINE])))
      return !isOff && requestAfter(undefined, id) !== undefined
    },
    stopUrl: () => stopUrl?.(id),
    whole: () => {
      expected = undefined // Only the missing events will come.
      isAgain = false
      return whole?.(id, typeof last === 'number' ? last + 1 : count)
    },
  }

  function take(bytes: Uint8Array): Uint8Array[] | undefined {
    if (isOff) return [bytes]
    const out: Uint8Array[] = []
    let at = 0
    // Lines that end in a bare CR, which nobody writes, are not split into events.
    const cr = bytes.indexOf(RETURN)
    const isAfterReturn = pending.at(-1)?.at(-1) === RETURN && bytes[0] !== NEWLINE
    if (isAfterReturn || (cr >= 0 && (bytes[cr + 1] ?? NEWLINE) !== NEWLINE)) isOff = true
    for (let end = splitter.next(bytes, at); end >= 0; end = splitter.next(bytes, at)) {
      const event = join([...pending, bytes.subarray(at, end)])
      pending = []
      pendingBytes = 0
      at = end
      const verdict = admit(parse(event))
      if (verdict === 'foreign') return undefined
      if (verdict === 'new') add(out, event)
    }
    if (at < bytes.length) {
      pending.push(bytes.subarray(at))
      pendingBytes += bytes.length - at
    }
    if (pendingBytes > MAX_EVENT) isOff = true
    if (isOff) {
      if (expected) return undefined
      add(out, join(pending))
      pending = []
      pendingBytes = 0
    } else if (!expected && !splitter.isInside()) takeComments(out)
    return out
  }

  /** Between events there are only comments and blank lines: whole lines of them need not wait. */
  function takeComments(out: Uint8Array[]) {
    const lastPiece = pending.at(-1)
    if (!lastPiece) return
    const end = lastPiece.lastIndexOf(NEWLINE) + 1
    if (end === 0) return
    const rest = lastPiece.subarray(end)
    pending[pending.length - 1] = lastPiece.subarray(0, end)
    add(out, join(pending))
    pending = rest.length > 0 ? [rest] : []
    pendingBytes = rest.length
  }

  function parse(bytes: Uint8Array): StreamEvent {
    let event: StreamEvent = { text: '', data: undefined }
    const reader = createEventReader({ onEvent: (found) => (event = found) })
    reader.feed(decoder.decode(bytes))
    return event
  }

  function admit(event: StreamEvent): 'new' | 'old' | 'foreign' {
    const owner = idOf?.(event)
    if (owner !== undefined && id !== undefined && owner !== id) {
      if (isAgain) return 'foreign'
      // A stream with a second response in it cannot be resumed.
      isOff = true
    }
    id ??= owner
    const position = positionOf(event)
    if (expected) {
      const verdict = compare(event, position)
      if (verdict !== 'new') return verdict
      expected = undefined
    }
    if (isAgain && !mayFollow(event, position)) return 'foreign'
    note(event, position)
    return 'new'
  }

  /** Compares an event with those that must come again; `'new'`: all have. */
  function compare(event: StreamEvent, position: number | string | undefined): 'new' | 'old' | 'foreign' {
    const next = expected?.findIndex((old) => sameness(old) === sameness(event) || !isKeepAlive(old)) ?? -1
    const old = expected?.[next]
    if (old && sameness(old) === sameness(event)) {
      expected?.splice(0, next + 1)
      return 'old'
    }
    if (isKeepAlive(event) && (old || position === undefined)) return 'old'
    if (!old) return typeof last === 'number' && position === undefined ? 'foreign' : 'new'
    // A server that goes further back is fine, until the comparison has begun.
    const hasBegun = expected?.length !== overlap.length
    return !hasBegun && (position === undefined || known.has(position)) ? 'old' : 'foreign'
  }

  /** True if an event may come after the last one: events that were passed on must not come again. */
  function mayFollow(event: StreamEvent, position: number | string | undefined): boolean {
    if (position === undefined) return true
    if (typeof last === 'number') return position === last + 1
    if (position !== last) return !known.has(position)
    return hasGroups && !overlap.some((old) => sameness(old) === sameness(event))
  }

  function note(event: StreamEvent, position: number | string | undefined) {
    if (!isKeepAlive(event)) count++
    see?.(event)
    // A server that can send a response again puts its id in the first event.
    if (idOf && id === undefined) isOff = true
    if (position === undefined && isKeepAlive(event)) return // Servers do not keep such events.
    if (position === undefined || position === last) {
      hasGroups ||= position !== undefined
      overlap.push(event)
      sinceLast.push(event)
    } else {
      // If an id comes again, it is unknown which of its events is meant.
      if (known.has(position)) isOff = true
      known.add(position)
      previous = last
      overlap = [...sinceLast, event]
      sinceLast = []
      last = position
    }
    if (overlap.length > MAX_OVERLAP) isOff = true
  }
}

/** True of an event that only keeps a connection open. */
function isKeepAlive({ name = '', text }: StreamEvent): boolean {
  return text === '' || /^(ping|heartbeat|keep-?alive)$/i.test(name)
}

function textOf({ id = '', name = '', text }: StreamEvent): string {
  return `${id}\n${name}\n${text}`
}

/** Adds bytes; neighbours in one buffer are merged. */
function add(out: Uint8Array[], piece: Uint8Array) {
  const last = out.at(-1)
  if (last && last.buffer === piece.buffer && last.byteOffset + last.length === piece.byteOffset) {
    out[out.length - 1] = new Uint8Array(last.buffer, last.byteOffset, last.length + piece.length)
  } else out.push(piece)
}
