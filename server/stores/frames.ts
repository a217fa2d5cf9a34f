/** One write as it stands in a log: a line of JSON, and the bytes. */
export interface Frame {
  version: number
  info?: string
  /** Where the stream is listed; in the first frame only. */
  lists?: string[]
  bytes: Uint8Array
}

const NEWLINE = 10

export function encodeFrame({ bytes, ...head }: Frame): Uint8Array<ArrayBuffer> {
  const line = new TextEncoder().encode(`${JSON.stringify({ ...head, size: bytes.length })}\n`)
  const frame = new Uint8Array(line.length + bytes.length)
  frame.set(line)
  frame.set(bytes, line.length)
  return frame
}

/**
 * Reads frames that were written one after the other.
 *
 * @param isPart true if the log was not read to its end: the last frame may be cut off
 */
export function decodeFrames(log: Uint8Array, isPart = false): Frame[] {
  const frames: Frame[] = []
  for (let at = 0; at < log.length;) {
    const lineEnd = log.indexOf(NEWLINE, at)
    if (lineEnd < 0 && isPart) break
    const head = JSON.parse(new TextDecoder().decode(log.subarray(at, lineEnd))) as Frame & { size: number }
    const { size, ...rest } = head
    const from = lineEnd + 1
    at = from + size
    if (at > log.length && !isPart) throw new Error('Cannot read stream: a frame is not whole')
    frames.push({ ...rest, bytes: log.subarray(from, at) })
  }
  return frames
}
