import type { KeySource, NamedRouteOptions, ResumeOptions } from '../../core/options/options.ts'
import { checkRoutes } from '../../core/options/check-routes.ts'
import { readKey } from '../../core/options/read-key.ts'
import { matchRoute, type Route } from '../../core/options/routes.ts'
import type { Responses } from './responses.ts'

/** Serves the app's own requests to resume a response, and to stop it, for servers that support neither. */
export interface ResumeRoutes {
  /** `undefined` for any other request. */
  serve: (request: Request, clientId: string) => Promise<Response> | undefined
}

export function createResumeRoutes(
  options: ResumeOptions,
  scope: string,
  responses: Responses,
): ResumeRoutes {
  const { resuming, stopping } = compileResumeRoutes(options, scope)

  const resume = async (request: Request, id: string, clientId: string) => {
    const kept = await responses.resume(id, clientId).catch(() => undefined)
    if (kept) return kept
    // The server may have more than the part that is kept here; anything but a stream is no response, and apps would
    // take it for one.
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

/** @throws {TypeError} naming the pattern that URLPattern does not take. */
export function compileResumeRoutes({ route, stopRoute }: ResumeOptions, scope: string) {
  return {
    resuming: compile('resume.route', 'GET', route, scope),
    stopping: compile('resume.stopRoute', 'POST', stopRoute, scope),
  }
}

function nothing(): Response {
  return new Response(null, { status: 204 })
}

function compile(
  name: string,
  method: string,
  provided: string | NamedRouteOptions | undefined,
  scope: string,
): Route<NamedRouteOptions>[] {
  if (provided === undefined) return []
  const settings = typeof provided === 'string' ? { url: provided } : provided
  return checkRoutes(name, [{ method, ...settings }], scope)
}

/** The app's id of the response: by default the pattern's first group. */
function idOf(routes: Route<NamedRouteOptions>[], { method, url }: Request): string | undefined {
  const match = matchRoute(routes, method, url)
  if (!match) return undefined
  const { groups, settings } = match
  const first: KeySource = `:${Object.keys(groups)[0] ?? ''}`
  return readKey(settings.id ?? first, { url: new URL(url), groups, body: undefined })
}
