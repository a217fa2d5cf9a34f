import { REQUEST_ID_HEADER } from '../core/messages/request-id.ts'
import { pause } from './pause.ts'

/** A chat that has been sent. */
export interface SentChat {
  requestId: string
  response: Promise<Response>
  /** Sends it once more, under the same id. */
  again: () => Promise<Response>
  /** The request's own. */
  signal: AbortSignal
  /** True if the worker has told how it ended. */
  isEnded: () => boolean
}

export interface Guard {
  /** True if the worker has told that it has the request. */
  wasTaken: (requestId: string) => boolean
  /** True if the worker that is there now had the request itself; `true` where it cannot say. */
  isKnown: (requestId: string) => Promise<boolean>
}

/** The old worker's last word may still be on its way when a new one says that it knows nothing, ms. */
const LAST_WORD_MS = 1_000

/**
 * Sees to it that a worker's death is not taken for an end, in browsers that close a dead worker's streams cleanly and
 * do not deliver its requests to the next one (Firefox).
 *
 * - before the Response: the request is sent once more; the next worker knows it by its id
 * - in mid-stream: a clean end is believed when a worker confirms it; otherwise the reader gets an error
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
    // The dead worker's word that it had the request may come only now.
    if (signal.aborted || !(await isLost()) || !wasTaken(requestId)) throw error
    response = await chat.again()
  }
  // Without the header the worker had no part in it. Firefox gives a body to statuses that have none.
  const { body, status, headers } = response
  if (!body || NULL_BODY.has(status) || !headers.has(REQUEST_ID_HEADER)) return response
  return like(response, hold(body, isLost))
}

const NULL_BODY = new Set([204, 205, 304])

/** The same bytes, whose end waits until it is known to be one. */
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

/** A Response with another body; what a constructor cannot say of it is as it was. */
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
