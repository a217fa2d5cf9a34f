import type { BrowserContext } from '@playwright/test'
import type { Fault } from '../../demo/server/step.ts'
import type { Options } from '../../client/index.ts'
import type { ClientName, Reply } from '../site/clients.ts'
import { startTestServer, type TestServer } from '../test-server.ts'

/** What became of one client's question. */
export type Outcome =
  /** All of the answer, with its reason to end. */
  | 'whole'
  /** An error that the app can show. */
  | 'told'
  /** Less than the answer, given as if it were all of it. */
  | 'cut'
  /** Nothing, given as an answer. */
  | 'empty'
  /** Neither answer nor error, however long the app waits. */
  | 'hangs'

export interface Result {
  outcome: Outcome
  /** Requests that reached the provider. */
  attempts: number
  reply: Reply
}

export interface Run {
  context: BrowserContext
  site: string
  clients: readonly ClientName[]
  fault: Omit<Fault, 'id'>
  /** The provider's origin is not the page's: its `Retry-After` cannot be read. */
  crossOrigin: boolean
  /** `undefined`: the page has no worker. */
  options?: Options
  /** A client that has said nothing after so long hangs. */
  patienceMs: number
}

export const PATHS = ['chat/completions', 'responses', 'messages', 'ui/chat']

/** What the provider says in all of these tests. */
export const TEXT = Array.from({ length: 60 }, (_, index) => `word${index}`).join(' ')

/**
 * Asks once by each client, all at once, in a page, with a worker and of a server of their own: nothing that one run
 * teaches the worker reaches another. No two of the clients share a model, and so they share no limits either.
 */
export async function runClients(run: Run): Promise<Record<string, Result>> {
  await using own = await disposable(run.site)
  await using other = await disposable(run.site)
  const upstream = run.crossOrigin ? other.server : own.server
  const page = await run.context.newPage()
  try {
    await page.goto(`${own.server.url}/e2e/site/clients.html`)
    await page.waitForFunction(() => 'clients' in window)
    if (run.options) {
      const urls = PATHS.map((path) => `${upstream.url}/v1/${path}`)
      const chat = [...urls, { url: `${upstream.url}/v1/chat/completions`, method: 'GET', stream: true }]
      const options = { ...run.options, chat }
      await page.evaluate((options) => window.clients.register(options), options)
      // On a busy machine it may take longer than `register` waits.
      await page.waitForFunction(() => window.clients.keeper?.state === 'controlling')
    }
    const asked = run.clients.map((name) => ({ name, id: crypto.randomUUID() }))
    for (const { name, id } of asked) {
      const fault: Fault = { ...run.fault, id, answer: { text: TEXT, ...run.fault.answer } }
      const model = name.replaceAll(/\W+/g, '-')
      const question = { base: `${upstream.url}/v1`, query: { fault: JSON.stringify(fault) }, model, key: id }
      await page.evaluate(({ id, name, question }) => window.clients.ask(id, name, question), {
        id,
        name,
        question,
      })
    }
    await page
      .waitForFunction(
        () => Object.values(window.clients.replies).every(({ state }) => state !== 'waiting'),
        null,
        { timeout: run.patienceMs },
      )
      .catch(() => {})
    const replies = await page.evaluate(() => window.clients.replies)
    const results: Record<string, Result> = {}
    for (const { name, id } of asked) {
      const reply = replies[id]
      if (!reply) throw new Error(`Nobody asked by ${name}`)
      const attempts = (await upstream.log(id)).length
      results[name] = { outcome: outcomeOf(reply), attempts, reply }
    }
    return results
  } finally {
    await page.close()
  }
}

function outcomeOf({ state, text, finish }: Reply): Outcome {
  if (state === 'waiting') return 'hangs'
  if (state !== 'whole') return 'told'
  if (!text) return 'empty'
  return text === TEXT && finish !== undefined ? 'whole' : 'cut'
}

async function disposable(site: string): Promise<AsyncDisposable & { server: TestServer }> {
  const server = await startTestServer(site)
  return { server, [Symbol.asyncDispose]: () => server.close() }
}
