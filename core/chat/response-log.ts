import type { Clock } from '../clock.ts'
import { deferred } from '../deferred.ts'
import { HEARTBEAT_HEADER } from '../messages/paths.ts'

/** The head of a Response: plain JSON, so that it can be stored. */
export interface ResponseHead {
  status: number
  statusText: string
  headers: [string, string][]
  hasBody: boolean
  /** True if it was made before the upstream had responded, because the page could not wait any longer. */
  isEarly: boolean
}

/** The writing side of a response: a head, bytes, one end. Anything after the end is ignored. */
export interface ResponseWriter {
  /** Called at most once. */
  begin: (head: ResponseHead) => void
  append: (bytes: Uint8Array) => void
  /** Nothing more will come; `error` if the response broke off. */
  end: (error?: Error) => void
  /** Waits until a reader needs more; only then may the upstream be read. `undefined`: one needs more now. */
  room: () => Promise<void> | undefined
}

/** Events of one Response. */
export interface Reading {
  /** It was read to its clean end. */
  delivered?: () => void
  /** It is no longer read: its page gave it up, or it broke. */
  givenUp?: () => void
}

/** One response: written once, read by any number of Responses, early, late or after its end, each at its own pace. */
export interface ResponseLog extends ResponseWriter {
  /** Resolves when it can be opened, or has ended without a head and never can. */
  begun: Promise<void>
  /**
   * A Response from this byte on, then live; it waits for a byte that is still to come. `undefined` without a head, or
   * if that byte is gone or beyond the end.
   */
  open: (from: number, reading?: Reading) => Response | undefined
  /** Bytes so far. */
  size: () => number
  /** Bytes that are in memory. */
  kept: () => number
  /** Responses that are being read. */
  readers: () => number
}

export interface LogLimits {
  clock: Clock
  /**
   * How far the writer may be ahead of the fastest reader, bytes: a slow or frozen one never stops the others. 0: the
   * upstream is read only while a reader waits.
   */
  leadBytes: number
  /**
   * How much is kept for later readers, bytes; beyond it the oldest bytes are dropped. Without a reader the writer
   * stops there.
   */
  keptBytes: number
  /** An error discards bytes that the page has not read yet, so it is delayed by this much, ms. Default 0. */
  unreadMs?: number
  /** True if an early Response begins with a byte of ours, for browsers that hold it back until there is one. */
  hasHeartbeat?: boolean
}

/** Blank in every protocol. */
const HEARTBEAT = new TextEncoder().encode('\n')

const NOTHING = new Uint8Array()

interface Cursor {
  /** Bytes it has read, or skipped at its start. */
  offset: number
  /** True if it waits for bytes that are not here yet. */
  isWaiting: () => boolean
  /** Hands over what was asked for, if it is here now. */
  serve: () => void
}

/**
 * An append-only log in memory. Its readers are cursors, not a tee: unread bytes are not held a second time for each.
 *
 * Its duties:
 * - the fastest reader paces the writer; without one it goes on until the log is full
 * - a reader that falls behind the kept bytes gets an error; it never skips
 * - a chunk is handed over in the same turn in which it is written
 */
