import { hasCorpus, readCorpus, readCorpusBytes, skipReason } from '../../core/testing/corpus.ts'
import { type RecordedStream, requestOf } from '../../core/testing/recorded-streams.ts'
import { type Verdict, watchStream } from '../../core/chat/watch.ts'
import type { Options } from '../../client/index.ts'
import type { Page } from '@playwright/test'
import type { ClientName, Reply } from '../site/clients.ts'
import { expect, test } from '../test.ts'
import { startRecordedProvider } from './recorded-provider.ts'
import { chatsOf, openPage } from './open-clients.ts'

/** Which clients speak a recording's protocol. */
const SPEAKERS: Record<string, ClientName[]> = {
  'openai-chat': ['openai chat', 'streamText', 'fetch', 'fetch text', 'XHR', 'EventSource'],
  'openai-responses': ['openai responses'],
  'anthropic-messages': ['anthropic', 'anthropic stream'],
  'ui-message-stream': ['useChat'],
}

const recorded = readCorpus<RecordedStream[]>('streams/index.json', []).filter(({ api }) => api in SPEAKERS)

/** Retries of the cut ones, and no limit that one recording's error would hold the others back by. */
const OPTIONS: Options = { retry: { baseMs: 1, jitterMs: 1, rateLimitBaseMs: 1, rateLimitMaxMs: 1 } }

/** A browser has six connections to an origin. */
const AT_ONCE = 5

test.describe(`every recorded stream through its clients${skipReason}`, () => {
  test.skip(!hasCorpus)

  for (const [api, clients] of Object.entries(SPEAKERS)) {
    test(`${api}: the same as without the worker, but for cut answers`, async ({ context, server }) => {
      test.setTimeout(120_000)
      const streams = recorded.filter((each) => each.api === api)
      await using provider = await startRecordedProvider(streams)
      // Without a worker first: one that is registered controls every page of its origin.
      const alone = await askAll(await openPage(context, server.url), provider.url, streams, clients)
      const options = { ...OPTIONS, chat: chatsOf(provider.url) }
      const kept = await askAll(await openPage(context, server.url, options), provider.url, streams, clients)

      for (const stream of streams) {
        const verdict = verdictOf(stream)
        for (const client of clients) {
          const name = `${client}: ${stream.file} (${verdict})`
          const [without, withUs] = [alone, kept].map((replies) => replies.get(client + stream.file))
          if (!without || !withUs) throw new Error(`Nobody asked for ${name}`)
          // An error that the stream itself tells some take, and others leave at its end marker, before we break it.
          if (verdict === 'complete' || (verdict === 'error_in_stream' && withUs.state === 'whole')) {
            expect(withUs, name).toEqual(without)
            continue
          }
          expect(withUs, name).toMatchObject({ state: 'failed' })
          // Some give up what they have not passed on yet when a body breaks.
          expect(without.text.startsWith(withUs.text), name).toBe(true)
        }
      }
    })
  }
})

async function askAll(
  page: Page,
  base: string,
  streams: readonly RecordedStream[],
  clients: readonly ClientName[],
): Promise<Map<string, Reply>> {
  const asked = clients.flatMap((name) => streams.map(({ file }) => ({ name, file, id: name + file })))
  const replies = new Map<string, Reply>()
  for (let at = 0; at < asked.length; at += AT_ONCE) {
    const some = asked.slice(at, at + AT_ONCE)
    await page.evaluate(
      ([base, some]) => {
        window.clients.replies = {}
        for (const { id, name, file } of some) {
          // Limits are shared by those who ask for the same model with the same key.
          window.clients.ask(id, name, { base, query: { recording: file }, model: file, key: id })
        }
      },
      [`${base}/v1`, some] as const,
    )
    await page.waitForFunction(() =>
      Object.values(window.clients.replies).every(({ state }) => state !== 'waiting'),
    )
    for (const [id, reply] of Object.entries(await page.evaluate(() => window.clients.replies))) {
      replies.set(id, reply)
    }
  }
  return replies
}

function verdictOf(stream: RecordedStream): Verdict {
  const { path, contentType } = requestOf(stream)
  const watch = watchStream(contentType, path, true)
  watch.feed(readCorpusBytes(`streams/${stream.file}`))
  watch.end()
  return watch.verdict()
}
