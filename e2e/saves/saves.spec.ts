import { CHAT, SAVES } from '../support/app.ts'
import { expect, test } from '../support/test.ts'

const options = { chat: [CHAT], saves: [SAVES] }

test('a save never delays the stream: the chat arrives while the save is held', async ({ app, server }) => {
  const session = crypto.randomUUID()
  await app.start(options)
  await server.behave({ session, mode: 'slow', delayMs: 5_000 })

  // As many apps do it: the message is saved first, and only then is the answer asked for.
  const saved = await app.save(session, '1')
  expect(saved.status).toBe(202)
  expect(Number(saved.answeredAt) - saved.startedAt).toBeLessThan(1_000)
  const chat = await app.chat({ steps: [] })
  expect((await chat.ended()).state).toBe('whole')

  await expect.poll(() => server.saves(session)).toHaveLength(1)
  const [attempt] = await chat.log()
  const [save] = await server.saves(session)
  expect(Number(attempt?.at) - Number(save?.at)).toBeLessThan(5_000)
  await expect.poll(() => server.messages(session)).toMatchObject([{ id: '1', content: 'Message 1' }])
  expect(await app.told('save_sent')).toHaveLength(1)
})

test('unless the chat’s route says that it waits for its conversation, and how long', async ({
  app,
  server,
}) => {
  const session = crypto.randomUUID()
  const conversation = 'body.session'
  await app.start({
    chat: [
      { url: CHAT, conversation, afterSavesMs: 10_000 },
      { url: '/other/v1/chat/completions', conversation, afterSavesMs: 300 },
    ],
    saves: [{ url: SAVES, orderBy: ':session' }],
  })
  await server.behave({ session, mode: 'slow', delayMs: 2_000 })
  await app.save(session, '1')
  const waiting = await app.chat({ steps: [] }, { session })
  // Short: it is to be whole while the save is held.
  const elsewhere = await app.chat({ steps: [], answer: { text: 'Noted.' } }, { session: 'another' })
  expect((await elsewhere.ended()).state).toBe('whole')
  expect(await server.messages(session)).toEqual([])
  expect((await waiting.ended()).state).toBe('whole')
  const [message] = await server.messages(session)
  const [attempt] = await waiting.log()
  expect(attempt?.at).toBeGreaterThanOrEqual(message?.receivedAt ?? Infinity)

  await server.behave({ session, mode: 'slow', delayMs: 8_000 })
  await app.save(session, '2')
  const impatient = await app.chat({ steps: [] }, { session }, { url: '/other/v1/chat/completions' })
  await impatient.ended()
  expect(await server.messages(session)).toHaveLength(1)
})

test('many hanging saves leave connections to the chat', async ({ app, server }) => {
  await app.start(options)
  await server.behave({ mode: 'slow', delayMs: 8_000 })
  for (let n = 0; n < 8; n++) await app.save(crypto.randomUUID(), '1')
  const askedAt = Date.now()
  const chat = await app.chat({ steps: [], answer: { tokens: 5, tokensPerSecond: 0 } })
  expect((await chat.ended()).state).toBe('whole')
  const [attempt] = await chat.log()
  expect(Number(attempt?.at) - askedAt).toBeLessThan(4_000)
})

test('server down: the save is queued and seen waiting; server back: sent once, in order', async ({
  app,
  server,
}) => {
  const session = crypto.randomUUID()
  await app.start(options)
  await server.stop()
  for (const id of ['1', '2', '3']) expect((await app.save(session, id)).status).toBe(202)
  expect(await app.told('save_queued', 3)).toHaveLength(3)
  const waiting = await app.outbox()
  expect(waiting).toMatchObject([
    { method: 'POST', url: `${server.url}/api/sessions/${session}/messages` },
    { method: 'POST' },
    { method: 'POST' },
  ])
  for (const { state } of waiting) expect(['queued', 'sending', 'waiting']).toContain(state)

  await server.start()
  await expect.poll(() => server.messages(session)).toMatchObject([{ id: '1' }, { id: '2' }, { id: '3' }])
  await expect.poll(app.outbox).toEqual([])
  expect((await server.saves(session)).map(({ status }) => status)).toEqual([201, 201, 201])
  expect(await app.told('save_sent', 3)).toHaveLength(3)
})

