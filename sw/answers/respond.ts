import { relay } from '../../core/chat/byte-source.ts'
import { type Clock, sleep } from '../../core/clock.ts'
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
  const body = relay({
    read: async () => {
      const first = heartbeat
      heartbeat = undefined
      if (first) return first
      try {
        const bytes = await reader.read()
        readAt = clock.now()
        if (!bytes) delivered()
        return bytes
      } catch (error) {
        await sleep(clock, readAt + UNREAD_MS - clock.now(), new AbortController().signal)
        givenUp() // Nobody reads on, if it was this reader alone that broke.
        throw error
      }
    },
    cancel: () => {
      reader.cancel()
      givenUp()
    },
  })
  const response = new Response(body, head)
  if (heartbeat) response.headers.set(HEARTBEAT_HEADER, String(heartbeat.length))
  return response
}
