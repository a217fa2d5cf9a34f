import type { KeySource, NamedRouteOptions } from '../../core/options/options.ts'
import { concat } from '../../core/concat.ts'
import { deferred } from '../../core/deferred.ts'
import { openChunks } from '../../core/chat/chunks.ts'
import { type Format, formatOf, MAX_START } from '../../core/providers/inspection/format.ts'
import { skipBlanks } from '../../core/providers/inspection/split.ts'
import { isEventStream, isHtml, isJson, isJsonLines } from '../../core/providers/media-types.ts'
import { readKey } from '../../core/options/read-key.ts'
import { matchRoute, type Route } from '../../core/options/routes.ts'
import type { Responses } from './responses.ts'

type Track = (task: Promise<unknown>) => void

/** Serves the app's own requests to resume a response, and to stop it, for servers that support neither. */
export interface ResumeRoutes {
  /** `undefined` for any other request. */
  serve: (request: Request, clientId: string) => Promise<Response> | undefined
}

/** @param track counts what must not be cut short, until it settles */
export function createResumeRoutes(
  resuming: Route<NamedRouteOptions>[],
  stopping: Route<NamedRouteOptions>[],
  responses: Pick<Responses, 'resume' | 'stop'>,
  track: Track,
): ResumeRoutes {
  const resume = async (request: Request, id: string, clientId: string) => {
    const kept = await responses.resume(id, clientId).catch(() => undefined)
    if (kept) return kept
    // The server may have more than the part that is kept here; anything but a stream is no response, and apps would
    // take it for one.
    const response = await fetch(request).catch(() => undefined)
    const stream = response?.ok && (await asStream(response, track))
    if (stream) return stream
    return (await responses.resume(id, clientId, 'cut').catch(() => undefined)) ?? nothing()
  }

  const stop = async (request: Request, id: string, clientId: string) => {
    const isStopped = responses.stop(id, clientId)
    const response = await fetch(request).catch(() => undefined)
    if (isStopped && !response?.ok) return nothing()
    return response ?? Response.error()
  }

  return {
    serve: (request, clientId) => {
      const resumed = idOf(resuming, request)
      if (resumed !== undefined) return resume(request, resumed, clientId)
      const stopped = idOf(stopping, request)
      return stopped === undefined ? undefined : stop(request, stopped, clientId)
    },
  }
}

/**
 * A response that is a stream, by its label or its first bytes; `undefined` for any other. Apps that resume a stream of
 * text often give it no label.
 */
async function asStream(response: Response, track: Track): Promise<Response | undefined> {
  const label = response.headers.get('content-type')?.toLowerCase() ?? ''
  if (isEventStream(label)) return response
  if (!response.body || isJson(label) || isHtml(label)) return undefined
  const { next, cancel } = openChunks(response.body)
  let held = new Uint8Array()
  let format: Format | undefined
  while (format === undefined) {
    const chunk = await next().catch(() => undefined)
    if (!chunk) return undefined
    if (!chunk.done) held = concat([held, chunk.value])
    const start = new TextDecoder().decode(skipBlanks(held).subarray(0, MAX_START))
    format = formatOf(start, label, chunk.done)
  }
  if (format !== 'sse' && format !== 'lines' && !(format === 'values' && isJsonLines(label))) {
    cancel()
    return undefined
  }
  const over = deferred<void>()
  track(over.promise)
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => controller.enqueue(held),
      pull: async (controller) => {
        const chunk = await next().catch((error: unknown) => controller.error(error))
        if (chunk?.done) controller.close()
        else if (chunk) return controller.enqueue(chunk.value)
        over.resolve()
      },
      cancel: () => {
        cancel()
        over.resolve()
      },
    },
    { highWaterMark: 0 },
  )
  const { status, statusText } = response
  const headers = new Headers(response.headers)
  headers.delete('content-encoding')
  headers.delete('content-length')
  return new Response(body, { status, statusText, headers })
}

function nothing(): Response {
  return new Response(null, { status: 204 })
}

/** The app's id of the response: by default the pattern's first group. */
function idOf(routes: Route<NamedRouteOptions>[], { method, url }: Request): string | undefined {
  const match = matchRoute(routes, method, url)
  if (!match) return undefined
  const { groups, settings } = match
  const first: KeySource = `:${Object.keys(groups)[0] ?? ''}`
  return readKey(settings.id ?? first, { url: new URL(url), groups, body: undefined })
}
