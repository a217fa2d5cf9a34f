import type { SaveRouteOptions } from '../../core/options/options.ts'
import type { FailureCode } from '../../core/messages/failure.ts'
import type { OutboxEntry } from '../../core/messages/message.ts'

/** A request taken apart, without its body and its secrets. */
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
  /** The headers of the safelist, and the idempotency key. */
  headers: [name: string, value: string][]
  /** True if it had headers outside the safelist. */
  hasSecrets: boolean
  hasQuery: boolean
  /** True if a header outside the safelist may identify the sender; absent in entries of 0.1. */
  hasIdentity?: boolean
  /** True if nothing but cookies identifies the sender. */
  needsCookies: boolean
  accept: SaveRouteOptions['accept']
  refused?: SaveRouteOptions['refused']
  duplicateStatus: SaveRouteOptions['duplicateStatus']
  whenUnsure: SaveRouteOptions['whenUnsure']
  afterDead: SaveRouteOptions['afterDead']
}

/** Everything needed to send a saved message, except its body. Never changed; plain JSON. */
export interface SaveRecord extends SavedRequest {
  /** Ids sort as text in the order in which the messages came. */
  id: string
  /** Epoch ms. */
  createdAt: number
  clientId: string
  /** The user who was signed in. */
  principal: string | null
  /** The mark of the cache that stored it; absent in entries of 0.1. */
  mark?: string | undefined
  /** The other headers and the query, if there are any and they may be stored. */
  sealed?: string
}

/** `storing` is only in the memory of the worker that is storing it: in the index such an entry is `queued` already. */
export type State = 'storing' | 'queued' | 'sending' | 'waiting' | 'needs_auth' | 'dead'

/** How far the delivery has come. */
export interface Progress {
  /** `sending` is written before the request goes out; whoever finds it does not know whether it arrived. */
  state: State
  /** HTTP responses so far. */
  attempts: number
  /** Failed tries in a row, each at its time, network failures included. */
  failures: number
  /** The last try, epoch ms. */
  triedAt: number
  /** The earliest time of the next try, epoch ms. */
  retryAt: number
  /** The first of the refusals in a row that were not the API's own, epoch ms. */
  foreignAt?: number | undefined
  /** Since when the clock has said that it is too old, epoch ms. */
  overAt?: number | undefined
  /** It has arrived, and could not be removed: it is not sent again. */
  isSent?: true
  /** When the user asked for it to be sent, epoch ms. */
  vouchedAt: number
  /** The result of the last try; for a dead letter, the reason. */
  code?: FailureCode
  /** The last response's status and first words. */
  preview?: string
}

export type Entry = SaveRecord & Progress

export const UNTRIED: Progress = {
  state: 'queued',
  attempts: 0,
  failures: 0,
  triedAt: 0,
  retryAt: 0,
  vouchedAt: 0,
}

/** The entry's part that never changes. */
export function recordOf(entry: Entry): SaveRecord {
  const record: Partial<Entry> = { ...entry }
  for (const field of [...Object.keys(UNTRIED), 'code', 'preview', 'foreignAt', 'overAt', 'isSent'])
    delete record[field as keyof Entry]
  return record as SaveRecord
}

/** An entry rebuilt from its record alone: its outcome is unknown. */
export function entryOf(record: SaveRecord): Entry {
  const isUnsure = record.whenUnsure === 'hold'
  return { ...record, ...UNTRIED, ...(isUnsure ? { state: 'dead', code: 'unsure' } : {}) }
}

/** True if storage gave back what was put there. */
export function isRecord(value: unknown): value is SaveRecord {
  if (typeof value !== 'object' || value === null) return false
  const { id, conversation, method, url, headers } = value as Partial<Record<keyof SaveRecord, unknown>>
  return [id, conversation, method, url].every((text) => typeof text === 'string') && Array.isArray(headers)
}

/** The owner of an entry. 0.1 could store one of nobody without saying so. */
export function ownerOf({ principal }: { principal: string | null | undefined }): string | null {
  return principal ?? null
}

/** The entry as a page sees it. */
export function toPublic(entry: Entry): OutboxEntry {
  const { id, conversation, url, method, state, createdAt, attempts, retryAt, code, preview } = entry
  const isDead = state === 'dead'
  return {
    id,
    conversation,
    url,
    method,
    state: state === 'storing' ? 'queued' : state,
    createdAt,
    attempts,
    ...(state === 'waiting' ? { retryAt } : {}),
    ...(isDead && code ? { code } : {}),
    ...(isDead && preview ? { preview } : {}),
  }
}
