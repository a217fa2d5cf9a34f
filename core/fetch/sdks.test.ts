import type { ServerResponse } from 'node:http'
import OpenAI from 'openai'
import { describe, expect, test, vi } from 'vitest'
import { deferred } from '../deferred.ts'
import { countConnections } from '../testing/count-connections.ts'
import { openaiBackground, openaiKept } from '../testing/resumable.ts'
import { ANTHROPIC, OPENAI, type Sdk } from '../testing/sdks.ts'
import { createResilientFetch } from './create-resilient-fetch.ts'

// The providers' own SDKs with default settings, which try twice more by themselves, over a real connection.

const SDKS = [OPENAI, ANTHROPIC]

type Respond = (response: ServerResponse) => void

/** A provider that answers request after request; the last answer repeats. */
function provide(...script: Respond[]) {
  let next = 0
  return countConnections((request, response) => {
    const respond = script[Math.min(next++, script.length - 1)]
    request.resume().on('end', () => respond?.(response))
  })
}

const speak =
  (body: object, status = 200, headers: Record<string, string> = {}): Respond =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))

const streams =
  (...parts: string[]): Respond =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const part of parts) response.write(part)
    response.end()
  }

/** Both the SDKs and we obey it: the tests are quick. */
const SOON = { 'retry-after-ms': '20' }
const limited = ({ error }: Sdk) => speak(error('rate_limit_error', 'Slow down'), 429, SOON)
const unavailable = ({ error }: Sdk) => speak(error('api_error', 'Try later'), 503, SOON)

/** A resilient fetch that counts the SDK's calls. */
function resilient() {
  const send = createResilientFetch({ retry: { maxAttempts: 6, baseMs: 20, jitterMs: 0 } })
  return vi.fn<typeof fetch>((input, init) => send(input, init))
}

async function read(stream: AsyncIterable<string>): Promise<string> {
  let text = ''
  for await (const part of stream) text += part
  return text
}

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

describe.each(SDKS)('$name', (sdk) => {
  test('a stream is read whole', async () => {
    await using server = await provide(streams(sdk.begin, sdk.rest))
    expect(await read(sdk.stream(server.url, resilient()))).toBe('Hello')
    expect(server.requests()).toBe(1)
  })

  test('a response that does not stream is read whole', async () => {
    await using server = await provide(speak(sdk.response))
    expect(await sdk.ask(server.url, resilient())).toBe('Hello')
    expect(server.requests()).toBe(1)
  })

  test('two 429 and then a response: three requests, of which the SDK knows one', async () => {
    await using server = await provide(limited(sdk), limited(sdk), streams(sdk.begin, sdk.rest))
    const fetch = resilient()
    expect(await read(sdk.stream(server.url, fetch))).toBe('Hello')
    expect(server.requests()).toBe(3)
    expect(fetch).toHaveBeenCalledTimes(1)
  })

  describe.each(['stream', 'ask'] as const)('%s', (kind) => {
    const call = (url: string, fetch?: typeof globalThis.fetch) =>
      kind === 'stream' ? read(sdk.stream(url, fetch)) : sdk.ask(url, fetch)

    test('a 429 for ever: 3 requests by the SDK alone, 6 with us and not 18, and the same error', async () => {
      await using alone = await provide(limited(sdk))
      await using own = await provide(limited(sdk))
      const fetch = resilient()
      const errors = [await failureOf(call(alone.url)), await failureOf(call(own.url, fetch))]
      expect([alone.requests(), own.requests()]).toEqual([3, 6])
      expect(fetch).toHaveBeenCalledTimes(1)
      for (const error of errors) {
        expect(error).toBeInstanceOf(sdk.errors.RateLimitError)
        expect(error).toMatchObject({ status: 429, message: expect.stringContaining('Slow down') as string })
      }
    })

    test('a 503 for ever: 3 requests by the SDK alone, 6 with us and not 18, and the same error', async () => {
      await using alone = await provide(unavailable(sdk))
      await using own = await provide(unavailable(sdk))
      const fetch = resilient()
      const errors = [await failureOf(call(alone.url)), await failureOf(call(own.url, fetch))]
      expect([alone.requests(), own.requests()]).toEqual([3, 6])
      expect(fetch).toHaveBeenCalledTimes(1)
      for (const error of errors) {
        expect(error).toBeInstanceOf(sdk.errors.InternalServerError)
        expect(error).toMatchObject({ status: 503, message: expect.stringContaining('Try later') as string })
      }
    })
  })

  test('a reset for ever: 3 requests by the SDK alone, 8 with us: six of ours and one per retry of its', async () => {
    const reset: Respond = (response) => response.destroy()
    await using alone = await provide(reset)
    await using own = await provide(reset)
    const fetch = resilient()
    const errors = await Promise.all([
      failureOf(sdk.stream(alone.url)[Symbol.asyncIterator]().next()),
      failureOf(sdk.stream(own.url, fetch)[Symbol.asyncIterator]().next()),
    ])
    expect([alone.requests(), own.requests()]).toEqual([3, 8])
    expect(fetch).toHaveBeenCalledTimes(3)
    for (const error of errors) {
      expect(error).toBeInstanceOf(sdk.errors.APIConnectionError)
      // The SDK's error, fetch's error, the socket's error.
      expect(error).toMatchObject({ cause: { message: 'fetch failed', cause: { code: 'UND_ERR_SOCKET' } } })
    }
  })

  test('a stream that breaks off is never taken for complete', async () => {
    const broken = deferred<void>()
    await using server = await provide((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(sdk.begin)
      void broken.promise.then(() => response.destroy())
    })
    const texts: string[] = []
    const reading = async () => {
      for await (const text of sdk.stream(server.url, resilient())) {
        texts.push(text)
        broken.resolve()
      }
    }
    expect(await failureOf(reading())).toBeInstanceOf(Error)
    expect(texts).toEqual(['Hel'])
    expect(server.requests()).toBe(1)
  })

  test('a stream that closes cleanly before its end is not taken for complete, although the SDK alone does', async () => {
    await using server = await provide(streams(sdk.begin))
    expect(await read(sdk.stream(server.url))).toBe('Hel')
    expect(await failureOf(read(sdk.stream(server.url, resilient())))).toBeInstanceOf(Error)
    expect(server.requests()).toBe(2)
  })

  test('who leaves the loop closes the upstream', async () => {
    const closed = deferred<void>()
    await using server = await provide((response) => {
      response.on('close', () => closed.resolve())
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(sdk.begin)
    })
    for await (const text of sdk.stream(server.url, resilient())) {
      expect(text).toBe('Hel')
      break
    }
    await closed.promise
  })
})

