import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readOldWorker } from '../migration/old-worker.ts'
import { type App, CHAT, SAVES } from '../support/app.ts'
import { expect, test as base } from '../support/test.ts'

interface Deploy {
  deploy: (version: '0.1.0' | 'this') => Promise<void>
}

const test = base.extend<Deploy>({
  deploy: async ({ site }, use) => {
    const file = join(site, 'streamkeeper-sw.js')
    const own = await readFile(file)
    const old = await readOldWorker()
    await use((version) => writeFile(file, version === 'this' ? own : old))
    await writeFile(file, own)
  },
})

const TOKEN = { Authorization: 'Bearer demo-token' }

/** Another version is deployed, and takes the page over. */
async function update(app: App) {
  await app.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration()
    await registration?.update()
  })
  await app.told('worker_updated')
  await app.reload()
}

async function save(
  app: App,
  session: string,
  id: string,
  more: { query?: string; headers?: Record<string, string> } = {},
) {
  const { query = '', headers = {} } = more
  const saving = await app.call(`/api/sessions/${session}/messages${query}`, {
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify({ id, role: 'user', content: `Message ${id}`, createdAt: 1 }),
  })
  expect((await saving.ended()).status).toBe(202)
}

/** Messages of every kind are queued while the server refuses; one is a dead letter. */
async function fill(
  app: App,
  session: string,
  dead: string,
  behave: (mode: 'reject' | 'fail') => Promise<void>,
) {
  await behave('reject')
  await save(app, dead, 'dead')
  await app.told('save_dead')
  await behave('fail')
  await save(app, session, '1')
  await save(app, session, '2', { headers: TOKEN })
  await save(app, session, '3', { query: '?from=test' })
  await save(app, session, '4')
  await app.told('save_retry')
}

for (const [before, after] of [
  ['0.1.0', 'this'],
  ['this', '0.1.0'],
] as const) {
  test(`what ${before === 'this' ? 'this version' : before} has queued, ${after === 'this' ? 'this version' : after} sends, in order, with its secrets`, async ({
    app,
    server,
    deploy,
  }) => {
    const [session, dead] = [crypto.randomUUID(), crypto.randomUUID()]
    await deploy(before)
    await app.start({ saves: [SAVES] })
    await app.evaluate(() => window.e2e.keeper?.setPrincipal('ada'))
    await fill(app, session, dead, (mode) =>
      server.behave(mode === 'reject' ? { mode, status: 400 } : { mode, status: 503 }),
    )
    await deploy(after)
    await update(app)
    expect(await app.outbox()).toHaveLength(5)
    await server.behave({ mode: 'ok' })
    await app.flush()
    const ids = async () => (await server.messages(session)).map(({ id }) => id)
    await expect.poll(ids).toEqual(['1', '2', '3', '4'])
    // A dead letter stays one, and a person can send it.
    const [letter, ...others] = await app.outbox()
    expect([letter?.state, others]).toEqual(['dead', []])
    await app.evaluate((id) => window.e2e.keeper?.outbox.retry(id), letter?.id ?? '')
    await expect.poll(() => server.messages(dead)).toHaveLength(1)
    // Each was sent with one key, whoever sent it.
    const keysOf = (log: { key: string | null }[]) => new Set(log.map(({ key }) => key))
    const sends = await server.saves(session)
    expect(keysOf(sends).size).toBe(4)
    expect(sends.filter(({ status }) => status === 201).map(({ authorization }) => authorization)).toEqual([
      false,
      true,
      false,
      false,
    ])
    expect(keysOf(await server.saves(dead)).size).toBe(1)
  })

  test(`what ${before === 'this' ? 'this version' : before} has queued survives the loss of the index, too, under ${after === 'this' ? 'this version' : after}`, async ({
    app,
    server,
    deploy,
    killWorker,
  }) => {
    const session = crypto.randomUUID()
    await deploy(before)
    await app.start({ saves: [SAVES] })
    await server.behave({ mode: 'fail', status: 503 })
    for (const id of ['1', '2']) await save(app, session, id)
    await app.told('save_retry')
    await deploy(after)
    await update(app)
    await killWorker()
    await app.evaluate(async () => {
      for (const { name = '' } of await indexedDB.databases()) {
        await new Promise((resolve) => {
          indexedDB.deleteDatabase(name).addEventListener('success', resolve)
        })
      }
    })
    await server.behave({ mode: 'ok' })
    await app.reload()
    await expect.poll(() => server.messages(session)).toMatchObject([{ id: '1' }, { id: '2' }])
  })
}

test('a response that 0.1.0 has kept is read again, whole', async ({ app, deploy }) => {
  await deploy('0.1.0')
  await app.start({ chat: [CHAT] })
  const chat = await app.chat({ steps: [], answer: { tokens: 60, tokensPerSecond: 200 } })
  const { chunks } = await chat.ended()
  const streams = () => app.evaluate(async () => (await window.e2e.keeper?.streams()) ?? [])
  await expect.poll(streams).toMatchObject([{ state: 'ended', deliveredWhole: true }])
  await deploy('this')
  await update(app)
  const [{ requestId } = { requestId: '' }] = await streams()
  const again = await app.call(`/__streamkeeper/streams/${requestId}`, { method: 'GET' })
  const read = await again.ended()
  const textOf = (pieces: typeof chunks) => pieces.map(({ text }) => text).join('')
  expect([read.state, textOf(read.chunks)]).toEqual(['whole', textOf(chunks)])
})
