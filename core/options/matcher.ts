/**
 * One condition on a response: `'data=<text>'`, `'event=<name>'`, `'<path>=<value>'`, or `'<path>'` (there and truthy).
 * The path is a dotted one into the JSON, such as `error.code` or `choices.0.finish_reason`.
 */
export type Matcher = string

/** What a matcher looks at: an event, a line, or a whole body. */
export interface MatcherSubject {
  /** The SSE event's name. */
  event?: string | undefined
  /** The text as it came; blanks around it do not count. */
  data?: string | undefined
  /** The parsed JSON; `undefined` where the text is none. */
  value?: unknown
}

/** What `isBodyMatcher` takes, in words. */
export const BODY_MATCHER_TAKES = "'data=<text>', '<path>=<value>' or '<path>', such as errors.0.code"

/** What `isMatcher` takes, in words. */
export const MATCHER_TAKES = `${BODY_MATCHER_TAKES}, or 'event=<name>'`

/** A field's name, such as `$type`, `@type`, `error-code` or `hate/threatening`. */
const FIELD = String.raw`[$@#]?[\p{L}\p{N}_][-$@#/\p{L}\p{M}\p{N}_]*`

/**
 * Other languages' forms are none, because they would never match: `a[0]`, `$.a`, `!a`, `a: b`, `a==b`, `a='b'`. A text
 * may be in quotes, and a value may begin with `=` behind a blank.
 */
const FORM = new RegExp(
  String.raw`^\s*(data\s*=(?!=).*\S.*|${FIELD}(\.${FIELD})*\s*(=(?!=|\s*(["']).*\4\s*$).*\S.*)?)$`,
  'su',
)

/** True if an option's value is a matcher: one of a wrong form would never match. */
export function isMatcher(value: unknown): value is Matcher {
  return typeof value === 'string' && FORM.test(value)
}

/** True if an option's value is a matcher for a whole body, which has no events. */
export function isBodyMatcher(value: unknown): value is Matcher {
  return isMatcher(value) && !/^\s*event\s*=/.test(value)
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
  if (wanted !== undefined && path === 'event') return event === wanted
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

/** Truthy; an empty list says nothing: GraphQL servers send `errors: []` with what went well. */
function hasContent(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value)
}
