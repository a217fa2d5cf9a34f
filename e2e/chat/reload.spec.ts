import { type AnyCall, type App, CHAT, type ChatCall } from '../support/app.ts'
import { expect, test } from '../support/test.ts'

const STREAMS = '/__streamkeeper/streams'
/** About two seconds of text. */
const ANSWER = { tokens: 60, tokensPerSecond: 30 }

async function idOf(app: App): Promise<string> {
  const [started] = await app.told('request_started')
  if (!started) throw new Error('Expected to be told of the start')
  return started.requestId
}

/** Reads an answer again, as the app of a reloaded page does. */
function attach(app: App, id: string, from = 0): Promise<AnyCall> {
  return app.call(`${STREAMS}/${id}?from=${from}`, { method: 'GET' })
}

async function textOf(call: AnyCall): Promise<string> {
  const { chunks } = await call.now()
  return chunks.map(({ text }) => text).join('')
}

async function endedUpstream(chat: ChatCall) {
  await expect.poll(async () => (await chat.log()).at(-1)?.closedAt).toBeDefined()
  return chat.log()
}

test('a page that is reloaded during a retry’s wait gets the response after it', async ({ app }) => {
  await app.start({ chat: [CHAT] })
  const steps = [{ kind: 'status', status: 429, hint: { form: 'retry-after', ms: 2_000 } }] as const
  const chat = await app.chat({ steps, answer: ANSWER })
  await app.told('rate_limit_retry')
  const id = await idOf(app)
  await app.reload()
  const again = await attach(app, id)
  expect(await again.ended()).toMatchObject({ state: 'whole', status: 200 })
  expect(await chat.log()).toHaveLength(2)
})

test('from a byte on, only the rest comes', async ({ app }) => {
  await app.start({ chat: [CHAT] })
  const chat = await app.chat({ steps: [], answer: ANSWER })
  await chat.ended()
  const whole = await textOf(chat)
  const rest = await attach(app, await idOf(app), 100)
  expect((await rest.ended()).state).toBe('whole')
  expect(await textOf(rest)).toBe(whole.slice(100))
})

test('after a reload Stop on the attached stream ends the upstream', async ({ app }) => {
  await app.start({ chat: [CHAT] })
  const chat = await app.chat({ steps: [], answer: { tokens: 3_000, tokensPerSecond: 30 } })
  await chat.begun()
  const id = await idOf(app)
  await app.reload()
  const again = await attach(app, id)
  await again.begun()
  await again.abort()
  expect((await endedUpstream(chat)).at(-1)?.closedBy).toBe('client')
})

test('two tabs on one stream: closing one leaves it to the other', async ({ app }) => {
  await app.start({ chat: [CHAT] })
  const chat = await app.chat({ steps: [], answer: ANSWER })
  await chat.begun()
  const other = await app.newTab()
  await other.start({ chat: [CHAT] })
  const again = await attach(other, await idOf(app))
  await again.begun()
  await app.page.close()
  expect((await again.ended()).state).toBe('whole')
  expect((await textOf(again)).endsWith('data: [DONE]\n\n')).toBe(true)
})

test('two tabs on one stream: an abort in one leaves it to the other', async ({ app }) => {
  await app.start({ chat: [CHAT] })
  const chat = await app.chat({ steps: [], answer: ANSWER })
  await chat.begun()
  const other = await app.newTab()
  await other.start({ chat: [CHAT] })
  const again = await attach(other, await idOf(app))
  await again.begun()
  await chat.abort()
  expect((await again.ended()).state).toBe('whole')
  expect((await textOf(again)).endsWith('data: [DONE]\n\n')).toBe(true)
})

test('a tab that is closed leaves its response to the tabs that are still there', async ({ app }) => {
  await app.start({ chat: [CHAT] })
  const other = await app.newTab()
  await other.start({ chat: [CHAT] })
  const chat = await app.chat({ steps: [], answer: ANSWER })
  await chat.begun()
  const id = await idOf(other)
  await app.page.close()
  await other.told('request_finished')
  const again = await attach(other, id)
  expect((await again.ended()).state).toBe('whole')
  const list = await other.evaluate(() => window.e2e.keeper?.streams())
  expect(list).toMatchObject([{ requestId: id, state: 'ended', verdict: 'complete', deliveredWhole: true }])
})

test('a response is for fetches of this origin only: no page, image or script gets it', async ({ app }) => {
  await app.start({ chat: [CHAT] })
  await (await app.chat({ steps: [], answer: ANSWER })).ended()
  const id = await idOf(app)
  const url = `${STREAMS}/${id}`
  const loaded = await app.evaluate(
    (url) =>
      Promise.all(
        [new Image(), document.createElement('script')].map(
          (element) =>
            new Promise<string>((resolve) => {
              element.addEventListener('load', () => resolve('load'))
              element.addEventListener('error', () => resolve('error'))
              element.src = url
              document.body.append(element)
            }),
        ),
      ),
    url,
  )
  expect(loaded).toEqual(['error', 'error'])
  const tab = await app.page.newTab()
  await tab.goto(new URL(url, await app.evaluate(() => location.href)).href)
  expect(await tab.evaluate(() => document.body.textContent)).not.toContain('data:')
})

test('a response that is not there is a 404, and keeper.attach rejects', async ({ app }) => {
  await app.start({ chat: [CHAT] })
  expect((await (await attach(app, 'nobody')).ended()).status).toBe(404)
  const refused = await app.evaluate(() =>
    window.e2e.keeper?.attach('nobody').catch((error: Error) => error.message),
  )
  expect(refused).toBe('Cannot attach: no such response')
})
