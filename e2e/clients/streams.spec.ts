import { hasCorpus, readCorpus, readCorpusBytes } from '../../core/testing/corpus.ts'
import { GENERATED_STREAMS } from '../../core/testing/generated/generated-streams.ts'
import { bytesOf } from '../../core/testing/generated/stream.ts'
import { type RecordedStream, requestOf } from '../../core/testing/recorded-streams.ts'
import type { Verdict } from '../../core/providers/inspection/inspection.ts'
import { inspect } from '../../core/testing/inspect.ts'
import type { Options } from '../../client/index.ts'
import type { Page } from '../support/page.ts'
import type { ClientName, Reply } from '../site/clients.ts'
import { expect, test } from '../support/test.ts'
import { type ServedStream, startStreamProvider } from './stream-provider.ts'
import { chatsOf, openPage } from './open-clients.ts'

/** Which clients speak a stream's protocol. */
const SPEAKERS: Record<string, ClientName[]> = {
  'openai-chat': ['openai chat', 'streamText', 'fetch', 'fetch text', 'XHR', 'EventSource'],
  'openai-responses': ['openai responses'],
  'anthropic-messages': ['anthropic', 'anthropic stream'],
  'ui-message-stream': ['useChat'],
}

/** Recordings where there are any, else the generated ones. */
const served = (
  hasCorpus ? readCorpus<RecordedStream[]>('streams/index.json', []).map(ofRecorded) : ofGenerated()
).filter(({ api }) => api in SPEAKERS)

function ofRecorded(recorded: RecordedStream): ServedStream {
  const { file, api } = recorded
  return { id: file, name: file, api, ...requestOf(recorded), bytes: readCorpusBytes(`streams/${file}`) }
}

function ofGenerated(): ServedStream[] {
  return GENERATED_STREAMS.map((each, index) =>
    Object.assign({ id: `stream-${index}`, bytes: bytesOf(each) }, each),
  )
}

/** Retries of the cut ones, and no limit that one stream's error would hold the others back by. */
const OPTIONS: Options = { retry: { baseMs: 1, jitterMs: 1, rateLimitBaseMs: 1, rateLimitMaxMs: 1 } }

/** A browser has six connections to an origin. */
const AT_ONCE = 5

test.describe(`every ${hasCorpus ? 'recorded' : 'generated'} stream through its clients`, () => {
  for (const [api, client] of Object.entries(SPEAKERS).flatMap(([api, clients]) =>
    clients.map((client) => [api, client] as const),
  )) {
    test(`${api} by ${client}: the same as without the worker, but for cut responses`, async ({
      tab,
      server,
    }) => {
      test.setTimeout(120_000)
      const streams = served.filter((each) => each.api === api)
      await using provider = await startStreamProvider(streams)
      // Without a worker first: one that is registered controls every page of its origin.
      const alone = await askAll(await openPage(tab, server.url), provider.url, streams, client)
      const options = { ...OPTIONS, chat: chatsOf(provider.url) }
      const kept = await askAll(await openPage(tab, server.url, options), provider.url, streams, client)

      for (const stream of streams) {
        const verdict = verdictOf(stream)
        const name = `${stream.name} (${verdict})`
        const [without, withUs] = [alone, kept].map((replies) => replies.get(stream.id))
        if (!without || !withUs) throw new Error(`Nobody asked for ${name}`)
        // A stream without output is passed on, too. An error that the stream itself tells some take, and others leave at its
        // end marker, before we break it.
        const isPassedOn = verdict === 'complete' || verdict === 'empty'
        if (isPassedOn || (verdict === 'error_in_stream' && withUs.state === 'whole')) {
          expect(withUs, name).toEqual(without)
          continue
        }
        expect(withUs, name).toMatchObject({ state: 'failed' })
        // Some give up what they have not passed on yet when a body breaks.
        expect(without.text.startsWith(withUs.text), name).toBe(true)
      }
    })
  }
})

async function askAll(
  page: Page,
  base: string,
  streams: readonly ServedStream[],
  client: ClientName,
): Promise<Map<string, Reply>> {
  const asked = streams.map(({ id }) => id)
  const replies = new Map<string, Reply>()
  for (let at = 0; at < asked.length; at += AT_ONCE) {
    const some = asked.slice(at, at + AT_ONCE)
    await page.evaluate(
      ([base, client, some]) => {
        window.clients.replies = {}
        for (const id of some) {
          // Limits are shared by those who ask for the same model with the same key.
          window.clients.ask(id, client, { base, query: { stream: id }, model: id, key: id })
        }
      },
      [`${base}/v1`, client, some] as const,
    )
    const haveEnded = () =>
      page.evaluate(() => Object.values(window.clients.replies).every(({ state }) => state !== 'waiting'))
    await expect.poll(haveEnded, { timeout: 100_000 }).toBe(true)
    for (const [id, reply] of Object.entries(await page.evaluate(() => window.clients.replies))) {
      replies.set(id, reply)
    }
  }
  return replies
}

function verdictOf({ bytes, contentType, path, headers = {} }: ServedStream): Verdict {
  return inspect(bytes, contentType, path, [], { headers }).verdict
}
