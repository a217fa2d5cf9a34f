import type { Page as Driver } from '@playwright/test'
import type { Page } from '../support/page.ts'
import { waitForIn } from './wait-for-in.ts'
import { engine } from './engine.ts'
import { lookInFirefox, reloadHardInFirefox, showInFirefox } from './firefox.ts'

/** A page of Chromium's or Firefox's, driven by Playwright. */
export function createPlaywrightPage(driver: Driver): Page {
  const evaluate: Page['evaluate'] = (run: (argument?: unknown) => unknown, argument?: unknown) =>
    driver.evaluate(run, argument) as Promise<never>

  return {
    goto: async (url) => void (await driver.goto(url)),
    reload: async ({ hard = false } = {}) => {
      if (!hard) await driver.reload()
      else if (engine === 'firefox') await reloadHardInFirefox(driver)
      else await reloadHardInChromium(driver)
    },
    evaluate,
    waitFor: waitForIn(evaluate),
    look: async (how) => {
      if (engine === 'firefox') await lookInFirefox(driver.context(), how)
      else await driver.emulateMedia({ colorScheme: how.colorScheme, reducedMotion: 'reduce' })
      await driver.setViewportSize(how.size)
    },
    picture: () => driver.screenshot(),
    fill: (selector, text) =>
      engine === 'firefox' ? typeInFirefox(driver, selector, text) : driver.fill(selector, text),
    click: (selector) => driver.click(selector),
    pressEscape: () => driver.keyboard.press('Escape'),
    textContent: async (selector) => {
      const [first] = await driver.locator(selector).all()
      return first ? first.textContent() : null
    },
    show: () => (engine === 'firefox' ? showInFirefox(driver) : driver.bringToFront()),
    newTab: async () => createPlaywrightPage(await driver.context().newPage()),
    close: () => driver.close(),
  }
}

async function reloadHardInChromium(driver: Driver): Promise<void> {
  const session = await driver.context().newCDPSession(driver)
  const loaded = driver.waitForEvent('load')
  await session.send('Page.reload', { ignoreCache: true })
  await loaded
  await session.detach()
}

/** Playwright's own `fill` sets `value` from a script of the page's, which React does not notice. */
async function typeInFirefox(driver: Driver, selector: string, text: string): Promise<void> {
  await driver.focus(selector)
  await driver.evaluate((text) => {
    ;(document.activeElement as HTMLInputElement).select()
    document.execCommand('insertText', false, text)
  }, text)
}
