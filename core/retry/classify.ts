import { codeOfStatus } from '../messages/failure.ts'
import { type Field, fieldsIn } from './fields.ts'
import { retryHintIn } from './retry-hint.ts'

/**
 * The meaning of an upstream's refusal for a retry.
 * - `rate_limited`: try later; `overloaded`: also later, and not the caller's fault
 * - `server_error`: a retry may work
 * - `quota_exhausted`, `client_error`: the same request will be refused again
 */
export type RefusalKind = 'rate_limited' | 'quota_exhausted' | 'overloaded' | 'server_error' | 'client_error'

export interface Refusal {
  kind: RefusalKind
  httpStatus: number
  /** How long the server asks us to wait, ms; absent when it does not say. */
  retryHintMs?: number
  /** The server forbids sending this request again (`x-should-retry: false`); others may be accepted. */
  isFinal?: true
}

/** Reads a refusal from an HTTP response; `body` is its text, bounded, empty when unknown. */
export function classifyResponse(status: number, headers: Headers, body: string, now: number): Refusal {
  return classify(status, headers, fieldsIn(body), now)
}

/**
 * Reads a refusal from an error event inside a 200. Its status is the outermost that it names; otherwise 500, and then
 * its words decide.
 */
export function classifyErrorEvent(error: unknown, now: number): Refusal {
  const fields = fieldsIn(error)
  const explicit = fields.map(statusIn).find((status) => status !== undefined)
  const status = explicit ?? 500
  const refusal = classify(status, new Headers(), fields, now)
  const isOwnFault = refusal.kind === 'server_error' && status >= 500 && saysOwnFault(fields)
  return isOwnFault ? { ...refusal, kind: 'client_error' } : refusal
}

function classify(status: number, headers: Headers, fields: readonly Field[], now: number): Refusal {
  const word = wordIn(fields)
  // A limit that a stream reports has no 429, which would mean that all its times to come back count.
  const retryHintMs = retryHintIn(word === 'rate_limited' ? 429 : status, headers, fields, now)
  return {
    kind: kindOf(status, headers, fields, word, retryHintMs),
    httpStatus: status,
    ...(retryHintMs === undefined ? {} : { retryHintMs }),
    ...(headers.get('x-should-retry') === 'false' ? { isFinal: true } : {}),
  }
}

function kindOf(
  status: number,
  headers: Headers,
  fields: readonly Field[],
  word: RefusalKind | undefined,
  retryHintMs: number | undefined,
): RefusalKind {
  if (word === 'quota_exhausted') return word
  // Credits are spent, except those that running requests have reserved: these come back.
  if (status === 402 && retryHintMs !== undefined) return 'rate_limited'
  if (contains(fields, SPENT) || hasSpentCode(fields)) return 'quota_exhausted'
  if (status === 429 || status >= 500) {
    if (status === 429 || word === 'rate_limited') {
      // No wait makes a request smaller, and this says nothing about other requests.
      if (contains(fields, TOO_LARGE)) return 'client_error'
      if (contains(fields, SPENT_TODAY)) return 'quota_exhausted'
      if (retryHintMs === undefined && saysLongLimit(fields)) return 'quota_exhausted'
    }
    if (word) return word
  }
  if (status === 409 && headers.get('x-should-retry') === 'true') return 'server_error'
  // Groq's 498 is a lack of capacity, everybody else's a token that has expired.
  if (status === 498 && (saysOwnFault(fields) || contains(fields, /\btoken\b/i))) return 'client_error'
  const code = codeOfStatus(status)
  if (code !== 'upstream_error') return code
  const isServers = status >= 500 ? status !== 501 && status !== 505 : PASSING_4XX.has(status)
  return isServers ? 'server_error' : 'client_error'
}

/** 4xx refusals that say nothing about the request: too late, too early, given up on the way. */
const PASSING_4XX = new Set([408, 425, 499])

