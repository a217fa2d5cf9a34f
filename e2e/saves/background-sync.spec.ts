import type { BrowserContext, Page } from '@playwright/test'
import { SAVES } from '../support/app.ts'
import { expect, test } from '../support/test.ts'

/** Fires the event as the browser does when the network is back. */
async function openSync(page: Page, context: BrowserContext) {
  const session = await context.newCDPSession(page)
  const registered = new Promise<string>((resolve) => {
    session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const [registration] = registrations
      if (registration) resolve(registration.registrationId)
    })
  })
  await session.send('ServiceWorker.enable')
  const registrationId = await registered
  const origin = new URL(page.url()).origin
  return (lastChance: boolean) =>
    session.send('ServiceWorker.dispatchSyncEvent', {
      origin,
      registrationId,
      tag: `streamkeeper ${origin}/`,
      lastChance,
    })
}

/** Counts how often the worker asks the browser for another sync from now on. */
async function countRequests(context: BrowserContext) {
  const [worker] = context.serviceWorkers()
  if (!worker) throw new Error('There is no worker')
  await worker.evaluate(() => {
    const { sync } = (globalThis as unknown as { registration: Sync }).registration
    const register = sync.register.bind(sync)
    Object.assign(globalThis, { requests: 0 })
    sync.register = (tag) => {
      ;(globalThis as unknown as Counted).requests++
      return register(tag)
    }
  })
  return () => worker.evaluate(() => (globalThis as unknown as Counted).requests)
}

interface Sync {
  sync: { register: (tag: string) => Promise<void> }
}
interface Counted {
  requests: number
}

test('a sync sends what waits', async ({ app, server, page, context }) => {
  const session = crypto.randomUUID()
  await app.start({ saves: [SAVES] })
  const fire = await openSync(page, context)
  await server.stop()
  await app.save(session, '1')
  await app.told('save_retry')
  await server.start()
  await fire(false)
  await expect.poll(() => server.messages(session)).toMatchObject([{ id: '1' }])
})

test('a sync that fails is left to the browser; after its last try the browser is asked again', async ({
  app,
  server,
  page,
  context,
}) => {
  await app.start({ saves: [SAVES] })
  const fire = await openSync(page, context)
  await server.behave({ mode: 'reset' })
  await app.save(crypto.randomUUID(), '1')
  await app.told('save_retry')
  const requests = await countRequests(context)
  const triesBefore = (await app.told('save_retry')).length
  await fire(false)
  await app.told('save_retry', triesBefore + 1)
  expect(await requests()).toBe(0)
  await fire(true)
  await expect.poll(requests).toBe(1)
})

test('what waits for credentials is not tried again for each message of another conversation', async ({
  app,
  server,
}) => {
  await app.start({ saves: [SAVES] })
  await server.behave({ session: 'locked', mode: 'auth' })
  await app.save('locked', '1')
  await app.told('save_needs_auth')
  const tries = (await server.saves('locked')).length
  for (let n = 1; n <= 6; n++) {
    await app.save(`open-${n}`, '1')
    await app.told('save_sent', n)
  }
  // As the browser does by itself for a message that is stored while there is a network.
  expect(await server.saves('locked')).toHaveLength(tries)
  await app.flush()
  expect(await server.saves('locked')).toHaveLength(tries + 1)
})

test('what is left when a page comes is asked for again', async ({ app, server, context }) => {
  await app.start({ saves: [SAVES] })
  await server.behave({ mode: 'fail', status: 503 })
  await app.save(crypto.randomUUID(), '1')
  await app.told('save_retry')
  const requests = await countRequests(context)
  await app.reload()
  await expect.poll(requests).toBe(1)
})
