/**
 * A copy of a body's chunk: its source may reuse the buffer, and a reader may write into it or transfer it. Some
 * platforms send strings and buffers, too.
 */
export function copyChunk(chunk: unknown): Uint8Array<ArrayBuffer> {
  if (chunk instanceof Uint8Array) return new Uint8Array(chunk)
  if (typeof chunk === 'string') return new TextEncoder().encode(chunk)
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk.slice(0))
  throw new TypeError(`Cannot read response: got a chunk of type ${typeof chunk}, takes bytes`)
}
