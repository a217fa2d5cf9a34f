import { chromium, firefox } from '@playwright/test'
import type { Engine } from '../engines/engine.ts'
import { FIREFOX } from '../engines/firefox.ts'
import { launchWebKit } from '../engines/webkit/launch-webkit.ts'
import { launchOptions } from '../support/launch-options.ts'

/** Opens an address in an engine with an empty profile, and does nothing else there; resolves with what closes it. */
export async function openInEngine(engine: Engine, url: string): Promise<() => Promise<void>> {
  if (engine === 'webkit') {
    const webKit = await launchWebKit()
    const page = await webKit.newPage()
    await page.goto(url)
    return webKit.close
  }
  const { channel, launchOptions: firefoxOptions } = FIREFOX
  const browser =
    engine === 'chromium'
      ? await chromium.launch(launchOptions())
      : await firefox.launch({ channel, ...firefoxOptions })
  const page = await browser.newPage()
  await page.goto(url)
  return () => browser.close()
}
