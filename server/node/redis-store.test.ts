import { Cluster, Redis } from 'ioredis'
import { createClient, createCluster } from 'redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeStore } from '../testing/store-contract.ts'
import { hasRedis, type RedisServer, startRedis, startRedisCluster } from '../testing/start-redis.ts'
import { redisStore } from './redis-store.ts'

describe.runIf(hasRedis)('Redis', () => {
  let server: RedisServer
  beforeAll(async () => void (server = await startRedis()))
  afterAll(() => server[Symbol.asyncDispose]())

  const node = async () => {
    const client = createClient({ url: server.url })
    client.on('error', () => {})
    await client.connect()
    return client
  }

  /** Waits until as many channels are listened to as there should be. */
  const listening = async (client: Awaited<ReturnType<typeof node>>) => {
    while ((await client.pubSubChannels()).length === 0);
  }

  describeStore('redisStore() with redis', async () => {
    const clients = await Promise.all([node(), node(), node()])
    const [client, other, third] = clients
    const [store, otherStore] = [redisStore(client), redisStore(other)]
    const close = () => {
      for (const open of [store, otherStore]) open.close()
      for (const open of clients) open.destroy()
    }
    return { store, other: otherStore, ready: () => listening(third), close }
  })

  describeStore('redisStore() with ioredis', async () => {
    const [client, other, third] = [new Redis(server.url), new Redis(server.url), await node()]
    const [store, otherStore] = [redisStore(client), redisStore(other)]
    const close = () => {
      for (const open of [store, otherStore]) open.close()
      for (const open of [client, other]) open.disconnect()
      third.destroy()
    }
    return { store, other: otherStore, ready: () => listening(third), close }
  })

  describeStore('redisStore() with ioredis that pipelines by itself', async () => {
    const open = () => new Redis(server.url, { enableAutoPipelining: true })
    const [client, other, third] = [open(), open(), await node()]
    const [store, otherStore] = [redisStore(client), redisStore(other)]
    const close = () => {
      for (const opened of [store, otherStore]) opened.close()
      for (const opened of [client, other]) opened.disconnect()
      third.destroy()
    }
    return { store, other: otherStore, ready: () => listening(third), close }
  })

  test.each(['redis', 'ioredis'])('who comes as the last one leaves hears the changes: %s', async (kind) => {
    const client = kind === 'redis' ? await node() : new Redis(server.url)
    const store = redisStore(client)
    const other = await node()
    const id = `again-${kind}`
    await store.create({ id, owner: 'ann', info: '{}', ttlMs: 60_000 })
    const leave = store.watch(id, () => {})
    await expect.poll(() => other.pubSubChannels()).toHaveLength(1)
    leave()
    await new Promise(setImmediate)
    const received: number[] = []
    store.watch(id, (version) => received.push(version))
    let version = 1
    await expect
      .poll(async () => {
        await store.write(id, version++, {})
        return received.length
      })
      .toBeGreaterThan(0)
    store.close()
    if (client instanceof Redis) client.disconnect()
    else client.destroy()
    other.destroy()
  })

  test('a stream that was deleted is known from one that Redis has lost', async () => {
    const client = await node()
    const store = redisStore(client)
    for (const id of ['deleted', 'lost']) await store.create({ id, owner: 'ann', info: '{}', ttlMs: 60_000 })
    await store.delete('deleted')
    await client.sendCommand(['DEL', 'streamkeeper:{lost}:record'])
    expect(await store.wasDeleted?.('deleted')).toBe(true)
    expect(await store.wasDeleted?.('lost')).toBe(false)
    expect(await client.pTTL('streamkeeper:{deleted}:deleted')).toBeGreaterThan(0)
    client.destroy()
  })

  test('a stream of which Redis has dropped a part is never given out', async () => {
    const client = await node()
    const store = redisStore(client)
    await store.create({ id: 'dropped', owner: 'ann', info: '{}', ttlMs: 60_000 })
    for (let version = 1; version < 5; version++) {
      await store.write('dropped', version, { bytes: new TextEncoder().encode(`part ${version};`) })
    }
    await client.sendCommand(['XDEL', 'streamkeeper:{dropped}:log', '14-0'])
    expect((await store.read('dropped', 0, 7))?.bytes).toHaveLength(7)
    await expect(store.read('dropped', 0, 100)).rejects.toThrow('missing')
    await client.sendCommand(['DEL', 'streamkeeper:{dropped}:log'])
    await expect(store.read('dropped', 0, 100)).rejects.toThrow('missing')
    client.destroy()
  })

  test('all keys of a stream expire', async () => {
    const client = await node()
    const store = redisStore(client, { prefix: 'x:' })
    const stream = { id: 'brief', owner: 'ann', conversation: 'c', key: 'k', info: '{}', ttlMs: 60_000 }
    await store.create(stream)
    await store.write('brief', 1, { bytes: new Uint8Array(10) })
    const keys = await client.keys('x:*')
    expect(keys).toHaveLength(5)
    for (const key of keys) expect(await client.pTTL(key)).toBeGreaterThan(0)
    client.destroy()
  })
})

