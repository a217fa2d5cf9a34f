/** Headers that say how long to wait, and the unit of their numbers, ms. */
const HEADERS: readonly (readonly [name: string, unitMs: number])[] = [
  ['retry-after', 1_000],
  ['x-retry-after', 1_000],
  ['x-ratelimit-retry-after', 1_000],
  ['retry-after-ms', 1],
  ['x-retry-after-ms', 1],
  ['x-ms-retry-after-ms', 1],
  ['x-amz-retry-after', 1],
]

/**
 * How long the server asks us to wait, in ms from `now` (epoch ms), or `undefined` when it does not say or what it
 * says makes no sense (negative, zero, not a number, a date in the past): then our own backoff applies.
 *
 * Several headers may disagree (Azure sends `retry-after: 1` with `retry-after-ms: 0`); the longest counts, because
 * a wait is never shorter than the server asked.
 */
export function parseRetryAfter(headers: Headers, now: number): number | undefined {
  return longest(HEADERS.map(([name, unitMs]) => readList(headers.get(name), unitMs, now)))
}

/** Reads `Retry-After`: delta-seconds (fractions too) or a date; or both, if a proxy has added its own. */
export function parseRetryAfterValue(value: string | null, now: number): number | undefined {
  return readList(value, 1_000, now)
}

function readList(value: string | null, unitMs: number, now: number): number | undefined {
  const items = value?.split(',') ?? []
  const waits = items.map((item) => readNumber(item, unitMs, now))
  const rest = items.filter((_item, index) => waits[index] === undefined).join(',')
  return longest([...waits, readWait(rest, unitMs, now)])
}

/**
 * Reads one wait, however it is written, in ms from `now`: a number of `unitMs`, an epoch (s or ms), a date in HTTP's
 * or RFC 3339's form, a duration (`6m0s`, `45 seconds`). `undefined`, or anything that is not a positive number, is no
 * wait: `longest()` ignores it.
 */
export function readWait(value: string | number, unitMs: number, now: number): number | undefined {
  if (typeof value === 'number') return waitOf(value, unitMs, now)
  return readNumber(value, unitMs, now) ?? readDate(value, now) ?? readDuration(value)
}

function readNumber(text: string, unitMs: number, now: number): number | undefined {
  return /^\d+(\.\d+)?$/.test(text.trim()) ? waitOf(Number(text), unitMs, now) : undefined
}

/** Beyond these a number is an epoch, because as a wait it would take years; beyond the last it is nonsense. */
const EPOCH_S = 1e9
const EPOCH_MS = 1e11
const NONSENSE = 1e14

function waitOf(number: number, unitMs: number, now: number): number | undefined {
  if (number >= NONSENSE) return undefined
  if (number > EPOCH_MS) return number - now
  return number > EPOCH_S && unitMs > 1 ? number * 1_000 - now : number * unitMs
}

const RFC_3339 = /^(\d{4}-\d\d-\d\d)([T ])(\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?) ?(Z|UTC|GMT|[+-]\d\d:?\d\d)?$/i

function readDate(value: string, now: number): number | undefined {
  const text = value.trim()
  // [not in spec] AWS sends dates in RFC 3339's form. Without a zone they are UTC, except with a blank in them: z.ai
  // means its local time by that.
  const [, day, separator, time, zone = separator === ' ' ? '' : 'Z'] = RFC_3339.exec(text) ?? []
  if (day) {
    const offset = /^[+-]/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(-2)}` : 'Z'
    return zone ? Date.parse(`${day}T${time}${offset}`) - now : undefined
  }
  // `Date.parse` takes far more than dates ("-5", "2"); only what names a month can be an HTTP-date.
  // [spec] https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7
  if (!/jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec/i.test(text)) return undefined
  // An asctime date names no zone and means GMT; `Date.parse` would take it for local time.
  return Date.parse(/:\d\d \d{4}$/.test(text) ? `${text} GMT` : text) - now
}

const UNIT = 'ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?'
const PART = `\\d{1,12}(?:\\.\\d{1,12})?[ -]?(?:more )?(?:${UNIT})(?![a-z])`

/** A duration in a text: `6m0s`, `2m59.56s`, `120ms`, `45 seconds`, `1 minute and 30 seconds`. */
export const DURATION = `${PART}(?:,? ?(?:and )?${PART}){0,4}`

const IS_DURATION = new RegExp(`^${DURATION}$`)
const UNITS_MS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

function readDuration(value: string): number | undefined {
  const text = value.trim().toLowerCase()
  if (!IS_DURATION.test(text)) return undefined
  let ms = 0
  for (const [, number, unit = ''] of text.matchAll(/([\d.]+)[ -]?(?:more )?([a-z]+)/g)) {
    ms += Number(number) * (/^(ms|milli)/.test(unit) ? 1 : (UNITS_MS[unit.charAt(0)] ?? 0))
  }
  return ms
}

/** The longest hint, in whole ms; anything that is not a positive number is ignored. */
export function longest(hints: readonly (number | undefined)[]): number | undefined {
  return hints.reduce(
    (most, retryHint) => (retryHint !== undefined && retryHint > (most ?? 0) ? Math.ceil(retryHint) : most),
    undefined,
  )
}
