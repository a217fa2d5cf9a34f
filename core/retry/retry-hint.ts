import { type Field, fieldsIn } from './fields.ts'
import { DURATION, longest, parseRetryAfter, readWait } from './retry-after.ts'

/**
 * How long a refusal asks us to wait, ms; `undefined` if it does not say. The first source that says anything counts:
 * `retry-after-ms` and `Retry-After`, the body's fields and words, `RateLimit`, the reset of a limit that is used up.
 *
 * @param body the parsed JSON, or its text
 * @param now epoch ms; the server's own `Date` takes precedence
 */
export function readRetryHint(
  status: number,
  headers: Headers,
  body: unknown,
  now: number,
): number | undefined {
  return retryHintIn(status, headers, fieldsIn(body), now)
}

/** The same, for a body whose fields are known. */
export function retryHintIn(
  status: number,
  headers: Headers,
  fields: readonly Field[],
  now: number,
): number | undefined {
  const date = Date.parse(headers.get('date') ?? '')
  const serverNow = Number.isNaN(date) ? now : date
  return (
    parseRetryAfter(headers, serverNow) ??
    longest([
      retryHintInFields(fields, serverNow),
      retryHintInWords(fields, serverNow),
      retryHintInQuoted(status, fields, serverNow),
    ]) ??
    retryHintInRateLimit(headers) ??
    retryHintInResets(status, headers, serverNow)
  )
}

/**
 * Names of fields that are a wait or an instant, without their blanks, dashes and case: `retry_after`, `retryAfterMs`,
 * `retryDelay`, `resets_in_seconds`, `quotaResetTimeStamp`, `waitTime`, `seconds_until_reset`, `estimated_time`.
 */
const FIELD =
  /^(?:(?:next|quota|usage|rate|limit)*(?:retry|resets?|wait|backoff|cooldown|available)(?=[a-z])(?:afters?|in|at|until|delay|timestamp|time)*|(?:quota|usage|rate|limit)+resets?|(?:seconds|time)(?:to|until)(?:next)?(?:reset|retry)|estimated(?:time|wait))(ms|mil[a-z]+|secs?|seconds|mins?|minutes)?$/

function retryHintInFields(fields: readonly Field[], now: number): number | undefined {
  const named = fields.map(([name, value]) => [name.toLowerCase().replaceAll(/[^a-z]/g, ''), value] as const)
  // A limit that has something left is not the one that refused.
  const isOther = named.some(([name, value]) => name.endsWith('remaining') && Number(value) > 0)
  return longest(
    named.map(([name, value]) => {
      const [found, unit = ''] = FIELD.exec(name) ?? []
      if (!found || (isOther && found.includes('reset'))) return undefined
      return readWait(value, unitOf(unit), now)
    }),
  )
}

function unitOf(name: string): number {
  if (/^m(?:s|il)/.test(name)) return 1
  return name.startsWith('min') ? 60_000 : 1_000
}

const LINK =
  '(?:\\s(?:again|later|your|the|this|it|requests?|will|is|be|at|least|about|around|approximately|another|for)){0,5}'
const VERB = '(?:try|trying|retry|retrying|come back|available|allowed|resets?|renews?|refresh(?:es)?)'
const TIME =
  `(${DURATION}|\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d{1,9})?)? ?(?:Z|UTC|GMT|[+-]\\d\\d:?\\d\\d)` +
  '|[a-z]{3,9}, \\d{1,2}[ -][a-z]{3}[ -]\\d{2,4} \\d\\d:\\d\\d:\\d\\d (?:GMT|UTC)|\\d{10}(?:\\d{3})?(?![\\w.]))'

/**
 * "Please try again in 18.642s", "wait at least 2 minutes", "resets at 2026-01-01T00:00:00Z", "retry-after: 30". Every
 * repetition is bounded, so that matching takes time in proportion to the text.
 */
const WORDS = new RegExp(
  `\\b(?:${VERB}${LINK}\\s(?:in|after|at|on|until)|(?:wait|pause)${LINK}(?:\\suntil)?)${LINK}[\\s:~]{1,3}${TIME}` +
    // Phrases written like a header or a field; a number alone is seconds.
    `|\\bretry[-_ ]?(?:after|delay)["']?[\\s:=]{1,3}["']?(?:${TIME}|(\\d{1,12}(?:\\.\\d{1,12})?)(?![\\d%]|\\.\\d|\\s?[a-z]))`,
  'gi',
)

function retryHintInWords(fields: readonly Field[], now: number): number | undefined {
  return longest(
    fields.flatMap(([, value]) =>
      [...String(value).matchAll(WORDS)].map(([, ...times]) =>
        readWait(times.find((time) => time !== undefined) ?? '', 1_000, now),
      ),
    ),
  )
}

const RATE_LIMIT = /^(?:x-|anthropic-)?rate-?limit-[a-z-]+$/
const PRINTABLE = /^[ -~]*$/

/** The headers of the provider behind a gateway, as OpenRouter's errors quote them. */
function retryHintInQuoted(status: number, fields: readonly Field[], now: number): number | undefined {
  const headers = new Headers()
  for (const [name, value] of fields) {
    const header = name.toLowerCase().replaceAll('_', '-')
    if (RATE_LIMIT.test(header) && PRINTABLE.test(String(value))) headers.set(header, String(value))
  }
  return parseRetryAfter(headers, now) ?? retryHintInResets(status, headers, now)
}

/** [spec] https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ */
function retryHintInRateLimit(headers: Headers): number | undefined {
  const field = headers.get('ratelimit') ?? ''
  // Until its seventh draft: `limit=100, remaining=0, reset=30`.
  if (/\bremaining=[1-9]/.test(field)) return undefined
  const items = field.split(',').filter((item) => !/;\s*r=[1-9]/.test(item))
  return longest(items.map((item) => readWait(/(?:;\s*t|\breset)=(\d+)/.exec(item)?.[1] ?? '', 1_000, 0)))
}

/**
 * Reads resets such as `x-ratelimit-reset-requests`, `anthropic-ratelimit-tokens-reset`, `x-ratelimit-reset`: those of
 * limits that are used up or overdrawn; all of them, if a 429 does not say what is left.
 */
function retryHintInResets(status: number, headers: Headers, now: number): number | undefined {
  const limits = new Map<string, { left?: number; resetMs?: number | undefined }>()
  headers.forEach((value, header) => {
    const [, kind] = /^(?:x-|anthropic-)?rate-?limit-(.+?)(?:-after)?$/.exec(header) ?? []
    const part = kind && /(?:^|-)(remaining|reset)(?=-|$)/.exec(kind)?.[1]
    if (!kind || !part) return
    const name = kind.replace(part, '')
    const limit = limits.get(name) ?? {}
    if (part === 'remaining') limit.left = Number(value)
    else limit.resetMs = readWait(value, 1_000, now)
    limits.set(name, limit)
  })
  const all = [...limits.values()]
  const saysLeft = all.some(({ left }) => left !== undefined)
  return longest(
    all
      .filter(({ left }) => (saysLeft ? left !== undefined && left <= 0 : status === 429))
      .map(({ resetMs }) => resetMs),
  )
}
