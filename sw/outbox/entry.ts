import type { SaveRouteOptions } from '../../core/options/options.ts'
import type { FailureCode } from '../../core/protocol/failure.ts'
import type { OutboxCounts, OutboxEntry } from '../../core/protocol/message.ts'

/** A request taken apart, but for its body and its secrets. */
export interface SavedRequest {
  conversation: string
  method: string
  /** Origin and path. */
  url: string
  mode: RequestMode
  credentials: RequestCredentials
  /** Origin and path. */
  referrer: string
  referrerPolicy: ReferrerPolicy
  /** Those of the safelist, and the idempotency key. */
  headers: [name: string, value: string][]
  hasQuery: boolean
  accept: SaveRouteOptions['accept']
  duplicateStatus: SaveRouteOptions['duplicateStatus']
  afterDead: SaveRouteOptions['afterDead']
}

/** All that is needed to send a saved message, but for its body. Never changed; plain JSON. */
export interface SaveRecord extends SavedRequest {
  /** In text order, ids are in the order in which the messages came. */
  id: string
  /** Epoch ms. */
  createdAt: number
  clientId: string
  /** The other headers and the query, where there are any. */
  sealed?: string
}

/** How far the sending has come. */
export interface Progress {
  /** `sending` is written before the request goes out, and means `queued` to whoever finds it. */
  state: 'queued' | 'sending' | 'needs_auth' | 'dead'
  /** HTTP answers so far. */
  attempts: number
  /** Tries in a row that came to nothing, network failures included. */
  failures: number
  /** The last try, epoch ms. */
  triedAt: number
  /** When the next one may be, epoch ms. */
  retryAt: number
  /** What the last try came to; for a dead letter, why. */
  code?: FailureCode
  /** The last answer's status and first words. */
  preview?: string
}

export type Entry = SaveRecord & Progress

export const UNTRIED: Progress = { state: 'queued', attempts: 0, failures: 0, triedAt: 0, retryAt: 0 }

/** Whether a newer trigger than the time given says: now. */
export interface Triggers {
  /** The network may be back, or a page with new credentials; epoch ms. */
  wokenAt: number
  /** Somebody asked for everything; epoch ms. */
  flushedAt: number
}

/** Whether an entry may be tried now. */
export function isDue({ state, code, triedAt, retryAt }: Entry, now: number, triggers: Triggers): boolean {
  // A try that is yet to come: the clock was set back, and `retryAt` may be days away.
  if (triedAt < triggers.flushedAt || triedAt > now) return true
  const waitsForPage = state === 'needs_auth'
  if ((waitsForPage || code === 'network_error') && triedAt < triggers.wokenAt) return true
  return !waitsForPage && retryAt <= now
}

/** What can be sent, oldest first, by conversation; `entries` in order. A dead letter may hold back those behind it. */
export function queues(entries: Entry[]): Map<string, Entry[]> {
  const found = new Map<string, Entry[]>()
  const held = new Set<string>()
  for (const entry of entries) {
    const { conversation } = entry
    if (held.has(conversation)) continue
    if (entry.state !== 'dead') found.set(conversation, [...(found.get(conversation) ?? []), entry])
    else if (entry.afterDead === 'hold') held.add(conversation)
  }
  return found
}

export function countEntries(entries: Entry[]): OutboxCounts {
  const count = (states: Progress['state'][]) => entries.filter(({ state }) => states.includes(state)).length
  const times = Array.from(queues(entries).values(), ([head]) => head)
    .filter((head) => head?.state !== 'needs_auth')
    .map((head) => head?.retryAt ?? 0)
  return {
    queued: count(['queued', 'sending']),
    needsAuth: count(['needs_auth']),
    dead: count(['dead']),
    ...(times.length > 0 ? { nextAttemptAt: Math.min(...times) } : {}),
  }
}

/** The entry as a page sees it. */
export function toPublic(entry: Entry): OutboxEntry {
  const { id, conversation, url, method, createdAt, attempts, retryAt, failures, code, preview } = entry
  const isDead = entry.state === 'dead'
  const isWaiting = entry.state === 'queued' && failures > 0
  return {
    id,
    conversation,
    url,
    method,
    state: isWaiting ? 'waiting' : entry.state,
    createdAt,
    attempts,
    ...(isWaiting ? { retryAt } : {}),
    ...(isDead && code ? { code } : {}),
    ...(isDead && preview ? { preview } : {}),
  }
}
