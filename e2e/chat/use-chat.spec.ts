import type { Page } from '../support/page.ts'
import type { ScriptedAnswer, ScriptedProvider } from '../support/scripted-provider.ts'
import { expect, test } from '../support/test.ts'
import type { TestServer } from '../support/test-server.ts'

/** The AI SDK's own stream, from a server that knows nothing of resuming. */
const UI_STREAM = { 'content-type': 'text/event-stream', 'x-vercel-ai-ui-message-stream': 'v1' }
const BEGIN = part({ type: 'start', messageId: 'm1' }) + part({ type: 'text-start', id: 't' })
const END = part({ type: 'text-end', id: 't' }) + part({ type: 'finish' }) + 'data: [DONE]\n\n'
const USER = { role: 'user', text: 'Hello' }

function part(fields: Record<string, unknown>): string {
  return `data: ${JSON.stringify(fields)}\n\n`
}

function delta(text: string): string {
  return part({ type: 'text-delta', id: 't', delta: text })
}

const view = (tab: Page) => tab.evaluate(() => window.useChat)

async function reads(tab: Page, text: string): Promise<void> {
  await expect.poll(async () => (await view(tab))?.said).toEqual([USER, { role: 'assistant', text }])
}

/** The request to the server when there is nothing to resume; the server has no such path. */
async function refuseToResume(provider: ScriptedProvider, id = 'room%2F1'): Promise<void> {
  const asked = await provider.asked()
  expect(asked).toMatchObject({ method: 'GET', path: `/api/chat/${id}/stream` })
  asked.begin({ 'content-type': 'text/html' }, 404)
  await asked.end('end')
}

async function isReady(tab: Page): Promise<void> {
  await expect.poll(async () => view(tab)).toMatchObject({ state: 'controlling', status: 'ready' })
}

interface How {
  /** React's development build: StrictMode mounts everything twice, and aborts the first resume request at once. */
  isStrict?: boolean
  onAbort?: 'stop' | 'detach'
  /** The server gives a response again from its start. */
  replays?: boolean
}

/** Opens the app; there is nothing to resume. */
async function open(tab: Page, server: TestServer, provider: ScriptedProvider, how: How = {}): Promise<void> {
  const { isStrict = false, onAbort, replays = false } = how
  const query = new URLSearchParams({ id: 'room/1', api: `${provider.url}/api/chat` })
  if (onAbort) query.set('onAbort', onAbort)
  if (replays) query.set('replay', '1')
  await tab.goto(`${server.url}/e2e/site/${isStrict ? 'use-chat-strict' : 'use-chat'}.html?${query}`)
  await refuseToResume(provider)
  await isReady(tab)
  expect((await view(tab)).mounts).toBe(isStrict ? 2 : 1)
}

/** Opens the app, asks, and gets the first words. */
async function ask(
  tab: Page,
  server: TestServer,
  provider: ScriptedProvider,
  how?: How,
): Promise<ScriptedAnswer> {
  await open(tab, server, provider, how)
  await tab.evaluate(() => window.useChat.send('Hello'))
  const answer = await provider.asked()
  expect(answer.method).toBe('POST')
  answer.begin(UI_STREAM)
  answer.say(BEGIN + delta('One, '))
  await reads(tab, 'One, ')
  return answer
}

/** Shows another conversation, or none, and waits until the first one's hook is gone. */
async function leave(tab: Page, provider: ScriptedProvider, to: string | undefined): Promise<void> {
  await tab.evaluate((id) => window.useChat.show(id), to)
  await expect.poll(async () => (await view(tab)).id).toBe(to)
  if (to === undefined) return
  await refuseToResume(provider, to)
  await isReady(tab)
}

const WHOLE = BEGIN + delta('One, ') + delta('two, ') + delta('three.') + END

for (const [place, at] of [
  ['before anything has come', 0],
  ['before the first output', BEGIN.length + 20],
  ['in mid-text', WHOLE.indexOf('two')],
  ['between two words', WHOLE.indexOf(delta('three.'))],
  ['right before the end', WHOLE.indexOf(part({ type: 'finish' })) + 10],
] as const) {
  for (const how of ['reset', 'end'] as const) {
    test(`an answer that is cut ${place}, by ${how}, and that the server gives again, useChat shows whole and once, from one POST`, async ({
      tab,
      server,
      provider,
    }) => {
      await open(tab, server, provider, { replays: true })
      await tab.evaluate(() => window.useChat.send('Hello'))
      const answer = await provider.asked()
      answer.begin(UI_STREAM)
      answer.say(WHOLE.slice(0, at))
      if (at > WHOLE.indexOf('One, ')) await expect.poll(async () => (await view(tab)).said).toHaveLength(2)
      await answer.end(how)
      const again = await provider.asked()
      expect(again).toMatchObject({ method: 'GET', path: '/api/chat/room%2F1/stream' })
      again.begin(UI_STREAM)
      again.say(WHOLE)
      await again.end('end')
      await reads(tab, 'One, two, three.')
      await isReady(tab)
      expect((await view(tab)).error).toBeUndefined()
      expect(provider.requests('POST')).toBe(1)
    })
  }
}

