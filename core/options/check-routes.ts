import type { NamedRouteOptions, Options } from './options.ts'
import { compileRoutes, type Route } from './routes.ts'

/**
 * Compiles all routes of options that nobody has checked yet.
 *
 * @throws {TypeError} as `checkRoutes`, or naming a route that has nothing to find a response by.
 */
export function checkAllRoutes({ chat, saves, resume = {} }: Options, base: string) {
  return {
    chat: checkRoutes('chat', chat, base),
    saves: checkRoutes('saves', saves, base),
    resuming: checkResumeRoute('resume.route', 'GET', resume.route, base),
    stopping: checkResumeRoute('resume.stopRoute', 'POST', resume.stopRoute, base),
  }
}

/**
 * Compiles `chat` or `saves` (`name`).
 *
 * @throws {TypeError} naming the pattern that URLPattern does not take, a key whose group the pattern does not have, or
 *   that there is no URLPattern here.
 */
export function checkRoutes<Settings extends { url: string; method?: string }>(
  name: string,
  list: readonly (string | Settings)[] = [],
  base?: string,
): Route<Settings>[] {
  return list.map((item, index) => checkRoute(`${name}[${index}]`, item, base))
}

function checkResumeRoute(
  name: string,
  method: string,
  provided: string | NamedRouteOptions | undefined,
  base: string,
): Route<NamedRouteOptions>[] {
  if (provided === undefined) return []
  const route = checkRoute<NamedRouteOptions>(
    name,
    { method, ...(typeof provided === 'string' ? { url: provided } : provided) },
    base,
  )
  const { pathname } = route.pattern
  if (!route.settings.id && !/[:*(]/.test(pathname)) {
    throw new TypeError(`Missing option ${name}.id: ${pathname} has no group`)
  }
  return [route]
}

function checkRoute<Settings extends { url: string; method?: string }>(
  name: string,
  item: string | Settings,
  base: string | undefined,
): Route<Settings> {
  if (!('URLPattern' in globalThis)) {
    throw new TypeError(`Option ${name} needs URLPattern, which is missing here (Node has it from 24 on)`)
  }
  let route: Route<Settings>
  try {
    route = compileRoutes([item], base)[0] as Route<Settings>
  } catch {
    const url = typeof item === 'string' ? item : item.url
    throw new TypeError(`Wrong option ${name}: ${JSON.stringify(url)} is no URL pattern here`)
  }
  const { pathname } = route.pattern
  for (const [field, key] of Object.entries<unknown>(route.settings)) {
    // Groups without a name are `:0`, `:1` …
    if (/^:(?!\d)\w+$/.test(key as string) && !RegExp(`${key as string}\\b`).test(pathname)) {
      throw new TypeError(`Wrong option ${name}.${field}: ${pathname} has no ${key as string}`)
    }
  }
  return route
}
