import type { Options } from '../../core/options/options.ts'
import { compileRoutes } from '../../core/options/routes.ts'
import { OWN_PATHS } from '../../core/messages/paths.ts'
import { compileResumeRoutes } from '../responses/serve-resume.ts'
import { worker } from '../worker.ts'

/**
 * Tells the browser, where it knows static routes, which requests are ours: it sends all others to the network as if
 * there was no worker, and wakes none for them. For the ready-made worker only: a host's own caches would be passed by.
 */
export function routeStatically(options: Options): void {
  worker.addEventListener('install', (event) => {
    const rules = rulesOf(options, worker.registration.scope)
    const { addRoutes } = event as InstallEvent
    // Refused, all requests come to the worker's own filter.
    if (rules && addRoutes) event.waitUntil(addRoutes.call(event, rules).catch(() => {}))
  })
}

/** `undefined` where a pattern has a regular expression: browsers refuse it, and without all of ours there must be none. */
function rulesOf({ chat, saves, resume = {} }: Options, scope: string): Rule[] | undefined {
  const { resuming, stopping } = compileResumeRoutes(resume, scope)
  const routes = [...compileRoutes(chat, scope), ...compileRoutes(saves, scope), ...resuming, ...stopping]
  if (routes.some(({ pattern }) => pattern.hasRegExpGroups)) return undefined

  const sources = routes.map(({ pattern, method }) => ({ urlPattern: pattern, requestMethod: method }))
  const own = { urlPattern: new URLPattern({ pathname: `${OWN_PATHS}*`, baseURL: scope }) }
  return [
    ...[...sources, own].map((condition) => ({ condition, source: 'fetch-event' }) as const),
    { condition: { urlPattern: new URLPattern({}) }, source: 'network' },
  ]
}

/** [spec] https://w3c.github.io/ServiceWorker/#register-router-method */
type InstallEvent = ExtendableEvent & { addRoutes?: (rules: Rule[]) => Promise<void> }

interface Rule {
  condition: { urlPattern: URLPattern; requestMethod?: string }
  source: 'fetch-event' | 'network'
}
