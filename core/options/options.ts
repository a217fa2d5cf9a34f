import type { Matcher } from './matcher.ts'
import type { RetryPolicy } from '../retry/policy.ts'
import type { Timeouts } from '../chat/timeouts.ts'

/**
 * The options of `register`, `keepStreams` and `createResilientFetch`: plain JSON, for the ready-made worker
 * reads them from its own URL. Times in ms.
 */
export interface Options {
  /** Chat endpoints: URL patterns, or objects with overrides for one of them. POST unless said otherwise. */
  chat?: (string | ChatRouteOptions)[]
  /** Endpoints whose requests are stored first and sent in the background. POST unless said otherwise. */
  saves?: (string | SaveRouteOptions)[]
  /** Defaults in `DEFAULT_TIMEOUTS`, for reasoning models `REASONING_TIMEOUTS`. */
  timeouts?: Partial<Timeouts>
  /** What marks a request as a reasoning model's, which gets 600 s wherever others get less. `false`: none. */
  reasoning?: false | ReasoningOptions
  /** Defaults in `DEFAULT_RETRY`. */
  retry?: Partial<RetryPolicy>
  resume?: ResumeOptions
  outbox?: OutboxOptions
  /** Notifications that the worker shows while no page of the scope is visible. Default: none. */
  notifications?: NotificationsOptions
  /**
   * An opaque id of the signed-in user, to begin with: `keeper.setPrincipal` sets it later. Answers and saved messages of
   * one are neither given, shown nor sent as another's.
   */
  principal?: string
  /** True if the page module wraps `fetch` for configured URLs, so that an early abort is seen. Default `true`. */
  observeAborts?: boolean
  /** The registration's scope; default the script's folder. */
  scope?: string
  /** `false` retires the worker: queued saves are sent first. Default `true`. */
  enabled?: boolean
  /** Logs decisions to the console, never bodies or header values. Default `false`. */
  debug?: boolean
}

interface RouteOptions {
  /** A URLPattern string; relative to the page's base URL in `register`, to the scope in `keepStreams`. */
  url: string
  /** Default `'POST'`. */
  method?: string
}

export interface ChatRouteOptions extends RouteOptions {
  timeouts?: Partial<Timeouts>
  retry?: Partial<RetryPolicy>
  /** True if the response streams, where neither body nor path tells. */
  stream?: boolean
  /**
   * How a response of the app's own protocol says that it is whole: a matcher, or a list of them. With it, a response
   * without such an end is truncated. Default none.
   */
  ends?: Matcher | Matcher[]
  /** How a response of the app's own protocol says that it has failed. Default none. */
  errors?: Matcher | Matcher[]
  /**
   * Where the server gives a response again after a cut (GET, same origin as the response). Default: where the response's
   * own headers say, and background responses.
   */
  resume?: ChatResumeOptions
  /** Key of the conversation, for statuses and lists. */
  conversation?: KeySource
  /**
   * What is kept of a response for a reload. `'disk'` (default): it outlives the worker; `'memory'`: it does not, and no
   * word of it is written down; `'server'`: where it lies, and no word of it: a worker to come reads it there, and where
   * its server does not give it again, it is kept as for `'memory'`; `false`: nothing, and a page that goes ends it.
   */
  journal?: 'disk' | 'memory' | 'server' | false
  /** Waits so long for earlier saves of the same conversation, ms; default 0. Takes `conversation`. */
  afterSavesMs?: number
  /**
   * `true` or a header's name: every attempt of a request carries the same key, for upstreams that honour one. Default
   * `false`: cross-origin it costs a preflight. The app's own key is kept.
   */
  idempotencyKey?: boolean | string
}

/**
 * How a server gives a response again. `replay`: from its first byte on; what comes is compared with what was handed on,
 * and only what lies beyond goes to the page. `last-event-id`: after the event that the header names. `offset`: from the
 * byte that `?offset=` names.
 */
export type ResumePosition = 'replay' | 'last-event-id' | 'offset'

export interface ChatResumeOptions {
  /**
   * A path or URL; `:id` stands for what `key` says. `'location'`: what the response's `Location` header says.
   * AI SDK: `'/api/chat/:id/stream'`.
   */
  url: string
  /** Where the chat request says the id. AI SDK: `'body.id'`. */
  key?: KeySource
  position: ResumePosition
}

