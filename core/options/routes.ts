/** One configured endpoint, its pattern compiled. */
export interface Route<Settings extends { url: string; method?: string }> {
  pattern: URLPattern
  method: string
  settings: Settings
}

export interface RouteMatch<Settings extends { url: string; method?: string }> {
  settings: Settings
  /** The values of the pattern's groups in the path. */
  groups: Record<string, string | undefined>
}

/**
 * Compiles `chat` or `saves`. Patterns are relative to `base` (a URL); query and hash always match.
 *
 * @throws {TypeError} if URLPattern does not accept a pattern; `checkRoutes` names it.
 */
export function compileRoutes<Settings extends { url: string; method?: string }>(
  list: readonly (string | Settings)[] = [],
  base?: string,
): Route<Settings>[] {
  return list.map((item) => {
    const settings = typeof item === 'string' ? ({ url: item } as Settings) : item
    const { protocol, hostname, port, pathname } =
      base === undefined ? new URLPattern(settings.url) : new URLPattern(settings.url, base)
    const pattern = new URLPattern({ protocol, hostname, port, pathname, search: '*', hash: '*' })
    return { pattern, method: (settings.method ?? 'POST').toUpperCase(), settings }
  })
}

/** The first route that matches this method and URL. */
export function matchRoute<Settings extends { url: string; method?: string }>(
  routes: Route<Settings>[],
  method: string,
  url: string,
): RouteMatch<Settings> | undefined {
  for (const { pattern, method: wanted, settings } of routes) {
    if (wanted !== method) continue
    const match = pattern.exec(url)
    if (match) return { settings, groups: match.pathname.groups }
  }
  return undefined
}
