import type { Clock } from '../../core/clock.ts'
import type { SaveRouteOptions } from '../../core/options/options.ts'
import { REQUEST_ID_HEADER } from '../../core/messages/request-id.ts'

/** The response to the app when its message is stored. */
export function saveResponse(id: string, respond: SaveRouteOptions['respond']): Response {
  const { status, body } =
    typeof respond === 'object' ? respond : { status: 202, body: { id, status: 'queued' } }
  const isEmpty = body === undefined || status === 204 || status === 205 || status === 304
  return new Response(isEmpty ? null : JSON.stringify(body), {
    status,
    headers: {
      'Cache-Control': 'no-store',
      [REQUEST_ID_HEADER]: id,
      ...(isEmpty ? {} : { 'Content-Type': 'application/json' }),
    },
  })
}

/** Pending callers, by entry id. */
export type Waiters = Map<string, (response?: Response) => void>

/** The server's response to that entry's request, if it comes in time. */
export function actualResponse(
  clock: Clock,
  waiters: Waiters,
  id: string,
  limitMs: number,
): Promise<Response | undefined> {
  return new Promise((resolve) => {
    const finish = (response?: Response) => {
      stop()
      waiters.delete(id)
      resolve(response)
    }
    const stop = clock.timer(limitMs, finish)
    waiters.set(id, finish)
  })
}
