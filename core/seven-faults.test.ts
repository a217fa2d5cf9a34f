import * as fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { parseChatRequest } from './chat/parse-request.ts'
import { DEFAULT_RETRY, DEFAULT_TIMEOUTS, REASONING_TIMEOUTS } from './options/defaults.ts'
import { toResponse } from './chat/reply.ts'
import { createResponseLog } from './chat/response-log.ts'
import { startRequest } from './chat/run-request.ts'
import { createResilientFetch } from './fetch/create-resilient-fetch.ts'
import { createLimits } from './retry/limits.ts'
import { countConnections } from './testing/count-connections.ts'
import { createFakeClock } from './testing/fake-clock.ts'
import { DONE, say, think, WHOLE } from './testing/openai-events.ts'
import { PLAIN_BODY, REASONING_BODY, runRequest, statusOf } from './testing/run-request.ts'
import { responses, failsAfter, saysNothing, type Scripted, streams } from './testing/scripted-upstream.ts'

const MINUTE = 60_000

describe('fault 1: one client timeout covers retries, thinking and streaming', () => {
  test('each phase has a clock of its own: 300 s to the first output, 600 s for reasoning', () => {
    expect(DEFAULT_TIMEOUTS).toEqual({
      headersMs: 30_000,
      firstOutputMs: 300_000,
      transportIdleMs: 180_000,
      outputIdleMs: 300_000,
      totalMs: 300_000,
    })
    const { headersMs, ...others } = REASONING_TIMEOUTS
    expect(headersMs).toBe(120_000)
    expect(new Set(Object.values(others))).toEqual(new Set([600_000]))
  })

  test('a reasoning model that thinks for ten minutes at every turn is not cut', async () => {
    const run = runRequest(
      [
        streams(
          [
            [290_000, think('…')],
            [880_000, say('42')],
            [1_470_000, DONE],
          ],
          { headersMs: 119_000 },
        ),
      ],
      { body: REASONING_BODY },
    )
    await run.clock.advance(30 * MINUTE)
    expect(run.sentAt).toEqual([0])
    expect(run.page.text).toBe(think('…') + say('42') + DONE)
    expect(run.page.closed).toBe(true)
  })

  test('a stream that makes progress has no limit', async () => {
    const minutes = Array.from({ length: 240 }, (_, n) => [n * 59_999, say('.')] as const)
    const run = runRequest([streams([...minutes, [240 * 59_999, DONE]])])
    await run.clock.advance(240 * MINUTE)
    expect(run.page.closed).toBe(true)
    expect(run.signals[0]?.aborted).toBe(false)
  })

  test('waits and retries take nothing from the time a stream may take', async () => {
    const run = runRequest([
      responses(429, { 'retry-after': '60' }),
      failsAfter(),
      streams([
        [110_000, say('a')],
        [160_000, say('b')],
        [210_000, say('c')],
        [260_000, DONE],
      ]),
    ])
    await run.clock.advance(10 * MINUTE)
    expect(run.page.text).toBe(say('a') + say('b') + say('c') + DONE)
    expect(statusOf(run, 'request_finished').durationMs).toBeGreaterThan(DEFAULT_TIMEOUTS.totalMs)
  })
})

describe('fault 2: the fetch without any timeout hangs for ever', () => {
  test('after 30 s without headers the request is aborted, and one more has what is left of the total', async () => {
    const run = runRequest([saysNothing(), saysNothing(), saysNothing()])
    await run.clock.advance(60 * MINUTE)
    expect(run.timeline).toEqual([
      '0 request_started',
      '0 send',
      '30000 timeout_retry',
      '30500 send',
      '300000 request_failed',
    ])
    expect(run.signals.map(({ aborted }) => aborted)).toEqual([true, true])
    expect(run.finished()).toBe(true)
  })

  test('the socket is closed, and the second attempt comes on a fresh one', async () => {
    const ports: (number | undefined)[] = []
    let closed = false
    await using server = await countConnections((request, response) => {
      ports.push(request.socket.remotePort)
      if (ports.length === 1) request.socket.on('close', () => (closed = true))
      else response.writeHead(200, { 'content-type': 'text/event-stream' }).end(WHOLE)
    })
    const post: Scripted = (_clock, signal) => fetch(server.url, { method: 'POST', signal })
    const run = runRequest([post, post])
    await vi.waitFor(() => expect(ports).toHaveLength(1))
    await run.clock.advance(30_500)
    await vi.waitFor(() => expect(run.finished()).toBe(true))
    expect(run.page.text).toBe(WHOLE)
    await vi.waitFor(() => expect(closed).toBe(true))
    expect(ports).toHaveLength(2)
    expect(ports[0]).not.toBe(ports[1])
  })
})

