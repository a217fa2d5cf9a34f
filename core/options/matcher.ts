/**
 * One condition on a response: `'data=<text>'`, `'event=<name>'`, `'<path>=<value>'`, or `'<path>'` (present and
 * truthy). The path is a dotted one into the JSON, such as `error.code` or `choices.0.finish_reason`.
 */
export type Matcher = string

/** The subject of a match: an event, a line, or a whole body. */
export interface MatcherSubject {
  /** The SSE event's name. */
  event?: string | undefined
  /** The text as it came; blanks around it do not count. */
  data?: string | undefined
  /** The parsed JSON; `undefined` if the text is not JSON. */
  value?: unknown
}

/** The forms that `isMatcher` takes, in words. */
export const MATCHER_TAKES =
  "'data=<text>', 'event=<name>', '<path>=<value>' or '<path>', such as errors.0.code"

/**
 * A path's names are real fields' names, such as `$type`, `@type`, `error-code` or `hate/threatening`. Other languages'
 * forms are none, because they would never match: `a[0]`, `$.a`, `!a`, `a: b`, `a==b`, `a='b'`. A text may be in quotes.
 */
const FORM =
  /^(?!\.)(\s*data\s*=(?!=).*\S|((^\s*|\.)[$@#]?[\w\x80-\uffff][-\w$@#/\x80-\uffff]*)+\s*($|=(?!=|\s*["']).*\S))/s

/** True if an option's value is a matcher: one of a wrong form would never match. */
export function isMatcher(value: unknown): value is Matcher {
  return typeof value === 'string' && FORM.test(value)
}

/** True if one of the matchers, or the only one, matches. Never throws. */
export function matches(matchers: Matcher | readonly Matcher[], subject: MatcherSubject): boolean {
  return typeof matchers === 'string'
    ? matchesOne(matchers, subject)
    : matchers.some((matcher) => matchesOne(matcher, subject))
}

function matchesOne(matcher: Matcher, { event, data, value }: MatcherSubject): boolean {
  const at = matcher.indexOf('=')
  const path = (at < 0 ? matcher : matcher.slice(0, at)).trim()
  const wanted = at < 0 ? undefined : matcher.slice(at + 1).trim()
  if (wanted !== undefined && path === 'data') return data?.trim() === wanted
  // Some servers name an event in its JSON; a whole body has no other name.
  if (wanted !== undefined && path === 'event' && event !== undefined) return event === wanted
  const found = readPath(value, path)
  if (wanted === undefined) return hasContent(found)
  return (typeof found === 'string' ? found : JSON.stringify(found)) === wanted
}

function readPath(value: unknown, path: string): unknown {
  let found = value
  for (const field of path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, field)) return undefined
    found = (found as Record<string, unknown>)[field]
  }
  return found
}

/** True for truthy values except empty lists: GraphQL servers send `errors: []` with a success. */
function hasContent(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value)
}
