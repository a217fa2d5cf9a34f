import type { Calls, Reply } from '../core/messages/message.ts'
import { CALL_HEADER, CALL_PATH, PROTOCOL_HEADER } from '../core/messages/paths.ts'
import { pause } from './pause.ts'

// The part of reaching a worker that a page needs first; the rest is in channel.

/** A worker that has not done it by then may never do it, ms. */
const DONE_MS = 10_000

/**
 * Makes a call without a result as a request of this page, so that the worker receives it in the order of the page's
 * requests. Resolves with whether it was done; `false`: unknown.
 *
 * @throws {Error} if the worker fails
 */
export function request(name: keyof Calls, args: unknown): Promise<boolean> {
  // `AbortSignal.timeout` is newer than the oldest browsers with URLPattern.
  const stop = new AbortController()
  const done = fetch(ownUrl(CALL_PATH), {
    method: 'POST',
    headers: { [CALL_HEADER]: encodeURIComponent(JSON.stringify({ name, args })) },
    signal: stop.signal,
  }).then(
    async (response) => {
      if (!response.headers.has(PROTOCOL_HEADER)) return false
      // A worker that dies meanwhile sends nothing.
      const reply = (await response.json().catch(() => undefined)) as Reply | undefined
      if (reply?.ok === false) throw new Error(`Cannot call ${name}: ${reply.message}`)
      return reply !== undefined
    },
    () => false,
  )
  // The app's own `fetch` may wait for this call.
  return Promise.race([done, pause(DONE_MS)]).then((isDone) => {
    stop.abort()
    return !!isDone
  })
}

/** One of our paths as a URL: the app's `<base>` may lead elsewhere. */
export function ownUrl(path: string): string {
  return location.origin + path
}
