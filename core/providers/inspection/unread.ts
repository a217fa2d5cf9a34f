/** Bytes that have passed and have not been read. Chunks are kept as they are; nothing is copied before it is asked for. */
export interface Unread {
  push: (chunk: Uint8Array) => void
  size: () => number
  /** Whether bytes before these have been dropped. */
  hasGap: () => boolean
  /** The first bytes of the event that the gap cut into; empty when the gap ends between events. */
  head: () => Uint8Array
  /** The last `count` bytes, in one piece. */
  last: (count: number) => Uint8Array
  /** The first `count` bytes, in one piece. */
  first: (count: number) => Uint8Array
  /** Removes the first `count` bytes and returns them, in one piece. */
  take: (count: number) => Uint8Array
  /** Drops the oldest bytes until about `count` are left, but remembers how the event began that it cuts into. */
  trim: (count: number) => void
}

/** So much is remembered of the beginning of an event that is too long to keep, bytes. */
export const HEAD = 4096

const LF = 10
const CR = 13

export function createUnread(): Unread {
  let chunks: Uint8Array[] = []
  /** Index of the first chunk that is still here: removing from the front must not move the others each time. */
  let start = 0
  let size = 0
  let gap = false
  let head: Uint8Array[] = []
  let headSize = 0

  const shift = () => {
    const chunk = chunks[start++] ?? new Uint8Array()
    size -= chunk.length
    return chunk
  }

  const unshift = (chunk: Uint8Array) => {
    if (chunk.length === 0) return
    chunks[--start] = chunk
    size += chunk.length
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
      if (start > 1024 && start * 2 > chunks.length) {
        chunks = chunks.slice(start)
        start = 0
      }
      chunks.push(chunk)
      size += chunk.length
    },
    size: () => size,
    hasGap: () => gap,
    head: () => concat(head, headSize),
    last: (count) => {
      const whole = Math.min(count, size)
      let left = whole
      let index = chunks.length
      while (left > 0) left -= chunks[--index]?.length ?? 0
      const [first, ...others] = chunks.slice(index)
      return concat(first ? [first.subarray(Math.abs(left)), ...others] : [], whole)
    },
    first: (count) => {
      const parts: Uint8Array[] = []
      let left = Math.min(count, size)
      for (let index = start; left > 0; index++) {
        const part = (chunks[index] ?? new Uint8Array()).subarray(0, left)
        parts.push(part)
        left -= part.length
      }
      return concat(parts, Math.min(count, size))
    },
    take: (count) => {
      const parts: Uint8Array[] = []
      const whole = Math.min(count, size)
      let left = whole
      gap = false
      head = []
      headSize = 0
      while (left > 0) {
        const chunk = shift()
        const part = chunk.subarray(0, left)
        parts.push(part)
        left -= part.length
        unshift(chunk.subarray(part.length))
      }
      return concat(parts, whole)
    },
    trim: (count) => {
      while (size > count) {
        const chunk = shift()
        const kept = Math.max(0, count - size)
        const dropped = chunk.subarray(0, chunk.length - kept)
        unshift(chunk.subarray(dropped.length))
        gap = true
        const border = lastBlankLine(dropped)
        if (border >= 0) {
          head = []
          headSize = 0
        }
        remember(border >= 0 ? dropped.subarray(border) : dropped)
      }
    },
  }
}

/** The index after the last blank line within a chunk, or -1. */
function lastBlankLine(chunk: Uint8Array): number {
  let at = chunk.lastIndexOf(LF)
  while (at > 0) {
    const before = chunk[at - 1] === CR ? at - 2 : at - 1
    if (chunk[before] === LF) return at + 1
    at = chunk.lastIndexOf(LF, at - 1)
  }
  return -1
}

function concat(parts: readonly Uint8Array[], size: number): Uint8Array {
  const [only] = parts
  if (parts.length === 1 && only) return only
  const all = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
