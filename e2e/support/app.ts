import type { Options, OutboxEntry, Status, StatusOf, StatusName } from '../../client/index.ts'
import type { Fault } from '../../demo/server/step.ts'
import type { UpstreamAttempt } from '../../demo/server/upstream/upstream-log.ts'
import type { Page } from './page.ts'
import type { Call, CallInit } from '../site/read-call.ts'
import type { TestServer } from './test-server.ts'

export const CHAT = '/v1/chat/completions'
export const SAVES = '/api/sessions/:session/messages'

/** An app on the bare test page: it chats and saves, and tells what its user would notice. */
export interface App {
  page: Page
  evaluate: Page['evaluate']
  /** The same app in a second tab of the same browser; not opened yet. */
  newTab: () => Promise<App>
  /** Opens the bare page, without a worker. */
  open: () => Promise<void>
  /** Opens the page and registers the worker, which must come to control it. */
  start: (options: Options) => Promise<void>
  /** Registers, whatever comes of it; `null`: the app has a worker of its own. */
  register: (
    options: Options,
    script?: string | null,
  ) => Promise<{ state: string; reason?: string | undefined }>
  /** Loads the page anew and registers again with the same options. */
  reload: () => Promise<void>
  /** Asks for an answer that goes wrong as `fault` says; `more` goes into the request's body. */
  chat: (fault: Omit<Fault, 'id'>, more?: Record<string, unknown>, how?: HowToCall) => Promise<ChatCall>
  /** Sends any request. */
  call: (url: string, init?: CallInit, how?: HowToCall['by']) => Promise<AnyCall>
  /** Saves a message and waits for what the app is answered. */
  save: (session: string, id: string, more?: Record<string, unknown>) => Promise<Call>
  /** Stop, as `keeper.cancel` does it. */
  cancel: (requestId: string) => Promise<void>
  outbox: () => Promise<OutboxEntry[]>
  /** The text of a waiting message. */
  bodyOf: (entryId: string) => Promise<unknown>
  flush: () => Promise<void>
  /** The statuses so far. */
  statuses: <Name extends StatusName>(name: Name) => Promise<StatusOf<Name>[]>
  /** Waits until a status of that name was told so many times; returns them all. */
  told: <Name extends StatusName>(name: Name, times?: number) => Promise<StatusOf<Name>[]>
}

export interface HowToCall extends Omit<CallInit, 'body' | 'method'> {
  by?: 'fetch' | 'keeperFetch' | 'streamChat' | 'fetchText' | 'xhr' | 'eventSource'
  url?: string
}

export interface AnyCall {
  now: () => Promise<Call>
  /** Waits for the Response. */
  answered: () => Promise<Call>
  /** Waits for the first bytes of the body. */
  begun: () => Promise<Call>
  /** Waits until nothing more comes, whatever the reason. */
  ended: () => Promise<Call>
  /** As an app's Stop button: aborts the request's own signal. */
  abort: () => Promise<void>
}

export interface ChatCall extends AnyCall {
  id: string
  /** The upstream's log of it. */
  log: () => Promise<UpstreamAttempt[]>
}

export function createApp(page: Page, server: TestServer): App {
  let options: Options = {}

  const register: App['register'] = (given, script) => {
    options = given
    return page.evaluate(({ options, script }) => window.e2e.register(options, script), {
      options,
      ...(script === undefined ? {} : { script }),
    } as { options: Options; script?: string | null })
  }
  const mustControl = async () => {
    const { state, reason } = await register(options)
    if (state !== 'controlling') throw new Error(`The worker does not control the page: ${state}, ${reason}`)
  }
  const open = () => page.goto(`${server.url}/e2e/site/`)

  const call: App['call'] = async (url, init = {}, by = 'fetch') => {
    const name = crypto.randomUUID()
    await page.evaluate(({ name, url, init, by }) => window.e2e[by](name, url, init), { name, url, init, by })
    return {
      now: () => page.evaluate((name) => window.e2e.calls[name] as Call, name),
      answered: () => page.waitFor(isAnswered, name),
      begun: () => page.waitFor(hasBegun, name),
      ended: () => page.waitFor(hasEnded, name),
      abort: () => page.evaluate((name) => window.e2e.abort(name), name),
    }
  }

  return {
    page,
    evaluate: page.evaluate,
    newTab: async () => createApp(await page.newTab(), server),
    open,
    register,
    call,
    start: async (given) => {
      options = given
      await open()
      await mustControl()
    },
    reload: async () => {
      await page.reload()
      await mustControl()
    },
    chat: async (fault, more = {}, { by, url = CHAT, headers, ...init } = {}) => {
      const id = crypto.randomUUID()
      const body = JSON.stringify({
        model: 'demo-small',
        stream: true,
        messages: [{ role: 'user', content: 'Hello' }],
        ...more,
        fault: { ...fault, id },
      })
      const sent = { ...init, headers: { 'Content-Type': 'application/json', ...headers }, body }
      return { id, log: () => server.log(id), ...(await call(url, sent, by)) }
    },
    save: async (session, id, more = {}) => {
      const body = JSON.stringify({ id, role: 'user', content: `Message ${id}`, createdAt: 1_000, ...more })
      const url = `/api/sessions/${session}/messages`
      const saving = await call(url, { headers: { 'Content-Type': 'application/json' }, body })
      return saving.ended()
    },
    cancel: (requestId) => page.evaluate((requestId) => window.e2e.keeper?.cancel(requestId), requestId),
    bodyOf: (entryId) =>
      page.evaluate(async (entryId) => {
        const body = await window.e2e.keeper?.outbox.body(entryId)
        return body ? (JSON.parse(await body.text()) as unknown) : null
      }, entryId),
    flush: () => page.evaluate(() => window.e2e.keeper?.outbox.flush()),
    outbox: () => page.evaluate(async () => (await window.e2e.keeper?.outbox.list()) ?? []),
    statuses: async (name) => {
      const told = await page.evaluate(() => window.e2e.statuses)
      return told.filter((each) => each.status === name) as never
    },
    told: (name, times = 1) => page.waitFor(toldSoOften, { name, times }) as Promise<never>,
  }
}

// These run in the page; each must stand alone.

function isAnswered(name: string): Call | undefined {
  const call = window.e2e.calls[name]
  return call?.state === 'waiting' ? undefined : call
}

function hasBegun(name: string): Call | undefined {
  const call = window.e2e.calls[name]
  return call?.chunks.length === 0 && call.state !== 'whole' && call.state !== 'failed' ? undefined : call
}

function hasEnded(name: string): Call | undefined {
  const call = window.e2e.calls[name]
  return call?.state === 'whole' || call?.state === 'failed' ? call : undefined
}

function toldSoOften({ name, times }: { name: string; times: number }): Status[] | undefined {
  const told = window.e2e.statuses.filter((each) => each.status === name)
  return told.length >= times ? told : undefined
}
