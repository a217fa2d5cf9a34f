import type { UpstreamAttempt } from '../../../demo/server/upstream/upstream-log.ts'
import type { Fault } from '../../../demo/server/step.ts'
import type { Verdict, WorkerName } from '../report.ts'
import { type AppPage, openAppPage } from './app-page.ts'
import type { Call, Seen } from './call.ts'
import { upstream } from './upstream.ts'

/** The test of one promise. The app in it is the same for every worker, and knows none. */
export interface Check {
  id: string
  /** In plain words. */
  promise: string
  /** How it is tested. */
  how: string
  /** Takes minutes: only run when the page’s address asks for it. */
  isLong?: boolean
  run: (world: World) => Promise<Finding>
}

export interface Finding {
  verdict: Exclude<Verdict, 'error'>
  figure: string
}

export const kept = (figure: string): Finding => ({ verdict: 'kept', figure })
export const broken = (figure: string): Finding => ({ verdict: 'broken', figure })
export const skipped = (figure: string): Finding => ({ verdict: 'skipped', figure })
export const finding = (isKept: boolean, figure: string) => (isKept ? kept(figure) : broken(figure))

/** The context of a check. */
export interface World {
  worker: WorkerName
  /** Opens a page of the app; it is closed after the check. */
  open: () => Promise<AppPage>
  /** Sends a chat that goes wrong as `fault` says. No two checks share a model, so no limit of one holds another. */
  chat: (page: AppPage, fault: Omit<Fault, 'id'>, how?: HowToChat) => Chat
}

export interface HowToChat {
  path?: string
  headers?: Record<string, string>
}

export interface Chat {
  id: string
  call: Call
  /** The upstream's log of it. */
  log: () => Promise<UpstreamAttempt[]>
}

export const CHAT = '/v1/chat/completions'

/** The world of one check, and what closes all of its pages. */
export function createWorld(worker: WorkerName, check: string): World & { close: () => void } {
  const pages: AppPage[] = []
  const model = `demo-${check}-${Date.now()}`
  return {
    worker,
    open: async () => {
      const page = await openAppPage(worker)
      pages.push(page)
      return page
    },
    chat: (page, fault, { path = CHAT, headers } = {}) => {
      const id = crypto.randomUUID()
      const messages = [{ role: 'user', content: 'Hello' }]
      const body = { id, model, stream: true, messages, fault: { ...fault, id } }
      return { id, call: page.post(path, body, headers), log: () => upstream.log(id) }
    },
    close: () => {
      for (const page of pages) page.close()
    },
  }
}

/** The outcome of a request, in words; `undefined`: it did not end in time. */
export function tell(seen: Seen | undefined): string {
  if (!seen) return 'no end in time'
  const { status, error } = seen
  if (status === undefined) return `fetch failed with ${error}`
  return error === undefined ? `status ${status}` : `status ${status}, then ${error}`
}

/** `1 request`, `2 requests`. */
export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}

/** True if the page has read this text of the model's, to its end and without an error. */
export function isWhole(seen: Seen | undefined): seen is Seen {
  return seen?.ended === true && seen.status === 200 && seen.error === undefined
}

/** 1234 ms as `1.2 s`. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
