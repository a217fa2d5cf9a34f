import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { createClient } from 'redis'
import { createStreams } from '../../../server/create-streams.ts'
import { redisStore } from '../../../server/node/redis-store.ts'
import { sqliteStore } from '../../../server/node/sqlite-store.ts'

/** Answers that outlive the pages that asked for them. */
export interface KeptAnswers {
  handle: (req: IncomingMessage, res: ServerResponse) => Promise<void>
  close: () => void
}

/** True if a path is served by the kept responses. */
export function isKeptAnswer(pathname: string): boolean {
  return /^\/api\/(chat|streams)(\/|$)/.test(pathname)
}

/**
 * Opens them: `POST /api/chat?conversation=` asks, `POST /api/chat/:id/stop` stops, `/api/streams` reads.
 *
 * @param place an SQLite file, or the URL of a Redis
 * @param chatUrl where chats are answered; looked up for each of them
 */
export async function openStreams(place: string, chatUrl: () => string): Promise<KeptAnswers> {
  const { store, close } = place.startsWith('redis') ? await openRedis(place) : openFile(place)
  const streams = createStreams({
    store,
    // The demo has one person.
    authorize: () => 'demo',
    // The worker in front shows what it retries; two owners of retries would be one too many.
    fetch,
    onError: console.error,
  })

  const listener = getRequestListener(async (request) => {
    const { pathname, searchParams } = new URL(request.url)
    const stopped = /^\/api\/chat\/([^/]+)\/stop$/.exec(pathname)?.[1]
    if (stopped !== undefined) return streams.stop(request, decodeURIComponent(stopped))
    if (pathname !== '/api/chat') return streams.handle(request)
    const headers = new Headers({ 'content-type': 'application/json' })
    const key = request.headers.get('authorization')
    if (key) headers.set('authorization', key)
    const conversation = searchParams.get('conversation')
    return streams.start(request, {
      url: chatUrl(),
      init: { method: 'POST', headers, body: await request.clone().text() },
      ...(conversation ? { conversation } : {}),
    })
  })
  const handle: KeptAnswers['handle'] = async (req, res) => {
    await listener(req, res)
  }
  return { handle, close }
}

function openFile(path: string) {
  const store = sqliteStore(path)
  return { store, close: store.close }
}

async function openRedis(url: string) {
  const client = createClient({ url })
  client.on('error', console.error)
  await client.connect()
  const store = redisStore(client)
  const close = () => {
    store.close()
    client.destroy()
  }
  return { store, close }
}