test('a reload loses nothing', async ({ app, server }) => {
  const session = crypto.randomUUID()
  await app.start(options)
  await server.behave({ session, mode: 'reset' })
  for (const id of ['1', '2']) expect((await app.save(session, id)).status).toBe(202)
  await app.reload()
  const waiting = await app.outbox()
  expect(waiting).toHaveLength(2)
  expect(await app.bodyOf(waiting[0]?.id ?? '')).toMatchObject({ id: '1', content: 'Message 1' })
  await server.behave({ session, mode: 'ok' })
  await app.flush() // How long it would wait by itself depends on how often it has failed.
  await expect.poll(() => server.messages(session)).toMatchObject([{ id: '1' }, { id: '2' }])
})

test('a tab that closes while the server is down loses nothing', async ({ app, server }) => {
  const session = crypto.randomUUID()
  await app.start(options)
  await server.stop()
  expect((await app.save(session, '1')).status).toBe(202)
  const later = await app.newTab()
  await app.page.close()
  await server.start()
  await later.start(options)
  await expect.poll(() => server.messages(session)).toMatchObject([{ id: '1' }])
  expect(await server.saves(session)).toHaveLength(1)
})

test('500 three times, then 200: one row, one key', async ({ app, server }) => {
  const session = crypto.randomUUID()
  await app.start(options)
  await server.behave({ session, mode: 'fail', status: 500, times: 3 })
  expect((await app.save(session, '1')).status).toBe(202)
  await expect.poll(() => server.messages(session), { timeout: 25_000 }).toHaveLength(1)
  const saves = await server.saves(session)
  expect(saves.map(({ status }) => status)).toEqual([500, 500, 500, 201])
  const keys = new Set(saves.map(({ key }) => key))
  expect([keys.size, keys.has(null)]).toEqual([1, false])
  const retries = await app.told('save_retry', 3)
  expect(retries.map(({ attempts }) => attempts)).toEqual([1, 2, 3])
})

test('inside a conversation order is strict, between conversations none waits', async ({ app, server }) => {
  const [stuck, free] = [crypto.randomUUID(), crypto.randomUUID()]
  await app.start(options)
  await server.behave({ session: stuck, mode: 'fail', status: 503 })
  for (const id of ['1', '2', '3']) await app.save(stuck, id)
  await app.save(free, '1')
  await expect.poll(() => server.messages(free)).toHaveLength(1)
  expect(await server.messages(stuck)).toEqual([])
  await server.behave({ session: stuck, mode: 'ok' })
  await app.flush()
  await expect.poll(() => server.messages(stuck)).toMatchObject([{ id: '1' }, { id: '2' }, { id: '3' }])
})

test('503 for ten minutes: still waiting, not dead', async ({ app, server, passWorkerTime }) => {
  const session = crypto.randomUUID()
  await app.start(options)
  await server.behave({ session, mode: 'fail', status: 503 })
  await app.save(session, '1')
  await app.told('save_retry')
  for (let minute = 1; minute <= 10; minute++) {
    const before = (await server.saves(session)).length
    await passWorkerTime(60_000)
    await app.flush()
    await expect.poll(async () => (await server.saves(session)).length).toBeGreaterThan(before)
  }
  const [entry] = await app.outbox()
  expect(entry?.state).not.toBe('dead')
  expect(await app.statuses('save_dead')).toEqual([])
  await server.behave({ session, mode: 'ok' })
  await app.flush()
  await expect.poll(() => server.messages(session)).toHaveLength(1)
})

test('saved, but the response was lost: sent again, one row', async ({ app, server }) => {
  const session = crypto.randomUUID()
  await app.start(options)
  await server.behave({ session, mode: 'lost', times: 1 })
  await app.save(session, '1')
  await expect.poll(app.outbox).toEqual([])
  const saves = await server.saves(session)
  expect(saves.at(-1)).toMatchObject({ status: 201, replayed: true })
  expect(await server.messages(session)).toHaveLength(1)
})
