import { chromium } from '@playwright/test'
import type { Options } from '../../client/index.ts'
import { startServer } from '../../demo/server/start-server.ts'
import { type AnyCall, type App, createApp } from '../support/app.ts'
import { createPlaywrightPage } from '../engines/playwright-page.ts'
import { launchOptions } from '../support/launch-options.ts'
import type { Page } from '../support/page.ts'
import { expect, test } from '../support/test.ts'
import type { TestServer } from '../support/test-server.ts'

const OPTIONS: Options = {
  chat: [{ url: '/api/chat', journal: 'server', conversation: 'query.conversation' }],
  resume: { streams: '/api/streams' },
}

const TOKENS = 60

/** An app whose answers are kept on its server, in two browsers of one person. */
async function openDevices(tab: Page, server: TestServer, site: string) {
  const running = await startServer({ site, answers: ':memory:' })
  const browser = await chromium.launch(launchOptions())
  const other = createPlaywrightPage(await (await browser.newContext()).newPage())
  const devices = { ...server, url: running.url }
  return {
    url: running.url,
    a: createApp(tab, devices),
    b: createApp(other, devices),
    close: async () => {
      await browser.close()
      await running.close()
    },
  }
}

/** Asks for an answer that takes about three seconds. */
function ask(app: App, tokensPerSecond = 20): Promise<AnyCall> {
  const messages = [{ role: 'user', content: 'Hello' }]
  const fault = { id: crypto.randomUUID(), steps: [], answer: { tokens: TOKENS, tokensPerSecond } }
  return app.call('/api/chat?conversation=c1', {
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ model: 'demo-small', stream: true, messages, fault }),
  })
}

const streamsOf = (app: App) => app.evaluate(async () => (await window.e2e.keeper?.streams()) ?? [])

/** Waits until a device has so many bytes of the one answer in its list. */
async function listed(app: App, bytes: number) {
  return app.page.waitFor(async (bytes) => {
    const [stream] = (await window.e2e.keeper?.streams()) ?? []
    return stream && stream.bytes >= bytes ? stream : undefined
  }, bytes)
}

/** Reads an answer to its end, as a device that joins does. */
function attach(app: App, requestId: string, from = 0) {
  return app.evaluate(
    async ({ requestId, from }) => {
      const response = await window.e2e.keeper?.attach(requestId, { from })
      return (await response?.text()) ?? ''
    },
    { requestId, from },
  )
}

async function received(call: AnyCall): Promise<string> {
  const { state, chunks } = await call.ended()
  expect(state).toBe('whole')
  return chunks.map(({ text }) => text).join('')
}

async function requestsUpstream(url: string): Promise<unknown[]> {
  const log = (await (await fetch(`${url}/__upstream/log`)).json()) as { method: string }[]
  return log.filter(({ method }) => method === 'POST')
}

for (const percent of [10, 50, 90, 100]) {
  test(`the second device joins at ${percent} %: it finds the response in its list, and reads the same bytes`, async ({
    tab,
    server,
    site,
  }) => {
    const { url, a, b, close } = await openDevices(tab, server, site)
    await Promise.all([a.start(OPTIONS), b.start(OPTIONS)])
    const before = await ask(a, 0)
    const size = new TextEncoder().encode(await received(before)).length
    await fetch(`${url}/api/streams/${(await listed(b, size)).requestId}`, { method: 'DELETE' })
    const call = await ask(a)
    const found = await listed(b, Math.floor((size * percent) / 100))
    expect(found).toMatchObject({
      url: `${url}/api/streams/${found.requestId}`,
      conversation: 'c1',
      from: 'server',
    })
    if (percent < 100) expect(found).toMatchObject({ state: 'streaming' })
    const [whole, rest] = await Promise.all([attach(b, found.requestId), attach(b, found.requestId, 100)])
    expect(whole).toBe(await received(call))
    expect(rest).toBe(whole.slice(100))
    // The device that asked has it once, as its own.
    const own = await streamsOf(a)
    expect(own.map(({ from }) => from)).toEqual([undefined, undefined])
    expect(own.at(-1)?.location).toBe(`/api/streams/${found.requestId}`)
    expect(await requestsUpstream(url)).toHaveLength(2)
    await close()
  })
}

test('a worker that dies reads on from the server, of which it knew no more than the place', async ({
  tab,
  server,
  site,
  killWorker,
}) => {
  const { url, a, b, close } = await openDevices(tab, server, site)
  await Promise.all([a.start(OPTIONS), b.start(OPTIONS)])
  await ask(a)
  const own = await listed(a, 2_000)
  expect(own.from).toBeUndefined()
  await killWorker()
  const id = (await listed(b, 2_000)).requestId
  const [here, there] = await Promise.all([attach(a, own.requestId), attach(b, id)])
  expect(here).toBe(there)
  expect(here).toContain('[DONE]')
  expect(await a.told('request_finished')).toHaveLength(1)
  // And again, when it has ended.
  await killWorker()
  expect(await attach(a, own.requestId)).toBe(there)
  expect(await streamsOf(a)).toMatchObject([{ requestId: own.requestId, verdict: 'complete' }])
  expect(await wordsOnDisk(a)).toEqual([])
  expect(await requestsUpstream(url)).toHaveLength(1)
  await close()
})

test('a Stop of the worker’s stops the response at the server, for all devices', async ({
  tab,
  server,
  site,
}) => {
  const { url, a, b, close } = await openDevices(tab, server, site)
  await Promise.all([a.start(OPTIONS), b.start(OPTIONS)])
  const call = await ask(a)
  const { requestId } = await listed(a, 1_000)
  await a.cancel(requestId)
  expect((await call.ended()).state).toBe('failed')
  await expect.poll(async () => (await streamsOf(b)).at(0)?.verdict).toBe('cancelled')
  expect(await streamsOf(a)).toMatchObject([{ requestId, verdict: 'cancelled' }])
  await expect.poll(() => requestsUpstream(url)).toMatchObject([{ closedBy: 'client' }])
  await close()
})

test('without a list the worker’s own are given, and an unknown response is an error', async ({ app }) => {
  await app.start(OPTIONS)
  expect(await streamsOf(app)).toEqual([])
  const unknown = app.evaluate(() => window.e2e.keeper?.attach('f'.repeat(32)).then(String, String))
  expect(await unknown).toBe('Error: Cannot attach: no such response')
})

/** Texts of a database of this origin that have a word of an answer in them. */
function wordsOnDisk(app: App): Promise<string[]> {
  return app.evaluate(async () => {
    const found: string[] = []
    for (const { name = '' } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const opening = indexedDB.open(name)
        opening.addEventListener('success', () => resolve(opening.result))
        opening.addEventListener('error', () => reject(new Error('Cannot open database')))
      })
      for (const store of database.objectStoreNames) {
        const values = await new Promise<unknown[]>((resolve) => {
          const getting = database.transaction(store).objectStore(store).getAll()
          getting.addEventListener('success', () => resolve(getting.result as unknown[]))
        })
        for (const value of values) {
          const text = value instanceof Uint8Array ? new TextDecoder().decode(value) : JSON.stringify(value)
          if (text.includes('delta')) found.push(text)
        }
      }
      database.close()
    }
    return found
  })
}