describe.runIf(hasRedis)('A cluster of Redis', () => {
  let nodes: RedisServer[]
  beforeAll(async () => void (nodes = await startRedisCluster()))
  afterAll(async () => {
    for (const node of nodes) await node[Symbol.asyncDispose]()
  })

  /** Waits until a node has a channel that is listened to. */
  const listening = async () => {
    for (;;) {
      for (const { port } of nodes) {
        const client = createClient({ url: `redis://127.0.0.1:${port}` })
        await client.connect()
        const channels = await client.pubSubChannels()
        client.destroy()
        if (channels.length > 0) return
      }
    }
  }

  describeStore('redisStore() with a Cluster of ioredis', async () => {
    const open = () => new Cluster(nodes.map(({ port }) => ({ host: '127.0.0.1', port })))
    const clients = [open(), open()] as const
    const [store, other] = [redisStore(clients[0]), redisStore(clients[1])]
    const close = () => {
      for (const each of [store, other]) each.close()
      for (const client of clients) client.disconnect()
    }
    return { store, other, ready: listening, close }
  })

  describeStore('redisStore() with a Cluster of ioredis that pipelines by itself', async () => {
    const open = () =>
      new Cluster(
        nodes.map(({ port }) => ({ host: '127.0.0.1', port })),
        { enableAutoPipelining: true },
      )
    const clients = [open(), open()] as const
    const [store, other] = [redisStore(clients[0]), redisStore(clients[1])]
    const close = () => {
      for (const each of [store, other]) each.close()
      for (const client of clients) client.disconnect()
    }
    return { store, other, ready: listening, close }
  })

  describeStore('redisStore() with a createCluster of redis', async () => {
    const open = async () => {
      const client = createCluster({ rootNodes: nodes.map(({ url }) => ({ url })) })
      client.on('error', () => {})
      return client.connect()
    }
    const clients = await Promise.all([open(), open()])
    const [store, other] = [redisStore(clients[0]), redisStore(clients[1])]
    const close = () => {
      for (const each of [store, other]) each.close()
      for (const client of clients) client.destroy()
    }
    return { store, other, ready: listening, close }
  })

  test('streams spread over all nodes, and all keys of one lie on one', async () => {
    const client = new Cluster(nodes.map(({ port }) => ({ host: '127.0.0.1', port })))
    const store = redisStore(client, { prefix: 'spread:' })
    const ids = Array.from({ length: 30 }, (_, index) => `id${index}`)
    for (const id of ids) {
      await store.create({ id, owner: 'ann', info: '{}', ttlMs: 60_000 })
      await store.write(id, 1, { bytes: new TextEncoder().encode(id) })
    }
    for (const { url } of nodes) {
      const node = createClient({ url })
      await node.connect()
      const here = await node.keys('spread:{*')
      expect(here.length).toBeGreaterThan(0)
      const streams = new Set(here.map((key) => /\{(.+)\}/.exec(key)?.[1]))
      expect(here).toHaveLength(2 * streams.size)
      node.destroy()
    }
    expect(await store.list('ann')).toHaveLength(30)
    store.close()
    client.disconnect()
  })
})

/** A client of the package `redis`, whose replies are all the same. */
const replying = (reply: unknown) => ({ sendCommand: async () => reply, withTypeMapping: () => {} }) as never

test.each<[string, unknown, string]>([
  ['none', undefined, 'it is neither'],
  ['another kind', {}, 'it is neither'],
  ['a promise of one', Promise.resolve(), 'it is neither'],
  ['redis 4', { sendCommand: async () => null, duplicate: () => {} }, 'it is older'],
])('a client that is %s is a TypeError, and nothing is sent', (_name, client, message) => {
  expect(() => redisStore(client as never)).toThrow(TypeError)
  expect(() => redisStore(client as never)).toThrow(`Wrong Redis client: takes one`)
  expect(() => redisStore(client as never)).toThrow(message)
})

test.each<[unknown, string]>([
  [{ prefix: null }, 'Wrong option prefix: got null, takes a string'],
  [{ commandMs: 0 }, 'Wrong option commandMs: got 0'],
  [{ keyPrefix: 'x:' }, 'Unknown option keyPrefix: there are prefix, commandMs'],
  ['x:', 'Wrong option options: got "x:", takes an object with prefix, commandMs'],
])('an option that is wrong is a TypeError that names it: %o', (options, message) => {
  expect(() => redisStore(replying(null), options as never)).toThrow(message)
})

test.each(['hello', '12', null])('bytes that come as no buffer are not given out: %o', async (bytes) => {
  const store = redisStore(replying(['2', '5', '{}', bytes]))
  await expect(store.read('a', 0, 100)).rejects.toThrow('its replies are no buffers')
})
