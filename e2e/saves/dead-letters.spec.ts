import { type App, SAVES } from '../support/app.ts'
import { expect, test } from '../support/test.ts'
import type { TestServer } from '../support/test-server.ts'

/** A message that the server has refused for good. */
async function refusedMessage(app: App, server: TestServer, session: string) {
  await app.start({ saves: [SAVES] })
  await server.behave({ session, mode: 'reject', status: 400 })
  expect((await app.save(session, '1')).status).toBe(202)
  const [dead] = await app.told('save_dead')
  expect(dead?.code).toBe('upstream_error')
  const [entry] = await app.outbox()
  expect(entry).toMatchObject({ id: dead?.entryId, state: 'dead', attempts: 1 })
  expect(entry?.preview).toContain('does not take this message')
  expect(await app.evaluate(async () => window.e2e.keeper?.outbox.deadLetters())).toHaveLength(1)
  expect(await server.saves(session)).toHaveLength(1)
  return entry?.id ?? ''
}

test('a 400 makes a dead letter, and retry sends it', async ({ app, server }) => {
  const session = crypto.randomUUID()
  const id = await refusedMessage(app, server, session)
  await server.behave({ session, mode: 'ok' })
  expect(await app.evaluate((id) => window.e2e.keeper?.outbox.retry(id), id)).toBe(true)
  await expect.poll(() => server.messages(session)).toMatchObject([{ id: '1' }])
  await expect.poll(app.outbox).toEqual([])
})

test('a dead letter can be discarded, and is never sent', async ({ app, server }) => {
  const session = crypto.randomUUID()
  const id = await refusedMessage(app, server, session)
  await server.behave({ session, mode: 'ok' })
  expect(await app.evaluate((id) => window.e2e.keeper?.outbox.discard(id), id)).toBe(true)
  expect(await app.outbox()).toEqual([])
  expect(await app.evaluate(() => window.e2e.keeper?.getSnapshot().outbox)).toMatchObject({ dead: 0 })
  // A later message has gone: what would have gone before it has not.
  await app.save(session, '2')
  await expect.poll(() => server.messages(session)).toMatchObject([{ id: '2' }])
})

test('what comes after a dead letter is sent', async ({ app, server }) => {
  const session = crypto.randomUUID()
  await app.start({ saves: [SAVES] })
  await server.behave({ session, mode: 'reject', times: 1 })
  for (const id of ['1', '2']) await app.save(session, id)
  await expect.poll(() => server.messages(session)).toMatchObject([{ id: '2' }])
  await expect.poll(app.outbox).toMatchObject([{ state: 'dead' }])
})

test('a 401 asks the page for new headers, and burns no attempt', async ({ app, server }) => {
  const session = crypto.randomUUID()
  await app.start({ saves: [SAVES] })
  await server.behave({ session, mode: 'auth', token: 'sesame' })
  await app.save(session, '1')
  await app.told('save_needs_auth')
  await expect.poll(app.outbox).toMatchObject([{ state: 'needs_auth' }])
  await app.evaluate(() => window.e2e.keeper?.provideAuth(() => ({ Authorization: 'Bearer sesame' })))
  await expect.poll(() => server.messages(session)).toMatchObject([{ id: '1' }])
})

for (const mode of ['html', 'redirect', 'reset'] as const) {
  test(`${mode} in place of the API’s response does not count as sent`, async ({ app, server }) => {
    const session = crypto.randomUUID()
    await app.start({ saves: [SAVES] })
    await server.behave({ session, mode, times: 1 })
    await app.save(session, '1')
    await expect.poll(() => server.messages(session)).toMatchObject([{ id: '1' }])
    expect(await app.told('save_sent')).toHaveLength(1)
    expect(await app.outbox()).toEqual([])
  })
}
