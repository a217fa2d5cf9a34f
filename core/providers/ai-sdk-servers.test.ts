import {
  createUIMessageStream,
  createUIMessageStreamResponse,
  isStepCount,
  jsonSchema,
  streamText,
  tool,
  type UIMessageStreamWriter,
} from 'ai'
import { MockLanguageModelV4, simulateReadableStream } from 'ai/test'
import { describe, expect, test } from 'vitest'
import { inspect } from '../testing/inspect.ts'

// The output of the AI SDK's own server functions, with the headers that they set.

type Parts =
  Awaited<ReturnType<MockLanguageModelV4['doStream']>>['stream'] extends ReadableStream<infer Part>
    ? Part[]
    : never

const usage = {
  inputTokens: { total: 3, noCache: 3, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 5, text: 5, reasoning: 0 },
}

function textParts(...words: string[]): Parts {
  return [
    { type: 'text-start', id: '0' },
    ...words.map((delta) => ({ type: 'text-delta' as const, id: '0', delta })),
    { type: 'text-end', id: '0' },
  ]
}

function thinks(...words: string[]): Parts {
  return [
    { type: 'reasoning-start', id: 'r' },
    ...words.map((delta) => ({ type: 'reasoning-delta' as const, id: 'r', delta })),
    { type: 'reasoning-end', id: 'r' },
  ]
}

function calls(toolName: string): Parts {
  const input = JSON.stringify({ city: 'Rome' })
  return [
    { type: 'tool-input-start', id: 'c', toolName },
    { type: 'tool-input-delta', id: 'c', delta: input },
    { type: 'tool-input-end', id: 'c' },
    { type: 'tool-call', toolCallId: 'c', toolName, input },
  ]
}

function stops(unified: 'stop' | 'tool-calls' | 'length'): Parts {
  return [{ type: 'finish', finishReason: { unified, raw: unified }, usage }]
}

/** A text stream whose model says this, step by step. */
function streamsText(...steps: Parts[]) {
  const city = jsonSchema<{ city: string }>({ type: 'object', properties: { city: { type: 'string' } } })
  return streamText({
    model: new MockLanguageModelV4({
      doStream: steps.map((chunks) => ({ stream: simulateReadableStream({ chunks }) })),
    }),
    prompt: 'Hi',
    stopWhen: isStepCount(5),
    tools: {
      weather: tool({ inputSchema: city, execute: async () => ({ degrees: 30 }) }),
      fails: tool({
        inputSchema: city,
        execute: async (): Promise<string> => {
          throw new Error('No weather')
        },
      }),
      onThePage: tool({ inputSchema: city }),
    },
    onError: () => {},
  })
}

function writes(execute: (writer: UIMessageStreamWriter) => void | Promise<void>): Response {
  return createUIMessageStreamResponse({
    stream: createUIMessageStream({ execute: ({ writer }) => execute(writer), onError: () => 'No' }),
  })
}

function writesText(writer: UIMessageStreamWriter, id: string) {
  writer.write({ type: 'text-start', id })
  writer.write({ type: 'text-delta', id, delta: 'Hello' })
  writer.write({ type: 'text-end', id })
}

const response = () => streamsText([...textParts('Hel', 'lo'), ...stops('stop')])
const withTool = () =>
  streamsText(
    [...thinks('Hm'), ...calls('weather'), ...stops('tool-calls')],
    [...textParts('It is', ' hot'), ...stops('stop')],
  )

