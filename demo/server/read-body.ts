import type { IncomingMessage } from 'node:http'

/**
 * Reads a request's body. Returns nothing when it is longer than `maxBytes`: the rest is read and forgotten
 * first, because a client that is still sending would see a reset instead of the answer 413.
 */
export async function readBody(req: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of req as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length <= maxBytes) chunks.push(chunk)
    else chunks.length = 0
  }
  return length > maxBytes ? undefined : Buffer.concat(chunks)
}
