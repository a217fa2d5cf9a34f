import type { BrowserContext, Page } from '@playwright/test'
import { registerKeeper, registerPlain } from './in-page.ts'
import type { Path } from './paths.ts'
import type { BenchServer } from './server.ts'

/** A path's page, controlled by the path's worker. */
export async function openPage(context: BrowserContext, server: BenchServer, path: Path): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${server.url}/${path.name}/`)
  if (path.worker && 'options' in path.worker) await page.evaluate(registerKeeper, path.worker.options)
  else if (path.worker) await page.evaluate(registerPlain)
  return page
}
