import { type App, SAVES } from '../support/app.ts'
import { expect, test } from '../support/test.ts'
import type { TestServer } from '../support/test-server.ts'

/** Saves a message in so many conversations, whose server takes them and says nothing. */
async function hang(app: App, server: TestServer, count: number) {
  const sessions = Array.from({ length: count }, () => crypto.randomUUID())
  for (const session of sessions) {
    await server.behave({ session, mode: 'slow', delayMs: 60_000 })
    await app.save(session, '1')
  }
  await expect
    .poll(async () => (await app.outbox()).map(({ state }) => state))
    .toEqual(sessions.map(() => 'sending'))
  return sessions
}

test('conversations that hang delay no retry of another', async ({ app, server }) => {
  const session = crypto.randomUUID()
  await app.start({ saves: [SAVES] })
  await hang(app, server, 3)
  await server.behave({ session, mode: 'fail', status: 503, times: 2 })
  await app.save(session, '1')
  await expect.poll(() => server.messages(session), { timeout: 15_000 }).toHaveLength(1)
  const times = (await server.saves(session)).map(({ at }) => at)
  expect(times).toHaveLength(3)
  // 1 s and 2 s, ±20 %, and what a busy machine adds.
  expect(Number(times[2]) - Number(times[0])).toBeLessThan(8_000)
})

test('a message that is discarded while it hangs makes room at once', async ({ app, server }) => {
  await app.start({ saves: [SAVES] })
  const sessions = await hang(app, server, 4)
  const [first = ''] = sessions
  const other = crypto.randomUUID()
  await server.behave({ session: first, mode: 'ok' })
  for (const session of [first, other]) await app.save(session, '2')
  const discardedAt = Date.now()
  for (const { id, state } of await app.outbox()) {
    if (state === 'sending') await app.evaluate((id) => window.e2e.keeper?.outbox.discard(id), id)
  }
  await app.flush()
  for (const session of [first, other]) {
    await expect.poll(() => server.messages(session)).toMatchObject([{ id: '2' }])
  }
  expect(Date.now() - discardedAt).toBeLessThan(10_000)
  await expect.poll(app.outbox).toEqual([])
  expect(await app.statuses('save_retry')).toEqual([])
})
