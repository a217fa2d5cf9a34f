import type { Clock } from '../core/clock.ts'
import { PROTOCOL_VERSION } from '../core/protocol/message.ts'
import { AWAKE_PATH, HELLO_PATH, PROTOCOL_HEADER } from '../core/protocol/paths.ts'
import type { Answers } from './answers/answers.ts'
import { serveStreams } from './answers/serve-streams.ts'
import { isOwnOrigin } from './may-be-ours.ts'
import { stayAwake } from './stay-awake.ts'
import type { Work } from './work.ts'

export interface OwnContext {
  clock: Clock
  answers: Answers
  work: Work
}

/** Answers what is asked of the worker itself, by pages of its own origin; `undefined` for anything else. */
export function serveOwn(
  { clock, answers, work }: OwnContext,
  request: Request,
  clientId: string,
): Promise<Response> | undefined {
  const { pathname } = new URL(request.url)
  if (request.mode === 'no-cors' || !isOwnOrigin(request)) return undefined
  if (pathname === HELLO_PATH) return Promise.resolve(hello())
  if (request.method !== 'GET') return undefined
  if (pathname === AWAKE_PATH) return Promise.resolve(stayAwake(clock, work.isUnderWay))
  return serveStreams(answers, request, clientId)
}

function hello(): Response {
  return new Response(null, { status: 204, headers: { [PROTOCOL_HEADER]: String(PROTOCOL_VERSION) } })
}
