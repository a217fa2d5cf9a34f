import type { Fault } from '../../demo/server/step.ts'
import type { Options } from '../../client/index.ts'
import type { ClientName, Reply } from '../site/clients.ts'
import type { Page } from '../support/page.ts'
import { startTestServer, type TestServer } from '../support/test-server.ts'

export interface Surroundings {
  /** Of the browser that has the pages. */
  tab: Page
  site: string
  /** The provider's origin is not the page's: its `Retry-After` cannot be read. */
  crossOrigin: boolean
  /** `undefined`: the page has no worker. */
  options?: Options
}

/** A page of clients, and a server of its own: nothing that one teaches the worker reaches another. */
export interface Clients extends AsyncDisposable {
  page: Page
  /** Where the provider is. */
  upstream: TestServer
  /** Asks once by each, all at once. No two of them share a model, and so they share no limits either. */
  ask: (clients: readonly ClientName[], fault: Omit<Fault, 'id'>) => Promise<Asked[]>
}

export interface Asked {
  name: ClientName
  /** The fault's, and the reply's. */
  id: string
  reply: () => Promise<Reply>
  stop: () => Promise<void>
}

/** A browser has six connections to an origin; no more clients than that share one. */
export const GROUPS: ClientName[][] = [
  ['openai chat', 'openai chat, whole', 'openai responses', 'openai responses, whole', 'useChat'],
  ['anthropic', 'anthropic stream', 'anthropic, whole', 'streamText', 'generateText'],
  ['fetch', 'fetch text', 'XHR', 'EventSource'],
]

/** The paths that the clients request, below `/v1`. */
const PATHS = ['chat/completions', 'responses', 'messages', 'ui/chat']

/** The routes of a provider at this origin that they need: an EventSource asks by GET. */
export function chatsOf(origin: string): NonNullable<Options['chat']> {
  const urls = PATHS.map((path) => `${origin}/v1/${path}`)
  return [...urls, { url: `${origin}/v1/chat/completions`, method: 'GET', stream: true }]
}

/** Opens the page of clients, with a worker if there are options. */
export async function openPage(tab: Page, url: string, options?: Options): Promise<Page> {
  const page = await tab.newTab()
  await page.goto(`${url}/e2e/site/clients.html`)
  await page.waitFor(() => 'clients' in window)
  if (!options) return page
  await page.evaluate((options) => window.clients.register(options), options)
  // On a busy machine it may take longer than `register` waits.
  await page.waitFor(() => window.clients.keeper?.state === 'controlling')
  return page
}

export async function openClients({ tab, site, crossOrigin, options }: Surroundings): Promise<Clients> {
  const own = await startTestServer(site)
  const other = crossOrigin ? await startTestServer(site) : undefined
  const upstream = other ?? own
  const page = await openPage(tab, own.url, options && { ...options, chat: chatsOf(upstream.url) })
  return {
    page,
    upstream,
    ask: async (clients, fault) => {
      const asked = clients.map((name) => ({ name, id: crypto.randomUUID() }))
      for (const { name, id } of asked) {
        const query = { fault: JSON.stringify({ ...fault, id } satisfies Fault) }
        const question = { base: `${upstream.url}/v1`, query, model: name.replaceAll(/\W+/g, '-'), key: id }
        await page.evaluate(([id, name, question]) => window.clients.ask(id, name, question), [
          id,
          name,
          question,
        ] as const)
      }
      return asked.map(({ name, id }) => ({
        name,
        id,
        reply: async () => {
          const reply = await page.evaluate((id) => window.clients.replies[id], id)
          if (!reply) throw new Error(`Nobody asked by ${name}`)
          return reply
        },
        stop: () => page.evaluate((id) => window.clients.stop(id), id),
      }))
    },
    [Symbol.asyncDispose]: async () => {
      await page.close()
      await own.close()
      await other?.close()
    },
  }
}
