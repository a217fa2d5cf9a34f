import type { Page } from '../support/page.ts'
import type { EngineFixtures, Use } from './fixtures.ts'
import { passTime } from './pass-time.ts'
import { launchWebKit, type WebKit } from './webkit/launch-webkit.ts'
import { runByMessage } from './worker-hook.ts'

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
    webKit.prepareToKill()
    await use(webKit.killWorkers)
  },
  passWorkerTime: async ({ tab }: { tab: Page }, use: Use<EngineFixtures['passWorkerTime']>) => {
    await use((ms) => runByMessage(tab, passTime, ms))
  },
  hideTabs: async ({ webKit }: { webKit: WebKit }, use: Use<EngineFixtures['hideTabs']>) => {
    await use(webKit.hideTabs)
  },
  grantNotifications: async (
    { webKit }: { webKit: WebKit },
    use: Use<EngineFixtures['grantNotifications']>,
  ) => {
    await use(webKit.grantNotifications)
  },
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the pattern
  otherDevice: async ({}, use: Use<Page>) => {
    const webKit = await launchWebKit()
    await use(await webKit.newPage())
    await webKit.close()
  },
}

// oxlint-disable-next-line no-empty-pattern -- Playwright reads the pattern
async function isPlaywrights({}): Promise<never> {
  throw new Error(
    'WebKit has none of Playwright’s pages: drive `tab`, or name this test in e2e/engines/lacks.ts',
  )
}
