import { beforeEach, expect, test, vi } from 'vitest'
import type { Status } from '../core/protocol/status.ts'
import { REQUEST_ID_HEADER } from '../core/protocol/request-id.ts'
import { streamChat } from './stream-chat.ts'

const page = vi.hoisted(() => ({
  tell: (_status: unknown) => {},
  attach: (_from: number): Promise<Response> => Promise.reject(new Error('404')),
  asked: [] as number[],
}))

// A page whose worker has it.
vi.mock('./create-keeper.ts', () => ({
  currentKeeper: () => ({
    isChat: () => true,
    fetch: undefined,
    keeper: {
      state: 'controlling',
      on: (_name: string, listener: (status: unknown) => void) => {
        page.tell = listener
        return () => {}
      },
      attach: (_id: string, { from }: { from: number }) => {
        page.asked.push(from)
        return page.attach(from)
      },
      cancel: () => {},
    },
  }),
}))

const say = (word: string) => `data: ${JSON.stringify({ word })}\n\n`

function answer(text: string): Response {
  return new Response(text, { headers: { 'content-type': 'text/event-stream', [REQUEST_ID_HEADER]: 'r1' } })
}

const FINISHED = { status: 'request_finished', requestId: 'r1', at: 1, own: true } as Status

async function wordsOf(first: Response): Promise<string[]> {
  const words: string[] = []
  const chat = streamChat<{ word: string }>('https://app.test/chat', { body: {}, fetch: async () => first })
  for await (const item of chat) if ('word' in item) words.push(item.word)
  return words
}

beforeEach(() => {
  page.asked = []
  page.attach = () => Promise.reject(new Error('404'))
})

test('a clean end that is told is one', async () => {
  setTimeout(() => page.tell(FINISHED), 20)
  expect(await wordsOf(answer(say('one')))).toEqual(['one'])
  expect(page.asked).toEqual([])
})

test('a clean end that nobody tells of is read on: a dead worker’s stream ends so in Firefox', async () => {
  const half = `${say('one')}data: {"wo`
  page.attach = (from) => Promise.resolve(answer((half + say('two').slice(10)).slice(from)))
  expect(await wordsOf(answer(half))).toEqual(['one', 'two'])
  expect(page.asked).toEqual([half.length])
})

test('or, where there is no more, is worker_lost', async () => {
  await expect(wordsOf(answer(say('one')))).rejects.toMatchObject({ code: 'worker_lost' })
})

test('an answer that says its end itself needs nobody to tell', async () => {
  expect(await wordsOf(answer(`${say('one')}data: [DONE]\n\n`))).toEqual(['one'])
  expect(page.asked).toEqual([])
})

test('a request that fails without a word of its worker is worker_lost', async () => {
  const chat = streamChat('https://app.test/chat', {
    body: {},
    fetch: () => Promise.reject(new TypeError('Failed to fetch')),
  })
  await expect(chat.next()).rejects.toMatchObject({ code: 'worker_lost' })
})
