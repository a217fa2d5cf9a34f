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
