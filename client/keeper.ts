import type { OutboxCounts, OutboxEntry, StreamInfo, Unseen } from '../core/messages/message.ts'
import type { RequestStatus, Status, StatusName } from '../core/messages/status.ts'

/**
 * The state of the page's connection to a worker.
 *
 * - `starting`: not yet determined; `fetch` is the browser's own, or already goes through the worker
 * - `controlling`: a streamkeeper worker controls this page
 * - `fallback`: no such worker will; `keeper.fetch` runs the same engine in the page. `reason` says why
 * - `unsupported`: plain `fetch`. The browser lacks service workers, streams or URLPattern; or this is a server; or
 *   (`reason: 'disabled'`) streamkeeper was retired
 */
export type KeeperState = 'starting' | 'controlling' | 'fallback' | 'unsupported'

/**
 * The reason for the state.
 *
 * - `insecure`: the page is not on https or localhost
 * - `blocked`: the browser refused the registration
 * - `out_of_scope`: the page is outside the worker's scope
 * - `other_worker`: the scope belongs to another script, or the worker there does not run `keepStreams`
 * - `other_listener`: a `fetch` listener of the app's own worker takes requests before `keepStreams` sees them
 * - `no_worker`: `register(undefined)` found no worker within 4 s; one that is registered later is used
 * - `version_mismatch`: worker and page speak different protocols
 * - `disabled`: `enabled: false`, or `keeper.unregister()`
 */
export type KeeperReason =
  | 'insecure'
  | 'blocked'
  | 'out_of_scope'
  | 'other_worker'
  | 'other_listener'
  | 'no_worker'
  | 'version_mismatch'
  | 'disabled'

/**
 * The URL at which the site serves the ready-made worker. A `TrustedScriptURL` is registered unchanged: see
 * `workerUrl`.
 */
export type ScriptUrl = string | URL | { toString: () => string }

/** A chat request that is under way, of this page or another. */
export interface OpenRequest {
  readonly requestId: string
  /** Origin and path; empty if this page was opened too late to receive it. */
  readonly url: string
  /** True if this page sent it. */
  readonly own: boolean
  readonly model?: string
  /** Its latest status. */
  readonly status: RequestStatus
}

/** Everything that a page currently knows. A snapshot is never changed: a change is a new object. */
export interface Snapshot {
  readonly state: KeeperState
  readonly reason?: KeeperReason | undefined
  readonly requests: readonly OpenRequest[]
  readonly outbox: Readonly<OutboxCounts>
  /**
   * For each conversation (`chat[].conversation`), the number of chats that have finished or failed while no page of
   * the scope was visible, since `seen` was called for it.
   */
  readonly unseen: Readonly<Unseen>
}

/** The request that needs credentials; it contains nothing of a message's body. */
export interface AuthQuestion {
  origin: string
  url: string
  /** The id of the message, or of the chat request. */
  entryId: string
  conversation: string
  /**
   * `'resume'`: a response is to be resumed at its server after the worker's death. Absent: a message is to be sent.
   */
  for?: 'resume'
}

/** Returns the headers to send a request with (usually `Authorization`), or `null` if there are none. */
export type AuthProvider = (
  question: AuthQuestion,
) => Record<string, string> | null | Promise<Record<string, string> | null>

/** The status of one name, or any status for `'*'`. */
export type StatusOf<Name extends StatusName | '*'> = Name extends '*' ? Status : Named<Status, Name>

/** Some members of `Status` share their fields under several names; this picks the one and narrows its name. */
type Named<Each, Name> = Each extends { status: infer Names }
  ? Name extends Names
    ? Each & { status: Name }
    : never
  : never

export interface ListenerOptions {
  /** Removes the listener when it aborts. */
  signal?: AbortSignal | undefined
  /** Only statuses of this request. */
  requestId?: string | undefined
}

