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
  return new ChatError('worker_lost', 'The service worker was lost, and the response with it', { cause })
}

/** A worker that dies again and again is not worth more tries. */
const MAX_RECOVERIES = 3

/**
 * Reads a response, chunk by chunk. One that breaks off in mid-stream is read on from the very next byte. Where that is not
 * there, because a server has given the response once more, and not byte by byte the same, it is read again from the start,
 * and begins to be new where the chunks that were read end.
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

/** The content of a chunk, but for what may be another each time a server gives it: padding, and the state of the response. */
function sameness(chunk: unknown): string {
  return JSON.stringify(chunk, (key, value: unknown) => (/^(obfuscation|response)$/.test(key) ? 0 : value))
}

function ownBytes({ headers }: Response): number {
  return Number(headers.get(HEARTBEAT_HEADER) ?? 0)
}
