import type { FailureCode } from './failure.ts'
import type { Status } from './status.ts'

/** Worker and client are copied and bundled apart; they greet with this and drift is noticed. */
export const PROTOCOL_VERSION = 1

/** How many saved messages are where, and when the next one is tried (epoch ms). */
export interface OutboxCounts {
  queued: number
  needsAuth: number
  dead: number
  nextAttemptAt?: number
}

/** A saved message as the page sees it. Neither body nor header values are in it. */
export interface OutboxEntry {
  id: string
  conversation: string
  /** Origin and path. */
  url: string
  method: string
  state: 'queued' | 'sending' | 'waiting' | 'needs_auth' | 'dead'
  /** Epoch ms. */
  createdAt: number
  /** HTTP answers so far. */
  attempts: number
  /** Epoch ms. */
  retryAt?: number
  /** Why it is dead. */
  code?: FailureCode
  /** Status and first characters of the response that killed it. */
  preview?: string
}

/** How many chats of each conversation have ended while no page of the scope was visible, and were not looked at since. */
export type Unseen = Record<string, number>

/** A chat's answer that can be read, again or still. */
export interface StreamInfo {
  requestId: string
  /** Origin and path. */
  url: string
  conversation?: string
  model?: string
  /** `waiting`: for its first output; `streaming`; `ended`, whatever its verdict. */
  state: 'waiting' | 'streaming' | 'ended'
  /** So far. */
  bytes: number
  /** True if a page has read it to its end. */
  deliveredWhole: boolean
  /** How it ended; the last two are the server's. */
  verdict?: 'complete' | 'cancelled' | FailureCode | 'producer_lost' | 'too_large'
  /** When it was asked for, epoch ms. */
  at: number
  /** Where its server gives it again, as its `Content-Location` says. */
  location?: string
  /** It is the server's: this browser did not ask for it, or has no good end of it. See `resume.streams`. */
  from?: 'server'
}

/** What a page asks the worker, and what it gets back: `[arguments, result]` by name. */
export interface Calls {
  /** `principal`: the page's first word of who is signed in, where it has one. */
  hello: [{ protocol: number; principal?: string | null | undefined }, Hello]
  'outbox.list': [null, OutboxEntry[]]
  'outbox.body': [{ id: string }, Blob | null]
  'outbox.flush': [null, undefined]
  'outbox.retry': [{ id: string }, boolean]
  'outbox.discard': [{ id: string }, boolean]
  'outbox.clear': [null, undefined]
  streams: [null, StreamInfo[]]
  /** True if this worker has, or had, a request of that name itself: not one that died before it. */
  knows: [{ requestId: string }, boolean]
  /** Who is signed in from now on. */
  principal: [{ id: string | null }, undefined]
  /** A conversation has been looked at. */
  seen: [{ conversation: string }, undefined]
  /** Deletes whatever is kept for the one who is signed in. */
  clear: [null, undefined]
  warm: [{ url: string }, undefined]
  claim: [null, undefined]
  /** Sends what is queued for at most so long; resolves with how many are left. */
  drain: [{ timeoutMs: number }, { left: number }]
}

export interface Hello {
  protocol: number
  version: string
  /** It reads the page's principal in the greeting; absent in workers of 0.1. */
  hearsPrincipal?: boolean
  /** It answers the call `knows`; absent in workers of 0.1. */
  knowsRequests?: boolean
  /** The options this worker runs with, canonical; the client warns when its own differ. */
  options: string
  outbox: OutboxCounts
  /** Absent in workers of 0.1. */
  unseen?: Unseen
  /** The last status of every request that is still open, so that a late page can catch up. */
  requests: Status[]
  /** What was told when this worker started: no page was there to hear it. */
  notices: Status[]
}

/** Page to worker. One-way messages are never awaited; calls bring a port for their one reply. */
export type ToWorker =
  | { streamkeeper: 1; type: 'cancel'; requestId: string }
  /** A request's own signal has aborted: a Stop, unless `resume.onAbort` says that it only detaches. */
  | { streamkeeper: 1; type: 'aborted'; requestId: string }
  | { streamkeeper: 1; type: 'ping' }
  /** The page is about to go: a Response that it gives up now is no Stop. */
  | { streamkeeper: 1; type: 'leaving' }
  /** It said so, and is still there: what it has read meanwhile it has shown. */
  | { streamkeeper: 1; type: 'staying' }
  | { streamkeeper: 1; type: 'wake' }
  /** To a version that waits: now may be a good time. */
  | { streamkeeper: 1; type: 'takeover' }
  | {
      [Name in keyof Calls]: { streamkeeper: 1; type: 'call'; name: Name; args: Calls[Name][0] }
    }[keyof Calls]

/** The reply on a call's port. */
export type Reply = { ok: true; result: unknown } | { ok: false; message: string }

/** Worker to page. */
export type ToPage =
  | { streamkeeper: 1; type: 'status'; status: Status; outbox?: OutboxCounts }
  /** A client of 0.1 takes it for a status, so it looks like one. */
  | { streamkeeper: 1; type: 'unseen'; unseen: Unseen; status: { status: 'unseen' } }
  | {
      streamkeeper: 1
      type: 'auth'
      origin: string
      url: string
      entryId: string
      conversation: string
      for?: 'resume'
    }

/** True if a `message` event's data is meant for us, and not for the app's own channel. */
// oxlint-disable-next-line no-unnecessary-type-parameters -- the caller says which side it is on
export function isOurs<Message extends ToWorker | ToPage>(data: unknown): data is Message {
  return typeof data === 'object' && data !== null && 'streamkeeper' in data && data.streamkeeper === 1
}

/** What `isPrincipal` takes, in words. */
export const PRINCIPAL_TAKES = 'a string that is not empty, or null for nobody'

/** True if a value can say who is signed in. */
export function isPrincipal(value: unknown): value is string | null {
  return value === null || (typeof value === 'string' && value !== '')
}
