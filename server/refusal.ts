import type { Clock } from '../core/clock.ts'
import { concat } from '../core/concat.ts'
import { copyChunk } from './copy-chunk.ts'
import { passedOn, passOn, problem } from './head.ts'
import { inTime } from './in-time.ts'
import { MAX_REFUSAL, REFUSAL_MS } from './limits.ts'

/** A response that is not a stream, for its own request and for all that wait with the same key. */
export interface Refusal {
  /** For its own request, as it comes. */
  response: Response
  /** For any other request: whole, or its status and headers alone if it is long or slow. */
  again: () => Promise<Response>
}

/** A body can be read once, so a copy of it is read next to the first reader, at its own pace. */
export function createRefusal(refused: Response, clock: Clock): Refusal {
  const { body, status, headers } = refused
  if (!body) return { response: passOn(refused), again: async () => passOn(refused) }
  const [first, second] = body.tee()
  const response = passOn(refused, first.pipeThrough(new TransformStream({ transform: copy })))
  const read = readWhole(second, clock)
  return {
    response,
    again: async () => {
      const bytes = await read
      return bytes
        ? passOn(refused, bytes)
        : problem(status, 'upstream_error', 'The upstream refused the request', passedOn(headers))
    },
  }
}

/** Copies a chunk, because the other reader gets the same one. */
function copy(chunk: unknown, controller: TransformStreamDefaultController<Uint8Array>): void {
  controller.enqueue(copyChunk(chunk))
}

/** `undefined`: it is too long, takes too long, or broke off. */
async function readWhole(
  body: ReadableStream<Uint8Array>,
  clock: Clock,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const reader = body.getReader()
  const read = async () => {
    const chunks: Uint8Array[] = []
    for (let length = 0; length <= MAX_REFUSAL;) {
      const { done, value } = await reader.read()
      if (done) return concat(chunks)
      const bytes = copyChunk(value)
      chunks.push(bytes)
      length += bytes.length
    }
    return undefined
  }
  try {
    return await inTime(clock, REFUSAL_MS, read(), 'The refusal is slow')
  } catch {
    return undefined // Its first reader meets the fault.
  } finally {
    void reader.cancel().catch(() => {})
  }
}
