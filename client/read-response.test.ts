import { expect, test } from 'vitest'
import { HEARTBEAT_HEADER } from '../core/messages/paths.ts'
import { ChatError } from './chat-error.ts'
import { readResponse } from './read-response.ts'

const say = (word: string) => `data: ${JSON.stringify({ word })}\n\n`
const WORDS = ['one', 'two', 'three', 'four — ✓']
const WHOLE = new TextEncoder().encode(WORDS.map(say).join(''))

/** Bytes of the response up to an end that is clean, or none. */
function part(from: number, to: number, end: 'close' | 'break', heartbeat = 0): Response {
  let isRead = false
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      if (!isRead) {
        if (heartbeat) controller.enqueue(new TextEncoder().encode('\n'.repeat(heartbeat)))
        controller.enqueue(WHOLE.slice(from, to))
      } else if (end === 'close') controller.close()
      else controller.error(new TypeError('network error'))
      isRead = true
    },
  })
  const headers = new Headers({ 'content-type': 'text/event-stream' })
  if (heartbeat) headers.set(HEARTBEAT_HEADER, String(heartbeat))
  return new Response(body, { headers })
}

/** Reads to the end; what was said, and from where it was asked for again. */
async function readAll(first: Response, attach: (from: number) => Promise<Response | undefined>) {
  const words: string[] = []
  const asked: number[] = []
  const reader = readResponse(
    first,
    { onChunk: (chunk) => words.push((chunk as { word: string }).word), onEnd: () => {} },
    (from) => {
      asked.push(from)
      return attach(from)
    },
  )
  let error: unknown
  try {
    while (await reader.read());
    reader.end()
  } catch (thrown) {
    error = thrown
  }
  return { words, asked, error }
}

const SOMEWHERE = 29 // In the middle of an event.

test('a response that breaks off is read on from the very next byte', async () => {
  const rest = (from: number) => Promise.resolve(part(from, WHOLE.length, 'close'))
  const { words, asked, error } = await readAll(part(0, SOMEWHERE, 'break'), rest)
  expect({ words, asked, error }).toEqual({ words: WORDS, asked: [SOMEWHERE], error: undefined })
})

test('a response can break off three times and is still read whole', async () => {
  let at = SOMEWHERE
  const rest = (from: number) => Promise.resolve(part(from, (at += 5), 'break'))
  const { asked, error } = await readAll(part(0, SOMEWHERE, 'break'), rest)
  expect(asked).toEqual([SOMEWHERE, SOMEWHERE + 5, SOMEWHERE + 10])
  expect(error).toBeInstanceOf(TypeError)
})

test('bytes that are the worker’s own do not count', async () => {
  const rest = (from: number) =>
    Promise.resolve(
      part(from, from === 0 ? 10 : WHOLE.length, from === 0 ? 'break' : 'close', from === 0 ? 1 : 0),
    )
  const silent = part(0, 0, 'break', 1)
  const { words, asked } = await readAll(silent, rest)
  expect(asked).toEqual([0, 10])
  expect(words).toEqual(WORDS)
})

test('a response that is no longer kept ends with worker_lost', async () => {
  const { words, error } = await readAll(part(0, SOMEWHERE, 'break'), () => Promise.reject(new Error('404')))
  expect(words).toEqual(['one'])
  expect(error).toBeInstanceOf(ChatError)
  expect(error).toMatchObject({ code: 'worker_lost' })
})

test('where it ended as it should, the error is the reader’s own', async () => {
  const { error } = await readAll(part(0, SOMEWHERE, 'break'), () => Promise.resolve(undefined))
  expect(error).toMatchObject({ message: 'network error' })
})