describe('fault 3: exponential retries stack to 76 s of waiting', () => {
  test('waits double from 0.5 s to 5 s and are 30 s in all, jitter aside', async () => {
    const chances = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1 })
    await fc.assert(
      fc.asyncProperty(chances, async (values) => {
        let n = 0
        const run = runRequest(Array(40).fill(failsAfter()), {
          options: { retry: { maxAttempts: 40 } },
          random: () => values[n++ % values.length] ?? 0,
        })
        await run.clock.advance(5 * MINUTE)
        const waits = run.sentAt.slice(1).map((at, index) => at - (run.sentAt[index] ?? 0))
        let own = 0
        waits.forEach((wait, index) => {
          const least = Math.min(500 * 2 ** index, 5_000, 30_000 - own)
          own += least
          expect(wait).toBeGreaterThanOrEqual(least)
          expect(wait).toBeLessThanOrEqual(least + 250)
        })
        expect(own).toBe(30_000)
        expect(run.timeline.at(-1)).toMatch(/request_failed$/)
      }),
      { numRuns: 30 },
    )
  })

  test('there is one owner: it waits 30 s in all, tries no more, and never more than twelve times', async () => {
    const run = runRequest(Array(100).fill(responses(500)))
    await run.clock.advance(60 * MINUTE)
    expect(run.sentAt).toHaveLength(10)
    expect(run.sentAt.at(-1)).toBe(30_000)
    const quick = runRequest(Array(100).fill(responses(500)), { options: { retry: { maxMs: 500 } } })
    await quick.clock.advance(60 * MINUTE)
    expect(quick.sentAt).toHaveLength(DEFAULT_RETRY.maxAttempts)
    expect(run.page.response?.headers.get('x-should-retry')).toBe('false')
  })

  test("the caller's own retry is recognised and gets a single attempt", async () => {
    let sent = 0
    const send = createResilientFetch({
      fetch: () => {
        sent++
        return Promise.resolve(new Response('', { status: 503 }))
      },
    })
    const headers = { 'x-stainless-retry-count': '1' }
    const response = await send('https://api.example/v1/chat/completions', {
      method: 'POST',
      body: '{}',
      headers,
    })
    expect(response.status).toBe(503)
    expect(sent).toBe(1)
  })
})

// fault 4: the message save is awaited before the stream starts, and is lost when it fails (in sw/outbox)

describe('fault 5: 45 log calls and a JSON.stringify per chunk on the hot path', () => {
  const request = {
    ...parseChatRequest(
      { url: 'https://api.example/v1/chat/completions', headers: new Headers() },
      JSON.stringify(PLAIN_BODY),
      { settings: { url: '*' }, groups: {} },
      {},
    ),
    requestId: 'r1',
    credential: '',
  }

  /** Passes chunks through a request, one by one, as its page would pull them. */
  async function pass(chunks: Uint8Array[]): Promise<{ out: Uint8Array[]; statuses: number }> {
    let statuses = 0
    const left = [...chunks]
    const upstream = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          const chunk = left.shift()
          if (chunk) controller.enqueue(chunk)
          else controller.close()
        },
      },
      { highWaterMark: 0 },
    )
    const clock = createFakeClock()
    const random = () => 0
    const log = createResponseLog({ clock, leadBytes: 0, keptBytes: 0 })
    const runningRequest = startRequest(
      {
        ...request,
        signal: new AbortController().signal,
        send: () =>
          Promise.resolve(new Response(upstream, { headers: { 'content-type': 'text/event-stream' } })),
      },
      { clock, random, writer: log, limits: createLimits({ clock, random }), emit: () => statuses++ },
    )
    const { body } = toResponse(await runningRequest.replied, log)
    if (!body) throw new Error('Expected a body')
    const out: Uint8Array[] = []
    for await (const chunk of body) out.push(chunk)
    await runningRequest.finished
    return { out, statuses }
  }

  test('bytes pass untouched, whatever their chunks: the very same objects', async () => {
    const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }), { minLength: 1, maxLength: 8 })
    const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(texts, cuts, async (words, sizes) => {
        const bytes = new TextEncoder().encode(words.map(say).join('') + say('!') + DONE)
        const chunks: Uint8Array[] = []
        for (let at = 0, n = 0; at < bytes.length; n++) {
          const size = sizes[n % sizes.length] ?? 1
          chunks.push(bytes.slice(at, at + size))
          at += size
        }
        const copies = chunks.map((chunk) => chunk.slice())
        const { out } = await pass(chunks)
        expect(out).toHaveLength(chunks.length)
        expect(out.every((chunk, index) => chunk === chunks[index])).toBe(true)
        expect(out).toEqual(copies)
      }),
      { numRuns: 50 },
    )
  })

  test('nothing is stringified, logged or told per chunk', async () => {
    const encoder = new TextEncoder()
    const whole = (words: number) =>
      [...Array(words).fill(say('word')), DONE].map((text) => encoder.encode(text))
    const [few, many] = [whole(2), whole(2_000)]
    const stringify = vi.spyOn(JSON, 'stringify')
    const logs = (['log', 'info', 'debug', 'warn', 'error'] as const).map((name) => vi.spyOn(console, name))
    try {
      const short = await pass(few)
      expect(stringify).not.toHaveBeenCalled()
      const long = await pass(many)
      expect(stringify).not.toHaveBeenCalled()
      for (const log of logs) expect(log).not.toHaveBeenCalled()
      expect(long.statuses).toBe(short.statuses)
    } finally {
      for (const spy of [stringify, ...logs]) spy.mockRestore()
    }
  })
})

