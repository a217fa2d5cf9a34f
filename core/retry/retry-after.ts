/**
 * How long the server asks us to wait, in ms from `now` (epoch ms), or `undefined` when it does not say or what it
 * says makes no sense (negative, zero, not a number, a date in the past): then our own backoff applies.
 *
 * Several headers may disagree (Azure sends `retry-after: 1` with `retry-after-ms: 0`); the longest counts, for a
 * wait is never shorter than the server asked.
 */
export function parseRetryAfter(headers: Headers, now: number): number | undefined {
  const hints = [
    toMs(headers.get('retry-after-ms'), 1),
    parseRetryAfterValue(headers.get('retry-after'), now),
  ].filter((hint) => hint !== undefined)
  return hints.length > 0 ? Math.max(...hints) : undefined
}

/** Reads one `Retry-After` value: delta-seconds (fractions too) or an HTTP-date. */
export function parseRetryAfterValue(value: string | null, now: number): number | undefined {
  const seconds = toMs(value, 1000)
  if (seconds !== undefined || !value) return seconds
  // `Date.parse` takes far more than dates ("-5", "2"); only what names a month can be an HTTP-date.
  // [spec] https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7
  if (!/(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)/i.test(value)) return undefined
  // An asctime date names no zone and means GMT; `Date.parse` would take it for local time.
  const date = Date.parse(/:\d\d \d{4}$/.test(value.trim()) ? `${value} GMT` : value)
  return date > now ? date - now : undefined
}

function toMs(value: string | null, unitMs: number): number | undefined {
  const text = value?.trim() ?? ''
  if (!/^\d+(\.\d+)?$/.test(text)) return undefined
  const ms = Math.ceil(Number(text) * unitMs)
  return ms > 0 && Number.isFinite(ms) ? ms : undefined
}