export interface SaveRouteOptions extends RouteOptions {
  /** What orders entries: strictly one after the other inside, independent between. Default `'path'`. */
  orderBy?: KeySource
  /**
   * How the app is answered. `'queued'` (default): 202 as soon as stored. `'sent'`: the real response, when it comes
   * within `respondMs`. An object: that status and body.
   */
  respond?: 'queued' | 'sent' | { status: number; body?: unknown }
  /** Default 2 000. */
  respondMs?: number
  /** `true` or a header's name; default `true` same-origin, `false` cross-origin (it costs a preflight there). */
  idempotencyKey?: boolean | string
  /**
   * Content types that count as the API's own response, such as `'text/*'`; their parameters do not count. Default JSON, or
   * none at all.
   */
  accept?: string[]
  /**
   * How the API says no with a 2xx, such as `'errors'` for GraphQL or `'ok=false'`: the message becomes a dead letter
   * with the response's words. Default none.
   */
  refused?: Matcher | Matcher[]
  /** A status with which the API says that it has the message already. */
  duplicateStatus?: number
  /**
   * What becomes of a message of which nobody knows whether it arrived: the connection broke, or the worker died, after
   * it went out. `'resend'` (default): it goes again, with the same key. `'hold'`: it is a dead letter, code `unsure`,
   * for a person to decide; a HEAD request makes sure beforehand that the server can be reached at all.
   */
  whenUnsure?: 'resend' | 'hold'
  /** `'hold'`: a dead letter blocks those behind it. Default `'pass'`. */
  afterDead?: 'pass' | 'hold'
}

/** `'path'`, `':group'` of the URL pattern, `'query.a'`, or `'body.a.b'`. */
export type KeySource = 'path' | `:${string}` | `query.${string}` | `body.${string}`

export interface ReasoningOptions {
  /** Model names that reason, beside the built-in ones; `*` stands for anything, case does not matter. */
  models?: string[]
  /** Model names that do not, whatever the built-in list says. */
  except?: string[]
}

export interface ResumeOptions {
  /** So long a response that has ended can be read again. Default 600 000. */
  keepMs?: number
  /** So long a response goes on without any page, as far as the browser lets it. Default 30 000. */
  graceMs?: number
  /**
   * What an abort of the page's fetch means once it has its Response. `'stop'` (default): the upstream is closed.
   * `'detach'`: the response goes on, for apps whose components abort when they go; Stop is `keeper.cancel`.
   */
  onAbort?: 'stop' | 'detach'
  /**
   * The app's own request to go on reading (GET), answered from what is kept; `id`, by default the pattern's first
   * group, is what `key` is in the chat request. AI SDK: `'/api/chat/:id/stream'`.
   */
  route?: string | NamedRouteOptions
  /** Where a chat request says how the app calls it when it resumes. AI SDK: `'body.id'`. */
  key?: KeySource
  /** The app's own request to stop (POST), as `route`. */
  stopRoute?: string | NamedRouteOptions
  /**
   * Where this origin's server lists the responses that it keeps for the one who is signed in: the `path` of
   * `streamkeeper/server`. `keeper.streams()` then lists them, too, and `keeper.attach()` reads them.
   */
  streams?: string
}

export interface NamedRouteOptions extends RouteOptions {
  id?: KeySource
}

export interface OutboxOptions {
  /** After so long undelivered, a message becomes a dead letter. Default 7 days. */
  maxAgeMs?: number
  /**
   * Headers outside a small safelist, and queries. `'sealed'` (default): stored encrypted, with a key that no script can
   * read. `'ask-page'`: never stored; what is not sent while the worker lives waits until a page gives headers
   * (`provideAuth`), and is a dead letter when it had a query.
   */
  authorization?: 'sealed' | 'ask-page'
}

/** Shown only where the person has granted notifications: the app asks for that, the worker never does. */
export interface NotificationsOptions {
  /** A chat has ended well. */
  finished?: NotificationWords
  /** A chat has failed. One that the person stopped has not. */
  failed?: NotificationWords
}

export interface NotificationWords {
  title: string
  /**
   * `'text'`: the first words of the response, where its protocol is known and its `journal` is `'disk'`; anything else
   * is shown as it is. Default none.
   */
  body?: string
}