/** The page's API to the worker. Its methods are bound, so they can be detached and passed on. */
export interface Keeper {
  /**
   * Resolves when a streamkeeper worker controls the page, or when it is known that none will; after 5 s at the latest.
   */
  readonly ready: Promise<Keeper>
  readonly state: KeeperState
  readonly reason: KeeperReason | undefined
  /** Calls `listener` for every status of that name (`'*'`: of any name), until the returned function is called. */
  readonly on: <Name extends StatusName | '*'>(
    name: Name,
    listener: (status: StatusOf<Name>) => void,
    options?: ListenerOptions,
  ) => () => void
  /** Calls `listener` immediately and after every change of the snapshot, until the returned function is called. */
  readonly subscribe: (listener: (snapshot: Snapshot) => void) => () => void
  /** Returns the same object until something has changed. */
  readonly getSnapshot: () => Snapshot
  /** Returns the snapshot before anything is known, for servers and hydration. */
  readonly getServerSnapshot: () => Snapshot
  /**
   * Headers that connect a request with its statuses. Empty if no streamkeeper worker controls the page, because only
   * the worker would strip them.
   *
   * @param id `[A-Za-z0-9_-]{1,64}`; if it is missing or has another form, a new id is used
   */
  readonly headers: (id?: string) => Record<string, string>
  /** Stop: ends a request of any page, in any phase. Not awaited. */
  readonly cancel: (requestId: string) => void
  /**
   * The responses that can be read or read again, of all pages, oldest first. With `resume.streams`, responses that
   * other devices of the same user have asked for follow, marked `from: 'server'`. Rejects if neither the worker nor
   * the server responds.
   */
  readonly streams: () => Promise<StreamInfo[]>
  /**
   * Returns a response as its own fetch would have returned it, continuing live; even one that has not begun.
   *
   * @param options.from the number of bytes that this page already has; default 0
   * @throws {Error} if neither the worker nor (with `resume.streams`) the server has such a response, or no longer
   */
  readonly attach: (requestId: string, options?: { from?: number }) => Promise<Response>
  /**
   * Marks a conversation as seen: `unseen` no longer counts it, in any page. Never rejects; without a worker there is
   * nothing to count.
   */
  readonly seen: (conversation: string) => Promise<void>
  /** The messages that wait to be sent. Its promises reject if no streamkeeper worker responds within 10 s. */
  readonly outbox: {
    readonly list: () => Promise<OutboxEntry[]>
    /** The messages that were given up. */
    readonly deadLetters: () => Promise<OutboxEntry[]>
    /** The body that the app sent; `null` if there is no such entry. */
    readonly body: (id: string) => Promise<Blob | null>
    /**
     * Sends all waiting messages now, whenever their next attempt is due; resolves when each has been tried, or after
     * 4 minutes if the worker is still sending.
     */
    readonly flush: () => Promise<void>
    /** Sends one entry now, even a dead letter; `false` if there is no such entry. */
    readonly retry: (id: string) => Promise<boolean>
    /** Deletes one entry; `false` if there is no such entry. */
    readonly discard: (id: string) => Promise<boolean>
    /** Deletes all of them. */
    readonly clear: () => Promise<void>
  }
  /**
   * Sets the function that is asked for headers when a saved message gets a 401, including messages that already wait;
   * `null` removes it.
   */
  readonly provideAuth: (provider: AuthProvider | null) => void
  /**
   * Sets the user who is signed in from now on, as an opaque id; `null` if there is none. What belongs to another user
   * is not listed, reported, returned or sent: it waits. The principal is the same in all tabs, as cookies are.
   *
   * Resolves when no saved message of another user is being sent any more. If cookies identify the user, call it with
   * `null` before they change, and with the id after. Without a worker nothing is kept, and it resolves at once; rejects
   * if the worker does not respond.
   *
   * @throws {TypeError} for anything except a non-empty string or `null`.
   */
  readonly setPrincipal: (id: string | null) => Promise<void>
  /**
   * Deletes everything that is kept for the user who is signed in: unsent messages, responses, the key to their secrets
   * and unseen counts; also all known rate limits. Closes the worker's notifications. For a sign-out that leaves
   * nothing behind, call it before `setPrincipal`. Rejects if it could not delete everything; resolves where there is no
   * worker, as nothing is kept there.
   */
  readonly clear: () => Promise<void>
  /**
   * Asks the browser not to evict stored data when space gets scarce; resolves with whether the browser agreed. Firefox
   * asks the user, and the promise waits for the decision.
   */
  readonly persist: () => Promise<boolean>
  /** Opens a connection before a request needs it. Never rejects. */
  readonly warm: (url: string | URL) => Promise<void>
  /** The engine in the page while the state is `'fallback'`, otherwise the browser's own `fetch`. */
  readonly fetch: typeof fetch
  /**
   * Sends queued messages, for at most 10 s, and unregisters the worker; your own worker stays. Messages that are left
   * remain stored, and are sent when a streamkeeper worker is registered again.
   */
  readonly unregister: () => Promise<{ left: number }>
}
