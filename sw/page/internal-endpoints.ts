import type { Clock } from '../../core/clock.ts'
import { PROTOCOL_VERSION } from '../../core/messages/message.ts'
import { AWAKE_PATH, CALL_HEADER, CALL_PATH, HELLO_PATH, PROTOCOL_HEADER } from '../../core/messages/paths.ts'
import type { Obeyed } from './calls.ts'
import type { Responses } from '../responses/responses.ts'
import { serveStreams } from '../responses/serve-streams.ts'
import { isOwnOrigin } from '../is-eligible.ts'
import { stayAwake } from '../lifecycle/stay-awake.ts'
import type { ActivityLock } from '../lifecycle/activity-lock.ts'

export interface OwnContext {
  clock: Clock
  responses: Responses
  activity: ActivityLock
  /** Executes a call that a page makes by a request. */
  obey: (text: string | null, clientId: string) => Obeyed
}

/** Responds to requests to the worker itself, by pages of its own origin; `undefined` for anything else. */
export function serveInternal(
  { clock, responses, activity, obey }: OwnContext,
  request: Request,
  clientId: string,
  keepAlive: (task: Promise<unknown>) => void,
): Promise<Response> | undefined {
  const { pathname } = new URL(request.url)
  if (request.mode === 'no-cors' || !isOwnOrigin(request)) return undefined
  if (pathname === HELLO_PATH) return Promise.resolve(hello())
  if (pathname === CALL_PATH) {
    const obeyed = obey(request.headers.get(CALL_HEADER), clientId)
    keepAlive(obeyed.done)
    return replyTo(obeyed)
  }
  if (request.method !== 'GET') return undefined
  if (pathname === AWAKE_PATH) return Promise.resolve(stayAwake(clock, activity.isUnderWay))
  return serveStreams(responses, request, clientId)
}

function hello(body: BodyInit | null = null): Response {
  return new Response(body, { headers: { [PROTOCOL_HEADER]: String(PROTOCOL_VERSION) } })
}

/** A response whose body is the reply, once the call is done. */
async function replyTo({ isSafe, done }: Obeyed): Promise<Response> {
  await isSafe
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      controller.enqueue(new TextEncoder().encode(JSON.stringify(await done)))
      controller.close()
    },
  })
  return hello(body)
}
