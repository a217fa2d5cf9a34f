import type { Random } from '../../core/clock.ts'
import { codeOfStatus, type FailureCode } from '../../core/messages/failure.ts'
import { DEFAULT_SAVE } from '../../core/options/defaults.ts'
import { matches } from '../../core/options/matcher.ts'
import { parseJson } from '../../core/providers/inspection/event-reader.ts'
import { backoff } from '../../core/retry/backoff.ts'
import type { SaveRecord } from './entry.ts'

/** The HTTP response to a saved message. */
export interface SaveResponse {
  status: number
  /** Lower case, as the header has it; empty when there is none. */
  contentType: string
  /** Its first 64 kB, or 1 MB if its words decide. */
  text: string
  /** True if the body broke off in `text`. */
  isCut: boolean
  isRedirected: boolean
  /**
   * True if a redirect led to another origin, or may have turned the request into a GET: then this may be no response
   * to the message.
   */
  isElsewhere: boolean
  /** How long the server asks us to wait, ms. */
  retryHintMs?: number | undefined
}

/**
 * The decision about a saved message:
 * - `sent`: it arrived
 * - `stay`: it is tried again
 * - `ask`: it needs credentials
 * - `dead`: it will be refused again
 *
 * `isForeign`: the refusal may not be the API's own, so the message is tried for some time before it is dead.
 */
export type SaveDecision =
  | { do: 'sent' }
  | { do: 'stay'; code: FailureCode }
  | { do: 'ask' | 'dead'; code: FailureCode; isForeign: boolean }

type Rules = Pick<SaveRecord, 'accept' | 'refused' | 'duplicateStatus' | 'whenUnsure'>

/** Refusals that say nothing about the message itself. */
const LATER = new Set([408, 409, 425, 429])

/** Refusals of credentials, or of a token that has expired: Laravel's 419, IIS's 440, ArcGIS's and nginx's 498. */
const STALE = new Set([401, 403, 419, 440, 498])

/** Statuses that proxies, edges and an ingress mid-deploy send in the API's place. */
const OFTEN_FOREIGN = new Set([403, 404, 407])

/** Refusals after which the message may have arrived all the same: the server, or one behind it, failed on the way. */
const UNSURE = new Set([408, 500, 502, 504])

/** Judges one try; `null`: no response came. */
export function decideSave(response: SaveResponse | null, rules: Rules): SaveDecision {
  const { accept, refused, duplicateStatus } = rules
  const isHeld = rules.whenUnsure === 'hold'
  const unsure: SaveDecision = { do: 'dead', code: 'unsure', isForeign: false }
  if (isHeld && (!response || UNSURE.has(response.status))) return unsure
  if (!response) return { do: 'stay', code: 'network_error' }
  const { status, contentType, text, isRedirected } = response
  const code = STALE.has(status) ? 'upstream_error' : codeOfStatus(status)
  const isOfItsType = isAccepted(contentType, accept)
  // A server may accept a message and redirect to what it has made of it: the response to that GET does not tell.
  const mayBeTaken = isHeld && isRedirected && isOfItsType
  const stay: SaveDecision = mayBeTaken ? unsure : { do: 'stay', code }
  if (response.isElsewhere) return stay
  if (status === duplicateStatus) return { do: 'sent' }
  if (status < 300) {
    if (!isOfItsType) return stay
    if (!refused) return { do: 'sent' }
    // A body that might have refused is not known to have accepted.
    if (response.isCut) return isHeld ? unsure : { do: 'stay', code: 'network_error' }
    const isRefused = matches(refused, { data: text, value: parseJson(text) })
    return isRefused ? { do: 'dead', code, isForeign: false } : { do: 'sent' }
  }
  if (LATER.has(status) || status >= 500) return stay
  // Perhaps a refusal of the GET that a redirect made of it.
  const isOfGet = isRedirected && (status === 404 || status === 405)
  if (isOfGet && mayBeTaken) return unsure
  const isForeign = isOfGet || (OFTEN_FOREIGN.has(status) && !isOfItsType)
  return { do: STALE.has(status) ? 'ask' : 'dead', code, isForeign }
}

/**
 * A captive portal also responds with 200, and a page of its own: only the API's own types count, or no body at all.
 */
function isAccepted(contentType: string, accept = DEFAULT_SAVE.accept): boolean {
  const type = essenceOf(contentType)
  return !type || accept.some((pattern) => asPattern(essenceOf(pattern)).test(type))
}

/** A media type without its parameters. */
function essenceOf(type: string): string {
  return type.split(';')[0]?.trim().toLowerCase() ?? ''
}

function asPattern(type: string): RegExp {
  return new RegExp(`^${type.replace(/[.+]/g, '\\$&').replaceAll('*', '.*')}$`)
}

/** The wait after `failures` failed tries in a row, ms: 1 s doubling to 5 min, ±20 %, never less than a hint. */
export function saveBackoff(failures: number, retryHintMs: number | undefined, random: Random): number {
  return Math.max(
    Math.round(backoff(failures - 1, 1_000, 300_000) * (0.8 + 0.4 * random())),
    retryHintMs ?? 0,
  )
}
