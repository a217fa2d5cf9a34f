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

/** State shared by a keeper and its connection. */
export interface KeeperContext {
  readonly scriptUrl: ScriptUrl | undefined
  readonly options: Options
  readonly store: StatusStore
  readonly container: ServiceWorkerContainer
  /** Aborts when the keeper is retired. */
  readonly signal: AbortSignal
  /** The worker of ours that controls this page, or is about to. */
  worker?: ServiceWorker | undefined
  /** The chat routes of that worker, whose options may differ from this page's. */
  chats?: Route<ChatRouteOptions>[]
  /** The save routes of that worker. */
  saves?: Route<SaveRouteOptions>[]
  /** True if that worker can tell which requests it had: one of 0.1 cannot. */
  knowsRequests?: boolean | undefined
  /** True if the worker leaves a URL to the page; until the connection knows more, true for all other origins. */
  isLeftToPage: (url: string) => boolean
  /** Keeps requests and calls in order; absent if the browser does, and until there is a connection. */
  order?: RequestOrder
  /** The latest user to report; `undefined`: the worker knows, or there is nothing to report. */
  principalToSay?: SaidPrincipal | undefined
  /** The app's function that provides credentials. */
  provider?: AuthProvider | null
  /** Adopts the controller as ours by its script URL, before it has replied to `hello`. */
  readonly adopt: () => void
  readonly settle: (state: KeeperState, reason?: KeeperReason) => void
  /** Retires the keeper. */
  readonly end: () => void
}
