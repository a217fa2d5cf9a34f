import { HEARTBEAT_HEADER } from '../core/messages/paths.ts'
import { ChatError } from './chat-error.ts'
import { type ChunkSink, readChunks } from './read-chunks.ts'

export interface ResponseReader {
  /** Reads on; `false` at the end. */
  read: () => Promise<boolean>
  /**
   * Goes on where it has ended, in another Response; `false` when that is not to be.
   *
   * @throws {ChatError} `worker_lost`, when there is none any more
   */
  goOn: () => Promise<boolean>
  /** Nothing more will come: what is left unread is read now. */
  end: () => void
  cancel: () => void
}

/** A response that cannot be read on. */
export function lostWorker(cause: unknown): ChatError {
  return new ChatError('worker_lost', 'The service worker was lost, and the answer with it', { cause })
}

/** A worker that dies again and again is not worth more tries. */
const MAX_RECOVERIES = 3

/**
 * Reads a response, chunk by chunk. One that breaks off in mid-stream is read on from the very next byte.
 *
 * @param attach gives the response from that byte on, or `undefined` when it ended as it should
 */
export function readResponse(
  response: Response,
  sink: ChunkSink,
  attach: (from: number) => Promise<Response | undefined>,
): ResponseReader {
  let reader = response.body?.getReader()
  /** Bytes of the upstream so far: what is our own comes first. */
  let size = -ownBytes(response)
  let recoveries = 0
  let isOver = false
  const chunks = readChunks(response.headers.get('content-type') ?? '', {
    ...sink,
    onEnd: (error) => {
      isOver = true
      sink.onEnd(error)
    },
  })

  const goOn = async () => {
    recoveries++
    try {
      const from = Math.max(size, 0)
      const rest = await attach(from)
      if (!rest) return false
      size = from - ownBytes(rest)
      reader = rest.body?.getReader()
      return true
    } catch (error) {
      throw lostWorker(error)
    }
  }

  return {
    read: async () => {
      let chunk: ReadableStreamReadResult<Uint8Array> | undefined
      try {
        chunk = await reader?.read()
      } catch (error) {
        // A response that says itself why it breaks off needs no other try.
        if (isOver || recoveries >= MAX_RECOVERIES || !(await goOn())) throw error
        return true
      }
      if (!chunk || chunk.done) return false
      size += chunk.value.length
      chunks.feed(chunk.value)
      return true
    },
    goOn,
    end: () => chunks.feed(),
    cancel: () => void reader?.cancel().catch(() => {}), // It broke off by itself.
  }
}

function ownBytes({ headers }: Response): number {
  return Number(headers.get(HEARTBEAT_HEADER) ?? 0)
}
