import type { Chunking } from '../step.ts'

/** Cuts a stream of bytes for the wire. Whatever the cut, the bytes joined are the bytes that went in. */
export interface Chunker {
  /** Takes bytes; returns the pieces that are ready to be written. */
  push: (bytes: Buffer) => Buffer[]
  /** Returns the bytes that are held back, because the stream pauses. A buffering proxy does not care for rests. */
  rest: () => Buffer[]
  /** Returns the bytes that are held back, because the stream ends. */
  end: () => Buffer[]
}

export function createChunker(chunking: Chunking): Chunker {
  if (chunking === 'event') return { push: (bytes) => [bytes], rest: () => [], end: () => [] }
  if (chunking === 'line') return { push: splitLines, rest: () => [], end: () => [] }

  let held = Buffer.alloc(0)
  const end = () => {
    const pieces = held.length > 0 ? [held] : []
    held = Buffer.alloc(0)
    return pieces
  }
  if (chunking === 'whole') {
    return {
      push: (bytes) => {
        held = Buffer.concat([held, bytes])
        return []
      },
      rest: () => [],
      end,
    }
  }
  const size = chunking === 'byte' ? 1 : chunking
  return {
    push: (bytes) => {
      held = Buffer.concat([held, bytes])
      const pieces: Buffer[] = []
      while (held.length >= size) {
        pieces.push(held.subarray(0, size))
        held = held.subarray(size)
      }
      return pieces
    },
    rest: end,
    end,
  }
}

function splitLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  let start = 0
  while (start < bytes.length) {
    const newline = bytes.indexOf('\n', start)
    const end = newline === -1 ? bytes.length : newline + 1
    lines.push(bytes.subarray(start, end))
    start = end
  }
  return lines
}
