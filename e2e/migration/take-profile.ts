import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { chromium } from '@playwright/test'
import { createPlaywrightPage } from '../engines/playwright-page.ts'
import { type App, CHAT, createApp, SAVES } from '../support/app.ts'
import { launchOptions } from '../support/launch-options.ts'
import { startTestServer, type TestServer } from '../support/test-server.ts'
import { readOldWorker } from './old-worker.ts'
import { readProfile } from './profile.ts'

// The data that 0.1.0's worker leaves in a browser when it ends during its work, written by that worker:
// `node e2e/migration/take-profile.ts` after `npm run build`.

const ROOT = resolve(import.meta.dirname, '../..')
const FILE = resolve(import.meta.dirname, 'profile-0.1.0.json')

/** Its keys can be exported, as no key of a real profile can: only so they are data. */
const KEY = { asBuilt: ',length:256},!1,[', exportable: ',length:256},!0,[' }

async function save(app: App, session: string, id: string, headers = {}, query = '') {
  const saving = await app.call(`/api/sessions/${session}/messages${query}`, {
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify({ id, role: 'user', content: `Message ${id} — über alles`, createdAt: 1 }),
  })
  const { status } = await saving.ended()
  if (status !== 202) throw new Error(`Cannot save ${id}: ${status}`)
}

/** A dead letter; messages of every kind that wait, in two conversations; one that is being sent; an open stream. */
async function work(app: App, server: TestServer) {
  await app.start({ saves: [SAVES], chat: [CHAT] })
  await app.evaluate(() => window.e2e.keeper?.setPrincipal('ada'))
  await server.behave({ session: 'refused', mode: 'reject', status: 400 })
  await save(app, 'refused', 'dead')
  await app.told('save_dead')
  await server.behave({ mode: 'fail', status: 503 })
  await save(app, 'first', '1')
  await save(app, 'first', '2', { Authorization: 'Bearer demo-token' })
  await save(app, 'first', '3', {}, '?from=test')
  await save(app, 'first', '4')
  await save(app, 'second', '5')
  await save(app, 'second', '6')
  await app.told('save_retry', 2)
  await server.behave({ session: 'third', mode: 'slow', delayMs: 60_000 })
  await save(app, 'third', '7')
  const chat = await app.chat(
    { steps: [], answer: { tokens: 400, tokensPerSecond: 10 } },
    {},
    { requestId: 'open-stream' },
  )
  await chat.begun()
  // Its first bytes are on the disk, and the message is on its way.
  await app.page.waitFor(async () => {
    const { keeper, calls } = window.e2e
    const isSending = (await keeper?.outbox.list())?.some(({ state }) => state === 'sending')
    return isSending && Object.values(calls).some(({ chunks }) => chunks.length > 20)
  })
}

const site = await mkdtemp(join(tmpdir(), 'streamkeeper-site-'))
await cp(join(ROOT, 'demo/dist'), site, { recursive: true })
const worker = await readOldWorker()
if (!worker.includes(KEY.asBuilt)) throw new Error('Cannot find where its keys are made')
await writeFile(join(site, 'streamkeeper-sw.js'), worker.replace(KEY.asBuilt, KEY.exportable))
const server = await startTestServer(site)
const browser = await chromium.launch(launchOptions())
try {
  const page = createPlaywrightPage(await browser.newPage())
  const app = createApp(page, server)
  await work(app, server)
  await writeFile(FILE, `${JSON.stringify(await page.evaluate(readProfile), null, 2)}\n`)
} finally {
  await browser.close()
  await server.close()
  await rm(site, { recursive: true, force: true })
}
