import type { Browser, BrowserContext, Page as Driver } from '@playwright/test'
import type { Page } from '../support/page.ts'
import { engine } from './engine.ts'
import { hideTabsInFirefox, killWorkersInFirefox } from './firefox.ts'
import type { EngineFixtures, Use } from './fixtures.ts'
import { createPlaywrightPage } from './playwright-page.ts'
import { passTime } from './pass-time.ts'
import { runByMessage } from './worker-hook.ts'

/** How Chromium and Firefox serve a spec. */
export const playwrightFixtures = {
  tab: async ({ page }: { page: Driver }, use: Use<Page>) => use(createPlaywrightPage(page)),
  killWorker: async ({ page }: { page: Driver }, use: Use<EngineFixtures['killWorker']>) => {
    const context = page.context()
    await use(() => (engine === 'firefox' ? killWorkersInFirefox(context) : killWorkersInChromium(page)))
  },
  passWorkerTime: async (
    { context, tab }: { context: BrowserContext; tab: Page },
    use: Use<EngineFixtures['passWorkerTime']>,
  ) => {
    await use((ms) =>
      engine === 'firefox' ? runByMessage(tab, passTime, ms) : passTimeInWorkers(context, ms),
    )
  },
  hideTabs: async ({ context }: { context: BrowserContext }, use: Use<EngineFixtures['hideTabs']>) => {
    await use(async () => {
      if (engine === 'firefox') await hideTabsInFirefox(context)
      else await context.newPage()
    })
  },
  grantNotifications: async (
    { context }: { context: BrowserContext },
    use: Use<EngineFixtures['grantNotifications']>,
  ) => {
    await use((origin) => context.grantPermissions(['notifications'], { origin }))
  },
  otherDevice: async ({ browser }: { browser: Browser }, use: Use<Page>) => {
    const context = await browser.newContext()
    await use(createPlaywrightPage(await context.newPage()))
    await context.close()
  },
}

async function killWorkersInChromium(page: Driver): Promise<void> {
  const session = await page.context().newCDPSession(page)
  await session.send('ServiceWorker.enable')
  await session.send('ServiceWorker.stopAllWorkers')
  await session.detach()
}

async function passTimeInWorkers(context: BrowserContext, ms: number): Promise<void> {
  for (const worker of context.serviceWorkers()) {
    await worker.evaluate(passTime, ms)
  }
}
