import { existsSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test as base } from '@playwright/test'
import { type App, createApp } from './app.ts'
import { createChromiumPage } from './chromium-page.ts'
import type { Page } from './page.ts'
import { type ScriptedProvider, startScriptedProvider } from './scripted-provider.ts'
import { startTestServer, type TestServer } from './test-server.ts'

export { expect } from '@playwright/test'

export interface Fixtures {
  server: TestServer
  /** Another upstream, whose answers the spec says byte by byte. */
  provider: ScriptedProvider
  /** An empty page of a fresh profile. */
  tab: Page
  /** The bare test page's app, in the same tab; not opened yet. */
  app: App
  /** Lets the worker believe that so much time has passed; its timers do not run for it. */
  passWorkerTime: (ms: number) => Promise<void>
  /** Kills the worker as a browser may at any time, whatever it is doing. */
  killWorker: () => Promise<void>
}

/** A test has a browser profile and a server of its own: nothing of one reaches another. */
export const test = base.extend<Fixtures, { site: string }>({
  /** The built site, and what only tests need beside it. */
  site: [
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const root = resolve(import.meta.dirname, '..')
      if (!existsSync(join(root, 'demo/dist'))) throw new Error('Cannot find demo/dist: npm run build first')
      const site = await mkdtemp(join(tmpdir(), 'streamkeeper-site-'))
      await cp(join(root, 'demo/dist'), site, { recursive: true })
      await cp(join(root, 'e2e/site/public'), site, { recursive: true })
      await use(site)
      await rm(site, { recursive: true, force: true })
    },
    { scope: 'worker' },
  ],
  server: async ({ site }, use) => {
    const server = await startTestServer(site)
    await use(server)
    await server.close()
  },
  // eslint-disable-next-line no-empty-pattern
  provider: async ({}, use) => {
    const provider = await startScriptedProvider()
    await use(provider)
    await provider.close()
  },
  tab: async ({ page }, use) => use(createChromiumPage(page)),
  app: async ({ tab, server }, use) => use(createApp(tab, server)),
  killWorker: async ({ page }, use) => {
    await use(async () => {
      const session = await page.context().newCDPSession(page)
      await session.send('ServiceWorker.enable')
      await session.send('ServiceWorker.stopAllWorkers')
      await session.detach()
    })
  },
  passWorkerTime: async ({ context }, use) => {
    await use(async (ms) => {
      for (const worker of context.serviceWorkers()) {
        await worker.evaluate((ms) => {
          const now = Date.now
          Date.now = () => now() + ms
        }, ms)
      }
    })
  },
})
