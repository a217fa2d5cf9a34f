import type { KeySource, NamedRouteOptions } from '../../core/options/options.ts'
import { readKey } from '../../core/options/read-key.ts'
import { matchRoute, type Route } from '../../core/options/routes.ts'
import type { Responses } from './responses.ts'

/** The app's own requests to go on reading a response, and to stop it: for servers that know nothing of either. */
export interface ResumeRoutes {
  /** `undefined` for any other request. */
  serve: (request: Request, clientId: string) => Promise<Response> | undefined
}

export function createResumeRoutes(
  resuming: Route<NamedRouteOptions>[],
  stopping: Route<NamedRouteOptions>[],
  responses: Responses,
): ResumeRoutes {
  const resume = async (request: Request, id: string, clientId: string) => {
    const kept = await responses.resume(id, clientId).catch(() => undefined)
    if (kept) return kept
    // The server may know more than the half that is kept here; what else it says is no response, and apps would take it
    // for one.
    const response = await fetch(request).catch(() => undefined)
    const isStream = response?.ok && response.headers.get('content-type')?.startsWith('text/event-stream')
    if (response && isStream) return response
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

function nothing(): Response {
  return new Response(null, { status: 204 })
}

/** How the app calls the response: by default in the pattern's first group. */
function idOf(routes: Route<NamedRouteOptions>[], { method, url }: Request): string | undefined {
  const match = matchRoute(routes, method, url)
  if (!match) return undefined
  const { groups, settings } = match
  const first: KeySource = `:${Object.keys(groups)[0] ?? ''}`
  return readKey(settings.id ?? first, { url: new URL(url), groups, body: undefined })
}
