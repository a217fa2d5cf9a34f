import type { Page } from '../support/page.ts'
import { passTimeByMessage } from './clock-hook.ts'
import type { EngineFixtures, Use } from './fixtures.ts'
import { launchWebKit, type WebKit } from './webkit/launch-webkit.ts'

/** How WebKit serves a spec, without Playwright's pages. */
export const webKitFixtures = {
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the pattern
  webKit: async ({}, use: Use<WebKit>) => {
    const webKit = await launchWebKit()
    await use(webKit)
    await webKit.close()
  },
  page: isPlaywrights,
  context: isPlaywrights,
  tab: async ({ webKit }: { webKit: WebKit }, use: Use<Page>) => use(await webKit.newPage()),
  killWorker: async ({ webKit }: { webKit: WebKit }, use: Use<EngineFixtures['killWorker']>) => {
    await webKit.prepareToKill()
    await use(webKit.killWorkers)
  },
  passWorkerTime: async ({ tab }: { tab: Page }, use: Use<EngineFixtures['passWorkerTime']>) => {
    await use((ms) => passTimeByMessage(tab, ms))
  },
}

// oxlint-disable-next-line no-empty-pattern -- Playwright reads the pattern
async function isPlaywrights({}): Promise<never> {
  throw new Error(
    'WebKit has none of Playwright’s pages: drive `tab`, or name this test in e2e/engines/lacks.ts',
  )
}
