import { createClient } from 'redis'
import { createResumableStreamContext } from 'resumable-stream'
import { createStreams } from '../../server/create-streams.ts'
import { redisStore } from '../../server/node/redis-store.ts'
import { sqliteStore } from '../../server/node/sqlite-store.ts'
import type { StreamStore } from '../../server/stores/store.ts'
import { serveStreams } from '../../server/testing/serve-streams.ts'

// The measured process: an app's server that passes a provider's answers on, in one of four ways. WAY, UPSTREAM, REDIS
// and FILE say how. Its first line is where it listens.

const { WAY = '', UPSTREAM = '', REDIS = '', FILE = '' } = process.env

const answer = await way()

const { url } = await serveStreams(async (request) => {
  const { pathname, search } = new URL(request.url)
  if (pathname === '/usage') {
    globalThis.gc?.()
    const { user, system } = process.cpuUsage()
    return Response.json({ cpuMs: (user + system) / 1000, rss: process.memoryUsage.rss() })
  }
  return answer(request, search)
})
console.log(url)

type Answer = (request: Request, search: string) => Promise<Response>

async function way(): Promise<Answer> {
  if (WAY === 'sqlite') return streamed(sqliteStore(FILE))
  if (WAY === 'redis') return streamed(redisStore(await connect()))
  if (WAY === 'resumable-stream') return resumable()
  return async (_request, search) => {
    const { body, headers } = await fetch(UPSTREAM + search, { method: 'POST' })
    return new Response(body, { headers: { 'content-type': headers.get('content-type') ?? '' } })
  }
}

/** Plain `fetch`, as the others have it: what the engine costs is measured elsewhere. */
function streamed(store: StreamStore): Answer {
  const streams = createStreams({ store, authorize: () => 'ann', fetch, maxBytes: 1e9 })
  return (request, search) => {
    if (request.method === 'POST')
      return streams.start(request, { url: UPSTREAM + search, init: { method: 'POST' } })
    return streams.handle(request)
  }
}

/** As its own documentation has it; a second reader gives the id that it was told. */
async function resumable(): Promise<Answer> {
  const [publisher, subscriber] = await Promise.all([connect(), connect()])
  const context = createResumableStreamContext({ waitUntil: null, publisher, subscriber })
  let count = 0
  return async (request, search) => {
    const id = request.method === 'POST' ? `a${count++}` : new URL(request.url).pathname.slice(1)
    const stream =
      request.method === 'POST'
        ? await context.createNewResumableStream(id, () => {
            const text = new TransformStream<Uint8Array, Uint8Array>()
            void fetch(UPSTREAM + search, { method: 'POST' }).then(({ body }) => body?.pipeTo(text.writable))
            return text.readable.pipeThrough(new TextDecoderStream() as never)
          })
        : await context.resumeExistingStream(id)
    const encoded = stream?.pipeThrough(new TextEncoderStream())
    return new Response(encoded ?? null, {
      headers: { 'content-type': 'text/event-stream', 'content-location': `/${id}` },
    })
  }
}

async function connect() {
  const client = createClient({ url: REDIS })
  await client.connect()
  return client
}
