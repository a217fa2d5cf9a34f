import type { App } from '../support/app.ts'
import { CHAT, SAVES } from '../support/app.ts'
import { expect, test } from '../support/hosts.ts'

const options = { chat: [CHAT], saves: [SAVES] }
const CONTROLLING = { state: 'controlling', reason: undefined }
const UNAVAILABLE = { kind: 'status', status: 502 } as const

const text = (app: App, url: string) => app.evaluate(async (url) => (await fetch(url)).text(), url)

for (const name of ['plain', 'workbox', 'serwist', 'by importScripts'] as const) {
  test(`an app’s own worker, ${name}, keeps streams beside its own work`, async ({
    app,
    bundle,
    host,
    server,
  }) => {
    await host(app, name === 'by importScripts' ? '/host-by-import-scripts.js' : await bundle(name))
    expect(await app.register(options, null)).toEqual(CONTROLLING)

    const chat = await app.chat({ steps: [UNAVAILABLE] })
    expect(await chat.ended()).toMatchObject({ state: 'whole', status: 200 })
    expect((await chat.log()).map(({ status }) => status)).toEqual([502, 200])
    expect(await app.told('server_retry')).toHaveLength(1)
    expect((await app.save('s', '1')).status).toBe(202)
    await app.told('save_sent')
    expect(await server.messages('s')).toHaveLength(1)

    expect(await text(app, '/whose')).toBe('theirs')
    await server.stop()
    expect(await text(app, '/precached.txt')).toBe('kept by its worker\n')
    expect((await app.save('s', '2')).status).toBe(202)
    await server.start()
    await app.flush()
    expect(await server.messages('s')).toMatchObject([{ id: '1' }, { id: '2' }])
  })
}

test('an app’s own worker that is registered a moment later is waited for', async ({ app, bundle }) => {
  const script = await bundle('plain')
  await app.open()
  await app.evaluate((script) => {
    setTimeout(() => void navigator.serviceWorker.register(script), 500)
  }, script)
  expect(await app.register(options, null)).toEqual(CONTROLLING)
})

test('without a worker of the app’s own the page does without, until there is one', async ({
  app,
  bundle,
}) => {
  const script = `${await bundle('plain')}?claims=no`
  await app.open()
  expect(await app.register(options, null)).toEqual({ state: 'fallback', reason: 'no_worker' })
  await app.evaluate((script) => navigator.serviceWorker.register(script).then(() => {}), script)
  await app.page.waitFor(() => window.e2e.keeper?.state === 'controlling')
  const chat = await app.chat({ steps: [UNAVAILABLE] })
  expect(await chat.ended()).toMatchObject({ state: 'whole', status: 200 })
  expect(await app.told('server_retry')).toHaveLength(1)
})

test('a keeper that is retired while it waits for a worker of the app’s own stays so', async ({
  app,
  page,
}) => {
  await page.clock.install()
  await app.open()
  const left = await app.evaluate(
    (options) => (window.e2e.keeper = window.streamkeeper.createKeeper(undefined, options)).unregister(),
    options,
  )
  expect(left).toEqual({ left: 0 })
  await page.clock.fastForward(10_000)
  expect(await app.evaluate(() => window.e2e.keeper?.state)).toBe('unsupported')
})

test('chats that a Workbox route finds are kept, too', async ({ app, bundle, host }) => {
  await host(app, await bundle('workbox-route'))
  expect(await app.register({}, null)).toEqual(CONTROLLING)
  const chat = await app.chat({ steps: [UNAVAILABLE] })
  expect(await chat.ended()).toMatchObject({ state: 'whole', status: 200 })
  expect((await chat.log()).map(({ status }) => status)).toEqual([502, 200])
  // A final failure goes to the page, not to the host's catch handler.
  const lost = await app.chat(
    { steps: [{ kind: 'reset' }], repeat: true },
    {},
    { headers: { 'x-stainless-retry-count': '1' } },
  )
  expect(await lost.ended()).toMatchObject({ state: 'failed' })
})

test('behind a listener that takes everything it says so, and the page’s own engine stands in', async ({
  app,
  bundle,
  host,
}) => {
  await host(app, await bundle('greedy'))
  expect(await app.register(options, null)).toEqual({ state: 'fallback', reason: 'other_listener' })
  const warnings = await app.evaluate(() => window.e2e.warnings)
  expect(warnings.filter((text) => text.includes('Call keepStreams() before it'))).toHaveLength(1)
  const plain = await app.chat({ steps: [UNAVAILABLE] })
  expect((await plain.ended()).status).toBe(502)
  const chat = await app.chat({ steps: [UNAVAILABLE] }, {}, { by: 'keeperFetch' })
  expect((await chat.ended()).status).toBe(200)
})

test('whenIdle() lets a host take over when no stream is cut', async ({
  app,
  bundle,
  context,
  deploy,
  host,
}) => {
  const warnings: string[] = []
  context.on('console', (message) => warnings.push(message.text()))
  await startPlain(app, host, await bundle('plain'))
  const chat = await app.chat({ steps: [], answer: { tokens: 90, tokensPerSecond: 30 } })
  await chat.begun()
  await deploy(app, 'host-plain.js')
  await tellWaiting(app, 'skip waiting')
  expect((await chat.ended()).state).toBe('whole')
  await app.page.waitFor(async () => !(await navigator.serviceWorker.getRegistration())?.waiting)
  expect(warnings.filter((text) => text.includes('await whenIdle()'))).toEqual([])
})

test('a host that skips waiting in mid-stream is warned', async ({ app, bundle, context, deploy, host }) => {
  const warnings: string[] = []
  context.on('console', (message) => warnings.push(message.text()))
  await startPlain(app, host, await bundle('plain'))
  const chat = await app.chat({ steps: [], answer: { tokens: 90, tokensPerSecond: 30 } })
  await chat.begun()
  await deploy(app, 'host-plain.js')
  await tellWaiting(app, 'skip waiting now')
  await expect.poll(() => warnings.filter((text) => text.includes('await whenIdle()'))).toHaveLength(1)
})

test('a wrong option of a host is named', async ({ app, bundle, page }) => {
  const session = await page.context().newCDPSession(page)
  const errors: string[] = []
  session.on('ServiceWorker.workerErrorReported', ({ errorMessage }) =>
    errors.push(errorMessage.errorMessage),
  )
  await session.send('ServiceWorker.enable')
  await app.open()
  const script = await bundle('wrong')
  await app.evaluate(
    (script) =>
      navigator.serviceWorker.register(script).then(
        () => {},
        () => {},
      ),
    script,
  )
  await expect.poll(() => errors.join()).toContain('Wrong option timeouts.headersMs: got -1')
  // The same applies to the ready-made worker if its URL was written by hand.
  const url = `/streamkeeper-sw.js?streamkeeper=${encodeURIComponent('{"chatt":[]}')}`
  await app.evaluate(
    (url) =>
      navigator.serviceWorker.register(url).then(
        () => {},
        () => {},
      ),
    url,
  )
  await expect.poll(() => errors.join()).toContain('Unknown option chatt')
})

async function startPlain(app: App, host: (app: App, script: string) => Promise<void>, script: string) {
  await host(app, script)
  expect(await app.register(options, null)).toEqual(CONTROLLING)
}

async function tellWaiting(app: App, what: string): Promise<void> {
  await app.page.waitFor(async (what) => {
    const waiting = (await navigator.serviceWorker.getRegistration())?.waiting
    waiting?.postMessage(what)
    return waiting !== null && waiting !== undefined
  }, what)
}
