import type { Random } from '../../core/clock.ts'
import { codeOfStatus, type FailureCode } from '../../core/protocol/failure.ts'
import { backoff } from '../../core/retry/backoff.ts'
import type { SaveRecord } from './entry.ts'

/** The HTTP answer to a saved message. */
export interface SaveAnswer {
  status: number
  /** Lower case, as the header has it; empty when there is none. */
  contentType: string
  /** A redirect led to another origin: no answer of the API's. */
  isElsewhere: boolean
  /** How long the server asks us to wait, ms. */
  hintMs?: number | undefined
}

/**
 * What becomes of a saved message:
 * - `sent`: it arrived
 * - `stay`: it is tried again
 * - `ask`: it needs credentials
 * - `dead`: it will be refused again
 */
export type SaveDecision = { do: 'sent' } | { do: 'stay' | 'ask' | 'dead'; code: FailureCode }

/** Refusals that say nothing of the message itself. */
const LATER = new Set([408, 409, 425, 429])

/** Refusals after which the message may be there all the same: the server, or one behind it, broke down on the way. */
const UNSURE = new Set([408, 500, 502, 504])

/** Judges one try; `null`: no answer came. */
export function decideSave(
  answer: SaveAnswer | null,
  { accept, duplicateStatus, whenUnsure }: Pick<SaveRecord, 'accept' | 'duplicateStatus' | 'whenUnsure'>,
): SaveDecision {
  if (whenUnsure === 'hold' && (!answer || UNSURE.has(answer.status))) return { do: 'dead', code: 'unsure' }
  if (!answer) return { do: 'stay', code: 'network_error' }
  const { status } = answer
  const code = codeOfStatus(status)
  if (answer.isElsewhere) return { do: 'stay', code }
  if (status === duplicateStatus) return { do: 'sent' }
  if (status < 300) return isAccepted(answer.contentType, accept) ? { do: 'sent' } : { do: 'stay', code }
  if (status === 401 || status === 403) return { do: 'ask', code }
  return { do: LATER.has(status) || status >= 500 ? 'stay' : 'dead', code }
}

/** A captive portal answers 200, too, with a page of its own: only the API's own types count, or no body at all. */
function isAccepted(contentType: string, accept = ['application/json', 'application/*+json']): boolean {
  const type = contentType.split(';')[0]?.trim()
  if (!type) return true
  return accept.some((pattern) => {
    const [start = '', end] = pattern.toLowerCase().split('*')
    return end === undefined ? type === start : type.startsWith(start) && type.endsWith(end)
  })
}

/** The wait after `failures` tries in a row came to nothing, ms: 1 s doubling to 5 min, ±20 %, never less than a hint. */
export function saveBackoff(failures: number, hintMs: number | undefined, random: Random): number {
  return Math.max(Math.round(backoff(failures - 1, 1_000, 300_000) * (0.8 + 0.4 * random())), hintMs ?? 0)
}
