import { compileRoutes, type Route } from './routes.ts'

/**
 * Compiles `chat` or `saves` (`name`) of unchecked options.
 *
 * @throws {TypeError} naming the pattern that URLPattern does not accept, or saying that there is no URLPattern here.
 */
export function checkRoutes<Settings extends { url: string; method?: string }>(
  name: string,
  list: readonly (string | Settings)[] = [],
  base?: string,
): Route<Settings>[] {
  if (list.length > 0 && !('URLPattern' in globalThis)) {
    throw new TypeError(`Option ${name} needs URLPattern, which is missing here (Node has it from 24 on)`)
  }
  return list.flatMap((item, index) => {
    try {
      return compileRoutes([item], base)
    } catch {
      const url = typeof item === 'string' ? item : item.url
      throw new TypeError(`Wrong option ${name}[${index}]: ${JSON.stringify(url)} is no URL pattern here`)
    }
  })
}
