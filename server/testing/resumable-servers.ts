import { once } from 'node:events'
import { createServer } from 'node:http'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import {
  EventType,
  memoryStream,
  resumeServerSentEventsResponse,
  type StreamChunk,
  toServerSentEventsResponse,
} from '@tanstack/ai'
import { streamText, UI_MESSAGE_STREAM_HEADERS } from 'ai'
import { MockLanguageModelV4 } from 'ai/test'
import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { createClient } from 'redis'
import { createResumableStreamContext } from 'resumable-stream'
import { deferred } from '../../core/deferred.ts'
import type { ChatResumeOptions } from '../../core/options/options.ts'

// Servers of others that give an answer again, set up as their own documentation has it.

/** A kind of server, and how an app tells us where its answers are given again. */
export interface ResumableKind {
  name: string
  path: string
  body: Record<string, unknown>
  resume: ChatResumeOptions
  /** @param said waits until the model may say its nth word */
  open: (said: (word: number) => Promise<void>) => Promise<OpenedServer>
}

interface OpenedServer {
  handle: (request: Request) => Response | Promise<Response>
  close: () => Promise<void>
}

/** What a reader must see, whichever run and at whatever time: ids of runs and times left out. */
export function unchanging(text: string): string {
  return text
    .replaceAll(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, 'run')
    .replaceAll(/"timestamp":\d+/g, '"timestamp":0')
}

/** What every model says. */
export const WORDS = Array.from({ length: 24 }, (_, n) => `é👋 word ${n}; `)

/** The model says so many words, and the others when the rest was asked for. */
const FIRST_WORDS = 16

/** The AI SDK's `streamText` with `resumable-stream` on Redis. */
export function aiSdk(redisUrl: string): ResumableKind {
  return {
    name: 'AI SDK with resumable-stream',
    path: '/api/chat',
    body: { id: 'chat/1', messages: [] },
    resume: { url: '/api/chat/:id/stream', key: 'body.id', position: 'replay' },
    open: async (said) => {
      const [publisher, subscriber] = [createClient({ url: redisUrl }), createClient({ url: redisUrl })]
      for (const client of [publisher, subscriber]) client.on('error', () => {})
      await Promise.all([publisher.connect(), subscriber.connect()])
      const tasks: Promise<unknown>[] = []
      const waitUntil = (task: Promise<unknown>) => void tasks.push(task)
      const context = createResumableStreamContext({ waitUntil, publisher, subscriber })
      /** The chat's record in the app's database. */
      const chat = { activeStreamId: null as string | null }
      const app = new Hono()
      app.post('/api/chat', async () => {
        const isKept = deferred<void>()
        const response = streamText({ model: sdkModel(said), prompt: 'Hi' }).toUIMessageStreamResponse({
          onFinish: () => void (chat.activeStreamId = null),
          consumeSseStream: async ({ stream }) => {
            const streamId = crypto.randomUUID()
            await context.createNewResumableStream(streamId, () => stream)
            chat.activeStreamId = streamId
            isKept.resolve()
          },
        })
        // Whoever asks before that gets a 204.
        await isKept.promise
        return response
      })
      app.get('/api/chat/:id/stream', async () => {
        if (chat.activeStreamId === null) return new Response(null, { status: 204 })
        const stream = await context.resumeExistingStream(chat.activeStreamId)
        const bytes = stream?.pipeThrough<Uint8Array>(new TextEncoderStream() as never)
        return new Response(bytes ?? null, { headers: UI_MESSAGE_STREAM_HEADERS })
      })
      const close = async () => {
        await Promise.all(tasks)
        await Promise.all([publisher.close(), subscriber.close()])
      }
      return { handle: (request) => app.fetch(request), close }
    },
  }
}

/** TanStack AI's durable endpoint: the same route gives the answer, by POST, and gives it again, by GET. */
export function tanStackAi(): ResumableKind {
  const runId = crypto.randomUUID()
  return {
    name: 'TanStack AI',
    path: `/api/chat?runId=${runId}`,
    body: { threadId: 't1', runId, messages: [] },
    // Without an id of an event, from the start.
    resume: { url: '/api/chat?runId=:id&offset=-1', key: 'body.runId', position: 'last-event-id' },
    open: async (said) => ({
      handle: (request) => {
        const adapter = memoryStream(request)
        if (request.method === 'GET') return resumeServerSentEventsResponse({ adapter })
        return toServerSentEventsResponse(agUiRun(runId, said), { durability: { adapter, batch: 1 } })
      },
      close: async () => {},
    }),
  }
}

/**
 * LangGraph's wire as documented, for its server is a program of its own: `Location` says where the run is streamed again;
 * without an id of an event only what is new, after `-1` all of it.
 * [spec] https://docs.langchain.com/langsmith/streaming
 */
