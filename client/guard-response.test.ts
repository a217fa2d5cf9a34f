import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { guardResponse, type SentChat } from './guard-response.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const ID = { 'X-Streamkeeper-Id': 'r1' }

/** A Response in two pieces, which then ends cleanly. */
function inPieces(...pieces: string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull: (controller) => {
      const piece = pieces.shift()
      if (piece === undefined) controller.close()
      else controller.enqueue(new TextEncoder().encode(piece))
    },
  })
}

interface Settings extends Partial<SentChat> {
  wasTaken?: boolean | (() => boolean)
  isKnown?: boolean
}

/** A chat that is answered so; `sent` counts how often it was sent again. */
function guarded(reply: Response | Error, { wasTaken = true, isKnown = false, ...more }: Settings = {}) {
  const seen = { sent: 0, asked: 0 }
  const response = guardResponse(
    {
      requestId: 'r1',
      response: reply instanceof Error ? Promise.reject(reply) : Promise.resolve(reply),
      again: async () => {
        seen.sent++
        return new Response(inPieces('again'), { headers: ID })
      },
      signal: new AbortController().signal,
      isEnded: () => false,
      ...more,
    },
    {
      wasTaken: () => (typeof wasTaken === 'function' ? wasTaken() : wasTaken),
      isKnown: async () => {
        seen.asked++
        return isKnown
      },
    },
  )
  return { seen, response }
}

const TEXT = () => new Response(inPieces('one', 'two'), { status: 201, statusText: 'Made', headers: ID })

/** A reader's text, or its error's message. */
async function read(response: Promise<Response>): Promise<string> {
  const text = response.then((provided) => provided.text()).catch((error: Error) => error.message)
  await vi.advanceTimersByTimeAsync(1_000)
  return text
}

test('an end that the worker knows of is an end', async () => {
  expect(await read(guarded(TEXT(), { isKnown: true }).response)).toBe('onetwo')
})

test('a chunk without a byte does not hold up what follows', async () => {
  const reply = new Response(inPieces('one', '', 'two'), { headers: ID })
  let text: string | undefined
  void read(guarded(reply, { isKnown: true }).response).then((all) => (text = all))
  await vi.advanceTimersByTimeAsync(2_000)
  expect(text).toBe('onetwo')
})

test('an end that was told needs no question', async () => {
  const { response, seen } = guarded(TEXT(), { isEnded: () => true })
  expect([await read(response), seen.asked]).toEqual(['onetwo', 0])
})

test('an end that no worker knows of breaks the reader, after what had come', async () => {
  const { response } = guarded(TEXT())
  const reader = (await response).body!.getReader()
  const said = []
  for (let times = 0; times < 2; times++) said.push(new TextDecoder().decode((await reader.read()).value))
  const end = reader.read().catch((error: Error) => error)
  await vi.advanceTimersByTimeAsync(1_000)
  expect([said, await end]).toEqual([['one', 'two'], expect.any(TypeError)])
})

test('the old worker’s last word counts, though the next one knows nothing', async () => {
  let isEnded = false
  setTimeout(() => (isEnded = true), 500)
  expect(await read(guarded(TEXT(), { isEnded: () => isEnded }).response)).toBe('onetwo')
})

test('the Response is as it was', async () => {
  const reply = TEXT()
  Object.defineProperties(reply, { url: { value: 'https://a.test/' }, redirected: { value: true } })
  const { response } = guarded(reply, { isKnown: true })
  const { status, statusText, url, redirected, type, headers } = await response
  expect({ status, statusText, url, redirected, type, id: headers.get('x-streamkeeper-id') }).toEqual({
    status: 201,
    statusText: 'Made',
    url: 'https://a.test/',
    redirected: true,
    type: reply.type,
    id: 'r1',
  })
})

test.each([
  ['one that the worker had no part in', () => new Response(inPieces('whole'))],
  [
    'a 204 that has a body',
    () =>
      Object.defineProperty(new Response(null, { status: 204, headers: ID }), 'body', { value: inPieces() }),
  ],
])('%s is handed on untouched', async (_name, make) => {
  const reply = make()
  expect(await guarded(reply).response).toBe(reply)
})

test('a request whose worker died before the Response is sent once more', async () => {
  const { response, seen } = guarded(new TypeError('NetworkError'), {})
  await vi.advanceTimersByTimeAsync(1_000)
  await response
  expect(seen.sent).toBe(1)
})

test('it is also sent once more where the dead worker’s word that it had it comes late', async () => {
  let wasTaken = false
  setTimeout(() => (wasTaken = true), 500)
  const { response, seen } = guarded(new TypeError('NetworkError'), { wasTaken: () => wasTaken })
  await vi.advanceTimersByTimeAsync(1_000)
  await response
  expect(seen.sent).toBe(1)
})

test.each<[string, Settings]>([
  ['the worker that had it lives', { isKnown: true }],
  ['no worker ever had it', { wasTaken: false }],
  ['it was aborted', { signal: AbortSignal.abort() }],
  ['its end was told', { isEnded: () => true }],
])('a failure is the request’s own where %s', async (_why, settings) => {
  const { response, seen } = guarded(new TypeError('NetworkError'), settings)
  expect(await read(response)).toBe('NetworkError')
  expect(seen.sent).toBe(0)
})

test('who cancels the Response cancels the worker’s', async () => {
  const cancelled = vi.fn<(reason: unknown) => void>()
  const { response } = guarded(new Response(new ReadableStream({ cancel: cancelled }), { headers: ID }))
  await (await response).body!.cancel('enough')
  expect(cancelled).toHaveBeenCalledWith('enough')
})