export function createResponseLog(limits: LogLimits): ResponseLog {
  const { leadBytes, keptBytes } = limits
  const begun = deferred<void>()
  let head: ResponseHead | undefined
  let ended: { error?: Error } | undefined
  let size = 0
  let chunks: Uint8Array[] = []
  /** The numbers of the first chunk in `chunks` and of the first that is still kept; the very first is 0. */
  let first = 0
  let oldest = 0
  /** Bytes that are no longer kept. */
  let forgotten = 0
  let proceed = () => {}
  const cursors = new Set<Cursor>()

  return {
    begun: begun.promise,
    begin: (provided) => {
      if (ended) return
      head = provided
      begun.resolve()
    },
    append: (bytes) => {
      if (ended || bytes.length === 0) return
      forget()
      chunks.push(bytes)
      size += bytes.length
      for (const { serve } of cursors) serve()
    },
    end: (error) => {
      if (ended) return
      ended = error ? { error } : {}
      begun.resolve()
      for (const { serve } of cursors) serve()
      proceed()
    },
    room: () => (hasRoom() ? undefined : waitForRoom()),
    open,
    size: () => size,
    kept: () => size - forgotten,
    readers: () => cursors.size,
  }

  /** Drops the oldest chunks of a full log; each costs its own removal and no more. */
  function forget() {
    while (size - forgotten > keptBytes) {
      forgotten += chunkAt(oldest).length
      chunks[oldest - first] = NOTHING // Its place stays for a while; its memory must not.
      oldest++
    }
    if ((oldest - first) * 2 <= chunks.length) return
    chunks = chunks.slice(oldest - first)
    first = oldest
  }

  function chunkAt(number: number): Uint8Array {
    return chunks[number - first] ?? NOTHING
  }

  function hasRoom(): boolean {
    if (ended) return true
    if (cursors.size === 0) return size - forgotten < keptBytes
    for (const { offset, isWaiting } of cursors) if (size - offset < leadBytes || isWaiting()) return true
    return false
  }

  async function waitForRoom() {
    while (!hasRoom()) await new Promise<void>((resolve) => (proceed = resolve))
  }

  function open(from: number, { delivered, givenUp }: Reading = {}): Response | undefined {
    if (!head || from < forgotten || (ended && from > size)) return undefined
    const { hasBody, isEarly, ...init } = head
    if (!hasBody) return new Response(null, init)
    const { clock, unreadMs = 0 } = limits
    const reader = read(from)
    let heartbeat = limits.hasHeartbeat && isEarly && from === 0 ? HEARTBEAT : undefined
    let readAt = -Infinity
    let isOpen = true
    const headers = new Headers(init.headers)
    if (heartbeat) headers.set(HEARTBEAT_HEADER, String(heartbeat.length))

    /** Bytes that are already here go with the Response: the browser would need another turn to ask for them. */
    const start = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      if (heartbeat || reader.hasNext()) void pull(controller)
    }
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>) =>
      new Promise<void>((resolve) => {
        if (heartbeat) {
          controller.enqueue(heartbeat)
          heartbeat = undefined
          return resolve()
        }
        const fail = (error: Error) => {
          givenUp?.() // This reader alone may have broken: then nobody else reads.
          if (isOpen) controller.error(error)
          resolve()
        }
        reader.next(
          (bytes) => {
            readAt = clock.monotonic()
            if (bytes) controller.enqueue(bytes)
            else {
              delivered?.()
              controller.close()
            }
            resolve()
          },
          (error) => {
            if (unreadMs === 0) fail(error)
            else clock.timer(readAt + unreadMs - clock.monotonic(), () => fail(error))
          },
        )
      })
    const cancel = () => {
      isOpen = false
      reader.cancel() // From here on nothing is handed to the controller, which would throw.
      givenUp?.()
    }
    return new Response(new ReadableStream<Uint8Array>({ start, pull, cancel }, { highWaterMark: 0 }), {
      ...init,
      headers,
    })
  }

  /** A cursor from this byte on. */
  function read(from: number) {
    let next = oldest
    let start = forgotten
    while (next - first < chunks.length && start + chunkAt(next).length <= from)
      start += chunkAt(next++).length
    let skip = from - start
    let asked: { hand: (bytes: Uint8Array | null) => void; fail: (error: Error) => void } | undefined
    const cursor: Cursor = {
      offset: start,
      isWaiting: () => asked !== undefined && cursor.offset >= size,
      serve,
    }
    cursors.add(cursor)
    proceed()
    return {
      /**
       * Asks for one chunk: `hand` gets it, immediately if there is one; `null` at a clean end. Must not be called
       * again before that.
       */
      next: (hand: (bytes: Uint8Array | null) => void, fail: (error: Error) => void) => {
        asked = { hand, fail }
        serve()
        proceed()
      },
      /** True if there are bytes to hand over now. */
      hasNext: () => cursor.offset + skip < size,
      cancel: close,
    }

    function serve() {
      if (!asked) return
      const { hand, fail } = asked
      if (cursor.offset >= size) {
        if (!ended) return
        close()
        if (skip > 0) fail(new TypeError('The response ended before that byte'))
        else if (ended.error) fail(ended.error)
        else hand(null)
        return
      }
      if (next < oldest) {
        close()
        return fail(new TypeError('The reader fell too far behind the response'))
      }
      const bytes = chunkAt(next++)
      cursor.offset += bytes.length
      if (skip >= bytes.length) {
        skip -= bytes.length
        return serve()
      }
      asked = undefined
      hand(skip > 0 ? bytes.subarray(skip) : bytes)
      skip = 0
      proceed()
    }

    function close() {
      asked = undefined
      cursors.delete(cursor)
      proceed()
    }
  }
}
