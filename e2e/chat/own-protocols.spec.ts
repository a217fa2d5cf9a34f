import type { ChatRouteOptions } from '../../client/index.ts'
import type { AnyCall, App } from '../support/app.ts'
import { test } from '../support/hosts.ts'
import { ask, digestOf, patternOf, received } from '../support/scripted-chat.ts'
import type { ScriptedProvider } from '../support/scripted-provider.ts'
import { expect } from '../support/test.ts'

interface OwnStream {
  name: string
  /** One at which a known wire is spoken elsewhere. */
  path: string
  /** Its `Content-Type`; absent: none. */
  label?: string
  /** Each is said when the one before has been read; the first says something. */
  pieces: (string | Uint8Array)[]
}

const SSE = 'text/event-stream'

const OWN_STREAMS: OwnStream[] = [
  {
    name: 'JSON lines at /api/chat',
    path: '/api/chat',
    label: 'application/x-ndjson',
    pieces: ['{"type":"token","text":"Hello"}\n', '{"type":"token","text":" world"}\n{"type":"done"}\n'],
  },
  {
    name: 'named events at …/messages',
    path: '/api/conversations/42/messages',
    label: SSE,
    pieces: [
      'event: token\ndata: {"text":"Hello"}\n\n',
      'event: token\ndata: {"text":" world"}\n\nevent: done\ndata: {}\n\n',
    ],
  },
  {
    name: 'events that begin like the AI SDK’s',
    path: '/api/chat',
    label: `${SSE}; charset=utf-8`,
    pieces: ['data: {"type":"start"}\n\ndata: {"type":"say","text":"Grüße"}\n\n', 'data: {"type":"say"}\n\n'],
  },
  {
    name: 'events of bare words, with CRLF',
    path: '/v1/completions',
    label: SSE,
    pieces: ['event: start\r\ndata: 世\r\n\r\n', 'data: 界\r\n\r\n', 'data: the end\r\n\r\n'],
  },
  {
    name: 'JSON lines labelled text/html',
    path: '/v1/chat/completions',
    label: 'text/html; charset=utf-8',
    pieces: ['{"t":"Hel"}\n', '{"t":"lo"}\n'],
  },
  {
    name: 'words labelled text/html',
    path: '/v1/chat/completions',
    label: 'text/html',
    pieces: ['Hello, ', 'this is <b>the</b> answer.'],
  },
  {
    name: 'words in HTML elements',
    path: '/v1/chat/completions',
    label: 'text/html',
    pieces: ['<p>Hello, ', 'this is <b>the</b> answer.</p>'],
  },
  {
    name: 'JSON lines labelled application/json',
    path: '/v1/responses',
    label: 'application/json',
    pieces: ['{"id":1,"output":"Hel"}\n', '{"id":2,"output":"lo"}\n', '{"id":3,"over":true}\n'],
  },
  {
    name: 'a slow JSON value',
    path: '/v1/messages',
    label: 'application/json',
    pieces: ['{"answer":"Hel', 'lo, ', 'world"}'],
  },
  {
    name: 'a JSON list',
    path: '/v1beta/models/gemini-3-flash:streamGenerateContent',
    label: 'application/json; charset=UTF-8',
    pieces: ['[{"t":"Hel"}\n', ',{"t":"lo"}\n', ']'],
  },
  {
    name: 'events labelled text/plain',
    path: '/v2/chat',
    label: 'text/plain',
    pieces: ['data: {"delta":"Hello"}\n\n', 'data: {"delta":" world"}\n\n'],
  },
  {
    name: 'events with ids and without a label',
    path: '/v1/responses',
    pieces: ['id: 1\ndata: {"word":"Hello"}\n\n', 'id: 2\ndata: {"word":" world"}\n\n'],
  },
  {
    name: 'words labelled text/plain',
    path: '/api/generate',
    label: 'text/plain; charset=utf-8',
    pieces: ['Hello', ' world'],
  },
  {
    name: 'bytes',
    path: '/v1/completions',
    label: 'application/octet-stream',
    pieces: [Uint8Array.of(0x93, 0x00, 0xff, 0x01, 0x0a, 0x0a), Uint8Array.of(0xfe, 0x7b, 0x22, 0x00)],
  },
]

