import { fieldsIn } from './fields.ts'
import { longest, parseRetryAfter } from './retry-after.ts'

/**
 * How long a refusal asks us to wait, ms; `undefined` when it does not say. The first that says anything counts:
 * `retry-after-ms` and `Retry-After`, the body's fields and words, `RateLimit`, the reset of a limit that is used up.
 *
 * @param body the parsed JSON, or the text that it is
 * @param now epoch ms; the server's own `Date` comes before it
 */
export function readHint(status: number, headers: Headers, body: unknown, now: number): number | undefined {
  const date = Date.parse(headers.get('date') ?? '')
  const serverNow = Number.isNaN(date) ? now : date
  return (
    parseRetryAfter(headers, serverNow) ??
    longest([hintInFields(status, body, serverNow), hintInWords(body)]) ??
    hintInRateLimit(headers) ??
    hintInResets(status, headers, serverNow)
  )
}

const HEADER = /^(x-)?(rate-?limit|retry-after)[\w-]*$/i
const PRINTABLE = /^[ -~]*$/

/** Gemini's `retryDelay`, NEAR's `retry_after_ms`, OpenRouter's headers of the provider behind it. */
function hintInFields(status: number, body: unknown, now: number): number | undefined {
  const hints: (number | undefined)[] = []
  const headers = new Headers()
  for (const [name, value] of fieldsIn(body)) {
    if (name === 'retryDelay') hints.push(parseDuration(String(value)))
    else if (name === 'retry_after_ms') hints.push(positive(Number(value)))
    else if (name === 'retry_after') hints.push(positive(Number(value) * 1000))
    else if (HEADER.test(name) && PRINTABLE.test(String(value))) headers.set(name, String(value))
  }
  return longest([...hints, parseRetryAfter(headers, now) ?? hintInResets(status, headers, now)])
}

/** "Please try again in 18.642s", "Please retry in 10h17m5.7s", "Please retry after 45 seconds". */
function hintInWords(body: unknown): number | undefined {
  return longest(
    fieldsIn(body).map(([, value]) => {
      const words = /\b(?:try again|retry)(?: again)? (?:in|after) ((?:\d[\d.]*\s?[a-z]+\s?)+)/i.exec(
        String(value),
      )
      return words?.[1] && parseDuration(words[1])
    }),
  )
}

/** [spec] https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ */
function hintInRateLimit(headers: Headers): number | undefined {
  const items = (headers.get('ratelimit') ?? '').split(',').filter((item) => !/;\s*r=[1-9]/.test(item))
  return longest(items.map((item) => Number(/;\s*t=(\d+)/.exec(item)?.[1]) * 1000))
}

/**
 * The many `x-ratelimit-reset-requests`, `anthropic-ratelimit-tokens-reset`, `x-ratelimit-reset`: of the limits that
 * are used up; of all, where a 429 does not say what is left.
 */
function hintInResets(status: number, headers: Headers, now: number): number | undefined {
  const limits = new Map<string, { left?: number; resetMs?: number | undefined }>()
  headers.forEach((value, header) => {
    const [, kind] = /^(?:x-|anthropic-)?rate-?limit-(.+)$/.exec(header) ?? []
    const part = kind && /(?:^|-)(remaining|reset)(?=-|$)/.exec(kind)?.[1]
    if (!kind || !part) return
    const name = kind.replace(part, '').replaceAll('-', '')
    const limit = limits.get(name) ?? {}
    if (part === 'remaining') limit.left = Number(value)
    else limit.resetMs = parseReset(value, now)
    limits.set(name, limit)
  })
  const all = [...limits.values()]
  const isTold = all.some(({ left }) => left !== undefined)
  return longest(
    all.filter(({ left }) => (isTold ? left === 0 : status === 429)).map(({ resetMs }) => resetMs),
  )
}

/** Seconds, epoch seconds, epoch ms, an RFC 3339 date or a duration as Go writes it. */
function parseReset(value: string, now: number): number | undefined {
  const number = Number(value)
  if (value.trim() && !Number.isNaN(number)) {
    if (number > 1e11) return positive(number - now)
    return positive(number > 1e9 ? number * 1000 - now : number * 1000)
  }
  if (/^\d{4}-\d\d-\d\dT/.test(value)) return positive(Date.parse(value) - now)
  return parseDuration(value)
}

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `6m0s`, `2m59.56s`, `120ms`, `45 seconds`. */
function parseDuration(text: string): number | undefined {
  let ms = 0
  for (const [, number, unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)\s?(ms(?![a-z])|[smhd])/gi)) {
    ms += Number(number) * (UNITS[unit.toLowerCase()] ?? 0)
  }
  return positive(ms)
}

function positive(ms: number): number | undefined {
  const whole = Math.ceil(ms)
  return whole > 0 && Number.isFinite(whole) ? whole : undefined
}
