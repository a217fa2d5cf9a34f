import { type App, CHAT, SAVES } from '../support/app.ts'
import { expect, test } from '../support/own-site.ts'

const options = { chat: [CHAT], saves: [SAVES] }
/** About three seconds. */
const ANSWER = { tokens: 90, tokensPerSecond: 30 }

/** Marks the page: a reload would take the mark away. */
const mark = (app: App) => app.evaluate(() => void (document.title = 'still here'))
const isMarked = (app: App) => app.evaluate(() => document.title === 'still here')
const controller = (app: App) =>
  app.evaluate(() => {
    const { controller } = navigator.serviceWorker
    const known = window as { first?: ServiceWorker | null }
    known.first ??= controller
    return controller === known.first ? 'first' : 'another'
  })

test('a new version waits for the stream that is under way, then takes over by itself', async ({
  app,
  deploy,
}) => {
  await app.start(options)
  await mark(app)
  await controller(app)
  const chat = await app.chat({ steps: [], answer: ANSWER })
  await chat.begun()
  await deploy(app)
  await app.told('worker_waiting')
  expect(await controller(app)).toBe('first')
  expect(await app.statuses('request_finished')).toEqual([])
  expect((await chat.ended()).state).toBe('whole')
  await app.told('worker_updated')
  expect(await controller(app)).toBe('another')

  const next = await app.chat({ steps: [{ kind: 'status', status: 503 }] })
  expect(await next.ended()).toMatchObject({ state: 'whole', status: 200 })
  expect(await isMarked(app)).toBe(true)
  expect(await chat.log()).toHaveLength(1)
})

test('it waits for the streams of other tabs, too', async ({ app, deploy }) => {
  await app.start(options)
  const other = await app.newTab()
  await other.start(options)
  await controller(other)
  const chat = await app.chat({ steps: [], answer: ANSWER })
  await chat.begun()
  await deploy(other)
  await other.told('worker_waiting')
  // A page that knows of no work asks for it.
  await other.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration()
    registration?.waiting?.postMessage({ streamkeeper: 1, type: 'takeover' })
  })
  expect((await chat.ended()).state).toBe('whole')
  const [updated] = await other.told('worker_updated')
  const [finished] = await other.told('request_finished')
  expect(updated?.at).toBeGreaterThanOrEqual(finished?.at ?? Infinity)
})

test('it waits for the message that is being sent', async ({ app, deploy, server }) => {
  await app.start(options)
  await server.behave({ session: 's', mode: 'slow', delayMs: 2_000 })
  await app.save('s', '1')
  await deploy(app)
  await app.told('worker_waiting')
  expect(await app.statuses('save_sent')).toEqual([])
  const [updated] = await app.told('worker_updated')
  // Two workers have spoken: in WebKit the words of the first may come second.
  const [sent] = await app.told('save_sent')
  expect(updated?.at).toBeGreaterThanOrEqual(sent?.at ?? Infinity)
  expect(await server.saves('s')).toHaveLength(1)
})

test('a page tells a new version nothing of a person whom another page has replaced since', async ({
  app,
  deploy,
  server,
}) => {
  await app.start(options)
  await app.evaluate(() => window.e2e.keeper?.setPrincipal('ann'))
  const other = await app.newTab()
  await other.start({ ...options, principal: 'bob' })
  await server.behave({ session: 's', mode: 'fail', status: 503 })
  await other.save('s', '1')
  await other.told('save_retry')
  await deploy(app)
  await app.told('worker_updated')
  await other.told('worker_updated')
  await expect.poll(app.outbox).toMatchObject([{ conversation: '/api/sessions/s/messages' }])
})

test('without any work it takes over at once, and has what the one before it kept', async ({
  app,
  deploy,
}) => {
  await app.start(options)
  const requestId = 'kept-by-the-first'
  const chat = await app.chat({ steps: [], answer: { tokens: 20 } }, {}, { requestId })
  await chat.ended()
  await deploy(app)
  await app.told('worker_updated')
  const again = await app.call(`/__streamkeeper/streams/${requestId}`, { method: 'GET' })
  expect((await again.ended()).state).toBe('whole')
  expect((await again.now()).chunks.map(({ text }) => text).join('')).toBe(
    (await chat.now()).chunks.map(({ text }) => text).join(''),
  )
})
