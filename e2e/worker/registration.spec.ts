import { CHAT, SAVES } from '../support/app.ts'
import { expect, test } from '../support/test.ts'

const options = { chat: [CHAT], saves: [SAVES] }

test('the first page is controlled, and so is the next load', async ({ app }) => {
  await app.open()
  expect(await app.register(options)).toEqual({ state: 'controlling', reason: undefined })
  await app.page.reload()
  expect(await app.register(options)).toEqual({ state: 'controlling', reason: undefined })
  const scripts = await app.evaluate(async () => {
    const registrations = await navigator.serviceWorker.getRegistrations()
    return registrations.map(({ active }) => new URL(active?.scriptURL ?? '').pathname)
  })
  expect(scripts).toEqual(['/streamkeeper-sw.js'])
})

test('a page that was reloaded past its worker is claimed', async ({ app }) => {
  await app.start(options)
  await app.page.reload({ hard: true })
  expect(await app.evaluate(() => navigator.serviceWorker.controller === null)).toBe(true)
  expect(await app.register(options)).toEqual({ state: 'controlling', reason: undefined })
  const chat = await app.chat({ steps: [{ kind: 'status', status: 503 }] })
  expect((await chat.ended()).status).toBe(200)
})

test('a wrong option is named', async ({ app }) => {
  await app.open()
  for (const [wrong, name] of [
    [{ timeouts: { headersMs: -1 } }, 'headersMs'],
    [{ chatt: [] }, 'chatt'],
    [{ chat: ['http://[/'] }, 'chat'],
    [{ chat: Array.from({ length: 200 }, (_, index) => `/a/long/path/${index}`) }, 'keepStreams'],
  ] as const) {
    const message = await app.evaluate(
      (wrong) => window.streamkeeper.register('/streamkeeper-sw.js', wrong as never).then(String, String),
      wrong,
    )
    expect(message).toMatch(/^(Type|Range)Error/)
    expect(message).toContain(name)
  }
})

test('a page that is prerendered for long meets its worker when it is shown', async ({ app }) => {
  await app.start(options)
  await app.open()
  const states = await app.evaluate(async (options) => {
    // As browsers do it: a prerendered page’s messages are held back until it is shown.
    const { prototype } = ServiceWorker
    const postMessage = Reflect.get(prototype, 'postMessage') as () => void
    const held: (() => void)[] = []
    let prerendering = true
    Object.defineProperty(document, 'prerendering', { get: () => prerendering })
    prototype.postMessage = function post(...message: unknown[]) {
      const send = () => Reflect.apply(postMessage, this, message)
      if (prerendering) held.push(send)
      else send()
    }
    const keeper = (window.e2e.keeper = window.streamkeeper.createKeeper('/streamkeeper-sw.js', options))
    await keeper.ready
    // By now a worker that had not answered would be none of ours.
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    const before = keeper.state
    prerendering = false
    for (const send of held) send()
    document.dispatchEvent(new Event('prerenderingchange'))
    return [before, keeper.state]
  }, options)
  expect(states[0]).toBe('starting')
  await app.page.waitFor(() => window.e2e.keeper?.state === 'controlling')
  expect(await app.outbox()).toEqual([])
})

test('a page whose worker dies before it has answered the page’s greeting meets the next one', async ({
  app,
}) => {
  await app.start(options)
  await app.open()
  await app.evaluate((options) => {
    const { prototype } = ServiceWorker
    const postMessage = Reflect.get(prototype, 'postMessage') as () => void
    // The first greeting is lost with its worker.
    prototype.postMessage = function post(...message: unknown[]) {
      if ((message[0] as { name?: string }).name !== 'hello') return Reflect.apply(postMessage, this, message)
      prototype.postMessage = postMessage
    }
    window.e2e.keeper = window.streamkeeper.createKeeper('/streamkeeper-sw.js', options)
  }, options)
  await app.page.waitFor(() => window.e2e.keeper?.state === 'controlling')
  expect(await app.outbox()).toEqual([])
})

test('a snapshot is the same object until something changes', async ({ app }) => {
  await app.start(options)
  const same = () => app.evaluate(() => window.e2e.keeper?.getSnapshot() === window.e2e.keeper?.getSnapshot())
  expect(await same()).toBe(true)
  const chat = await app.chat({ steps: [{ kind: 'answer', pauses: [{ afterTokens: 3, ms: 'forever' }] }] })
  await chat.begun()
  const requests = await app.page.waitFor(() => {
    const { requests = [] } = window.e2e.keeper?.getSnapshot() ?? {}
    return requests.length > 0 && requests
  })
  expect(requests).toMatchObject([{ own: true, model: 'demo-small' }])
  expect(await same()).toBe(true)
  await chat.abort()
  await app.page.waitFor(() => window.e2e.keeper?.getSnapshot().requests.length === 0)
})
