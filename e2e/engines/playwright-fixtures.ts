import type { BrowserContext, Page as Driver } from '@playwright/test'
import type { Page } from '../support/page.ts'
import { passTimeByMessage } from './clock-hook.ts'
import { engine } from './engine.ts'
import { killWorkersInFirefox } from './firefox.ts'
import type { EngineFixtures, Use } from './fixtures.ts'
import { createPlaywrightPage } from './playwright-page.ts'

/** How Chromium and Firefox serve a spec. */
export const playwrightFixtures = {
  tab: async ({ page }: { page: Driver }, use: Use<Page>) => use(createPlaywrightPage(page)),
  killWorker: async ({ page }: { page: Driver }, use: Use<EngineFixtures['killWorker']>) => {
    await use(() => (engine === 'firefox' ? killWorkersInFirefox(page) : killWorkersInChromium(page)))
  },
  passWorkerTime: async (
    { context, tab }: { context: BrowserContext; tab: Page },
    use: Use<EngineFixtures['passWorkerTime']>,
  ) => {
    await use((ms) => (engine === 'firefox' ? passTimeByMessage(tab, ms) : passTimeInWorkers(context, ms)))
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
    await worker.evaluate((ms) => {
      const now = Date.now
      Date.now = () => now() + ms
    }, ms)
  }
}
