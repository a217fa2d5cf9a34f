import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { chromium, type Page } from '@playwright/test'
import { createPlaywrightPage } from '../engines/playwright-page.ts'
import { createDemo, testId } from '../support/demo.ts'
import { launchOptions } from '../support/launch-options.ts'
import { startTestServer } from '../support/test-server.ts'

// The README's pictures: the built demo in the middle of a bad day, light and dark. `npm run pictures`.

const ROOT = resolve(import.meta.dirname, '../..')
const FOLDER = resolve(ROOT, 'docs/pictures')

/**
 * An answer is there; the next one has met a rate limit and waits out an overload; its question waits for the history.
 */
async function takeBadDay(page: Page, path: string): Promise<void> {
  const server = await startTestServer(resolve(ROOT, 'demo/dist'))
  try {
    const demo = createDemo(createPlaywrightPage(page), server)
    await demo.open()
    await demo.send('Write a function that runs only a few tasks at a time')
    await demo.answer('complete', 100)
    await demo.saved('assistant', 'saved')
    await server.behave({ mode: 'fail', headers: { 'Retry-After': '60' } })
    await demo.chooseFault('bad-day')
    await page.click(testId('timelines-button'))
    await demo.send('And one that retries them?')
    await page
      .locator(`${testId('status-line')}[data-kind="retrying"]`, {
        hasText: /^Overloaded — trying again in [34] s/,
      })
      .waitFor()
    await page.screenshot({ path })
  } finally {
    await server.close()
  }
}

await mkdir(FOLDER, { recursive: true })
const browser = await chromium.launch(launchOptions())
for (const colorScheme of ['light', 'dark'] as const) {
  const context = await browser.newContext({
    colorScheme,
    locale: 'en-GB',
    deviceScaleFactor: 1.5,
    viewport: { width: 1280, height: 680 },
  })
  const page = await context.newPage()
  await takeBadDay(page, resolve(FOLDER, `bad-day-${colorScheme}.png`))
  await context.close()
}
await browser.close()
