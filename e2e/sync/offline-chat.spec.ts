import { type App, CHAT } from '../support/app.ts'
import { launchOptions } from '../support/launch-options.ts'
import { openNamedSite } from '../support/named-site.ts'
import { test as base, expect } from '../support/test.ts'
import { createNetwork, type Network, whyNoNetwork } from './network.ts'

/** An app whose server has a name: the browser may believe that it is beyond the cable, as it is. */
const test = base.extend<{ network: Network; app: App }>({
  network: async ({ server }, use) => {
    const { executablePath } = launchOptions()
    if (!executablePath) throw new Error('Cannot find a browser to start in another network')
    const network = await createNetwork(executablePath, Number(new URL(server.url).port))
    await use(network)
    await network.remove()
  },
  app: async ({ network, server }, use) => {
    const site = await openNamedSite(
      server,
      (origin) => [`--unsafely-treat-insecure-origin-as-secure=${origin}`],
      network.executablePath,
    )
    await use(site.app)
    await site.close()
  },
})

test.beforeAll(async () => {
  const why = await whyNoNetwork()
  if (why) console.log(`Skipped: ${why}`)
  test.skip(why !== undefined, why)
})

test('a chat that is asked while the cable is out streams when it is back, as soon as it is', async ({
  app,
  network,
  server,
}) => {
  // Retries are so far apart that only the browser's online event can wake it within the test.
  await app.start({ chat: [CHAT], retry: { maxMs: 120_000 } })
  await network.pullCable()
  await expect.poll(() => app.evaluate(() => navigator.onLine)).toBe(false)
  await server.stop()
  const chat = await app.chat({ steps: [] })
  await app.told('network_wait')
  await server.start()
  await network.plugCable()
  const { state, status } = await chat.ended()
  expect([state, status]).toEqual(['whole', 200])
  expect(await app.statuses('network_wait')).toHaveLength(1)
  expect(await chat.log()).toHaveLength(1)
})

test('a chat that is asked before the browser has noticed is answered, too', async ({ app, network }) => {
  await app.start({ chat: [CHAT] })
  await network.pullCable()
  const chat = await app.chat({ steps: [] })
  await expect.poll(() => app.evaluate(() => navigator.onLine)).toBe(false)
  await network.plugCable()
  expect((await chat.ended()).state).toBe('whole')
})
