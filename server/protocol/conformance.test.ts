import { runConformanceTests } from '@durable-streams/server-conformance-tests'
import { createClient } from 'redis'
import { afterAll, beforeAll, beforeEach, describe, type TestContext } from 'vitest'
import { type Clock, systemClock } from '../../core/clock.ts'
import { createStreams } from '../create-streams.ts'
import { redisStore } from '../node/redis-store.ts'
import { sqliteStore } from '../node/sqlite-store.ts'
import type { StreamStore } from '../stores/store.ts'
import { type Served, serveStreams } from '../testing/serve-streams.ts'
import { hasRedis, startRedis } from '../testing/start-redis.ts'

/**
 * What the handler does not do, by the suite's own titles: forks, JSON mode, and what other groups test of it. All else
 * passes; docs/many-devices.md has the list.
 */
const LEFT_OUT = [
  /> Fork - /,
  /> JSON Mode /,
  /> should return empty JSON array for offset=now on JSON streams$/,
  /> JSON SSE catch-up pairs every data event with a control event$/,
  /> should wrap JSON data in arrays for SSE and produce valid JSON$/,
  /> should handle JSON payloads with embedded newlines safely$/,
  /> should store and read back JSON object correctly$/,
  /> should preserve order of JSON appends with producer$/,
  /> JSON duplicate should not corrupt data$/,
  /> should reject (invalid JSON|empty JSON array) with producer headers$/,
]

/** Long polls that end a tenth as late: the suite waits for many of them. Instants stay as they are. */
const hurried: Clock = {
  now: systemClock.now,
  monotonic: () => systemClock.monotonic() * 10,
  timer: (ms, callback) => systemClock.timer(ms / 10, callback),
}

/** Much of it waits for a second or two to pass, and fails where a busy machine takes longer to ask. */
const AT_ONCE = { concurrent: true, retry: 2 }

describe('the Durable Streams conformance tests, on SQLite', AT_ONCE, () => {
  conform(() => {
    const store = sqliteStore(':memory:')
    return { store, close: store.close }
  })
})

describe.runIf(hasRedis)('the Durable Streams conformance tests, on Redis', AT_ONCE, () => {
  conform(async () => {
    const server = await startRedis()
    const client = createClient({ url: server.url })
    await client.connect()
    const store = redisStore(client)
    const close = async () => {
      store.close()
      client.destroy()
      await server[Symbol.asyncDispose]()
    }
    return { store, close }
  })
})

function conform(open: () => Opened | Promise<Opened>): void {
  const options = { baseUrl: '' }
  let served: Served
  let opened: Opened

  beforeAll(async () => {
    opened = await open()
    const { store } = opened
    const settings = {
      store,
      authorize: () => 'ann',
      path: '/v1/stream',
      ingest: true,
      origins: '*' as const,
    }
    served = await serveStreams(createStreams(settings, hurried).handle)
    options.baseUrl = served.url
  })
  afterAll(async () => {
    await served?.close()
    await opened?.close()
  })
  beforeEach((context) => {
    const title = titleOf(context.task)
    context.skip(
      LEFT_OUT.some((pattern) => pattern.test(title)),
      'left out',
    )
  })

  runConformanceTests(options)
}

interface Opened {
  store: StreamStore
  close: () => unknown
}

function titleOf({ name, suite }: Pick<TestContext['task'], 'name' | 'suite'>): string {
  return suite ? `${titleOf(suite as unknown as TestContext['task'])} > ${name}` : name
}
