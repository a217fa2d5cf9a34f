import { fieldsIn } from './fields.ts'
import { readHint } from './hint.ts'

/**
 * What an upstream's refusal means for a retry.
 * - `rate_limited`: later; `overloaded`: later, too, and not the caller's fault
 * - `server_error`: perhaps it works now
 * - `quota_exhausted`, `client_error`: the same request will be refused again
 */
export type RefusalKind = 'rate_limited' | 'quota_exhausted' | 'overloaded' | 'server_error' | 'client_error'

export interface Refusal {
  kind: RefusalKind
  httpStatus: number
  /** How long the server asks us to wait, ms; absent when it does not say. */
  hintMs?: number
}

/** Words in an error body's `code`, `type` or `status` that decide, whatever the HTTP status says. */
const WORDS: readonly (readonly [RefusalKind, readonly string[]])[] = [
  [
    'quota_exhausted',
    [
      'insufficient_quota',
      'credit_balance_exhausted',
      'organization_spend_limit_exceeded',
      'project_spend_limit_exceeded',
      'organization_usage_limit_exceeded',
      'enforced_spend_limit_reached',
      'billing_error',
      'budget_exceeded',
    ],
  ],
  ['overloaded', ['overloaded_error', 'server_is_overloaded', 'overloaded', 'capacity_exceeded']],
  ['rate_limited', ['rate_limit_error', 'rate_limit_exceeded', 'slow_down']],
]

const BY_STATUS: Record<number, RefusalKind> = {
  402: 'quota_exhausted',
  408: 'server_error',
  425: 'server_error',
  429: 'rate_limited',
  498: 'overloaded',
  529: 'overloaded',
}

const RETRYABLE_5XX = new Set([500, 502, 503, 504, 520, 521, 522, 523, 524])

/** Words in an error's prose that decide, where its fields do not; each is a provider's own. */
const PHRASES: readonly (readonly [RefusalKind, RegExp])[] = [
  // One request that no wait makes smaller: it says nothing about the others.
  ['client_error', /\brequest too large\b/i],
  [
    'quota_exhausted',
    /\bquota exhausted|budget exceeded|used all available credits|monthly spending limit|free-models-per-day|PerDay|\blimit: 0\b/i,
  ],
]

/** Reads a refusal from an HTTP answer; `body` is its text, bounded, empty when unknown. */
export function classifyAnswer(status: number, headers: Headers, body: string, now: number): Refusal {
  return classify(status, headers, parse(body), now)
}

/** Reads a refusal from an error event inside a 200, which has no status of its own but perhaps says one. */
export function classifyErrorEvent(error: unknown, now: number): Refusal {
  const { code, status } = (typeof error === 'object' && error !== null ? error : {}) as Record<
    string,
    unknown
  >
  const httpStatus = [code, status].map(Number).find((n) => n >= 400 && n < 600) ?? 500
  return classify(httpStatus, new Headers(), error, now)
}

function classify(status: number, headers: Headers, body: unknown, now: number): Refusal {
  const hintMs = readHint(status, headers, body, now)
  const refusal = { httpStatus: status, ...(hintMs === undefined ? {} : { hintMs }) }
  const shouldRetry = headers.get('x-should-retry')
  const word = wordIn(body)
  if (word === 'quota_exhausted') return { ...refusal, kind: word }
  if (shouldRetry === 'false')
    return { ...refusal, kind: status === 429 ? 'quota_exhausted' : 'client_error' }
  if (status === 429 || status >= 500) {
    const phrase = phraseIn(body)
    if (status === 429 && phrase) return { ...refusal, kind: phrase }
    if (word) return { ...refusal, kind: word }
    // A 5xx that names a time asks for patience, not for a quick second try.
    if (status === 503 && hintMs !== undefined) return { ...refusal, kind: 'overloaded' }
  }
  // Credits are spent, but for those that running requests have reserved: these come back.
  if (status === 402 && hintMs !== undefined) return { ...refusal, kind: 'rate_limited' }
  if (status === 409 && shouldRetry === 'true') return { ...refusal, kind: 'server_error' }
  const kind = BY_STATUS[status] ?? (RETRYABLE_5XX.has(status) ? 'server_error' : 'client_error')
  return { ...refusal, kind }
}

/** Looks for the deciding words where providers put them: in the error's own fields, not in its prose. */
function wordIn(body: unknown): RefusalKind | undefined {
  const said = new Set(
    fieldsIn(body).map(([name, value]) => (/^(code|type|status)$/.test(name) ? value : '')),
  )
  return WORDS.find(([, words]) => words.some((word) => said.has(word)))?.[0]
}

function phraseIn(body: unknown): RefusalKind | undefined {
  const texts = fieldsIn(body).map(([, value]) => String(value))
  return PHRASES.find(([, phrase]) => texts.some((text) => phrase.test(text)))?.[0]
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text // Not JSON: only the status and the prose speak.
  }
}
