import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type App, CHAT, createApp } from '../support/app.ts'
import { expect, test as base } from '../support/own-site.ts'

interface Fixtures {
  /** Two apps of one origin, each in a folder with a worker of its own; both are open. */
  apps: { one: App; two: App }
}

const chat = [CHAT]
/** Relative to each app's own folder would be two servers; the history is one, and the sessions tell them apart. */
const saves = ['/api/sessions/:session/messages']
const options = { chat, saves }

const test = base.extend<Fixtures>({
  apps: async ({ tab, ownSite, server }, use) => {
    const open = async (folder: string) => {
      await mkdir(join(ownSite, folder))
      await cp(join(ownSite, 'e2e/site/index.html'), join(ownSite, folder, 'index.html'))
      await cp(join(ownSite, 'streamkeeper-sw.js'), join(ownSite, folder, 'streamkeeper-sw.js'))
      const page = await tab.newTab()
      const app = createApp(page, server)
      await page.goto(`${server.url}/${folder}/`)
      const { state } = await app.register(options, 'streamkeeper-sw.js')
      expect([folder, state]).toEqual([folder, 'controlling'])
      return app
    }
    await use({ one: await open('one'), two: await open('two') })
  },
})

const streams = (app: App) =>
  app.evaluate(async () => (await window.e2e.keeper?.streams())?.map(({ requestId }) => requestId))

test('two apps of one origin keep their own responses, and hear of their own only', async ({
  apps: { one, two },
}) => {
  const chat = await one.chat({ steps: [] }, {}, { requestId: 'of-one' })
  await chat.ended()
  await one.told('request_finished')
  expect([await streams(one), await streams(two)]).toEqual([['of-one'], []])
  expect(await two.evaluate(() => window.e2e.statuses)).toEqual([])
  const foreign = await two.call('/__streamkeeper/streams/of-one', { method: 'GET' })
  expect((await foreign.ended()).status).toBe(404)
})

test('they keep their own messages', async ({ apps: { one, two }, server }) => {
  await server.behave({ session: 'of-one', mode: 'reset' })
  await one.save('of-one', '1')
  await one.told('save_retry')
  expect(await one.outbox()).toHaveLength(1)
  expect(await two.outbox()).toEqual([])
  expect((await two.save('of-two', '2')).status).toBe(202)
  await two.told('save_sent')
  await two.evaluate(() => window.e2e.keeper?.clear())
  expect(await one.outbox()).toHaveLength(1)
  await server.behave({ session: 'of-one', mode: 'ok' })
  await one.flush()
  expect(await server.messages('of-one')).toHaveLength(1)
})

test('the work of one does not hold back a new version of the other', async ({
  apps: { one, two },
  deploy,
}) => {
  const chat = await one.chat({ steps: [], answer: { tokens: 120, tokensPerSecond: 20 } })
  await chat.begun()
  await deploy(two, 'two/streamkeeper-sw.js')
  await two.told('worker_updated')
  expect((await chat.now()).state).toBe('open')
  expect((await chat.ended()).state).toBe('whole')
})

test('two apps of one script, one inside the other’s scope, keep their people and messages apart', async ({
  app,
  ownSite,
  server,
}) => {
  await app.open()
  await app.register({ ...options, principal: 'ann' })
  await server.behave({ session: 'of-ann', mode: 'reset' })
  await app.save('of-ann', '1')
  await app.told('save_retry')
  await mkdir(join(ownSite, 'inner'))
  await cp(join(ownSite, 'e2e/site/index.html'), join(ownSite, 'inner/index.html'))
  for (const visit of ['first', 'second']) {
    const page = await app.page.newTab()
    const inner = createApp(page, server)
    await page.goto(`${server.url}/inner/`)
    const { state } = await inner.register(
      { ...options, scope: '/inner/', principal: 'bob' },
      '/streamkeeper-sw.js',
    )
    expect([visit, state]).toEqual([visit, 'controlling'])
    await app.save('of-ann', `${visit}-2`)
    expect(await inner.outbox()).toEqual([])
    expect(await inner.evaluate(() => window.e2e.keeper?.getSnapshot().outbox.queued)).toBe(0)
    expect(
      await inner.evaluate(() => window.e2e.statuses.filter(({ status }) => status.startsWith('save'))),
    ).toEqual([])
  }
  expect(await app.outbox()).toHaveLength(3)
})

test('pages with other options: the last one’s hold, the other is warned once, and nobody takes turns', async ({
  app,
}) => {
  const running = (app: App) =>
    app.evaluate(() => decodeURIComponent(navigator.serviceWorker.controller?.scriptURL ?? ''))
  await app.open()
  await app.register(options)
  const other = await app.newTab()
  await other.open()
  await other.register({ ...options, retry: { maxAttempts: 2 } })
  await app.told('worker_updated')
  await other.told('worker_updated')
  const warnings = async () => {
    const said = await Promise.all([app, other].map((each) => each.evaluate(() => window.e2e.warnings)))
    return said.flat().filter((text) => text.includes('other options'))
  }
  await expect.poll(warnings).toHaveLength(1)
  for (const each of [app, other]) {
    const chat = await each.chat({ steps: [{ kind: 'status', status: 502 }] })
    expect((await chat.ended()).status).toBe(200)
    expect(await running(each)).toContain('"maxAttempts":2')
    expect(await each.statuses('worker_updated')).toHaveLength(1)
  }
  expect(await warnings()).toHaveLength(1)
})
