import type { Page } from '@playwright/test'

/** The CPU time of all processes of the page's browser so far, ms. */
export async function cpuTimeMs(page: Page): Promise<number> {
  const session = await page.context().browser()?.newBrowserCDPSession()
  if (!session) throw new Error('Cannot measure: not a browser of our own')
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime * 1_000, 0)
}
