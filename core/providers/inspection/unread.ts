import { join } from '../../concat.ts'
import { NEWLINE, RETURN } from './split.ts'

/**
 * Bytes that have passed, but have not been read. Chunks are kept as they are; nothing is copied until it is requested.
 */
export interface Unread {
  push: (chunk: Uint8Array) => void
  size: () => number
  /** `true` if bytes before these have been dropped. */
  hasGap: () => boolean
  /** The first bytes of the event that the gap cut into; empty when the gap ends between events. */
  head: () => Uint8Array
  /** The last `count` bytes, in one piece. */
  last: (count: number) => Uint8Array
  /** The first `count` bytes, in one piece. */
  first: (count: number) => Uint8Array
  /** Removes the first `count` bytes and returns them, in one piece. */
  take: (count: number) => Uint8Array
  /**
   * Drops the oldest bytes until `count` are left, but remembers the beginning of the event that it cuts into.
   *
   * @param borderIn the index after the last end of an event within a chunk, or -1
   */
  trim: (count: number, borderIn: (chunk: Uint8Array) => number) => void
}

/** How much is remembered of the beginning of an event that is too long to keep, bytes. */
export const HEAD = 4096

const NOTHING = new Uint8Array()

export function createUnread(): Unread {
  let chunks: Uint8Array[] = []
  /** Index of the first chunk that is still here: removing from the front must not move the others each time. */
  let start = 0
  let size = 0
  let gap = false
  let head: Uint8Array[] = []
  let headSize = 0

  const shift = () => {
    const chunk = chunks[start] ?? NOTHING
    chunks[start++] = NOTHING // Its place stays for a while; its memory must not.
    size -= chunk.length
    return chunk
  }

  const unshift = (chunk: Uint8Array) => {
    if (chunk.length === 0) return
    chunks[--start] = chunk
    size += chunk.length
  }

  /** Drops removed chunks, seldom enough to cost nothing. */
  const compact = () => {
    if (start * 2 <= chunks.length) return
    chunks = chunks.slice(start)
    start = 0
  }

  /** Removes the first bytes, and returns them as they came. */
  const remove = (count: number) => {
    const parts: Uint8Array[] = []
    let left = Math.min(count, size)
    while (left > 0) {
      const chunk = shift()
      // Only the last one needs a view: there may be thousands.
      const part = chunk.length > left ? chunk.subarray(0, left) : chunk
      parts.push(part)
      if (part !== chunk) unshift(chunk.subarray(left))
      left -= part.length
    }
    compact()
    return parts
  }

  const forget = () => {
    head = []
    headSize = 0
  }

  const remember = (bytes: Uint8Array) => {
    if (headSize >= HEAD || bytes.length === 0) return
    const part = bytes.subarray(0, HEAD - headSize)
    head.push(part)
    headSize += part.length
  }

  return {
    push: (chunk) => {
      if (chunk.length === 0) return
      chunks.push(chunk)
      size += chunk.length
    },
    size: () => size,
    hasGap: () => gap,
    head: () => join(head),
    last: (count) => {
      const wanted = Math.min(count, size)
      let index = chunks.length
      let found = 0
      while (found < wanted) found += (chunks[--index] ?? NOTHING).length
      const [oldest = NOTHING, ...newer] = chunks.slice(index)
      return join([oldest.subarray(found - wanted), ...newer])
    },
    first: (count) => {
      const parts: Uint8Array[] = []
      let left = Math.min(count, size)
      for (let index = start; left > 0; index++) {
        const part = (chunks[index] ?? NOTHING).subarray(0, left)
        parts.push(part)
        left -= part.length
      }
      return join(parts)
    },
    take: (count) => {
      gap = false
      forget()
      return join(remove(count))
    },
    trim: (count, borderIn) => {
      if (size <= count) return
      const dropped = remove(size - count)
      gap = true
      // Chunk by chunk from the end: most often the last one has the border.
      let index = dropped.length
      let border = -1
      while (border < 0 && index > 0) border = borderIn(dropped[--index] ?? NOTHING)
      if (border >= 0) {
        forget()
        dropped[index] = (dropped[index] ?? NOTHING).subarray(border)
      }
      for (const chunk of dropped.slice(index)) remember(chunk)
    },
  }
}

/** The index after the last line within a chunk, or -1. */
export function afterLastLine(chunk: Uint8Array): number {
  return chunk.lastIndexOf(NEWLINE) + 1 || -1
}

/** The index after the last blank line within a chunk, or -1. */
export function afterLastBlankLine(chunk: Uint8Array): number {
  let at = chunk.lastIndexOf(NEWLINE)
  while (at > 0) {
    const before = chunk[at - 1] === RETURN ? at - 2 : at - 1
    if (chunk[before] === NEWLINE) return at + 1
    at = chunk.lastIndexOf(NEWLINE, at - 1)
  }
  return -1
}
