import {
  aiSdk,
  type Cut,
  langGraph,
  type ResumableKind,
  serveCut,
  tanStackAi,
  unchanging,
  WORDS,
} from '../../server/testing/resumable-servers.ts'
import { hasRedis, startRedis } from '../../server/testing/start-redis.ts'
import type { App } from '../support/app.ts'
import { textOf } from '../support/scripted-chat.ts'
import { expect, test } from '../support/test.ts'

const HOW: Cut[] = ['reset', 'fin', 'end']

/** Where a server's answers are given, and where again. */
function routeOf(url: string, { resume }: ResumableKind) {
  return {
    url: `${url}/*`,
    resume: { ...resume, url: resume.url === 'location' ? resume.url : url + resume.url },
  }
}

/** Asks for an answer through the worker, and reads all of it. */
async function ask(app: App, kind: ResumableKind, url: string): Promise<string> {
  const headers = { 'content-type': 'application/json', accept: 'text/event-stream' }
  const call = await app.call(url + kind.path, { headers, body: JSON.stringify(kind.body) })
  expect(await call.ended()).toMatchObject({ state: 'whole', status: 200 })
  return unchanging(await textOf(call))
}

/** Cuts an answer in its text by each of the ways, and looks at what the page reads. */
async function isReadOn(app: App, open: () => ResumableKind): Promise<void> {
  const plain = open()
  await using server = await serveCut(plain, Infinity, 'end')
  await using servers = new AsyncDisposableStack()
  const cutting = await Promise.all(
    HOW.map(async (how) => {
      const kind = open()
      return { how, kind, ...servers.use(await serveCut(kind, 1_000, how)) }
    }),
  )
  const routes = cutting.map(({ url, kind }) => routeOf(url, kind))
  await app.start({ chat: [routeOf(server.url, plain), ...routes] })
  const whole = await ask(app, plain, server.url)
  for (const word of WORDS) expect(whole).toContain(word)
  for (const { how, kind, url, asked } of cutting) {
    expect(await ask(app, kind, url), how).toBe(whole)
    expect(asked).toEqual(['POST', 'GET'])
  }
  await app.told('stream_resumed', HOW.length)
}

test('a response of TanStack AI’s durable endpoint that is cut is read on: the same events, one POST', async ({
  app,
}) => isReadOn(app, tanStackAi))

test('a response of LangGraph’s that is cut is read on from its Location: the same events, one POST', async ({
  app,
}) => isReadOn(app, langGraph))

test('a response of the AI SDK’s, with resumable-stream on Redis, that is cut is read on: the same events, one POST', async ({
  app,
}) => {
  test.skip(!hasRedis, 'This machine has no redis-server')
  await using redis = await startRedis()
  await isReadOn(app, () => aiSdk(redis.url))
})

for (const [at, how] of [
  [20, 'end'],
  [1_000, 'reset'],
] as const) {
  test(`useChat shows an answer of that server that is cut by ${how} after ${at} bytes whole and once, from one POST`, async ({
    tab,
    server,
  }) => {
    test.skip(!hasRedis, 'This machine has no redis-server')
    await using redis = await startRedis()
    await using cutting = await serveCut(aiSdk(redis.url), at, how)
    const query = new URLSearchParams({ id: 'chat/1', api: `${cutting.url}/api/chat`, replay: '1' })
    await tab.goto(`${server.url}/e2e/site/use-chat.html?${query}`)
    const view = () => tab.evaluate(() => window.useChat)
    await expect.poll(view).toMatchObject({ state: 'controlling', status: 'ready' })
    // What `useChat` asks for by itself when it begins: later, it would find the response that has just begun.
    await expect.poll(() => cutting.asked).toEqual(['GET'])
    await tab.evaluate(() => window.useChat.send('Hello'))
    const said = [
      { role: 'user', text: 'Hello' },
      { role: 'assistant', text: WORDS.join('') },
    ]
    await expect.poll(view).toMatchObject({ status: 'ready', said })
    expect((await view()).error).toBeUndefined()
    expect(cutting.asked).toEqual(['GET', 'POST', 'GET'])
  })
}
