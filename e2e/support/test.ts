import { existsSync } from 'node:fs'
import { appendFile, cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test as base } from '@playwright/test'
import { type App, createApp } from './app.ts'
import { engine } from '../engines/engine.ts'
import type { EngineFixtures } from '../engines/fixtures.ts'
import { lackOf } from '../engines/lacks.ts'
import { playwrightFixtures } from '../engines/playwright-fixtures.ts'
import { webKitFixtures } from '../engines/webkit-fixtures.ts'
import type { WebKit } from '../engines/webkit/launch-webkit.ts'
import { WORKER_HOOK } from '../engines/worker-hook.ts'
import { type ScriptedProvider, startScriptedProvider } from './scripted-provider.ts'
import { startTestServer, type TestServer } from './test-server.ts'

export { expect } from '@playwright/test'

export interface Fixtures extends EngineFixtures {
  server: TestServer
  /** Another upstream, whose answers the spec says byte by byte. */
  provider: ScriptedProvider
  /** The bare test page's app, in the same tab; not opened yet. */
  app: App
}

/** Skips what the engine of this run lacks. */
export const lacking = base.extend<{ lack: void }>({
  lack: [
    // eslint-disable-next-line no-empty-pattern
    async ({}, use, info) => {
      const why = lackOf(engine, info.file, info.title)
      info.skip(why !== undefined, why ?? '')
      await use()
    },
    { auto: true },
  ],
})

const engineTest =
  engine === 'webkit'
    ? lacking.extend<EngineFixtures & { webKit: WebKit }>(webKitFixtures)
    : lacking.extend<EngineFixtures>(playwrightFixtures)

/** A test has a browser profile and a server of its own: nothing of one reaches another. */
export const test = (engineTest as typeof lacking).extend<Fixtures, { site: string }>({
  /** The built site, and what only tests need beside it. */
  site: [
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const root = resolve(import.meta.dirname, '../..')
      if (!existsSync(join(root, 'demo/dist'))) throw new Error('Cannot find demo/dist: npm run build first')
      const site = await mkdtemp(join(tmpdir(), 'streamkeeper-site-'))
      await cp(join(root, 'demo/dist'), site, { recursive: true })
      await cp(join(root, 'e2e/site/public'), site, { recursive: true })
      if (engine !== 'chromium') await appendFile(join(site, 'streamkeeper-sw.js'), WORKER_HOOK)
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
  app: async ({ tab, server }, use) => use(createApp(tab, server)),
})
