import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createResilientFetch } from '../core/fetch/create-resilient-fetch.ts'
import {
  aiSdk,
  type Cut,
  langGraph,
  type ResumableKind,
  serveCut,
  tanStackAi,
  unchanging,
  WORDS,
} from './testing/resumable-servers.ts'
import { hasRedis, type RedisServer, startRedis } from './testing/start-redis.ts'

const CUTS: Cut[] = ['reset', 'fin', 'end']

/** Before the first event, within one, and in the text. */
const AT = [1, 90, 300, 700, 1_000]

async function ask(kind: ResumableKind, url: string) {
  const statuses: string[] = []
  const chat = [{ url: `${url}/*`, resume: kind.resume }]
  const send = createResilientFetch({ chat, onStatus: ({ status }) => statuses.push(status) })
  const response = await send(url + kind.path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify(kind.body),
  })
  return { text: unchanging(await response.text()), statuses }
}

/** Its reader's view of a response that is not cut. */
async function uncut(kind: ResumableKind): Promise<string> {
  await using server = await serveCut(kind, Infinity, 'end')
  const response = await fetch(server.url + kind.path, { method: 'POST', body: JSON.stringify(kind.body) })
  return unchanging(await response.text())
}

function isReadOn(open: () => ResumableKind) {
  test.each(CUTS.flatMap((how) => AT.map((at) => [how, at] as const)))(
    'a response that is cut by %s after %i bytes is read on: the same events, one POST',
    async (how, at) => {
      const whole = await uncut(open())
      for (const word of WORDS) expect(whole).toContain(word)
      const kind = open()
      await using server = await serveCut(kind, at, how)
      const { text, statuses } = await ask(kind, server.url)
      expect(text).toBe(whole)
      expect(server.asked).toEqual(['POST', 'GET'])
      expect(statuses).toEqual([
        'request_started',
        expect.stringMatching(/first_output|stream_resuming/),
        expect.stringMatching(/first_output|stream_resuming|stream_resumed/),
        expect.stringMatching(/first_output|stream_resumed/),
        'request_finished',
      ])
    },
  )
}

describe('TanStack AI’s durable endpoint', () => isReadOn(tanStackAi))

describe('LangGraph’s Location', () => isReadOn(langGraph))

describe.runIf(hasRedis)('the AI SDK’s resume endpoint, resumable-stream on Redis', () => {
  let redis: RedisServer
  beforeAll(async () => void (redis = await startRedis()))
  afterAll(() => redis[Symbol.asyncDispose]())
  isReadOn(() => aiSdk(redis.url))
})
