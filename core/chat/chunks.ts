/** What a read of a body gives. */
export type Chunk = ReadableStreamReadResult<Uint8Array>

/** A body's chunks. A read that is pending can be waited for again. */
export interface Chunks {
  next: () => Promise<Chunk>
  /** No more is wanted. */
  cancel: () => void
}

export function openChunks(body: ReadableStream<Uint8Array>): Chunks {
  const reader = body.getReader()
  let pending: Promise<Chunk> | undefined
  const over = () => (pending = undefined)
  return {
    next: () => {
      if (pending) return pending
      pending = reader.read()
      pending.then(over, over)
      return pending
    },
    cancel: () => void reader.cancel().catch(() => {}), // It broke off by itself.
  }
}
