import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium } from '@playwright/test'
import type { Use } from '../engines/fixtures.ts'
import { launchOptions } from './launch-options.ts'

/**
 * A fixture: a Chromium whose tabs are hidden behind the one in front. One that Playwright starts takes each of its tabs
 * for one that is looked at; one that it only connects to does not.
 */
// oxlint-disable-next-line no-empty-pattern -- Playwright reads the pattern
export async function connectedChromium({}, use: Use<BrowserContext>): Promise<void> {
  const { executablePath = 'chromium', args = [] } = launchOptions()
  const profile = await mkdtemp(join(tmpdir(), 'streamkeeper-hidden-tabs-'))
  const command = [
    ...args,
    '--headless=new',
    '--remote-debugging-port=0',
    '--window-size=1280,900',
    `--user-data-dir=${profile}`,
  ]
  const running = spawn(executablePath, [...command, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise((resolve) => running.once('exit', resolve))
  const address = await new Promise<string>((resolve, reject) => {
    let said = ''
    running.once('error', reject)
    running.stderr.on('data', (data) => {
      said += String(data)
      const [, found] = /DevTools listening on (ws:\S+)/.exec(said) ?? []
      if (found) resolve(found)
    })
  })
  const browser = await chromium.connectOverCDP(address, { noDefaults: true })
  const [context] = browser.contexts()
  if (!context) throw new Error('Expected the browser to have a context')
  await use(context)
  await browser.close()
  running.kill()
  await ended
  await rm(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 })
}