const STATUS_FIELDS = /^(?:(?:http|error)_?)?(?:status|code|status_?code)$/i

/** The HTTP status of a field that has one, as a number or a text ("429", "503 Service Unavailable"). */
function statusIn([name, value]: Field): number | undefined {
  if (!STATUS_FIELDS.test(name)) return undefined
  const [, status] = /^([45]\d\d)(?: |$)/.exec(String(value)) ?? []
  return Number(status) || undefined
}

/** Fields of an error that name it in a word. */
const NAMES = /^(?:error|(?:error_?)?(?:code|type|status|reason)|__type|name|exception)$/i

/**
 * An error's names, which decide before the HTTP status if they are known: `insufficient_quota`, `RESOURCE_EXHAUSTED`,
 * `ThrottlingException`, `com.amazonaws#ValidationException` (without case, dashes and everything before the last `/`
 * or `#`).
 */
function namesIn(fields: readonly Field[]): string[] {
  return fields.flatMap(([name, value]) => {
    if (typeof value !== 'string' || value.length > 200 || value.includes(' ') || !NAMES.test(name)) return []
    return value
      .replace(/^.*[/#]/, '')
      .replaceAll(/[^a-z]/gi, '')
      .toLowerCase()
  })
}

/** The first that is found counts. */
const WORDS: readonly (readonly [RefusalKind, RegExp])[] = [
  [
    'quota_exhausted',
    /insufficient[a-z]{0,9}(?:quota|balance|credit|funds)|(?:credit|balance|quota)s?[a-z]{0,9}(?:exhausted|depleted|toolow)|creditrequired|nocredit|spend(?:ing)?limit|organizationusagelimit|billing(?:error|notactive|disabled|[a-z]{0,9}limit)|budgetexceeded|exceededcurrentquota|servicequotaexceeded|paymentrequired|arrearage|accountoverdue|freetieronly/,
  ],
  ['overloaded', /overload|capacityexceeded|reducedcapacity|serverbusy/],
  [
    'rate_limited',
    /ratelimit|ratequota|throttl|toomanyrequests|slowdown|resourceexhausted|usagelimitreached/,
  ],
]

function wordIn(fields: readonly Field[]): RefusalKind | undefined {
  const names = namesIn(fields)
  return WORDS.find(([, word]) => names.some((name) => word.test(name)))?.[0] ?? minimaxIn(fields)
}

/** Names of refusals that the same request will meet again; a 4xx says so itself, a stream has only these. */
const OWN_FAULT =
  /^(?:invalid(?!.*(?:response|upstream))|missing)|badrequest|(?<!^e)notfound|(?:unknown|nosuch)model|deactivated|imageparse|emptyimage|downloadimage|supported|auth(?:entic|ori[sz])|permission|forbidden|accessdenied|apikey|context(?:length|window)|too(?:large|long)|toomany[a-z]{0,9}tokens|content(?:policy|filter|moderation)|policyviolation|moderation|safety|guardrail|prohibited|datainspection|unprocessable|validation|failedprecondition|outofrange|unimplemented/

/** Phrases in streams that do not name the error. */
const OWN_FAULT_WORDS =
  /\bmaximum context length\b|\bprompt is too long\b|\bcontext (?:length|window) exceeded\b|\b(?:incorrect|invalid) api key\b|\bapi key not valid\b|\bmodel (?:\S{1,80} )?(?:not found|does not exist)\b/i

function saysOwnFault(fields: readonly Field[]): boolean {
  return namesIn(fields).some((name) => OWN_FAULT.test(name)) || contains(fields, OWN_FAULT_WORDS)
}

/** Phrases for an account that no wait fills again. */
const SPENT =
  /\binsufficient (?:account )?(?:balance|credits?|funds|quota)\b|\bbudget exceeded\b|\bused all available credits\b|\bmonthly spending limit\b|\bmonthly included credits\b|\bbalance is (?:too low|insufficient)\b|余额不足|欠费/i

/** Phrases for a quota of a day or longer, once a limit is met. */
const SPENT_TODAY =
  /\bquota exhausted\b|free-models-per-day|PerDay|\blimit: 0\b|\bdaily free allocation\b|\bcalls ?\/ ?(?:day|month)\b|\bper (?:day|month) limit exceeded\b|\b(?:day|week|month) allocated quota exceeded\b/i

/** An app's own limit for a day or longer. Providers fill theirs again as time passes, and name a time. */
const LONG_LIMIT =
  /\b(?:messages?|requests?|questions?|prompts?|chats?|generations?|tokens?|limit|quota) (?:\S{1,20} ){0,4}(?:(?:for|per|an?|each|every|this) (?:the |this )?(?:day|week|month|24[ -]?h(?:ou)?rs?)|(?:for|left) today)\b|(?<![/\w-])(?:daily|weekly|monthly)[ _-]?(?:[^\s_-]{1,20}[ _-]){0,3}(?:limit|quota|allowance)|\b(?:again|back) tomorrow\b/i

/** A shorter limit beside it may be the one that was met, or what is left of the long one is named. */
const SHORT_LIMIT =
  /(?:\b(?:per|an?|each|every)[ -](?:(?!24)\d{1,3} )?|\/ ?)(?:sec|min|h(?:ou)?r)|\bRPM\b|\b(?:concurrent|too quickly|slow down|short time|few seconds|shortly|burst|remaining)\b|\bin \d{1,4} ?s|[1-9]\d* (?:\S{1,20} )?left\b|\bnot affected\b/i

function saysLongLimit(fields: readonly Field[]): boolean {
  return contains(fields, LONG_LIMIT) && !contains(fields, SHORT_LIMIT)
}

const TOO_LARGE = /\brequest too large\b/i

/**
 * Numbers by which providers report a spent account or plan, and the words that must stand with each: elsewhere the
 * same number means something else. z.ai has those from 1113 to 1310; MiniMax 1008 and 2056, also in its text's
 * brackets.
 */
const SPENT_CODES: Record<string, RegExp> = {
  1008: /\bbalance\b/i,
  1113: /\bbalance\b|\brecharge\b|充值/i,
  1304: /\b(?:daily|today)\b|今日/i,
  1308: /\busage limit\b|使用上限/i,
  1309: /\bexpired\b|到期/i,
  1310: /\blimit exhausted\b|使用上限/i,
  2056: /\busage limit\b|\btoken plan\b/i,
}

function hasSpentCode(fields: readonly Field[]): boolean {
  const codes = new Set(
    fields.flatMap(([name, value]) =>
      /code$/i.test(name) ? String(value) : (/[([](\d{4})[)\]]/.exec(String(value))?.[1] ?? []),
    ),
  )
  return Object.entries(SPENT_CODES).some(([code, words]) => codes.has(code) && contains(fields, words))
}

const MINIMAX = new Map<string, RefusalKind>([
  ['1002', 'rate_limited'],
  ['1039', 'rate_limited'],
  ['1008', 'quota_exhausted'],
  ['2056', 'quota_exhausted'],
  ['1004', 'client_error'],
  ['1026', 'client_error'],
  ['1027', 'client_error'],
  ['1042', 'client_error'],
  ['2013', 'client_error'],
  ['2049', 'client_error'],
])

/** MiniMax's own numbers, recognised by the field beside them: `{ base_resp: { status_code, status_msg } }`. */
function minimaxIn(fields: readonly Field[]): RefusalKind | undefined {
  if (!fields.some(([name]) => name === 'status_msg')) return undefined
  return MINIMAX.get(String(fields.find(([name]) => name === 'status_code')?.[1]))
}

function contains(fields: readonly Field[], words: RegExp): boolean {
  return fields.some(([, value]) => words.test(String(value)))
}
