import { appendFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build } from 'vite'
import { engine } from '../engines/engine.ts'
import { WORKER_HOOK } from '../engines/worker-hook.ts'
import type { App } from './app.ts'
import { test as base } from './own-site.ts'

export { expect } from './test.ts'

export type Host =
  | 'plain'
  | 'from-url'
  | 'workbox'
  | 'workbox-route'
  | 'serwist'
  | 'greedy'
  | 'wrong'
  | 'notifying'

export interface HostFixtures {
  /** Bundles an app's own worker, as its build does, into the site; resolves with its path. */
  bundle: (host: Host) => Promise<string>
  /** Opens the page and registers a worker of the app's own, as the app does; resolves when it controls the page. */
  host: (app: App, script: string) => Promise<void>
}

export const test = base.extend<HostFixtures>({
  bundle: async ({ ownSite }, use) => {
    await use(async (host) => {
      const fileName = `host-${host}.js`
      await build({
        configFile: false,
        logLevel: 'error',
        define: { 'process.env.NODE_ENV': '"production"' },
        build: {
          outDir: ownSite,
          emptyOutDir: false,
          copyPublicDir: false,
          target: 'chrome95',
          lib: {
            entry: resolve(import.meta.dirname, '../hosts', `${host}.ts`),
            formats: ['iife'],
            name: 'host',
            fileName: () => fileName,
          },
        },
      })
      if (engine !== 'chromium') await appendFile(join(ownSite, fileName), WORKER_HOOK)
      return `/${fileName}`
    })
  },
  // eslint-disable-next-line no-empty-pattern
  host: async ({}, use) => {
    await use(async (app, script) => {
      await app.open()
      await app.evaluate(async (script) => {
        await navigator.serviceWorker.register(script)
        if (navigator.serviceWorker.controller) return
        await new Promise((done) =>
          navigator.serviceWorker.addEventListener('controllerchange', done, { once: true }),
        )
      }, script)
    })
  },
})