describe('fault 6: no connection is used again', () => {
  test('20 sequential requests, 5 of them rate limited: one connection', async () => {
    const refusal = JSON.stringify({ error: { code: 'rate_limit_exceeded', message: 'x'.repeat(2_000) } })
    const limited = new Set([2, 6, 9, 15, 22])
    await using server = await countConnections((request, response) => {
      request.resume().on('end', () => {
        if (limited.has(server.requests())) {
          response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '0.001' })
          response.write(refusal.slice(0, 20))
          // Later than the retry would be due: who does not read to the end has to close the socket.
          setTimeout(() => response.end(refusal.slice(20)), 10)
          return
        }
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write(say('Hello'))
        response.end(DONE)
      })
    })
    let waits = 0
    const send = createResilientFetch({
      retry: { jitterMs: 0 },
      onStatus: ({ status }) => {
        if (status === 'rate_limit_retry') waits++
      },
    })
    for (let n = 0; n < 20; n++) {
      const response = await send(server.url, { method: 'POST', body: JSON.stringify(PLAIN_BODY) })
      expect(await response.text()).toBe(say('Hello') + DONE)
      // Node's own fetch tells the end of a body one turn before its socket is free.
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(waits).toBe(5)
    expect(server.requests()).toBe(25)
    expect(server.connections()).toBe(1)
  })
})

describe('fault 7: 429 is handled by recursion without a total', () => {
  test('never earlier than the server asked, and 60 s in all', async () => {
    const hints = fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 20, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(hints, fc.double({ min: 0, max: 0.999, noNaN: true }), async (seconds, chance) => {
        const script = seconds.map((retryHint) =>
          responses(429, { 'retry-after': String(retryHint) }, 'slow down'),
        )
        const run = runRequest(script, { random: () => chance, options: { retry: { maxAttempts: 20 } } })
        await run.clock.advance(10 * MINUTE)
        let asked = 0
        run.sentAt.slice(1).forEach((at, index) => {
          const retryHintMs = (seconds[index] ?? 0) * 1_000
          asked += retryHintMs
          expect(at - (run.sentAt[index] ?? 0)).toBeGreaterThanOrEqual(retryHintMs)
        })
        expect(asked).toBeLessThanOrEqual(60_000)
        const next = (seconds[run.sentAt.length - 1] ?? 0) * 1_000
        if (run.sentAt.length < 20) expect(asked + next).toBeGreaterThan(60_000)
        expect(statusOf(run, 'request_failed').code).toBe('rate_limited')
        expect(run.page.text).toBe('slow down')
      }),
      { numRuns: 40 },
    )
  })

  test('a thousand refusals are a loop, not a stack', async () => {
    const depths = new Set<number>()
    const refuse = responses(429, { 'retry-after-ms': '1' })
    const script = Array(1_000).fill((...args: Parameters<typeof refuse>) => {
      depths.add(new Error().stack?.split('\n').length ?? 0)
      return refuse(...args)
    })
    const run = runRequest([...script, streams([[0, WHOLE]])], { options: { retry: { maxAttempts: 2_000 } } })
    await run.clock.advance(MINUTE)
    expect(run.sentAt).toHaveLength(1_001)
    expect(run.page.text).toBe(WHOLE)
    expect(depths.size).toBeLessThanOrEqual(2)
  })
})
