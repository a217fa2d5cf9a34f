import { HEARTBEAT_HEADER } from '../core/messages/paths.ts'
import { ChatError } from './chat-error.ts'
import { type ChunkSink, readChunks } from './read-chunks.ts'

export interface ResponseReader {
  /** Reads the next bytes; `false` at the end. */
  read: () => Promise<boolean>
  /**
   * Continues in another Response where this one ended; `false` if there is nothing to continue.
   *
   * @throws {ChatError} `worker_lost`, if the rest is gone
   */
  goOn: () => Promise<boolean>
  /** Nothing more will come: reads the remainder. */
  end: () => void
  cancel: () => void
}

/** The error for a response that cannot be resumed. */
export function lostWorker(cause: unknown): ChatError {
  return new ChatError('worker_lost', 'The service worker was lost, and the response with it', { cause })
}

/** A worker that dies again and again is not worth more tries. */
const MAX_RECOVERIES = 3

/**
 * Reads a response chunk by chunk. If it breaks off mid-stream, it continues at the next byte. If that byte is not
 * available, because a server has sent the response again with other bytes, it is read again from the start, and the
 * chunks that were already read are skipped.
 *
 * @param attach returns the response from that byte on, or `undefined` if it ended properly
 */
export function readResponse(
  response: Response,
  sink: ChunkSink,
  attach: (from: number) => Promise<Response | undefined>,
): ResponseReader {
  let reader = response.body?.getReader()
  /** Bytes of the upstream so far; below 0 while our own, which come first, are being read. */
  let size = -ownBytes(response)
  let recoveries = 0
  let isOver = false
  let isCancelled = false
  /** Chunks so far, the last of them, and how many of them are still to come again. */
  let count = 0
  let last: unknown
  let again = 0
  let chunks = read(response)

  return {
    read: async () => {
      let chunk: ReadableStreamReadResult<Uint8Array> | undefined
      try {
        chunk = await reader?.read()
      } catch (error) {
        // A response that says why it breaks off is not tried again.
        if (isOver || recoveries >= MAX_RECOVERIES || !(await goOn())) throw error
        return true
      }
      if (!chunk || chunk.done) return false
      size += chunk.value.length
      chunks.feed(chunk.value)
      return true
    },
    goOn,
    end: () => {
      chunks.feed()
      if (again > 0 && !isOver) end(lostWorker(undefined))
    },
    cancel: () => {
      isCancelled = true
      cancel()
    },
  }

  function cancel() {
    reader?.cancel().catch(() => {}) // It broke off by itself.
  }

  function read({ headers }: Response) {
    return readChunks(headers.get('content-type') ?? '', {
      onChunk: (chunk) => {
        if (isOver) return
        if (again === 0) {
          count++
          last = chunk
          return sink.onChunk(chunk)
        }
        again--
        if (again === 0 && sameness(chunk) !== sameness(last)) end(lostWorker(undefined))
      },
      onEnd: (error) => end(again > 0 ? lostWorker(error) : error),
    })
  }

  function end(error?: ChatError) {
    isOver = true
    sink.onEnd(error)
  }

  async function goOn() {
    recoveries++
    let from = Math.max(size, 0)
    try {
      let rest: Response | undefined
      try {
        rest = await attach(from)
      } catch (error) {
        if (from === 0) throw error
        from = 0
        rest = await attach(from)
        again = count
        if (rest) chunks = read(rest)
      }
      if (!rest) return false
      size = from - ownBytes(rest)
      reader = rest.body?.getReader()
      if (isCancelled) cancel()
      return true
    } catch (error) {
      throw lostWorker(error)
    }
  }
}

/** The content of a chunk without what may differ each time a server sends it: padding, and the response's state. */
function sameness(chunk: unknown): string {
  return JSON.stringify(chunk, (key, value: unknown) => (/^(obfuscation|response)$/.test(key) ? 0 : value))
}

function ownBytes({ headers }: Response): number {
  return Number(headers.get(HEARTBEAT_HEADER) ?? 0)
}