const SERVERS: [name: string, respond: () => Response][] = [
  ['streamText: a text', () => response().toUIMessageStreamResponse()],
  ['streamText: a tool and a second step', () => withTool().toUIMessageStreamResponse()],
  [
    'streamText: a tool that fails',
    () =>
      streamsText(
        [...calls('fails'), ...stops('tool-calls')],
        [...textParts('Sorry'), ...stops('stop')],
      ).toUIMessageStreamResponse(),
  ],
  [
    'streamText: a tool that runs on the page',
    () =>
      streamsText([
        ...textParts('Wait'),
        ...calls('onThePage'),
        ...stops('tool-calls'),
      ]).toUIMessageStreamResponse(),
  ],
  [
    'streamText: cut off by its length',
    () => streamsText([...textParts('Hel'), ...stops('length')]).toUIMessageStreamResponse(),
  ],
  [
    'streamText: without start and finish',
    () => withTool().toUIMessageStreamResponse({ sendStart: false, sendFinish: false }),
  ],
  [
    'streamText: with metadata',
    () => response().toUIMessageStreamResponse({ messageMetadata: ({ part }) => ({ at: part.type }) }),
  ],
  ['a writer: a text', () => writes((writer) => writesText(writer, '1'))],
  [
    'a writer: start, finish and parts of its own',
    () =>
      writes((writer) => {
        writer.write({ type: 'start', messageId: 'm' })
        writer.write({ type: 'data-status', data: 'Searching', transient: true })
        writer.write({ type: 'source-url', sourceId: 's', url: 'https://example.com' })
        writesText(writer, '1')
        writer.write({ type: 'data-done', id: 'd', data: { type: 'text-start', id: 'x' } })
        writer.write({ type: 'finish' })
      }),
  ],
  [
    'a writer: parts of its own alone',
    () => writes((writer) => writer.write({ type: 'data-status', data: 1 })),
  ],
  ['a writer: merges a text stream', () => writes((writer) => writer.merge(response().toUIMessageStream()))],
  [
    'a writer: merges two, the first with its finish',
    () =>
      writes(async (writer) => {
        const first = withTool()
        writer.merge(first.toUIMessageStream())
        await first.finishReason
        writer.merge(response().toUIMessageStream({ sendStart: false }))
      }),
  ],
  [
    'a writer: merges two, neither with a finish',
    () =>
      writes(async (writer) => {
        const first = withTool()
        writer.merge(first.toUIMessageStream({ sendFinish: false }))
        await first.finishReason
        writer.write({ type: 'data-next', data: 1 })
        writer.merge(response().toUIMessageStream({ sendStart: false, sendFinish: false }))
      }),
  ],
]

describe.each(SERVERS)('%s', (_name, respond) => {
  const judge = (text: string, headers: Headers) =>
    inspect(text, headers.get('content-type') ?? '', '/my/backend', [], {
      headers: Object.fromEntries(headers),
    })

  test('is whole', async () => {
    const { headers, body } = respond()
    const text = await new Response(body).text()
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
    expect(judge(text, headers).verdict).toBe('complete')
  })

  test('cut after any event it is complete only where a message had finished', async () => {
    const { headers, body } = respond()
    const events = (await new Response(body).text()).split(/(?<=\n\n)/)
    const ends = events.map((event) => /^data: ({"type":"(finish|abort)"|\[DONE\])/.test(event))
    events.forEach((_event, index) => {
      const { verdict } = judge(events.slice(0, index + 1).join(''), headers)
      expect([index, verdict]).toEqual([index, ends[index] ? 'complete' : 'truncated'])
    })
    // In mid-event, too.
    events.forEach((event, index) => {
      const before = events.slice(0, index).join('')
      const { verdict } = judge(before + event.slice(0, event.length / 2), headers)
      expect([index, verdict]).not.toEqual([index, ends[index - 1] ? 'error_in_stream' : 'complete'])
    })
  })

  test('is whole without the SDK’s headers, as a proxy may pass it on', async () => {
    const text = await new Response(respond().body).text()
    expect(inspect(text, 'text/event-stream', '/my/backend').verdict).toBe('complete')
  })
})

test('an error on the SDK’s server is an error in the stream', async () => {
  const failing = [
    writes(() => {
      throw new Error('No')
    }),
    streamsText([...textParts('Hel'), { type: 'error', error: new Error('No') }]).toUIMessageStreamResponse(),
  ]
  for (const { headers, body } of failing) {
    const text = await new Response(body).text()
    const { verdict } = inspect(text, 'text/event-stream', '/my/backend', [], {
      headers: Object.fromEntries(headers),
    })
    expect(verdict).toBe('error_in_stream')
  }
})