for (const isStrict of [false, true]) {
  const react = isStrict ? 'React’s StrictMode' : 'React'

  test(`useChat({ resume: true }) goes on after a reload mid-stream: ${react}`, async ({
    tab,
    server,
    provider,
  }) => {
    const answer = await ask(tab, server, provider, { isStrict })
    const asked = provider.requests()
    await tab.reload()
    answer.say(delta('two, '))
    await reads(tab, 'One, two, ')
    answer.say(delta('three.') + END)
    await answer.end('end')
    await reads(tab, 'One, two, three.')
    await isReady(tab)
    expect((await view(tab)).error).toBeUndefined()
    // Neither the chat nor the resuming reached the server again.
    expect(provider.requests()).toBe(asked)
  })

  test(`Stop after the reload stops the upstream: ${react}`, async ({ tab, server, provider }) => {
    const answer = await ask(tab, server, provider, { isStrict })
    await tab.reload()
    answer.say(delta('two'))
    await reads(tab, 'One, two')
    await tab.evaluate(() => window.useChat.stop())
    await answer.closed
    await isReady(tab)
    await reads(tab, 'One, two')
  })

  for (const [leaving, to] of [
    ['switching chats', 'room2'],
    ['unmounting', undefined],
  ] as const) {
    test(`${leaving} is a Stop, and what was stopped is not resumed: ${react}`, async ({
      tab,
      server,
      provider,
    }) => {
      const answer = await ask(tab, server, provider, { isStrict })
      await leave(tab, provider, to)
      await answer.closed
      await tab.evaluate(() => window.useChat.show('room/1'))
      await refuseToResume(provider)
      await isReady(tab)
      expect(await view(tab)).toMatchObject({ error: undefined, said: [USER] })
    })

    test(`${leaving} only detaches where onAbort says so; coming back resumes: ${react}`, async ({
      tab,
      server,
      provider,
    }) => {
      const answer = await ask(tab, server, provider, { isStrict, onAbort: 'detach' })
      await leave(tab, provider, to)
      answer.say(delta('two, '))
      await tab.evaluate(() => window.useChat.show('room/1'))
      await reads(tab, 'One, two, ')
      answer.say(delta('three.') + END)
      await answer.end('end')
      await reads(tab, 'One, two, three.')
      await isReady(tab)
    })
  }
}

test('where an abort only detaches, the stop route stops', async ({ tab, server, provider }) => {
  const answer = await ask(tab, server, provider, { onAbort: 'detach' })
  await tab.evaluate(() => window.useChat.stop())
  await isReady(tab)
  answer.say(delta('two, '))
  const stopping = tab.evaluate(
    async (url) => (await fetch(url, { method: 'POST' })).status,
    `${provider.url}/api/chat/room%2F1/stop`,
  )
  const asked = await provider.asked()
  expect(asked).toMatchObject({ method: 'POST', path: '/api/chat/room%2F1/stop' })
  asked.begin({}, 404)
  await asked.end('end')
  expect(await stopping).toBe(204)
  await answer.closed
})

test('a conversation without a stream gets 204, whatever the server says', async ({
  tab,
  server,
  provider,
}) => {
  await open(tab, server, provider)
  const resume = () =>
    tab.evaluate(async (url) => (await fetch(url)).status, `${provider.url}/api/chat/nobody/stream`)
  for (const [status, type] of [
    [404, 'text/html'],
    [200, 'text/html'],
    [500, 'application/json'],
  ] as const) {
    const asking = resume()
    const asked = await provider.asked()
    asked.begin({ 'content-type': type }, status)
    asked.say('<p>Hello</p>')
    await asked.end('end')
    expect(await asking).toBe(204)
  }
  const asking = resume()
  // A browser asks again by itself when a connection that it used before is reset.
  const resetting = (async () => {
    for (;;) await (await provider.asked()).end('reset')
  })()
  expect(await Promise.race([asking, resetting])).toBe(204)
})

test('a response that was read to its end is not replayed beside the one of the history', async ({
  tab,
  server,
  provider,
}) => {
  const answer = await ask(tab, server, provider)
  answer.say(delta('two.') + END)
  await answer.end('end')
  await reads(tab, 'One, two.')
  await isReady(tab)
  const reloading = tab.reload()
  await refuseToResume(provider)
  await reloading
  await isReady(tab)
  expect((await view(tab))?.said).toEqual([USER])
})

test('a response that ended while no page read it is there after the reload, once', async ({
  tab,
  server,
  provider,
}) => {
  const answer = await ask(tab, server, provider)
  const asked = server.slowPages(2_000)
  const reloading = tab.reload()
  await asked
  answer.say(delta('two.') + END)
  await answer.end('end')
  await reloading
  await reads(tab, 'One, two.')
  await isReady(tab)
})
