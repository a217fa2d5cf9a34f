import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from '@playwright/test'
import { type App, createApp, SAVES } from '../support/app.ts'
import { createPlaywrightPage } from '../engines/playwright-page.ts'
import { launchOptions } from '../support/launch-options.ts'
import { expect, test } from '../support/test.ts'
import type { TestServer } from '../support/test-server.ts'

const SECRET = 'the-diagnosis-is-confidential'

/** Uses the app in a browser whose profile lies in that folder, and closes it. */
async function visit(profile: string, server: TestServer, use: (app: App) => Promise<void>): Promise<void> {
  const context = await chromium.launchPersistentContext(profile, launchOptions())
  try {
    const app = createApp(createPlaywrightPage(context.pages()[0] ?? (await context.newPage())), server)
    await app.start({ saves: [SAVES] })
    await use(app)
  } finally {
    await context.close()
  }
}

/** The files in which the secret can be read, in either of the ways in which a browser writes text. */
async function filesWithSecret(profile: string): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(profile, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const bytes = await readFile(path)
    if (bytes.includes(SECRET) || bytes.includes(Buffer.from(SECRET, 'utf16le'))) found.push(path)
  }
  return found
}

test('a log-out that clears site data leaves no word of a waiting message on disk', async ({ server }) => {
  const profile = await mkdtemp(join(tmpdir(), 'streamkeeper-profile-'))
  try {
    await server.behave({ mode: 'fail', status: 503 })
    await visit(profile, server, async (app) => {
      await app.save(crypto.randomUUID(), '1', { content: SECRET })
      await app.told('save_retry')
    })
    expect(await filesWithSecret(profile)).not.toEqual([])

    await visit(profile, server, async (app) => {
      expect(await app.outbox()).toHaveLength(1)
      const status = await app.evaluate(async () => (await fetch('/api/logout', { method: 'POST' })).status)
      expect(status).toBe(204)
    })
    expect(await filesWithSecret(profile)).toEqual([])
  } finally {
    await rm(profile, { recursive: true, force: true })
  }
})
