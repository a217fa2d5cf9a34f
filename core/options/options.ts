import type { Matcher } from './matcher.ts'
import type { RetryPolicy } from '../retry/policy.ts'
import type { Timeouts } from '../chat/timeouts.ts'

/**
 * The options of `register`, `keepStreams` and `createResilientFetch`. They are plain JSON, because the ready-made
 * worker reads them from its own URL. Times are in ms.
 */
export interface Options {
  /** Chat endpoints: URL patterns, or objects with overrides for one of them. The method is POST by default. */
  chat?: (string | ChatRouteOptions)[]
  /** Endpoints whose requests are stored first and sent in the background. The method is POST by default. */
  saves?: (string | SaveRouteOptions)[]
  /** Defaults in `DEFAULT_TIMEOUTS`, for reasoning models `REASONING_TIMEOUTS`. */
  timeouts?: Partial<Timeouts>
  /**
   * Recognises requests of reasoning models, which get longer timeouts (`REASONING_TIMEOUTS`). `false`: none.
   */
  reasoning?: false | ReasoningOptions
  /** Defaults in `DEFAULT_RETRY`. */
  retry?: Partial<RetryPolicy>
  resume?: ResumeOptions
  outbox?: OutboxOptions
  /** Notifications that the worker shows while no page of the scope is visible. Default: none. */
  notifications?: NotificationsOptions
  /**
   * An opaque id of the user who is signed in at the start; `keeper.setPrincipal` changes it later. Responses and saved
   * messages of one user are not returned, shown or sent to or as another.
   */
  principal?: string
  /**
   * True if the page module wraps `fetch` for configured URLs, so that the worker learns of an early abort. Default
   * `true`.
   */
  observeAborts?: boolean
  /** The registration's scope; default the script's folder. */
  scope?: string
  /** `false` retires the worker: queued messages are sent first. Default `true`. */
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
  /** True if the response streams, for requests whose body and path do not say so. */
  stream?: boolean
  /**
   * How a response of the app's own protocol ends: a matcher, or a list of them. With it, a response without such an
   * end is truncated. Default none.
   */
  ends?: Matcher | Matcher[]
  /** How a response of the app's own protocol reports that it has failed. Default none. */
  errors?: Matcher | Matcher[]
  /**
   * Where the server sends a response again after a cut (GET, same origin as the response). Default: the location in
   * the response's own headers, and that of background responses.
   */
  resume?: ChatResumeOptions
  /** Key of the conversation, for statuses and lists. */
  conversation?: KeySource
  /**
   * Where a response is kept for a reload. `'disk'` (default): it outlives the worker. `'memory'`: it does not outlive
   * the worker, and none of it is stored on disk. `'server'`: only its location is stored on disk, and the next worker
   * reads it from there; if its server does not send it again, it is kept as with `'memory'`. `false`: nothing is kept,
   * and a page that leaves ends the response.
   */
  journal?: 'disk' | 'memory' | 'server' | false
  /** How long to wait for earlier saves of the same conversation, ms; default 0. Requires `conversation`. */
  afterSavesMs?: number
  /**
   * `true` or a header's name: every attempt of a request carries the same key, for upstreams that honour it. Default
   * `false`, because it costs a preflight cross-origin. The app's own key is kept.
   */
  idempotencyKey?: boolean | string
}

/**
 * How a server sends a response again. `replay`: from its first byte; the repeated part is compared with the bytes that
 * the page has, and only the rest is passed on. `last-event-id`: after the event that the header names. `offset`: from
 * the byte that `?offset=` names.
 */
export type ResumePosition = 'replay' | 'last-event-id' | 'offset'

export interface ChatResumeOptions {
  /**
   * A path or URL; `:id` is replaced by the value of `key`. `'location'`: the response's `Location` header. AI SDK:
   * `'/api/chat/:id/stream'`.
   */
  url: string
  /** Where the id is in the chat request; required if `url` has `:id`. AI SDK: `'body.id'`. */
  key?: KeySource
  position: ResumePosition
}

