import type { BrowserContext, Page, PlaywrightTestConfig } from '@playwright/test'
import type { Look } from '../support/page.ts'
import { findFirefox } from './find-engine.ts'

/** How tests start Firefox: Playwright's driver for the stock browser, with access to the browser's own scripts. */
export const FIREFOX = {
  browserName: 'firefox',
  channel: 'moz-firefox',
  launchOptions: {
    executablePath: findFirefox() ?? 'firefox-esr',
    args: ['--remote-allow-system-access'],
    firefoxUserPrefs: {
      // Notifications of the browser's own: there may be no desktop that shows them.
      'alerts.useSystemBackend': false,
      // A mouse, for the machine may have none: fine, and hovers.
      'ui.primaryPointerCapabilities': 6,
      'ui.allPointerCapabilities': 6,
    },
  },
} satisfies PlaywrightTestConfig['use']

/** Kills every worker at once, whatever it is doing, as the button of about:serviceworkers does. */
export async function killWorkersInFirefox(context: BrowserContext): Promise<void> {
  await runInBrowser(
    context,
    `(async () => {
      const manager = Cc['@mozilla.org/serviceworkers/manager;1'].getService(Ci.nsIServiceWorkerManager)
      const registrations = manager.getAllRegistrations()
      for (let i = 0; i < registrations.length; i++) {
        const { installingWorker, waitingWorker, activeWorker } =
          registrations.queryElementAt(i, Ci.nsIServiceWorkerRegistrationInfo)
        for (const worker of [installingWorker, waitingWorker, activeWorker]) await worker?.terminateWorker()
      }
    })()`,
  )
}

/** Reloads as with the Shift key. BiDi's own `ignoreCache` is not there yet (Firefox 153). */
export async function reloadHardInFirefox(page: Page): Promise<void> {
  const loaded = page.waitForEvent('load')
  await runInTabs(
    page.context(),
    `const { LOAD_FLAGS_BYPASS_CACHE, LOAD_FLAGS_BYPASS_PROXY } = Ci.nsIWebNavigation
    if (browser.currentURI.spec === ${JSON.stringify(page.url())})
      browser.reloadWithFlags(LOAD_FLAGS_BYPASS_CACHE | LOAD_FLAGS_BYPASS_PROXY)`,
  )
  await loaded
}

/** A headless Firefox takes every tab of a window of its own for one that is looked at. */
export function hideTabsInFirefox(context: BrowserContext): Promise<void> {
  return runInTabs(context, 'browser.docShellIsActive = false')
}

export function showInFirefox(page: Page): Promise<void> {
  return runInTabs(
    page.context(),
    `if (browser.currentURI.spec === ${JSON.stringify(page.url())}) browser.docShellIsActive = true`,
  )
}

/** Playwright's own emulation of the colour scheme does nothing in a stock Firefox. */
export function lookInFirefox(context: BrowserContext, { colorScheme }: Look): Promise<void> {
  return runInTabs(
    context,
    `Services.prefs.setIntPref('ui.prefersReducedMotion', 1)
    browser.browsingContext.prefersColorSchemeOverride = ${JSON.stringify(colorScheme)}`,
  )
}

/** Runs statements with the browser's own rights for each tab, their `browser`. */
function runInTabs(context: BrowserContext, statements: string): Promise<void> {
  return runInBrowser(
    context,
    `(() => {
      for (const { gBrowser } of Services.wm.getEnumerator('navigator:browser')) {
        for (const browser of gBrowser.browsers) {
          ${statements}
        }
      }
    })()`,
  )
}

/** A command of WebDriver BiDi. */
interface Session {
  send: (method: string, params: unknown) => Promise<unknown>
}

/* oxlint-disable no-underscore-dangle -- Playwright's own names */
/** Runs a script with the browser's own rights. Firefox has one BiDi session at a time, so it must be Playwright's. */
async function runInBrowser(context: BrowserContext, expression: string): Promise<void> {
  const internals = context as unknown as { _connection: { toImpl: (context: BrowserContext) => unknown } }
  const impl = internals._connection.toImpl(context) as { _browser: { _browserSession: Session } }
  const session = impl._browser._browserSession
  const tree = await session.send('browsingContext.getTree', { 'moz:scope': 'chrome' })
  const [first] = (tree as { contexts: { context: string }[] }).contexts
  const result = await session.send('script.evaluate', {
    expression,
    awaitPromise: true,
    target: { context: first?.context },
    resultOwnership: 'none',
  })
  if ((result as { type: string }).type !== 'success') {
    throw new Error(`Cannot run in the browser: ${JSON.stringify(result)}`)
  }
}
