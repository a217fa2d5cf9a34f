import type { Options } from '../core/options/options.ts'
import { canonicalOptions } from '../core/options/canonical.ts'
import { OPTIONS_PARAMETER } from '../core/options/query.ts'
import { ownScope, SCOPE_PARAMETER } from './script-path.ts'

/** Some servers refuse long URLs. Characters of JSON. */
const MAX_LENGTH = 2_000

/**
 * The URL of the ready-made worker with its options in the query; parameters that are there already are kept.
 * `register` calls it. Under Trusted Types an app's own policy may call it: `register` accepts the `TrustedScriptURL`
 * made from it unchanged.
 *
 * @throws {TypeError} if the options are longer than 2 000 characters of JSON.
 */
export function workerUrl(scriptUrl: string | URL, options: Options): string {
  const { baseURI } = document
  const text = optionsText(options, baseURI)
  if (text.length > MAX_LENGTH) {
    throw new TypeError(
      `Options too long for a worker's URL: got ${text.length} characters, takes ${MAX_LENGTH}; use keepStreams`,
    )
  }
  const url = new URL(scriptUrl, baseURI)
  url.searchParams.set(OPTIONS_PARAMETER, text)
  const scope = ownScope(scriptUrl, options.scope)
  if (scope) url.searchParams.set(SCOPE_PARAMETER, scope)
  return url.href
}

/** The options that concern the worker, canonical: patterns absolute, the page's own options and defaults left out. */
export function optionsText(options: Options, base: string): string {
  const {
    scope: _scope,
    enabled,
    observeAborts: _observeAborts,
    // Reported to the running worker: another user needs no other worker.
    principal: _principal,
    debug,
    ...rest
  } = options
  if (rest.chat) rest.chat = absolute(rest.chat, base)
  if (rest.saves) rest.saves = absolute(rest.saves, base)
  const { route, stopRoute } = rest.resume ?? {}
  rest.resume &&= {
    ...rest.resume,
    ...(route && { route: absoluteRoute(route, base) }),
    ...(stopRoute && { stopRoute: absoluteRoute(stopRoute, base) }),
  }
  return canonicalOptions({ ...rest, ...(debug && { debug }), ...(enabled === false && { enabled }) })
}

function absolute<Route extends { url: string }>(list: (string | Route)[], base: string): (string | Route)[] {
  return list.map((item) => absoluteRoute(item, base))
}

function absoluteRoute<Route extends { url: string }>(route: string | Route, base: string): string | Route {
  return typeof route === 'string'
    ? absolutePattern(route, base)
    : { ...route, url: absolutePattern(route.url, base) }
}

/** By prefixing: `new URL()` would percent-encode characters that have a meaning in a pattern. */
function absolutePattern(pattern: string, base: string): string {
  if (pattern.includes('://')) return pattern
  const { protocol, origin, pathname } = new URL(base)
  if (pattern.startsWith('//')) return protocol + pattern
  if (/^\{?\//.test(pattern)) return origin + pattern
  const folder = pathname.slice(0, pathname.lastIndexOf('/') + 1)
  return origin + folder.replace(/[+*?:{}()\\]/g, '\\$&') + pattern
}
