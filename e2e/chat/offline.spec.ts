import { CHAT } from '../support/app.ts'
import { createDemo, testId } from '../support/demo.ts'
import { type NamedSite, openNamedSite } from '../support/named-site.ts'
import { expect, test as base } from '../support/test.ts'

/** A computer's own server is reached without a network: here it has a name, and the browser may believe it is far. */
const test = base.extend<{ far: NamedSite }>({
  far: async ({ server }, use) => {
    const far = await openNamedSite(server, (origin) => [
      `--unsafely-treat-insecure-origin-as-secure=${origin}`,
    ])
    await use(far)
    await far.close()
  },
})

/** Retries are so far apart that only the browser's online event can wake a request within a test. */
const retry = { maxMs: 120_000 }

test('a chat that is asked while the browser is offline and the server is away streams when both are back', async ({
  far: { app, context },
  server,
}) => {
  await app.start({ chat: [CHAT], retry })
  await server.stop()
  await context.setOffline(true)
  expect(await context.serviceWorkers()[0]?.evaluate(() => navigator.onLine)).toBe(false)
  const chat = await app.chat({ steps: [] })
  expect(await app.told('network_wait')).toMatchObject([{ own: true }])
  await server.start()
  await context.setOffline(false)
  const { state, status, chunks } = await chat.ended()
  expect([state, status]).toEqual(['whole', 200])
  expect(chunks.length).toBeGreaterThan(1)
  expect(await app.statuses('network_wait')).toHaveLength(1)
  expect(await app.statuses('network_retry')).toEqual([])
  expect(await chat.log()).toHaveLength(1)
})

test('a server of this computer is asked again at once, though the browser is offline', async ({
  app,
  page,
  server,
}) => {
  await app.start({ chat: [CHAT], retry: { baseMs: 50, jitterMs: 0 } })
  await page.context().setOffline(true)
  const chat = await app.chat({ steps: [] })
  await app.told('network_retry')
  await page.context().setOffline(false)
  expect((await chat.ended()).state).toBe('whole')
  expect(await app.statuses('network_wait')).toEqual([])
  expect(await server.log(chat.id)).toHaveLength(1)
})

test('the demo says that it waits for the network, and then answers', async ({
  far: { app, context, origin },
  server,
}) => {
  const demo = createDemo(app.page, { ...server, url: origin })
  await demo.open()
  await server.stop()
  await context.setOffline(true)
  await demo.send('Hello')
  await app.page.waitFor(
    (selector) =>
      document.querySelector(selector)?.textContent === 'You are offline — waiting for the network',
    `${testId('status-line')}[data-kind="offline"] .status-words`,
  )
  await server.start()
  await context.setOffline(false)
  expect((await demo.answer('complete')).length).toBeGreaterThan(0)
})
