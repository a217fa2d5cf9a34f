import { isEventStream, isJson, isJsonLines } from '../../core/providers/media-types.ts'
import { STREAMS_PATH } from '../../core/messages/paths.ts'
import { readRequestId } from '../../core/messages/request-id.ts'
import type { Responses } from './responses.ts'

/** True for types that a response may be shown as; all others become text, whatever the upstream called them. */
function mayBeShownAs(type: string): boolean {
  return isEventStream(type) || isJsonLines(type) || isJson(type) || /^text\/plain\s*(;|$)/i.test(type)
}

/**
 * Serves `GET /__streamkeeper/streams` (a list) and `/__streamkeeper/streams/<id>?from=<byte>` (a response) to this
 * origin's own fetches; `undefined` for any other path. The origin has been checked before.
 */
export function serveStreams(
  responses: Responses,
  request: Request,
  clientId: string,
): Promise<Response> | undefined {
  const { pathname, searchParams } = new URL(request.url)
  if (!`${pathname}/`.startsWith(`${STREAMS_PATH}/`)) return undefined
  const rest = pathname.slice(STREAMS_PATH.length + 1)
  if (!rest) return responses.list().then((list) => own(json(list, 200)))
  const from = Number(searchParams.get('from') ?? 0)
  return serve(responses, readRequestId(rest), Number.isInteger(from) && from >= 0 ? from : 0, clientId)
}

async function serve(
  responses: Responses,
  requestId: string | undefined,
  from: number,
  clientId: string,
): Promise<Response> {
  const response = requestId && (await responses.attach(requestId, from, clientId))
  if (response) return own(response)
  const title = 'No such response is stored, or not from that byte on'
  return own(json({ type: 'about:blank', title, status: 404 }, 404))
}

function json(value: unknown, status: number): Response {
  return new Response(JSON.stringify(value), { status, headers: { 'content-type': 'application/json' } })
}

function own({ body, status, statusText, headers: provided }: Response): Response {
  const headers = new Headers(provided)
  if (!mayBeShownAs(headers.get('content-type') ?? '')) headers.set('content-type', 'text/plain')
  headers.set('x-content-type-options', 'nosniff')
  headers.set('cache-control', 'no-store')
  // A new Response: browsers may ignore changes to the headers of an existing one.
  return new Response(body, { status, statusText, headers })
}
