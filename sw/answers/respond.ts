import type { Clock } from '../../core/clock.ts'
import { HEARTBEAT_HEADER } from '../../core/protocol/paths.ts'
import type { Kept } from './kept.ts'

/** What becomes of a Response. */
export interface Reading {
  /** It was read to its clean end. */
  delivered: () => void
  /** It is read no more: its page has enough of it, or it broke. */
  givenUp: () => void
}

/** A first byte, for browsers that hold a Response back until there is one: blank in every protocol. */
const HEARTBEAT = new TextEncoder().encode('\n')

/** An error takes with it what the page has not read yet of the bytes before: so they get a moment. ms */
const UNREAD_MS = 250

/** An answer as a Response, from that byte on, then live; `undefined` when it has not begun, or not that byte. */
export function respond(
  { record, log }: Kept,
  from: number,
  clock: Clock,
  { delivered, givenUp }: Reading,
): Response | undefined {
  if (!record.head) return undefined
  const { hasBody, isEarly, ...head } = record.head
  if (!hasBody) return new Response(null, head)
  const reader = log.open(from)
  if (!reader) return undefined
  let heartbeat = isEarly && from === 0 ? HEARTBEAT : undefined
  let readAt = -Infinity
  let isOpen = true
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>) =>
    new Promise<void>((resolve) => {
      const first = heartbeat
      heartbeat = undefined
      if (first) {
        controller.enqueue(first)
        return resolve()
      }
      reader.next(
        (bytes) => {
          readAt = clock.monotonic()
          if (bytes) controller.enqueue(bytes)
          else {
            delivered()
            controller.close()
          }
          resolve()
        },
        (error) =>
          clock.timer(readAt + UNREAD_MS - clock.monotonic(), () => {
            givenUp() // Nobody reads on, if it was this reader alone that broke.
            if (isOpen) controller.error(error)
            resolve()
          }),
      )
    })
  const cancel = () => {
    isOpen = false
    reader.cancel() // From here on nothing is handed to the controller, which would throw.
    givenUp()
  }
  const hasHeartbeat = heartbeat !== undefined
  const body = new ReadableStream<Uint8Array>({ pull, cancel }, { highWaterMark: 0 })
  const response = new Response(body, head)
  if (hasHeartbeat) response.headers.set(HEARTBEAT_HEADER, String(HEARTBEAT.length))
  return response
}
