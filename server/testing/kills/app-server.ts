import { createClient } from 'redis'
import { type Clock, systemClock } from '../../../core/clock.ts'
import { createStreams } from '../../create-streams.ts'
import { redisStore } from '../../node/redis-store.ts'
import { sqliteStore } from '../../node/sqlite-store.ts'
import type { StreamStore } from '../../stores/store.ts'
import { serveStreams } from '../serve-streams.ts'

// An app's server in a process of its own, to be killed: STORE is an SQLite file or a redis: URL, UPSTREAM a provider,
// SPEED how many times faster its clock runs. Its first line is where it listens.

const { STORE = '', UPSTREAM = '', SPEED = '1' } = process.env
const speed = Number(SPEED)

const clock: Clock = {
  now: systemClock.now,
  monotonic: () => systemClock.monotonic() * speed,
  timer: (ms, callback) => systemClock.timer(ms / speed, callback),
}

const streams = createStreams(
  {
    store: await openStore(),
    authorize: (request) => request.headers.get('user'),
    // The engine's own retries are tested elsewhere; here each request upstream counts.
    fetch,
  },
  clock,
)

const { url } = await serveStreams((request) => {
  const { pathname, searchParams } = new URL(request.url)
  if (pathname.startsWith('/api/streams')) return streams.handle(request)
  const conversation = searchParams.get('conversation') ?? 'c'
  if (pathname === '/stop') return streams.stop(request, conversation)
  return streams.start(request, {
    url: `${UPSTREAM}?answer=${conversation}`,
    init: { method: 'POST' },
    conversation,
  })
})
console.log(url)

async function openStore(): Promise<StreamStore> {
  if (!STORE.startsWith('redis:')) return sqliteStore(STORE)
  const client = createClient({ url: STORE })
  client.on('error', () => {}) // It connects again by itself.
  await client.connect()
  return redisStore(client)
}
