import type { Page } from './page.ts'
import type { ScriptedAnswer, ScriptedProvider } from './scripted-provider.ts'
import { expect, test } from './test.ts'
import type { TestServer } from './test-server.ts'

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

/** What the server is asked when there is nothing to resume; it knows no such path. */
async function refuseToResume(provider: ScriptedProvider): Promise<void> {
  const asked = await provider.asked()
  expect(asked).toMatchObject({ method: 'GET', path: '/api/chat/room%2F1/stream' })
  asked.begin({ 'content-type': 'text/html' }, 404)
  await asked.end('end')
}

async function isReady(tab: Page): Promise<void> {
  await expect.poll(async () => view(tab)).toMatchObject({ state: 'controlling', status: 'ready' })
}

/** Opens the app, asks, and gets the first words. */
async function ask(tab: Page, server: TestServer, provider: ScriptedProvider): Promise<ScriptedAnswer> {
  await tab.goto(`${server.url}/e2e/site/use-chat.html?id=room/1&api=${provider.url}/api/chat`)
  await refuseToResume(provider)
  await isReady(tab)
  await tab.evaluate(() => window.useChat?.send('Hello'))
  const answer = await provider.asked()
  expect(answer.method).toBe('POST')
  answer.begin(UI_STREAM)
  answer.say(BEGIN + delta('One, '))
  await reads(tab, 'One, ')
  return answer
}

test('useChat({ resume: true }) goes on after a reload in mid-answer', async ({ tab, server, provider }) => {
  const answer = await ask(tab, server, provider)
  const asked = provider.requests()
  await tab.reload()
  answer.say(delta('two, '))
  await reads(tab, 'One, two, ')
  answer.say(delta('three.') + END)
  await answer.end('end')
  await reads(tab, 'One, two, three.')
  await isReady(tab)
  expect((await view(tab))?.error).toBeUndefined()
  // Neither the chat nor the resuming reached the server again.
  expect(provider.requests()).toBe(asked)
})

test('Stop after the reload stops the upstream', async ({ tab, server, provider }) => {
  const answer = await ask(tab, server, provider)
  await tab.reload()
  answer.say(delta('two'))
  await reads(tab, 'One, two')
  await tab.evaluate(() => window.useChat?.stop())
  await answer.closed
  await isReady(tab)
  await reads(tab, 'One, two')
})

test('an answer that was read to its end is not replayed beside the one of the history', async ({
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

test('an answer that ended while no page read it is there after the reload, once', async ({
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
