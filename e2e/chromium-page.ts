import type { Page as Driver } from '@playwright/test'
import type { Evaluate, Page, WaitFor } from './page.ts'

/** How often a page is asked for a fact, and how long it may take to come true, ms. */
const ASK_MS = 50
const PATIENCE_MS = 15_000

/** A page driven by Playwright. */
export function createChromiumPage(driver: Driver): Page {
  const evaluate: Evaluate = (run: (argument?: unknown) => unknown, argument?: unknown) =>
    driver.evaluate(run, argument) as Promise<never>

  const waitFor: WaitFor = async (fact: (argument?: unknown) => unknown, argument?: unknown) => {
    const until = Date.now() + PATIENCE_MS
    for (;;) {
      const result = await evaluate(fact, argument)
      if (result) return result as never
      if (Date.now() > until) throw new Error(`Not come true in ${PATIENCE_MS} ms: ${String(fact)}`)
      await new Promise((resolve) => setTimeout(resolve, ASK_MS))
    }
  }

  return {
    goto: async (url) => void (await driver.goto(url)),
    reload: async ({ hard = false } = {}) => {
      if (!hard) return void (await driver.reload())
      const session = await driver.context().newCDPSession(driver)
      const loaded = driver.waitForEvent('load')
      await session.send('Page.reload', { ignoreCache: true })
      await loaded
      await session.detach()
    },
    evaluate,
    waitFor,
    fill: (selector, text) => driver.fill(selector, text),
    click: (selector) => driver.click(selector),
    textContent: async (selector) => {
      const [first] = await driver.locator(selector).all()
      return first ? first.textContent() : null
    },
    newTab: async () => createChromiumPage(await driver.context().newPage()),
    close: () => driver.close(),
  }
}
