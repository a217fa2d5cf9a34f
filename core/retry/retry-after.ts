/**
 * How long the server asks us to wait, in ms from `now` (epoch ms), or `undefined` when it does not say or what it
 * says makes no sense (negative, zero, not a number, a date in the past): then our own backoff applies.
 *
 * Several headers may disagree (Azure sends `retry-after: 1` with `retry-after-ms: 0`); the longest counts, for a
 * wait is never shorter than the server asked.
 */
export function parseRetryAfter(headers: Headers, now: number): number | undefined {
  return longest([
    toMs(headers.get('retry-after-ms'), 1),
    toMs(headers.get('x-amz-retry-after'), 1),
    toMs(headers.get('x-ratelimit-retry-after'), 1000),
    parseRetryAfterValue(headers.get('retry-after'), now),
  ])
}

/** Reads `Retry-After`: delta-seconds (fractions too) or a date; or both, where a proxy has added its own. */
export function parseRetryAfterValue(value: string | null, now: number): number | undefined {
  const items = value?.split(',') ?? []
  const seconds = items.map((item) => toMs(item, 1000))
  const rest = items.filter((_item, index) => seconds[index] === undefined).join(',')
  return longest([...seconds, parseDate(rest, now)])
}

function parseDate(value: string, now: number): number | undefined {
  // `Date.parse` takes far more than dates ("-5", "2"); only what names a month can be an HTTP-date.
  // [spec] https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7
  // [not in spec] AWS sends dates as RFC 3339 has them.
  if (!/(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|^\d{4}-\d\d-\d\dT/i.test(value)) return undefined
  // An asctime date names no zone and means GMT; `Date.parse` would take it for local time.
  const date = Date.parse(/:\d\d \d{4}$/.test(value.trim()) ? `${value} GMT` : value)
  return date > now ? date - now : undefined
}

/** The longest of what was said; what is no positive number says nothing. */
export function longest(hints: readonly unknown[]): number | undefined {
  const known = hints.filter((hint): hint is number => typeof hint === 'number' && hint > 0)
  return known.length > 0 ? Math.max(...known) : undefined
}

function toMs(value: string | null, unitMs: number): number | undefined {
  const text = value?.trim() ?? ''
  if (!/^\d+(\.\d+)?$/.test(text)) return undefined
  const ms = Math.ceil(Number(text) * unitMs)
  return ms > 0 && Number.isFinite(ms) ? ms : undefined
}
