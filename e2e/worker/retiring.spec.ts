import { type App, CHAT, SAVES } from '../support/app.ts'
import { expect, test } from '../support/own-site.ts'
import type { TestServer } from '../support/test-server.ts'

const options = { chat: [CHAT], saves: [SAVES] }
/** About three seconds. */
const ANSWER = { tokens: 90, tokensPerSecond: 30 }
const DISABLED = { state: 'unsupported', reason: 'disabled' }

const registrations = (app: App) =>
  app.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length)
const state = (app: App) =>
  app.evaluate(() => {
    const { state, reason } = window.e2e.keeper?.getSnapshot() ?? {}
    return { state, reason }
  })

/**
 * A message that waits, for nobody has the credentials; and a stream that is read meanwhile. While Playwright is attached
 * to a worker that is to be replaced, Chromium may keep it for ever when something wakes it just then: nothing does.
 */
async function leaveWork(app: App, server: TestServer) {
  await app.start(options)
  await server.behave({ session: 's', mode: 'auth' })
  await app.save('s', '1')
  await app.told('save_needs_auth')
  const chat = await app.chat({ steps: [], answer: ANSWER })
  await chat.begun()
  return chat
}

/** The worker whose own options say so has taken over. */
const isRetiring = (app: App) =>
  app.page.waitFor(() => navigator.serviceWorker.controller?.scriptURL.includes('enabled'))

test('unregister() leaves a stream to its end, sends what is queued and says what is left', async ({
  app,
  server,
}) => {
  const chat = await leaveWork(app, server)
  await server.behave({ session: 's', mode: 'ok' })
  expect(await app.evaluate(() => window.e2e.keeper?.unregister())).toEqual({ left: 0 })
  expect(await server.messages('s')).toHaveLength(1)
  expect((await chat.ended()).state).toBe('whole')
  expect(await chat.log()).toHaveLength(1)
  expect(await registrations(app)).toBe(0)
})

test('unregister() on a first visit, while the worker is being registered, leaves none', async ({ app }) => {
  await app.open()
  const left = await app.evaluate(
    (options) => window.streamkeeper.createKeeper('/streamkeeper-sw.js', options).unregister(),
    options,
  )
  expect(left).toEqual({ left: 0 })
  expect(await registrations(app)).toBe(0)
  await app.open()
  expect(await registrations(app)).toBe(0)
})

test('unregister() keeps what cannot be sent for the next worker', async ({ app, server }) => {
  await app.start(options)
  await server.behave({ session: 's', mode: 'reset' })
  await app.save('s', '1')
  expect(await app.evaluate(() => window.e2e.keeper?.unregister())).toEqual({ left: 1 })
  await server.behave({ session: 's', mode: 'ok' })
  await app.start(options)
  await expect.poll(() => server.messages('s')).toMatchObject([{ id: '1' }])
})

for (const how of ['enabled: false', 'init --retire'] as const) {
  test.describe(how, () => {
    test('a stream goes to its end, and the worker goes when all is sent', async ({
      app,
      server,
      retire,
    }) => {
      const chat = await leaveWork(app, server)
      if (how === 'init --retire') await retire(app)
      else expect(await app.register({ ...options, enabled: false })).toEqual(DISABLED)
      expect((await chat.ended()).state).toBe('whole')
      expect(await chat.log()).toHaveLength(1)
      await expect.poll(() => state(app)).toEqual(DISABLED)
      if (how === 'enabled: false') await isRetiring(app)

      // A new one has its place behind what waits.
      expect((await app.save('s', '2')).status).toBe(202)
      expect(await registrations(app)).toBe(1)
      await server.behave({ session: 's', mode: 'ok' })
      await app.flush()
      await expect.poll(() => server.messages('s')).toMatchObject([{ id: '1' }, { id: '2' }])
      await expect.poll(() => registrations(app)).toBe(0)
    })

    test('from then on the page is as without it', async ({ app, server, retire }) => {
      await app.start(options)
      if (how === 'init --retire') await retire(app)
      else await app.register({ ...options, enabled: false })
      await expect.poll(() => registrations(app)).toBe(0)
      // The page is controlled still, until it goes.
      expect(await app.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true)
      expect((await app.save('s', '1')).status).toBe(201)
      await app.evaluate(async () => {
        await window.e2e.keeper?.clear()
        await window.e2e.keeper?.setPrincipal('user')
      })
      const late = { headers: { 'X-Streamkeeper-Id': 'named-by-a-page-that-is-late' } }
      for (const more of [{}, late]) {
        const chat = await app.chat({ steps: [{ kind: 'status', status: 503 }] }, {}, more)
        expect((await chat.ended()).status).toBe(503)
        const [attempt] = await chat.log()
        expect(attempt?.headers['x-streamkeeper-id']).toBeUndefined()
      }
      if (how === 'enabled: false') await app.page.reload()
      else await app.open()
      expect(await app.evaluate(() => navigator.serviceWorker.controller)).toBe(null)
      expect(await server.messages('s')).toHaveLength(1)
    })
  })
}

test('a page that enables it again has it again', async ({ app, server }) => {
  const chat = await leaveWork(app, server)
  await app.register({ ...options, enabled: false })
  await chat.ended()
  await isRetiring(app)
  await app.page.reload()
  await app.register(options)
  await expect.poll(() => state(app)).toEqual({ state: 'controlling' })
  await server.behave({ session: 's', mode: 'ok' })
  const flushed = async () => {
    await app.flush()
    return server.messages('s')
  }
  await expect.poll(flushed).toMatchObject([{ id: '1' }])
})

test('enabled: false without the worker’s file sends what it can and takes the worker away', async ({
  app,
  server,
}) => {
  await app.start(options)
  await server.behave({ session: 's', mode: 'reset' })
  await app.save('s', '1')
  await server.behave({ session: 's', mode: 'ok' })
  await app.evaluate(() => {
    navigator.serviceWorker.register = () => Promise.reject(new TypeError('The file is gone'))
  })
  expect(await app.register({ ...options, enabled: false })).toEqual(DISABLED)
  expect(await server.messages('s')).toHaveLength(1)
  expect(await registrations(app)).toBe(0)
})
