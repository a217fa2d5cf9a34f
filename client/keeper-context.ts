import type { ChatRouteOptions, Options, SaveRouteOptions } from '../core/options/options.ts'
import type { Route } from '../core/options/routes.ts'
import type { AuthProvider, KeeperReason, KeeperState, ScriptUrl } from './keeper.ts'
import type { RequestOrder } from './request-order.ts'
import type { StatusStore } from './status-store.ts'

export interface SaidPrincipal {
  id: string | null
  /** When the app said it, epoch ms. */
  saidAt: number
}

/** What a keeper and its connection share. */
export interface KeeperContext {
  readonly scriptUrl: ScriptUrl | undefined
  readonly options: Options
  readonly store: StatusStore
  readonly container: ServiceWorkerContainer
  /** Aborts when the keeper is retired. */
  readonly signal: AbortSignal
  /** The worker of ours that has this page, or is to have it. */
  worker?: ServiceWorker | undefined
  /** The chats of that worker, which may run with other options than this page's. */
  chats?: Route<ChatRouteOptions>[]
  /** The same of its saves. */
  saves?: Route<SaveRouteOptions>[]
  /** True if that worker can say which requests it had: one of 0.1 cannot. */
  knowsRequests?: boolean | undefined
  /** True if the worker leaves a URL to the page; until the connection knows more, for all of other origins. */
  isLeftToPage: (url: string) => boolean
  /** Keeps requests and calls in their order; absent where the browser does, and until there is a connection. */
  order?: RequestOrder
  /** Who is signed in, as this page has said last; `undefined`: the worker has been told, or there is nothing to say. */
  principalToSay?: SaidPrincipal | undefined
  /** Who is asked for credentials. */
  provider?: AuthProvider | null
  /** Takes the controller for ours by its script, before it has said hello. */
  readonly adopt: () => void
  readonly settle: (state: KeeperState, reason?: KeeperReason) => void
  /** Retires the keeper. */
  readonly end: () => void
}
