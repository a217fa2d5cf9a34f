import type { ByteSource } from '../../core/chat/byte-source.ts'

/** One answer's bytes: written once, read by any number of readers, each at its own pace. */
export interface AnswerLog {
  append: (bytes: Uint8Array) => void
  /** Nothing more will come; `error` when the answer broke off. */
  end: (error?: Error) => void
  /** Waits until somebody needs more: the writer reads on only then. */
  room: () => Promise<void>
  /** A reader from this offset on, bytes; `undefined` when what it asks for is no longer kept. */
  open: (from: number) => ByteSource | undefined
  /** Bytes so far. */
  size: () => number
  /** Bytes that are in memory. */
  kept: () => number
  readers: () => number
}

/** The writer may be so far ahead of the fastest reader: a slow or frozen one never stops the others. Bytes. */
const LEAD = 4 * 1024 * 1024

/** So much of an answer is kept for readers to come; beyond it the oldest goes first. Bytes. */
const KEPT = 16 * 1024 * 1024

interface Cursor {
  /** Bytes it has read, or skipped at its start. */
  offset: number
  /** The chunk that comes next, counted from the first one ever. */
  next: number
  /** Lets a reader that waits look again. */
  wake: () => void
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
    const fastest = Math.max(...Array.from(cursors, ({ offset }) => offset))
    return size - fastest < LEAD
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

  const read = async (cursor: Cursor): Promise<Uint8Array | null> => {
    while (cursor.offset >= size) {
      if (ended?.error) throw ended.error
      if (ended) return null
      await new Promise<void>((resolve) => (cursor.wake = resolve))
    }
    const bytes = chunks[cursor.next - gone.chunks]
    if (!bytes) throw new TypeError('The reader fell too far behind the answer')
    cursor.next++
    cursor.offset += bytes.length
    proceed()
    return bytes
  }

  return {
    append: (bytes) => {
      if (bytes.length === 0) return
      chunks.push(bytes)
      size += bytes.length
      forget()
      for (const { wake } of cursors) wake()
    },
    end: (error) => {
      ended = error ? { error } : {}
      for (const { wake } of cursors) wake()
    },
    room: async () => {
      while (!hasRoom()) await new Promise<void>((resolve) => (proceed = resolve))
    },
    open: (from) => {
      if (from < gone.bytes || from > size) return undefined
      let index = 0
      let start = gone.bytes
      for (const { length } of chunks) {
        if (start + length > from) break
        start += length
        index++
      }
      const cursor: Cursor = { offset: start, next: gone.chunks + index, wake: () => {} }
      let skip = from - start
      cursors.add(cursor)
      proceed()
      const close = () => {
        cursors.delete(cursor)
        proceed()
      }
      return {
        read: async () => {
          try {
            const bytes = await read(cursor)
            if (!bytes) close()
            const rest = bytes && skip > 0 ? bytes.subarray(skip) : bytes
            skip = 0
            return rest
          } catch (error) {
            close()
            throw error
          }
        },
        cancel: () => {
          close()
          cursor.wake()
        },
      }
    },
    size: () => size,
    kept: () => size - gone.bytes,
    readers: () => cursors.size,
  }
}
