/** Bytes that are pulled one chunk at a time: nothing is read from the upstream before the reader asks. */
export interface ByteSource {
  /** The next chunk, or `null` at a clean end; rejects when the bytes break off. Never called twice at once. */
  read: () => Promise<Uint8Array | null>
  /** The reader wants no more. */
  cancel: () => void
}

/** A stream for a Response that hands chunks on untouched, as its reader asks for them. */
export function relay(source: ByteSource): ReadableStream<Uint8Array> {
  let open = true
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const chunk = await source.read()
          // After a cancel, `enqueue`, `close` and `error` throw.
          if (!open) return
          if (chunk) controller.enqueue(chunk)
          else controller.close()
        } catch (error) {
          if (open) controller.error(error)
        }
      },
      cancel: () => {
        open = false
        source.cancel()
      },
    },
    { highWaterMark: 0 },
  )
}
