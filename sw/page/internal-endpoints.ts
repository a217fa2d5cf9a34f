import type { Clock } from '../../core/clock.ts'
import { PROTOCOL_VERSION } from '../../core/messages/message.ts'
import { AWAKE_PATH, CALL_HEADER, CALL_PATH, HELLO_PATH, PROTOCOL_HEADER } from '../../core/messages/paths.ts'
import type { Responses } from '../responses/responses.ts'
import { serveStreams } from '../responses/serve-streams.ts'
import { isOwnOrigin } from '../is-eligible.ts'
import { stayAwake } from '../lifecycle/stay-awake.ts'
import type { ActivityLock } from '../lifecycle/activity-lock.ts'

export interface OwnContext {
  clock: Clock
  responses: Responses
  activity: ActivityLock
  /** Does what a page asks in a request; rejects when it cannot. */
  obey: (text: string | null, clientId: string) => Promise<unknown>
}

/** Answers what is asked of the worker itself, by pages of its own origin; `undefined` for anything else. */
export function serveInternal(
  { clock, responses, activity, obey }: OwnContext,
  request: Request,
  clientId: string,
): Promise<Response> | undefined {
  const { pathname } = new URL(request.url)
  if (request.mode === 'no-cors' || !isOwnOrigin(request)) return undefined
  if (pathname === HELLO_PATH) return Promise.resolve(hello())
  if (pathname === CALL_PATH)
    return obey(request.headers.get(CALL_HEADER), clientId).then(
      () => hello(),
      (error: unknown) => hello(error instanceof Error ? error.message : String(error)),
    )
  if (request.method !== 'GET') return undefined
  if (pathname === AWAKE_PATH) return Promise.resolve(stayAwake(clock, activity.isUnderWay))
  return serveStreams(responses, request, clientId)
}

function hello(failure: string | null = null): Response {
  return new Response(failure, {
    status: failure === null ? 204 : 500,
    headers: { [PROTOCOL_HEADER]: String(PROTOCOL_VERSION) },
  })
}
