import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from '@playwright/test'
import { createApp, SAVES } from '../support/app.ts'
import { killBrowser } from '../browser-kill/kill-browser.ts'
import { createPlaywrightPage } from '../engines/playwright-page.ts'
import { launchOptions } from '../support/launch-options.ts'
import { test as base, expect } from '../support/test.ts'
import type { TestServer } from '../support/test-server.ts'
import { createNetwork, type Network, whyNoNetwork } from './network.ts'

/** The browser fires when it likes. */
const SOON = { timeout: 60_000 }

const test = base.extend<{
  network: Network
  /** Starts the browser on the machine at the other end of the cable, with the profile it had before. */
  startBrowser: () => Promise<BrowserContext>
  profile: string
}>({
  network: async ({ server }, use) => {
    const { executablePath } = launchOptions()
    if (!executablePath) throw new Error('Cannot find a browser to start in another network')
    const network = await createNetwork(executablePath, Number(new URL(server.url).port))
    await use(network)
    await network.remove()
  },
  // eslint-disable-next-line no-empty-pattern
  profile: async ({}, use) => {
    const profile = await mkdtemp(join(tmpdir(), 'streamkeeper-sync-'))
    await use(profile)
    killBrowser(profile)
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  },
  startBrowser: async ({ network, profile }, use) => {
    const { executablePath } = network
    await use(() => chromium.launchPersistentContext(profile, { ...launchOptions(), executablePath }))
  },
})

test.beforeAll(async () => {
  const why = await whyNoNetwork()
  if (why) console.log(`Skipped: ${why}`)
  test.skip(why !== undefined, why)
})

/** Saves messages while the cable is out. */
async function saveOffline(context: BrowserContext, network: Network, server: TestServer, session: string) {
  const page = await context.newPage()
  const app = createApp(createPlaywrightPage(page), server)
  await app.start({ saves: [SAVES] })
  await network.pullCable()
  await expect.poll(() => app.evaluate(() => navigator.onLine)).toBe(false)
  for (const id of ['1', '2', '3']) expect(await app.save(session, id)).toMatchObject({ status: 202 })
  await app.told('save_retry')
  return page
}

test('the network is back: messages are sent with no page open', async ({
  network,
  server,
  startBrowser,
}) => {
  const session = crypto.randomUUID()
  const context = await startBrowser()
  const page = await saveOffline(context, network, server, session)
  await leave(page)
  expect(await server.messages(session)).toEqual([])
  await network.plugCable()
  await expect
    .poll(() => server.messages(session), SOON)
    .toMatchObject([{ id: '1' }, { id: '2' }, { id: '3' }])
  expect(context.pages().map((each) => each.url())).toEqual(['about:blank'])
  await context.close()
})

test('the browser was killed while offline: the next one sends them, though nobody opens the app', async ({
  network,
  server,
  startBrowser,
  profile,
}) => {
  const session = crypto.randomUUID()
  const first = await startBrowser()
  await saveOffline(first, network, server, session)
  expect(killBrowser(profile)).toBeGreaterThan(0)
  await first.close().catch(() => {}) // It is gone.
  const second = await startBrowser()
  expect(second.pages().map((each) => each.url())).toEqual(['about:blank'])
  expect(await server.messages(session)).toEqual([])
  await network.plugCable()
  await expect
    .poll(() => server.messages(session), SOON)
    .toMatchObject([{ id: '1' }, { id: '2' }, { id: '3' }])
  await second.close()
})

/** Closes the app; no timer of its worker is left that could send anything. */
async function leave(page: Page): Promise<void> {
  const context = page.context()
  await page.close()
  const session = await context.newCDPSession(context.pages()[0] ?? (await context.newPage()))
  const stopped = new Promise<void>((resolve) => {
    session.on('ServiceWorker.workerVersionUpdated', ({ versions }) => {
      const [version] = versions
      if (version?.runningStatus === 'stopped') resolve()
    })
  })
  await session.send('ServiceWorker.enable')
  await session.send('ServiceWorker.stopAllWorkers')
  await stopped
  await session.detach()
}
