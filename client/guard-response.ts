import { REQUEST_ID_HEADER } from '../core/messages/request-id.ts'
import { pause } from './pause.ts'

/** A chat that has been sent. */
export interface SentChat {
  requestId: string
  response: Promise<Response>
  /** Sends it once more, under the same id. */
  again: () => Promise<Response>
  /** The request's own signal. */
  signal: AbortSignal
  /** True if the worker has reported how it ended. */
  isEnded: () => boolean
}

export interface Guard {
  /** True if the worker has reported that it has the request. */
  wasTaken: (requestId: string) => boolean
  /** True if the current worker had the request itself, or cannot tell. */
  isKnown: (requestId: string) => Promise<boolean>
}

/** The old worker's last status may be on its way for this long after a new one says that it knows nothing, ms. */
const LAST_WORD_MS = 1_000

/**
 * Keeps a worker's death from looking like an end, in browsers that close a dead worker's streams cleanly and do not
 * deliver its requests to the next one (Firefox).
 *
 * - before the Response: the request is sent once more; the next worker recognises it by its id
 * - mid-stream: a clean end is trusted only when a worker confirms it; otherwise the reader gets an error
 */
export async function guardResponse(chat: SentChat, { wasTaken, isKnown }: Guard): Promise<Response> {
  const { requestId, signal, isEnded } = chat
  const isLost = async () => {
    if (isEnded() || (await isKnown(requestId))) return false
    await pause(LAST_WORD_MS)
    return !isEnded()
  }
  let response: Response
  try {
    response = await chat.response
  } catch (error) {
    // The dead worker's status that it had the request may arrive only now.
    if (signal.aborted || !(await isLost()) || !wasTaken(requestId)) throw error
    response = await chat.again()
  }
  // Without the header, the worker did not handle it. Firefox gives a body even to statuses that have none.
  const { body, status, headers } = response
  if (!body || NULL_BODY.has(status) || !headers.has(REQUEST_ID_HEADER)) return response
  return like(response, hold(body, isLost))
}

const NULL_BODY = new Set([204, 205, 304])

/** The same bytes, whose end is held back until it is confirmed. */
function hold(body: ReadableStream<Uint8Array>, isLost: () => Promise<boolean>): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  return new ReadableStream({
    type: 'bytes',
    pull: async (controller) => {
      for (;;) {
        const { done, value } = await reader.read()
        if (value?.length) return controller.enqueue(value as Uint8Array<ArrayBuffer>)
        if (done) break
        // Without a byte this pull would be the last.
      }
      if (await isLost()) throw new TypeError('The service worker was lost, and the response with it')
      controller.close()
      controller.byobRequest?.respond(0)
    },
    cancel: (reason) => reader.cancel(reason),
  })
}

/** A Response with another body; properties that a constructor cannot set are copied. */
function like(response: Response, body: ReadableStream<Uint8Array>): Response {
  const { url, redirected, type } = response
  const other = new Response(body, response)
  Object.defineProperties(other, {
    url: { value: url },
    redirected: { value: redirected },
    type: { value: type },
  })
  return other
}
