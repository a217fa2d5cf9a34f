import { execFile } from 'node:child_process'
import { appendFile, cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { App } from './app.ts'
import { test as base } from './test.ts'
import { startTestServer } from './test-server.ts'

export { expect } from './test.ts'

export interface OwnSiteFixtures {
  ownSite: string
  /** Puts another version of the worker on the server, and lets the browser look for it. */
  deploy: (app: App, script?: string) => Promise<void>
  /** Puts the worker there that takes itself away, as its user does, and lets the browser look for it. */
  retire: (app: App) => Promise<void>
}

const cli = resolve(import.meta.dirname, '../../dist/cli.js')

/** Each test has a site of its own, whose worker it may change. */
export const test = base.extend<OwnSiteFixtures>({
  ownSite: async ({ site }, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'streamkeeper-own-site-'))
    await cp(site, folder, { recursive: true })
    await use(folder)
    await rm(folder, { recursive: true, force: true })
  },
  server: async ({ ownSite }, use) => {
    const server = await startTestServer(ownSite)
    await use(server)
    await server.close()
  },
  deploy: async ({ ownSite }, use) => {
    await use(async (app, script = 'streamkeeper-sw.js') => {
      await appendFile(join(ownSite, script), '\n// Another version.\n')
      await update(app)
    })
  },
  retire: async ({ ownSite }, use) => {
    await use(async (app) => {
      await promisify(execFile)(process.execPath, [cli, 'init', ownSite, '--retire'])
      await update(app)
    })
  },
})

/** As the browser does at a navigation. */
async function update(app: App): Promise<void> {
  await app.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration()
    await registration?.update()
  })
}
