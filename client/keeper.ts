import type { OutboxCounts, OutboxEntry, StreamInfo, Unseen } from '../core/messages/message.ts'
import type { RequestStatus, Status, StatusName } from '../core/messages/status.ts'

/**
 * What stands between this page and the network.
 *
 * - `starting`: not known yet; `fetch` is the browser's own, or already goes through the worker
 * - `controlling`: a worker of ours controls this page
 * - `fallback`: none will; `keeper.fetch` runs the same engine in the page. `reason` says why
 * - `unsupported`: plain fetch. The browser lacks service workers, streams or URLPattern; or this is a server; or
 *   (`reason: 'disabled'`) streamkeeper was retired
 */
export type KeeperState = 'starting' | 'controlling' | 'fallback' | 'unsupported'

/**
 * Why the state is what it is.
 *
 * - `insecure`: the page is not on https or localhost; `blocked`: the browser refused the registration
 * - `out_of_scope`: the page lies outside the worker's scope
 * - `other_worker`: the scope is another script's, or the worker there does not run `keepStreams`
 * - `other_listener`: a `fetch` listener of the app's own worker takes requests before `keepStreams` sees them
 * - `no_worker`: `register(undefined)` found none within 4 s; one that is registered later is taken
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

/** Where the site serves the ready-made worker. A `TrustedScriptURL` is registered as it stands: see `workerUrl`. */
export type ScriptUrl = string | URL | { toString: () => string }

/** A chat request that is under way, this page's or another's. */
export interface OpenRequest {
  readonly requestId: string
  /** Origin and path; empty when this page came too late to be told. */
  readonly url: string
  /** True if this page sent it. */
  readonly own: boolean
  readonly model?: string
  /** The last that was told of it. */
  readonly status: RequestStatus
}

/** All that a page knows at one moment. Never changed: a change is a new object. */
export interface Snapshot {
  readonly state: KeeperState
  readonly reason?: KeeperReason | undefined
  readonly requests: readonly OpenRequest[]
  readonly outbox: Readonly<OutboxCounts>
  /**
   * How many chats of each conversation (`chat[].conversation`) have finished or failed while no page of the scope was
   * visible, since `seen` was called for it.
   */
  readonly unseen: Readonly<Unseen>
}

/** A saved message that needs new credentials; nothing of its body. */
export interface AuthQuestion {
  origin: string
  url: string
  /** Of the message; of the request for a response. */
  entryId: string
  conversation: string
  /** `'resume'`: a response is to be read on at its server after the worker's death; absent: a message is to be sent. */
  for?: 'resume'
}

/** Gives the headers to send a request with (`Authorization`, mostly), or `null` when there are none. */
export type AuthProvider = (
  question: AuthQuestion,
) => Record<string, string> | null | Promise<Record<string, string> | null>

/** The status of one name, or any for `'*'`. */
export type StatusOf<Name extends StatusName | '*'> = Name extends '*' ? Status : Named<Status, Name>

/** Some members of `Status` share their fields under several names; this picks the one and narrows its name. */
type Named<Each, Name> = Each extends { status: infer Names }
  ? Name extends Names
    ? Each & { status: Name }
    : never
  : never

export interface ListenerOptions {
  /** Ends the listening when it aborts. */
  signal?: AbortSignal | undefined
  /** Only statuses of this request. */
  requestId?: string | undefined
}

