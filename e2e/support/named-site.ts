import { type BrowserContext, chromium } from '@playwright/test'
import { type App, createApp } from './app.ts'
import { createPlaywrightPage } from '../engines/playwright-page.ts'
import { launchOptions } from './launch-options.ts'
import type { TestServer } from './test-server.ts'

export interface NamedSite {
  origin: string
  context: BrowserContext
  app: App
  close: () => Promise<void>
}

/**
 * A browser of its own, in which the server's site has a name, and is no longer this computer's by its address.
 *
 * @param executablePath another browser than the usual one
 */
export async function openNamedSite(
  server: TestServer,
  argsFor: (origin: string, port: string) => string[],
  executablePath?: string,
): Promise<NamedSite> {
  const { port } = new URL(server.url)
  const origin = `http://app.example:${port}`
  const { args = [], ...rest } = launchOptions()
  const browser = await chromium.launch({
    ...rest,
    ...(executablePath === undefined ? {} : { executablePath }),
    args: [...args, '--host-resolver-rules=MAP app.example 127.0.0.1', ...argsFor(origin, port)],
  })
  const context = await browser.newContext()
  const page = createPlaywrightPage(await context.newPage())
  return {
    origin,
    context,
    app: createApp(page, { ...server, url: origin }),
    close: () => browser.close(),
  }
}
