import { type App, SAVES } from '../support/app.ts'
import { startCookieApi } from '../support/cookie-api.ts'
import { expect, test } from '../support/test.ts'

const signIn = (app: App, name: string | null) =>
  app.evaluate((name) => window.e2e.keeper?.setPrincipal(name), name)

const counts = (app: App) => app.evaluate(() => window.e2e.keeper?.getSnapshot().outbox)

test('a token that was changed while the server was away: the page is asked once, and all is sent', async ({
  app,
  server,
}) => {
  const sessions = Array.from({ length: 6 }, () => crypto.randomUUID())
  await app.start({ saves: [SAVES] })
  await server.stop()
  for (const session of sessions) {
    for (const id of ['1', '2']) {
      const saving = await app.call(`/api/sessions/${session}/messages`, {
        headers: { 'Content-Type': 'application/json', Authorization: 'Bearer old' },
        body: JSON.stringify({ id, role: 'user', content: 'Hello', createdAt: 1 }),
      })
      expect((await saving.ended()).status).toBe(202)
    }
  }
  await app.evaluate(() => {
    const asked: unknown[] = []
    Object.assign(window, { asked })
    window.e2e.keeper?.provideAuth((question) => {
      asked.push(question)
      return { Authorization: 'Bearer sesame' }
    })
  })
  await server.start()
  await server.behave({ mode: 'auth', token: 'sesame' })
  await app.flush()
  for (const session of sessions) {
    await expect.poll(() => server.messages(session)).toMatchObject([{ id: '1' }, { id: '2' }])
  }
  expect(await app.evaluate(() => (window as unknown as { asked: unknown[] }).asked.length)).toBe(1)
  await expect.poll(app.outbox).toEqual([])
})

test('one logs out with messages waiting, another logs in: they wait for the first one', async ({
  app,
  server,
}) => {
  const [hers, his] = [crypto.randomUUID(), crypto.randomUUID()]
  await app.start({ saves: [SAVES] })
  await signIn(app, 'ada')
  await server.stop()
  for (const id of ['1', '2']) await app.save(hers, id)
  await app.told('save_retry')
  await signIn(app, 'bob')
  await server.start()
  await app.save(his, '1')
  await app.flush()
  await expect.poll(() => server.messages(his)).toHaveLength(1)
  expect(await server.saves(hers)).toEqual([])
  expect(await app.outbox()).toEqual([])
  expect(await counts(app)).toEqual({ queued: 0, needsAuth: 0, dead: 0 })
  // Not after a reload, either.
  await app.reload()
  await app.flush()
  expect(await server.saves(hers)).toEqual([])

  await signIn(app, 'ada')
  await expect.poll(() => server.messages(hers)).toMatchObject([{ id: '1' }, { id: '2' }])
  expect(await server.saves(hers)).toHaveLength(2)
})

test('after clear() there is nothing left to ask for', async ({ app, server, provider }) => {
  const session = crypto.randomUUID()
  await app.start({ saves: [SAVES], chat: [`${provider.url}/chat`] })
  const asked = provider.asked()
  await app.call(`${provider.url}/chat`, { body: '{"stream":true}' })
  const answer = await asked
  answer.begin({ 'Content-Type': 'text/event-stream' })
  answer.say('data: {"choices":[{"delta":{"content":"Hi"}}]}\n\n')
  await expect.poll(() => app.evaluate(async () => (await window.e2e.keeper?.streams())?.length)).toBe(1)
  await server.behave({ session, mode: 'reject', status: 400 })
  await app.save(session, '1')
  await app.told('save_dead')
  await server.stop()
  await app.save(crypto.randomUUID(), '1')

  await app.evaluate(() => window.e2e.keeper?.clear())
  expect(await app.outbox()).toEqual([])
  expect(await counts(app)).toEqual({ queued: 0, needsAuth: 0, dead: 0 })
  expect(await app.evaluate(() => window.e2e.keeper?.streams())).toEqual([])
  // A message that was still being read is stopped.
  await answer.closed
  const stored = await app.evaluate(async () => {
    const names = await caches.keys()
    const kept = await Promise.all(names.map(async (name) => (await (await caches.open(name)).keys()).length))
    return kept.reduce((sum, count) => sum + count, 0)
  })
  expect(stored).toBe(0)
})