describe('a quota that is spent', () => {
  test('openai: 3 requests by the SDK alone, 1 with us', async () => {
    const spent = speak(OPENAI.error('insufficient_quota', 'You exceeded your current quota'), 429, SOON)
    await using alone = await provide(spent)
    await using own = await provide(spent)
    const errors = [await failureOf(OPENAI.ask(alone.url)), await failureOf(OPENAI.ask(own.url, resilient()))]
    expect([alone.requests(), own.requests()]).toEqual([3, 1])
    for (const error of errors) {
      expect(error).toBeInstanceOf(OPENAI.errors.RateLimitError)
      expect(error).toMatchObject({ status: 429, code: 'insufficient_quota' })
    }
  })

  test('anthropic: 1 request by the SDK alone, 1 with us', async () => {
    const spent = speak(ANTHROPIC.error('billing_error', 'Your credit balance is too low'), 402)
    await using alone = await provide(spent)
    await using own = await provide(spent)
    const errors = [
      await failureOf(ANTHROPIC.ask(alone.url)),
      await failureOf(ANTHROPIC.ask(own.url, resilient())),
    ]
    expect([alone.requests(), own.requests()]).toEqual([1, 1])
    for (const error of errors) expect(error).toMatchObject({ status: 402 })
  })
})

test('openai: a background response that is cut after every event is read whole, from one POST', async () => {
  const { events, give } = openaiBackground()
  const asked: string[] = []
  await using server = await countConnections((request, response) => {
    const { method = '', url = '' } = request
    asked.push(method)
    const provided = Buffer.from(give(new URL(url, 'http://a'), new Headers(), 'the rest').body).toString()
    // Two events a connection: the one that is compared, and one more.
    const two = provided.match(/^(?:(?:: .*\n\n)?event: .*\ndata: .*\n\n){1,2}/) ?? ['']
    const text = method === 'POST' ? (events[0] ?? '') : two[0]
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(text)
    })
  })
  const client = new OpenAI({ apiKey: 'k', baseURL: new URL('/v1', server.url).href, fetch: resilient() })
  const stream = await client.responses.create({
    model: 'gpt-4o',
    input: 'Hi',
    stream: true,
    background: true,
  })
  const types: string[] = []
  for await (const { type } of stream) types.push(type)
  expect(types).toHaveLength(events.length)
  expect(asked.filter((method) => method === 'POST')).toHaveLength(1)
})

test('openai: a background response that is cut after any event, and streamed no more, is finished to the word', async () => {
  const { events, whole } = openaiKept()
  let cut = 0
  await using server = await countConnections((request, response) => {
    const { method = '', url = '' } = request
    request.resume().on('end', () => {
      if (method === 'POST') {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        return response.end(events.slice(0, cut).join(''))
      }
      const isStream = url.includes('stream=true')
      response.writeHead(isStream ? 400 : 200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(isStream ? { error: { message: 'Too old' } } : whole))
    })
  })
  const client = new OpenAI({ apiKey: 'k', baseURL: new URL('/v1', server.url).href, fetch: resilient() })
  // Half a call is not finished.
  for (cut = 1; cut < 24; cut++) {
    let text = ''
    const stream = client.responses.stream({ model: 'gpt-4o', input: 'Hi', background: true })
    stream.on('response.output_text.delta', ({ delta }) => (text += delta))
    // It is strict: an event that is missing, or comes twice, or in another order, is an error.
    const { output, output_text } = await stream.finalResponse()
    expect(output).toMatchObject(whole.output)
    expect(text, `cut after ${cut}`).toBe(output_text)
  }
})
