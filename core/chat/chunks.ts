/** The result of one read of a body. */
export type Chunk = ReadableStreamReadResult<Uint8Array>

/** A body's chunks. */
export interface Chunks {
  next: () => Promise<Chunk>
  /** Puts back a read that its caller stopped waiting for: it comes next, even if it has settled in the meantime. */
  putBack: (read: Promise<Chunk>) => unknown
  /** Stops reading. */
  cancel: () => void
}

export function openChunks(body: ReadableStream<Uint8Array>): Chunks {
  const reader = body.getReader()
  const kept: Promise<Chunk>[] = []
  return {
    next: () => kept.pop() ?? reader.read(),
    putBack: (read) => kept.push(read),
    cancel: () => void reader.cancel().catch(() => {}), // It broke off by itself.
  }
}