test('every tab counts what is left of whoever is signed in, also after discard() and clear() elsewhere', async ({
  app,
  server,
}) => {
  await app.start({ saves: [SAVES] })
  const other = await app.newTab()
  await other.start({ saves: [SAVES] })
  const inOther = (queued: number) => expect.poll(() => counts(other)).toMatchObject({ queued, dead: 0 })
  await signIn(app, 'ada')
  await server.stop()
  for (const session of ['one', 'two', 'three']) await app.save(session, '1')
  await inOther(3)
  await app.evaluate(async () => {
    const { outbox } = window.e2e.keeper ?? {}
    const [first] = (await outbox?.list()) ?? []
    await outbox?.discard(first?.id ?? '')
  })
  await inOther(2)
  await signIn(app, 'bob')
  await inOther(0)
  await signIn(app, 'ada')
  await inOther(2)
  await app.evaluate(() => window.e2e.keeper?.clear())
  await inOther(0)
})

/** As an app whose person changes: nobody is signed in while the cookie changes. */
const change = (app: App, name: string) =>
  app.evaluate(async (name) => {
    await window.e2e.keeper?.setPrincipal(null)
    document.cookie = `session=${name}; path=/`
    await window.e2e.keeper?.setPrincipal(name)
  }, name)

const saveAs = async (app: App, url: string, name: string, text: string) => {
  const saving = await app.call(`${url}/messages/${name}`, {
    headers: { 'Content-Type': 'application/json' },
    body: text,
    more: { credentials: 'include' },
  })
  expect((await saving.ended()).status).toBe(202)
}

test('a message that is on its way when another signs in reaches the server as its sender’s, or not yet', async ({
  app,
}) => {
  const api = await startCookieApi()
  await app.start({ saves: [{ url: `${api.url}/messages/:who`, idempotencyKey: true }] })
  await change(app, 'ada')
  api.preflightsAfter(() => 1_000)
  await saveAs(app, api.url, 'ada', 'hers')
  await expect.poll(api.preflights).toBe(1)
  await change(app, 'bob')
  api.preflightsAfter(() => 0)
  await saveAs(app, api.url, 'bob', 'his')
  // By now hers would be there, with his cookie.
  await app.evaluate(() => new Promise((resolve) => setTimeout(resolve, 1_500)))
  expect(api.received).toMatchObject([{ as: 'bob', text: 'his' }])
  await change(app, 'ada')
  await expect.poll(() => api.received).toMatchObject([{ text: 'his' }, { as: 'ada', text: 'hers' }])
  await expect.poll(app.outbox).toEqual([])
  await api.close()
})

test('two people take turns at one browser while their messages are on their way: each is filed under its sender', async ({
  app,
}) => {
  const api = await startCookieApi()
  await app.start({ saves: [{ url: `${api.url}/messages/:who`, idempotencyKey: true }] })
  let turn = 0
  api.preflightsAfter(() => [0, 40, 5, 90, 15][turn++ % 5] ?? 0)
  for (let round = 0; round < 20; round++) {
    const name = round % 2 ? 'bob' : 'ada'
    await change(app, name)
    await saveAs(app, api.url, name, `${name} ${round}`)
  }
  for (const name of ['ada', 'bob']) {
    await change(app, name)
    const all = Array.from({ length: 10 }, (_, n) => `${name} ${2 * n + (name === 'bob' ? 1 : 0)}`)
    const arrived = () => [
      ...new Set(api.received.filter(({ text }) => text.startsWith(name)).map(({ text }) => text)),
    ]
    await expect.poll(arrived).toEqual(all)
  }
  expect(api.received.filter(({ as, text }) => !text.startsWith(`${as} `))).toEqual([])
  const keysOf = (text: string) =>
    new Set(api.received.filter((each) => each.text === text).map(({ key }) => key))
  for (const { text } of api.received) expect(keysOf(text).size).toBe(1)
  await api.close()
})