export interface SaveRouteOptions extends RouteOptions {
  /**
   * The conversation of a message: messages of one are sent strictly in order, different ones are independent. Default
   * `'path'`.
   */
  orderBy?: KeySource
  /**
   * The response to the app. `'queued'` (default): 202 as soon as the message is stored. `'sent'`: the server's
   * response, if it comes within `respondMs`. An object: a response with that status and body.
   */
  respond?: 'queued' | 'sent' | { status: number; body?: unknown }
  /** Default 2 000. */
  respondMs?: number
  /** `true` or a header's name; default `true` same-origin, `false` cross-origin (where it costs a preflight). */
  idempotencyKey?: boolean | string
  /**
   * Content types that count as the API's own response, such as `'text/*'`; parameters are ignored. Default JSON, or no
   * content type.
   */
  accept?: string[]
  /**
   * How the API refuses with a 2xx, such as `'errors'` for GraphQL or `'ok=false'`: the message becomes a dead letter
   * with the response's text. Default none.
   */
  refused?: Matcher | Matcher[]
  /** A status by which the API says that it already has the message. */
  duplicateStatus?: number
  /**
   * What to do with a message if it is unknown whether it arrived, because the connection broke, or the worker died,
   * after it was sent. `'resend'` (default): it is sent again, with the same key. `'hold'`: it becomes a dead letter
   * with the code `unsure`, and a user decides; before a send, a HEAD request makes sure that the server can be reached
   * at all.
   */
  whenUnsure?: 'resend' | 'hold'
  /** `'hold'`: a dead letter blocks the messages behind it. Default `'pass'`. */
  afterDead?: 'pass' | 'hold'
}

/** `'path'`, `':group'` of the URL pattern, `'query.a'`, or `'body.a.b'`. */
export type KeySource = 'path' | `:${string}` | `query.${string}` | `body.${string}`

export interface ReasoningOptions {
  /** Names of models that reason, in addition to the built-in ones; `*` stands for anything, and case is ignored. */
  models?: string[]
  /** Names of models that do not reason, despite the built-in list. */
  except?: string[]
}

export interface ResumeOptions {
  /** How long a response can be read again after its end. Default 600 000. */
  keepMs?: number
  /** How long a response continues without any page, as far as the browser lets it. Default 30 000. */
  graceMs?: number
  /**
   * The effect of an abort of the page's own fetch, before or after it has its Response. `'stop'` (default): the
   * upstream is closed. `'detach'`: the response continues, for apps whose components abort when they are unmounted;
   * Stop is `keeper.cancel` or `stopRoute`.
   */
  onAbort?: 'stop' | 'detach'
  /**
   * The app's own request to continue reading (GET), which the worker serves from the kept response; `id`, by default
   * the pattern's first group, is the value of `key` in the chat request. AI SDK: `'/api/chat/:id/stream'`.
   */
  route?: string | NamedRouteOptions
  /** Where a chat request has the id by which the app resumes it; required with `route`. AI SDK: `'body.id'`. */
  key?: KeySource
  /** The app's own request to stop (POST), in the form of `route`. */
  stopRoute?: string | NamedRouteOptions
  /**
   * The path at which this origin's server lists the responses that it keeps for the signed-in user: the `path` of
   * `streamkeeper/server`. `keeper.streams()` then includes them, and `keeper.attach()` reads them.
   */
  streams?: string
}

export interface NamedRouteOptions extends RouteOptions {
  id?: KeySource
}

export interface OutboxOptions {
  /** After this long without delivery a message becomes a dead letter, ms. Default 7 days. */
  maxAgeMs?: number
  /**
   * How headers outside a small safelist, and queries, are stored. `'sealed'` (default): encrypted, with a key that no
   * script can read. `'ask-page'`: never; a message that is not sent while the worker lives waits until a page provides
   * its headers (`provideAuth`), and becomes a dead letter if it had a query.
   */
  authorization?: 'sealed' | 'ask-page'
}

/**
 * Notifications are shown only if the user has granted them: the app asks for the permission, the worker never does.
 */
export interface NotificationsOptions {
  /** Shown when a chat has finished. */
  finished?: NotificationWords
  /** Shown when a chat has failed. A chat that the user stopped has not failed. */
  failed?: NotificationWords
}

export interface NotificationWords {
  title: string
  /**
   * `'text'`: the first words of the response, if its protocol is known and its `journal` is `'disk'`; anything else is
   * shown as it is. Default none.
   */
  body?: string
}
