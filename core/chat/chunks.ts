/** What a read of a body gives. */
export type Chunk = ReadableStreamReadResult<Uint8Array>

/** A body's chunks. */
export interface Chunks {
  next: () => Promise<Chunk>
  /** Its reader has given up waiting for that one: it comes next, also if it has come in the meantime. */
  putBack: (read: Promise<Chunk>) => unknown
  /** No more is wanted. */
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