export function langGraph(): ResumableKind {
  const run = '/threads/t1/runs/run_1'
  return {
    name: 'LangGraph',
    path: '/threads/t1/runs/stream',
    body: { assistant_id: 'agent', stream_mode: 'messages-tuple', stream_resumable: true },
    resume: { url: 'location', position: 'last-event-id' },
    open: async (said) => {
      const events: string[] = []
      let more = deferred<void>()
      const write = (name: string, data: unknown) => {
        events.push(`id: ${events.length}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
        more.resolve()
        more = deferred()
      }
      const speak = async () => {
        write('metadata', { run_id: 'run_1', attempt: 1 })
        const about = { langgraph_node: 'agent', run_id: 'run_1' }
        const message = (content: string, finish?: string) => [
          {
            type: 'AIMessageChunk',
            id: 'm1',
            content,
            response_metadata: finish === undefined ? {} : { finish_reason: finish },
          },
          about,
        ]
        for (const [n, word] of WORDS.entries()) {
          await said(n)
          write('messages', message(word))
        }
        write('messages', message('', 'stop'))
        write('end', null)
      }
      const stream = (next: number) =>
        new ReadableStream<string>({
          pull: async (controller) => {
            while (next >= events.length) await more.promise
            const event = events[next++] ?? ''
            controller.enqueue(event)
            if (event.includes('event: end')) controller.close()
          },
        })
      const respond = (next: number) =>
        new Response(stream(next).pipeThrough<Uint8Array>(new TextEncoderStream() as never), {
          headers: {
            'content-type': 'text/event-stream',
            'content-location': run,
            location: `${run}/stream`,
          },
        })
      return {
        handle: ({ method, headers }) => {
          if (method === 'POST') void speak()
          const after = headers.get('last-event-id')
          return respond(method === 'POST' ? 0 : after === null ? events.length : Number(after) + 1)
        },
        close: async () => {},
      }
    },
  }
}

/** `end`: cleanly, as far as HTTP knows; `fin`: the connection is closed in mid-body; `reset`: it is reset. */
export type Cut = 'end' | 'fin' | 'reset'

export interface CutServer extends AsyncDisposable {
  url: string
  /** The method of each request, and what came after it. */
  asked: string[]
}

/** Serves it at an origin of its own: what answers the POST is cut after so many bytes, if at all; all else is whole. */
export async function serveCut(kind: ResumableKind, after: number, how: Cut): Promise<CutServer> {
  const asked: string[] = []
  const again = deferred<void>()
  if (after === Infinity) again.resolve()
  const server = await kind.open(async (word) => {
    if (word >= FIRST_WORDS) await again.promise
  })
  const app = new Hono<{ Bindings: HttpBindings }>()
  app.use(cors({ origin: '*', exposeHeaders: ['*'] }))
  app.all('*', async ({ req, env }) => {
    asked.push(req.method)
    const response = await server.handle(req.raw)
    if (req.method === 'POST') return cut(response, after, how, env)
    if (asked.includes('POST')) again.resolve()
    return response
  })
  const listening = createServer(getRequestListener((request, env) => app.fetch(request, env)))
  listening.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const address = listening.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      again.resolve()
      listening.closeAllConnections()
      listening.close()
      await once(listening, 'close')
      await server.close()
    },
  }
}

/** What the POST's response has after so many bytes is lost; whoever wrote it sees its reader leave. */
function cut(
  response: Response,
  after: number,
  how: Cut,
  { incoming: { socket }, outgoing }: HttpBindings,
): Response {
  let left = after
  const cutting = new TransformStream<Uint8Array, Uint8Array>({
    transform: async (chunk, controller) => {
      controller.enqueue(chunk.subarray(0, left))
      left -= chunk.length
      if (left > 0) return
      if (how === 'end') return controller.terminate()
      // What comes before the cut is on its way.
      do await new Promise(setImmediate)
      while (!outgoing.headersSent)
      if (how === 'reset') socket.resetAndDestroy()
      else socket.end()
      controller.terminate()
    },
  })
  const { status, headers } = response
  return new Response(response.body?.pipeThrough(cutting) ?? null, { status, headers })
}

/** A model of the AI SDK's. */
function sdkModel(said: (word: number) => Promise<void>) {
  type Parts = Awaited<ReturnType<MockLanguageModelV4['doStream']>>['stream']
  const usage = {
    inputTokens: { total: 3, noCache: 3, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: 5, text: 5, reasoning: 0 },
  }
  const stream: Parts = new ReadableStream({
    start: async (controller) => {
      controller.enqueue({ type: 'text-start', id: '0' })
      for (const [n, delta] of WORDS.entries()) {
        await said(n)
        controller.enqueue({ type: 'text-delta', id: '0', delta })
      }
      controller.enqueue({ type: 'text-end', id: '0' })
      controller.enqueue({ type: 'finish', finishReason: { unified: 'stop', raw: 'stop' }, usage })
      controller.close()
    },
  })
  return new MockLanguageModelV4({ doStream: { stream } })
}

async function* agUiRun(
  runId: string,
  said: (word: number) => Promise<void>,
): AsyncGenerator<StreamChunk, void, undefined> {
  const about = { threadId: 't1', runId, model: 'demo', timestamp: 1 }
  const messageId = 'm1'
  yield { type: EventType.RUN_STARTED, ...about }
  yield { type: EventType.TEXT_MESSAGE_START, messageId, role: 'assistant', ...about }
  for (const [n, delta] of WORDS.entries()) {
    await said(n)
    yield { type: EventType.TEXT_MESSAGE_CONTENT, messageId, delta, ...about }
  }
  yield { type: EventType.TEXT_MESSAGE_END, messageId, ...about }
  yield { type: EventType.RUN_FINISHED, finishReason: 'stop', ...about }
}