/** The page's side of the worker. Its methods are bound: they may be taken off and passed on. */
export interface Keeper {
  /** Settles when a worker of ours controls the page or it is known that none will, at the latest after 5 s. */
  readonly ready: Promise<Keeper>
  readonly state: KeeperState
  readonly reason: KeeperReason | undefined
  /** Calls `listener` for every status of that name (`'*'`: of any), until the returned function is called. */
  readonly on: <Name extends StatusName | '*'>(
    name: Name,
    listener: (status: StatusOf<Name>) => void,
    options?: ListenerOptions,
  ) => () => void
  /** Calls `listener` at once and after every change of the snapshot, until the returned function is called. */
  readonly subscribe: (listener: (snapshot: Snapshot) => void) => () => void
  /** The same object until something has changed. */
  readonly getSnapshot: () => Snapshot
  /** What `getSnapshot` gives before anything is known, on a server and at hydration. */
  readonly getServerSnapshot: () => Snapshot
  /**
   * Headers that tie a request to its statuses. Empty when no worker of ours controls the page, which would have to
   * strip them.
   *
   * @param id `[A-Za-z0-9_-]{1,64}`; anything else is replaced by a new one, as is none
   */
  readonly headers: (id?: string) => Record<string, string>
  /** Stop: ends a request of any page, whatever it is doing. Not awaited. */
  readonly cancel: (requestId: string) => void
  /**
   * The responses that can be read again or still, oldest first; of all pages. With `resume.streams` those follow, marked
   * `from: 'server'`, that other devices of the same user have asked for. Rejects when nobody answers.
   */
  readonly streams: () => Promise<StreamInfo[]>
  /**
   * A response as its own fetch would have given it, then live; also one that has not begun.
   *
   * @param options.from bytes that this page has already; default 0
   * @throws {Error} when neither the worker nor (with `resume.streams`) the server has such a response (any more)
   */
  readonly attach: (requestId: string, options?: { from?: number }) => Promise<Response>
  /**
   * Says that the person looks at a conversation: `unseen` counts it no more, in any page. Never rejects; without a
   * worker there is nothing to count.
   */
  readonly seen: (conversation: string) => Promise<void>
  /** The messages that wait to be sent. Its promises reject when no worker of ours answers within 10 s. */
  readonly outbox: {
    readonly list: () => Promise<OutboxEntry[]>
    /** Those that were given up. */
    readonly deadLetters: () => Promise<OutboxEntry[]>
    /** What the app wanted to send; `null` when there is no such entry. */
    readonly body: (id: string) => Promise<Blob | null>
    /** Sends what waits now, whatever its next time was; resolves when all has been tried. */
    readonly flush: () => Promise<void>
    /** Sends one entry now, a dead letter too; `false` when there is no such entry. */
    readonly retry: (id: string) => Promise<boolean>
    /** Deletes one entry; `false` when there is no such entry. */
    readonly discard: (id: string) => Promise<boolean>
    /** Deletes them all. */
    readonly clear: () => Promise<void>
  }
  /** Sets who is asked for headers when a saved message meets a 401, those that wait for it already too; `null`: nobody. */
  readonly provideAuth: (provider: AuthProvider | null) => void
  /**
   * Says who is signed in from now on, as an opaque id; `null`: nobody. What belongs to another is neither listed, told,
   * given back nor sent: it waits. One for all tabs, as cookies are.
   *
   * Resolves when no saved message of another is on its way any more. Where cookies say who a person is: `null` before they
   * change, the id after.
   *
   * @throws {TypeError} for anything but a string that is not empty, or `null`.
   */
  readonly setPrincipal: (id: string | null) => Promise<void>
  /**
   * Deletes whatever is kept for the one who is signed in: messages not sent yet, answers, the key to their secrets, what
   * is unseen; and what is known of limits; and closes the worker's notifications. For a log-out that is to leave nothing behind, call it before `setPrincipal`. Rejects when it could
   * not delete all of it.
   */
  readonly clear: () => Promise<void>
  /**
   * Asks the browser not to throw away what is stored here when space gets scarce; resolves with whether it promised.
   * Firefox asks the person, and does not answer before.
   */
  readonly persist: () => Promise<boolean>
  /** Opens a connection ahead of the request that will need it. Never rejects. */
  readonly warm: (url: string | URL) => Promise<void>
  /** The engine in the page while the state is `'fallback'`, else the browser's own `fetch`. */
  readonly fetch: typeof fetch
  /**
   * Sends what is queued, for at most 10 s, and takes the worker away; a worker of the app's own stays. What is left
   * stays stored, and is sent when a worker of ours is registered again.
   */
  readonly unregister: () => Promise<{ left: number }>
}
