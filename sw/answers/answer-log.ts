/** One answer's bytes: written once, read by any number of readers, each at its own pace. */
export interface AnswerLog {
  append: (bytes: Uint8Array) => void
  /** Nothing more will come; `error` when the answer broke off. */
  end: (error?: Error) => void
  /** Waits until somebody needs more: the writer reads on only then. `undefined`: somebody does. */
  room: () => Promise<void> | undefined
  /** A reader from this offset on, bytes; `undefined` when what it asks for is no longer kept. */
  open: (from: number) => LogReader | undefined
  /** Bytes so far. */
  size: () => number
  /** Bytes that are in memory. */
  kept: () => number
  readers: () => number
}

/** A chunk is handed on in the very turn in which it was written: no page waits for whatever else is done with it. */
export interface LogReader {
  /**
   * Asks for one chunk: `hand` gets it, at once where there is one; `null` at a clean end; `fail` is called where the
   * answer broke off. Never called before the one before was answered.
   */
  next: (hand: (bytes: Uint8Array | null) => void, fail: (error: Error) => void) => void
  /** Nothing is handed any more. */
  cancel: () => void
}

/** The writer may be so far ahead of the fastest reader: a slow or frozen one never stops the others. Bytes. */
const LEAD = 2 * 1024 * 1024

/** So much of an answer is kept for readers to come; beyond it the oldest goes first. Bytes. */
const KEPT = 16 * 1024 * 1024

interface Cursor {
  /** Bytes it has read, or skipped at its start. */
  offset: number
  /** The chunk that comes next, counted from the first one ever. */
  next: number
  /** Hands on what it has been asked for, if that is here now. */
  serve: () => void
}

/**
 * An append-only log in memory. Its readers are cursors, no tee: what one has not read yet is not held for it twice.
 *
 * Its duties:
 * - the fastest reader paces the writer; without any it goes on until the log is full
 * - a reader that falls behind what is kept breaks, it never skips
 */
export function createAnswerLog(): AnswerLog {
  let chunks: Uint8Array[] = []
  /** Chunks and bytes that are no longer kept. */
  const gone = { chunks: 0, bytes: 0 }
  let size = 0
  let ended: { error?: Error } | undefined
  let proceed = () => {}
  const cursors = new Set<Cursor>()

  const hasRoom = () => {
    if (cursors.size === 0) return size - gone.bytes < KEPT
    for (const { offset } of cursors) if (size - offset < LEAD) return true
    return false
  }

  const forget = () => {
    let count = 0
    for (const { length } of chunks) {
      if (size - gone.bytes <= KEPT) break
      gone.bytes += length
      count++
    }
    gone.chunks += count
    if (count > 0) chunks = chunks.slice(count)
  }

  const waitForRoom = async () => {
    while (!hasRoom()) await new Promise<void>((resolve) => (proceed = resolve))
  }

  return {
    append: (bytes) => {
      if (bytes.length === 0) return
      chunks.push(bytes)
      size += bytes.length
      forget()
      for (const { serve } of cursors) serve()
    },
    end: (error) => {
      ended = error ? { error } : {}
      for (const { serve } of cursors) serve()
    },
    room: () => (hasRoom() ? undefined : waitForRoom()),
    open: (from) => {
      if (from < gone.bytes || from > size) return undefined
      let index = 0
      let start = gone.bytes
      for (const { length } of chunks) {
        if (start + length > from) break
        start += length
        index++
      }
      let skip = from - start
      let asked: { hand: (bytes: Uint8Array | null) => void; fail: (error: Error) => void } | undefined
      const close = () => {
        asked = undefined
        cursors.delete(cursor)
        proceed()
      }
      const serve = () => {
        if (!asked) return
        const { hand, fail } = asked
        if (cursor.offset >= size) {
          if (!ended) return
          close()
          if (ended.error) fail(ended.error)
          else hand(null)
          return
        }
        const bytes = chunks[cursor.next - gone.chunks]
        if (!bytes) {
          close()
          return fail(new TypeError('The reader fell too far behind the answer'))
        }
        asked = undefined
        cursor.next++
        cursor.offset += bytes.length
        hand(skip > 0 ? bytes.subarray(skip) : bytes)
        skip = 0
        proceed()
      }
      const cursor: Cursor = { offset: start, next: gone.chunks + index, serve }
      cursors.add(cursor)
      proceed()
      return {
        next: (hand, fail) => {
          asked = { hand, fail }
          serve()
        },
        cancel: close,
      }
    },
    size: () => size,
    kept: () => size - gone.bytes,
    readers: () => cursors.size,
  }
}
