import type { Options } from '../../core/options/options.ts'
import { checkAllRoutes } from '../../core/options/check-routes.ts'
import type { Route } from '../../core/options/routes.ts'
import { OWN_PATHS } from '../../core/messages/paths.ts'
import { worker } from '../worker.ts'

/**
 * Tells browsers with static routes which requests are ours: they send all others to the network as if there were no
 * worker, and wake none for them. For the ready-made worker only, because a host's own caches would be bypassed.
 */
export function routeStatically(options: Options): void {
  worker.addEventListener('install', (event) => {
    const rules = rulesOf(options, worker.registration.scope)
    const { addRoutes } = event as InstallEvent
    // If that is refused, all requests come to the worker's own filter.
    if (rules && addRoutes) event.waitUntil(addRoutes.call(event, rules).catch(() => {}))
  })
}

/** `undefined` if a pattern has a regular expression: browsers refuse it, and without all of ours there must be none. */
function rulesOf(options: Options, scope: string): Rule[] | undefined {
  const { chat, saves, resuming, stopping } = checkAllRoutes(options, scope)
  const routes = [...chat, ...saves, ...resuming, ...stopping]
  if (routes.some(({ pattern }) => pattern.hasRegExpGroups)) return undefined

  const conditions = routes.map(conditionOf)
  const own = { urlPattern: new URLPattern({ pathname: `${OWN_PATHS}*`, baseURL: scope }) }
  const beacons = saves.map((route) => Object.assign(conditionOf(route), LOST_BEACON))
  return [
    ...beacons.map((condition) => ({ condition, source: 'network' }) as const),
    ...[...conditions, own].map((condition) => ({ condition, source: 'fetch-event' }) as const),
    { condition: { urlPattern: new URLPattern({}) }, source: 'network' },
  ]
}

/** [spec] https://w3c.github.io/ServiceWorker/#register-router-method */
type InstallEvent = ExtendableEvent & { addRoutes?: (rules: Rule[]) => Promise<void> }

interface Condition {
  urlPattern: URLPattern
  requestMethod?: string
  requestMode?: RequestMode
  runningStatus?: 'running' | 'not-running'
}

/** Chromium does not start a worker for a page that is gone: a beacon that waits for one is lost. */
const LOST_BEACON = { requestMode: 'no-cors', runningStatus: 'not-running' } as const

function conditionOf({ pattern, method }: Pick<Route<{ url: string }>, 'pattern' | 'method'>): Condition {
  return { urlPattern: pattern, requestMethod: method }
}

interface Rule {
  condition: Condition
  source: 'fetch-event' | 'network'
}
