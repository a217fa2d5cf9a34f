import type { Page } from '@playwright/test'
import { CHAT, SAVES } from '../support/app.ts'
import { expect, test } from '../support/test.ts'

const options = { chat: [CHAT], saves: [SAVES] }
const STREAMS = '/__streamkeeper/streams'

/** Tells whether the worker runs, as the browser's own tools see it; being looked at it must not be attached to. */
async function watchWorker(page: Page) {
  const session = await page.context().newCDPSession(page)
  let status = ''
  session.on('ServiceWorker.workerVersionUpdated', ({ versions }) => {
    for (const { runningStatus } of versions) status = runningStatus
  })
  await session.send('ServiceWorker.enable')
  return {
    isRunning: () => status === 'running' || status === 'starting',
    stop: async () => {
      // It may be woken by what is still on its way.
      const stop = async () => {
        await session.send('ServiceWorker.stopAllWorkers')
        await new Promise((resolve) => setTimeout(resolve, 300))
        return status
      }
      await expect.poll(stop).toBe('stopped')
    },
  }
}

const get = (url: string) => fetch(url).then(({ status }) => status)

test('what is not ours neither comes to the worker nor wakes it; what is ours does', async ({
  app,
  page,
}) => {
  await app.start(options)
  const worker = await watchWorker(page)
  await worker.stop()
  expect(await app.evaluate(get, '/precached.txt')).toBe(200)
  expect(await app.evaluate(get, '/api/sessions/s/messages')).toBe(200)
  await app.evaluate(() => fetch('/no-such-api', { method: 'POST' }).then(() => {}))
  expect(worker.isRunning()).toBe(false)

  const chat = await app.chat({ steps: [{ kind: 'status', status: 503 }] })
  expect((await chat.ended()).status).toBe(200)
  expect(worker.isRunning()).toBe(true)
  await worker.stop()
  expect((await app.save('s', '1')).status).toBe(202)
  await worker.stop()
  expect(await app.evaluate(get, STREAMS)).toBe(200)
})

test('where a pattern has a regular expression there are no static routes, and all goes on', async ({
  app,
  page,
}) => {
  await app.start({ ...options, chat: ['/v1/(chat|other)/completions'] })
  const worker = await watchWorker(page)
  await worker.stop()
  expect(await app.evaluate(get, '/precached.txt')).toBe(200)
  expect(worker.isRunning()).toBe(true)
  const chat = await app.chat({ steps: [{ kind: 'status', status: 503 }] })
  expect((await chat.ended()).status).toBe(200)
})

test('resume routes of the app’s own are ours, too', async ({ app, page }) => {
  const resume = { route: '/api/chat/:id/stream', key: 'body.id', stopRoute: '/api/chat/:id/stop' } as const
  await app.start({ ...options, resume })
  const worker = await watchWorker(page)
  await worker.stop()
  expect(await app.evaluate(get, '/api/chat/none/stream')).toBe(204)
  expect(worker.isRunning()).toBe(true)
})

test('a beacon that saves as its page is closed arrives, though the worker is stopped', async ({
  app,
  page,
  server,
}) => {
  await app.start(options)
  const worker = await watchWorker(page)
  for (const session of ['one', 'two', 'three']) {
    const leaving = await app.newTab()
    await leaving.start(options)
    await leaving.evaluate((url) => {
      const message = { id: '1', role: 'user', content: 'Draft', createdAt: 1 }
      addEventListener('pagehide', () => navigator.sendBeacon(url, JSON.stringify(message)))
    }, `/api/sessions/${session}/messages`)
    await worker.stop()
    await leaving.page.close()
    await expect.poll(() => server.saves(session)).toHaveLength(1)
  }
})
