import type { FailureCode } from './failure.ts'
import type { Status } from './status.ts'

/** The version of the messages. Worker and client are deployed separately, so they exchange it to detect a mismatch. */
export const PROTOCOL_VERSION = 1

/** The number of saved messages by state, and when the next one is tried (epoch ms). */
export interface OutboxCounts {
  queued: number
  needsAuth: number
  dead: number
  nextAttemptAt?: number
}

/** A saved message as pages see it, without its body and header values. */
export interface OutboxEntry {
  id: string
  conversation: string
  /** Origin and path. */
  url: string
  method: string
  state: 'queued' | 'sending' | 'waiting' | 'needs_auth' | 'dead'
  /** Epoch ms. */
  createdAt: number
  /** HTTP responses so far. */
  attempts: number
  /** Epoch ms. */
  retryAt?: number
  /** The reason why it is a dead letter. */
  code?: FailureCode
  /** The status and first characters of the response that refused it. */
  preview?: string
}

/**
 * By conversation, the number of chats that have ended while no page of the scope was visible, and are still unseen.
 */
export type Unseen = Record<string, number>

/** A chat's response that can be read or read again. */
export interface StreamInfo {
  requestId: string
  /** Origin and path. */
  url: string
  conversation?: string
  model?: string
  /** `waiting`: for its first output; `streaming`; `ended`, whatever its verdict. */
  state: 'waiting' | 'streaming' | 'ended'
  /** The bytes received so far. */
  bytes: number
  /** True if a page has read it to its end. */
  deliveredWhole: boolean
  /** How it ended; the last two values come from the server. */
  verdict?: 'complete' | 'cancelled' | FailureCode | 'producer_lost' | 'too_large'
  /** When it was requested, epoch ms. */
  at: number
  /** The URL at which its server sends it again, from its `Content-Location`. */
  location?: string
  /**
   * The entry is from the server's list: this browser did not send the request, or has no good end of the response. See
   * `resume.streams`.
   */
  from?: 'server'
}

/**
 * Facts about a `clear` that may arrive late: whose data it deletes, if the page has said so, and when it was
 * requested, epoch ms.
 */
export interface Clearing {
  principal?: string | null | undefined
  askedAt?: number | undefined
}

/**
 * True if something from that time, epoch ms, came after a `clear` was requested, and stays. A future time is another
 * clock's.
 */
export function isAfter({ askedAt = Infinity }: Clearing, at: number, now: number): boolean {
  return at > askedAt && at <= now
}

/** The calls from a page to the worker: `[arguments, result]` by name. */
export interface Calls {
  /** `principal`: the page's first report of who is signed in, if it has one; the app made it at `saidAt`, epoch ms. */
  hello: [{ protocol: number; principal?: string | null | undefined; saidAt?: number | undefined }, Hello]
  'outbox.list': [null, OutboxEntry[]]
  'outbox.body': [{ id: string }, Blob | null]
  'outbox.flush': [null, undefined]
  'outbox.retry': [{ id: string }, boolean]
  'outbox.discard': [{ id: string }, boolean]
  'outbox.clear': [Clearing | null, undefined]
  streams: [null, StreamInfo[]]
  /** True if this worker itself has, or had, a request of that id: not a request that died before it. */
  knows: [{ requestId: string }, boolean]
  /**
   * Sets who is signed in from now on; `saidAt` as in `hello`; `isLate`: other requests of the page may be ahead of it.
   */
  principal: [{ id: string | null; saidAt?: number; isLate?: true }, undefined]
  /** Marks a conversation as seen. */
  seen: [{ conversation: string }, undefined]
  /** Deletes everything that is kept for the user who is signed in. */
  clear: [Clearing | null, undefined]
  warm: [{ url: string }, undefined]
  claim: [null, undefined]
  /** Sends queued messages for at most `timeoutMs`; resolves with the number that is left. */
  drain: [{ timeoutMs: number }, { left: number }]
}

export interface Hello {
  protocol: number
  version: string
  /** True if the worker reads the page's principal in the greeting; absent in workers of 0.1. */
  hearsPrincipal?: boolean
  /** True if the worker supports the call `knows`; absent in workers of 0.1. */
  knowsRequests?: boolean
  /** The worker's options in canonical form; the client warns if its own differ. */
  options: string
  outbox: OutboxCounts
  /** Absent in workers of 0.1. */
  unseen?: Unseen
  /** The last status of every request that is still open, so that a late page can catch up. */
  requests: Status[]
  /** The statuses from the worker's start, when no page could receive them. */
  notices: Status[]
}

/** Page to worker. One-way messages are never awaited; calls bring a port for their one reply. */
export type ToWorker =
  | { streamkeeper: 1; type: 'cancel'; requestId: string }
  /** A request's own signal has aborted: a Stop, unless `resume.onAbort` says that an abort only detaches. */
  | { streamkeeper: 1; type: 'aborted'; requestId: string }
  | { streamkeeper: 1; type: 'ping' }
  /** The page is about to leave: a Response that it gives up now is not a Stop. */
  | { streamkeeper: 1; type: 'leaving' }
  /** The page reported that it leaves, but is still there: it has shown everything that it has read meanwhile. */
  | { streamkeeper: 1; type: 'staying' }
  | { streamkeeper: 1; type: 'wake' }
  /** Asks a waiting version to check whether it can take over now. */
  | { streamkeeper: 1; type: 'takeover' }
  | {
      [Name in keyof Calls]: { streamkeeper: 1; type: 'call'; name: Name; args: Calls[Name][0] }
    }[keyof Calls]

/** The reply on a call's port. */
export type Reply = { ok: true; result: unknown } | { ok: false; message: string }

/** Worker to page. */
export type ToPage =
  | { streamkeeper: 1; type: 'status'; status: Status; outbox?: OutboxCounts }
  /** The field `status` is for clients of 0.1, which take the message for a status. */
  | {
      streamkeeper: 1
      type: 'counts'
      unseen: Unseen
      outbox: OutboxCounts
      status: { status: 'counts' }
    }
  | {
      streamkeeper: 1
      type: 'auth'
      origin: string
      url: string
      entryId: string
      conversation: string
      for?: 'resume'
    }

/** True if the data of a `message` event is streamkeeper's, and not the app's own. */
// oxlint-disable-next-line no-unnecessary-type-parameters -- the caller says which side it is on
export function isOurs<Message extends ToWorker | ToPage>(data: unknown): data is Message {
  return typeof data === 'object' && data !== null && 'streamkeeper' in data && data.streamkeeper === 1
}

/** The values that `isPrincipal` accepts, as text for error messages. */
export const PRINCIPAL_TAKES = 'a string that is not empty, or null for nobody'

/** True if a value can name a principal. */
export function isPrincipal(value: unknown): value is string | null {
  return value === null || (typeof value === 'string' && value !== '')
}