for (const { name, path, label, pieces } of OWN_STREAMS) {
  test(`R1 ${name}: each piece at once and untouched, one POST, ended as it ended`, async ({
    app,
    provider,
  }) => {
    await app.start({ chat: [patternOf(provider, path)] })
    for (const [how, state] of [
      ['end', 'whole'],
      ['reset', 'failed'],
    ] as const) {
      const call = await ask(app, provider.url + path)
      const answer = await provider.asked()
      answer.begin(label === undefined ? {} : { 'content-type': label })
      let text = ''
      const decoder = new TextDecoder()
      for (const piece of pieces) {
        answer.say(piece)
        text += typeof piece === 'string' ? piece : decoder.decode(piece, { stream: true })
        // The upstream is not at its end: what it says is live.
        await received(call, text)
      }
      await answer.end(how)
      const seen = await call.ended()
      expect([seen.state, seen.status, seen.headers['content-type']]).toEqual([state, 200, label])
      expect(seen.digest).toBe(digestOf(...pieces))
    }
    expect(provider.requests()).toBe(2)
    expect(await app.told('request_finished')).toMatchObject([{ verdict: 'complete', attempts: 1 }])
    expect(await app.told('request_failed')).toMatchObject([{ code: 'network_error', attempts: 1 }])
  })
}

/** Three common shapes of hand-written backends, and how each says that it is whole, or has failed. */
const DESCRIBED = [
  {
    name: 'JSON lines',
    label: 'application/x-ndjson',
    ends: 'type=done',
    errors: 'type=failed',
    said: '{"type":"token","text":"Hello"}\n',
    end: '{"type":"done"}\n',
    error: '{"type":"failed","reason":"The model is gone"}\n',
  },
  {
    name: 'named events',
    label: SSE,
    ends: ['event=done', 'event=stopped'],
    errors: ['event=failed'],
    said: 'event: token\ndata: {"text":"Hello"}\n\n',
    end: 'event: stopped\ndata: {}\n\n',
    error: 'event: failed\ndata: {"reason":"The model is gone"}\n\n',
  },
  {
    name: 'words in events',
    label: SSE,
    ends: 'data=[END]',
    errors: 'oh_no.code',
    said: 'data: Hello\n\n',
    end: 'data: [END]\n\n',
    error: 'data: {"oh_no":{"code":17}}\n\n',
  },
]
type Described = (typeof DESCRIBED)[number]

/** Where the options are given. */
const ENTRIES = ['register', 'keepStreams'] as const

for (const entry of ENTRIES) {
  for (const own of DESCRIBED) {
    test(`chat[].ends and errors, given to ${entry}, of ${own.name}: whole, cut, failed late, failed early`, async ({
      app,
      provider,
      bundle,
      host,
    }) => {
      const url = `${provider.url}/own/chat`
      const route: ChatRouteOptions = { url, ends: own.ends, errors: own.errors }
      const options = { chat: [route], retry: { baseMs: 10, jitterMs: 0 } }
      if (entry === 'register') await app.start(options)
      else {
        await host(app, `${await bundle('from-url')}?${encodeURIComponent(JSON.stringify(options))}`)
        await app.register(options, null)
      }

      const whole = await answered(app, provider, url, own, own.end)
      expect(await whole.ended()).toMatchObject({ state: 'whole', digest: digestOf(own.said, own.end) })
      expect(await app.told('request_finished')).toMatchObject([{ verdict: 'complete', attempts: 1 }])

      const cut = await answered(app, provider, url, own, own.said)
      expect(await cut.ended()).toMatchObject({ state: 'failed', digest: digestOf(own.said, own.said) })
      expect(await app.told('request_failed')).toMatchObject([{ code: 'truncated', attempts: 1 }])

      const failed = await answered(app, provider, url, own, own.error)
      expect(await failed.ended()).toMatchObject({ state: 'failed', digest: digestOf(own.said, own.error) })
      expect((await app.told('request_failed', 2))[1]).toMatchObject({ code: 'error_in_stream', attempts: 1 })
      expect(provider.requests()).toBe(3)

      const early = await ask(app, url)
      const first = await provider.asked()
      first.begin({ 'content-type': own.label })
      first.say(own.error)
      await first.end('end')
      const second = await provider.asked()
      second.begin({ 'content-type': own.label })
      second.say(own.said + own.end)
      await second.end('end')
      expect(await early.ended()).toMatchObject({ state: 'whole', digest: digestOf(own.said, own.end) })
      expect(await app.told('server_retry')).toMatchObject([{ attempt: 2 }])
      expect(provider.requests()).toBe(5)
    })
  }
}

/** An answer that says something, is read so far, says the rest and ends cleanly. */
async function answered(
  app: App,
  provider: ScriptedProvider,
  url: string,
  { label, said }: Described,
  rest: string,
): Promise<AnyCall> {
  const call = await ask(app, url)
  const answer = await provider.asked()
  answer.begin({ 'content-type': label })
  answer.say(said)
  await received(call, said)
  answer.say(rest)
  await answer.end('end')
  return call
}
