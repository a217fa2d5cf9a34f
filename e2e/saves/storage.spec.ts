import { SAVES } from '../support/app.ts'
import { expect, test } from '../support/test.ts'

test('a disk that is full: the message goes straight to the network, and the page is told', async ({
  app,
  server,
  page,
}) => {
  const [before, track, after] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()]
  await app.start({ saves: [SAVES] })
  await app.save(before, '1')
  await app.told('save_sent')

  const session = await page.context().newCDPSession(page)
  await session.send('Storage.overrideQuotaForOrigin', { origin: server.url, quotaSize: 1 })
  const saved = await app.save(track, '1', { content: 'x'.repeat(100_000) })
  // The server's own answer.
  expect(saved.status).toBe(201)
  expect(await server.messages(track)).toHaveLength(1)
  expect((await app.told('storage_degraded'))[0]?.message).toContain('storage')
  expect(await app.outbox()).toEqual([])

  await session.send('Storage.overrideQuotaForOrigin', { origin: server.url })
  expect((await app.save(after, '1')).status).toBe(202)
  await expect.poll(() => server.messages(after)).toHaveLength(1)
})

test('what the app’s own cleaning deletes is a dead letter, and the page is told', async ({
  app,
  server,
}) => {
  await app.start({ saves: [SAVES] })
  await server.behave({ mode: 'fail', status: 503, headers: { 'Retry-After': '2' } })
  await app.save(crypto.randomUUID(), '1')
  await app.told('save_retry')
  // As many a worker does at its start, with whatever caches are not its own.
  await app.evaluate(async () => {
    for (const name of await caches.keys()) await caches.delete(name)
  })
  expect(await app.told('save_dead')).toMatchObject([{ code: 'storage_unavailable' }])
})

test('a cache that is deleted while a message is being sent, and its worker dies: a dead letter, not an arrival', async ({
  app,
  server,
  killWorker,
}) => {
  await app.start({ saves: [SAVES] })
  await server.behave({ mode: 'slow', delayMs: 600_000 })
  await app.save(crypto.randomUUID(), '1')
  await expect.poll(async () => (await app.outbox()).map(({ state }) => state)).toEqual(['sending'])
  await killWorker()
  await app.evaluate(async () => {
    for (const name of await caches.keys()) await caches.delete(name)
  })
  await app.reload()
  await expect
    .poll(app.outbox, { timeout: 20_000 })
    .toMatchObject([{ state: 'dead', code: 'storage_unavailable' }])
})

test('an index that is deleted under the worker is made again, and nothing is lost', async ({
  app,
  server,
}) => {
  const session = crypto.randomUUID()
  await app.start({ saves: [SAVES] })
  await server.behave({ mode: 'fail', status: 503 })
  for (const id of ['1', '2']) await app.save(session, id)
  await app.told('save_retry')
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
  await expect.poll(app.outbox).toEqual([])
})
