import { connect, createServer, type Socket } from 'node:net'
import { createClient } from 'redis'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DONE, FINISH, ROLE, say } from '../../core/testing/openai-events.ts'
import { controlledUpstream } from '../testing/controlled-upstream.ts'
import { openSite, readBody, type Site } from '../testing/open-site.ts'
import { hasRedis, type RedisServer, startRedis } from '../testing/start-redis.ts'
import { redisStore } from './redis-store.ts'
import { systemClock } from '../../core/clock.ts'

// Servers of one app on one Redis, in real time: what a Redis that fails does to a response.

const PATH = '/api/streams'
const WORDS = 60

describe.runIf(hasRedis)('Redis', () => {
  const open: (() => unknown)[] = []
  let redis: RedisServer
  afterEach(async () => {
    for (const close of open.splice(0).toReversed()) await close()
    await redis[Symbol.asyncDispose]()
  })

  /** A server of the app: a process of its own would know no more. */
  async function openServer(url = redis.url, options: { ttlMs?: number } = {}): Promise<Site> {
    const client = createClient({ url, socket: { reconnectStrategy: 50 } })
    client.on('error', () => {})
    await client.connect()
    const store = redisStore(client, { commandMs: 1_000 })
    open.push(() => client.destroy(), store.close)
    const clock = systemClock as Site['clock']
    return openSite({ store, clock, upstream: controlledUpstream(), ...options })
  }

  async function openStream(site: Site) {
    const started = site.start({ conversation: 'c1', key: 'k' })
    const upstream = await site.upstream.request()
    upstream.response()
    const response = await started
    const id = response.headers.get('x-streamkeeper-id') ?? ''
    return { upstream, id, body: readBody(response), url: `${PATH}/${id}?live=stream` }
  }

  const events = [ROLE, ...Array.from({ length: WORDS }, (_, word) => say(` é😀 ${word}`)), FINISH, DONE]
  const whole = events.join('')

  /** Says part of the response, slowly enough that it is stored in many pieces. */
  async function speak(
    upstream: Awaited<ReturnType<typeof openStream>>['upstream'],
    from: number,
    to: number,
  ) {
    for (const event of events.slice(Math.floor(from * events.length), Math.floor(to * events.length))) {
      upstream.push(event)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    if (to === 1) upstream.end()
  }

  /** Resolves when so many bytes are stored. */
  async function stored(site: Site, id: string, length: number): Promise<void> {
    await expect
      .poll(async () => (await site.store.read(id, 0, 0).catch(() => undefined))?.length ?? 0, {
        timeout: 15_000,
      })
      .toBeGreaterThanOrEqual(length)
  }

  describe('two servers with one Redis', () => {
    beforeEach(async () => void (redis = await startRedis()))

    test('a response of which Redis has dropped a part breaks at once, and is not to be tried again', async () => {
      const [first, second] = [await openServer(), await openServer()]
      const { upstream, body, url, id } = await openStream(first)
      await speak(upstream, 0, 1)
      await body
      await stored(first, id, Buffer.byteLength(whole))
      const client = createClient({ url: redis.url })
      await client.connect()
      open.push(() => client.destroy())
      await client.sendCommand(['DEL', `streamkeeper:{${id}}:log`])
      const since = performance.now()
      expect(await second.get(url).then(readBody)).toEqual({ text: '', isBroken: true })
      const [place = ''] = url.split('?')
      const gone = await second.get(place)
      expect([gone.status, gone.headers.get('retry-after')]).toEqual([410, null])
      expect(performance.now() - since).toBeLessThan(5_000)
      expect(second.errors.map(String)).toEqual(
        Array(2).fill('DataLostError: Cannot read stream: bytes are missing'),
      )
    })

    test('all who start at once with one key are refused alike, and each server asks its upstream once', async () => {
      const sites = [await openServer(), await openServer()]
      const starts = sites.flatMap((site) => Array.from({ length: 25 }, () => site.start({ key: 'refused' })))
      const refused = new Set<string>()
      const refuse = async (site: Site) => {
        const request = await site.upstream.request()
        request.respondWith(new Response('{"error":"No"}', { status: 401 }))
      }
      void sites.map(refuse)
      for (const started of starts) refused.add(`${(await started).status} ${await (await started).text()}`)
      expect([...refused]).toEqual(['401 {"error":"No"}'])
      for (const { upstream } of sites) expect(upstream.requests).toHaveLength(1)
    })

    test.each([10, 50, 90, 100])('the second gives the same bytes to who joins at %i %%', async (percent) => {
      const [first, second] = [await openServer(), await openServer()]
      const { upstream, body, url } = await openStream(first)
      await speak(upstream, 0, percent / 100)
      const joined = second.get(url).then(readBody)
      if (percent < 100) await speak(upstream, percent / 100, 1)
      expect(await joined).toEqual({ text: whole, isBroken: false })
      expect(await body).toEqual({ text: whole, isBroken: false })
    })

    test('the second stops the response of the first within a second, and the same key runs nothing', async () => {
      const [first, second] = [await openServer(), await openServer()]
      const { upstream, body, url } = await openStream(first)
      await speak(upstream, 0, 0.5)
      const there = second.get(url).then(readBody)
      const since = performance.now()
      expect((await second.stop('c1')).status).toBe(204)
      await upstream.closed
      expect(performance.now() - since).toBeLessThan(1_000)
      for (const read of [await body, await there]) {
        expect(read.isBroken).toBe(true)
        expect(read.text).toContain('"code":"stopped"')
      }
      expect(await readBody(await second.start({ key: 'k' }))).toMatchObject({ isBroken: true })
      expect(second.upstream.requests).toHaveLength(0)
    })

    test('the second removes the responses of the first in their middle: their upstreams are closed', async () => {
      const [first, second] = [await openServer(), await openServer()]
      for (let round = 0; round < 20; round++) {
        const upstream = first.upstream.request(first.upstream.requests.length)
        const started = first.start({ conversation: `c${round}` })
        ;(await upstream).response()
        ;(await upstream).push(ROLE + say('Hel'))
        const id = (await started).headers.get('x-streamkeeper-id') ?? ''
        const since = performance.now()
        expect((await second.get(`${PATH}/${id}`, { method: 'DELETE' })).status).toBe(204)
        await (
          await upstream
        ).closed
        expect(performance.now() - since).toBeLessThan(1_000)
        expect((await second.get(`${PATH}/${id}`)).status).toBe(404)
      }
      expect(first.errors).toEqual([])
    })

    test('the second removes a response of the first that Redis cannot be reached by: its upstream is closed as soon as it can', async () => {
      const slow = await startSlowProxy(redis.port, 0)
      open.push(slow.close)
      const [first, second] = [await openServer(slow.url), await openServer()]
      const { upstream, id } = await openStream(first)
      await speak(upstream, 0, 0.2)
      await stored(second, id, 1)
      slow.delay(4_000)
      expect((await second.get(`${PATH}/${id}`, { method: 'DELETE' })).status).toBe(204)
      slow.delay(0)
      await upstream.closed
    })

    test('one of many starts with one key, on two servers at once, runs', async () => {
      const sites = [await openServer(), await openServer(), await openServer()]
      const starts = Array.from({ length: 30 }, (_, index) => sites[index % 3]?.start({ key: 'same' }))
      const upstream = await Promise.race(sites.map(({ upstream }) => upstream.request()))
      upstream.response()
      upstream.push(whole)
      upstream.end()
      for (const start of starts) {
        expect(await readBody((await start) as Response)).toEqual({ text: whole, isBroken: false })
      }
      expect(sites.flatMap((site) => site.upstream.requests)).toHaveLength(1)
    })

    test('a response that thinks for longer than it is kept after its end does not expire', async () => {
      const brief = { ttlMs: 1_000 }
      const [first, second] = [await openServer(redis.url, brief), await openServer(redis.url, brief)]
      const started = first.start({ conversation: 'c1', key: 'k' })
      const upstream = await first.upstream.request()
      await new Promise((resolve) => setTimeout(resolve, 2_500))
      upstream.response()
      upstream.push(whole.slice(0, 200))
      const there = await second.latest('c1')
      upstream.push(whole.slice(200))
      upstream.end()
      expect(await readBody(there)).toEqual({ text: whole, isBroken: false })
      await readBody(await started)
      // And its key names it as long as it is there.
      await expect
        .poll(async () => (await second.get(PATH).then((list) => list.json())) as unknown, { timeout: 5_000 })
        .toEqual({ streams: [] })
    })

    test('two servers that wait for the first output are both told of a Stop', async () => {
      const [first, second] = [await openServer(), await openServer()]
      const started = first.start({ conversation: 'c1', key: 'k' })
      const upstream = await first.upstream.request()
      const joined = second.start({ key: 'k' })
      expect((await second.stop('c1')).status).toBe(204)
      await upstream.closed
      expect([(await started).status, (await joined).status]).toEqual([409, 409])
    })
  })

  test('a Redis that is killed and starts again with its data costs a reader on this server nothing, and all of it is kept', async () => {
    redis = await startRedis('--appendonly', 'yes', '--appendfsync', 'always')
    const [first, second] = [await openServer(), await openServer()]
    const { upstream, body, id, url } = await openStream(first)
    await speak(upstream, 0, 0.3)
    await redis.kill()
    await speak(upstream, 0.3, 0.6)
    await redis.start()
    await speak(upstream, 0.6, 1)
    expect(await body).toEqual({ text: whole, isBroken: false })
    await stored(first, id, new TextEncoder().encode(whole).length)
    expect(await second.get(url).then(readBody)).toEqual({ text: whole, isBroken: false })
  })

  test('a Redis that loses all its data costs a reader on this server nothing, other readers are told, and nothing wrong is given out', async () => {
    redis = await startRedis()
    const [first, second] = [await openServer(), await openServer()]
    const { upstream, body, url } = await openStream(first)
    await speak(upstream, 0, 0.3)
    const there = second.get(url).then(readBody)
    await speak(upstream, 0.3, 0.4)
    await redis.kill()
    await redis.start()
    await speak(upstream, 0.4, 0.5)
    const again = first.start({ key: 'k' }).then(readBody)
    await speak(upstream, 0.5, 1)
    expect(await body).toEqual({ text: whole, isBroken: false })
    expect(await again).toEqual({ text: whole, isBroken: false })
    expect(first.upstream.requests).toHaveLength(1)
    const { text, isBroken } = await there
    expect(isBroken).toBe(true)
    expect(whole.startsWith(text)).toBe(true)
    expect((await second.get(url)).status).toBe(404)
    expect(first.errors.map(String)).toContain('Error: Cannot store stream: the store has lost it')
  })

  test('a full Redis costs a reader on this server nothing, a start with a key is refused, and other readers are told', async () => {
    redis = await startRedis('--maxmemory-policy', 'noeviction')
    const [first, second] = [await openServer(), await openServer()]
    const { upstream, body, url } = await openStream(first)
    await speak(upstream, 0, 0.3)
    const client = createClient({ url: redis.url })
    await client.connect()
    await client.configSet('maxmemory', '1')
    await speak(upstream, 0.3, 1)
    expect(await body).toEqual({ text: whole, isBroken: false })
    const refused = await second.start({ key: 'other' })
    expect(refused.status).toBe(503)
    expect(refused.headers.get('retry-after')).toBe('1')
    // The stored part can still be read, and does not end as if it were complete.
    const reader = (await second.get(url)).body?.getReader()
    const { value = new Uint8Array() } = (await reader?.read()) ?? {}
    expect(value.length).toBeGreaterThan(0)
    expect(whole.startsWith(new TextDecoder().decode(value))).toBe(true)
    await reader?.cancel()
    await client.configSet('maxmemory', '0')
    // Once there is room again, all of it is kept.
    expect(await second.get(url).then(readBody)).toEqual({ text: whole, isBroken: false })
    client.destroy()
  })

  test('a full Redis lets responses be removed, also those that go on elsewhere', async () => {
    redis = await startRedis('--maxmemory-policy', 'noeviction')
    const [first, second] = [await openServer(), await openServer()]
    const ended = await openStream(first)
    await speak(ended.upstream, 0, 1)
    await ended.body
    const started = first.start({ conversation: 'c2' })
    const open = await first.upstream.request(1)
    open.response()
    open.push(ROLE)
    const id = (await started).headers.get('x-streamkeeper-id') ?? ''
    await stored(first, id, 1)
    await stored(first, ended.id, new TextEncoder().encode(whole).length)
    const client = createClient({ url: redis.url })
    await client.connect()
    await client.configSet('maxmemory', '1')
    for (const each of [ended.id, id]) {
      expect((await second.get(`${PATH}/${each}`, { method: 'DELETE' })).status).toBe(204)
      expect((await second.get(`${PATH}/${each}`)).status).toBe(404)
    }
    await open.closed
    client.destroy()
  })

  test('a Redis that hangs for seconds delays no reader on this server, and nothing is written twice', async () => {
    redis = await startRedis()
    const [first, second] = [await openServer(), await openServer()]
    const { upstream, body, url } = await openStream(first)
    await speak(upstream, 0, 0.3)
    redis.freeze(true)
    const since = performance.now()
    await speak(upstream, 0.3, 1)
    expect(await body).toEqual({ text: whole, isBroken: false })
    expect(performance.now() - since).toBeLessThan(5_000)
    const refused = await second.start({ key: 'other' })
    expect(refused.status).toBe(503)
    redis.freeze(false)
    expect(await second.get(url).then(readBody)).toEqual({ text: whole, isBroken: false })
  })
  test('a Redis that is far away and slow delays no reader on this server, and a reader elsewhere gets the same', async () => {
    redis = await startRedis()
    const slow = await startSlowProxy(redis.port, 300)
    open.push(slow.close)
    const [first, second] = [await openServer(slow.url), await openServer(slow.url)]
    const { upstream, body, url } = await openStream(first)
    const there = second.get(url).then(readBody)
    const since = performance.now()
    await speak(upstream, 0, 1)
    expect(await body).toEqual({ text: whole, isBroken: false })
    expect(performance.now() - since).toBeLessThan(5_000)
    expect(await there).toEqual({ text: whole, isBroken: false })
    // A command that takes longer than it may has failed, whatever Redis has made of it.
    slow.delay(2_000)
    expect((await second.start({ key: 'other' })).status).toBe(503)
    slow.delay(0)
    await expect
      .poll(async () => (await second.get(url.split('?')[0] ?? '')).status, { timeout: 10_000 })
      .toBe(200)
    expect(await second.get(url).then(readBody)).toEqual({ text: whole, isBroken: false })
  })

  test('a Redis that pauses all clients at any moment of a response loses and doubles nothing', async () => {
    redis = await startRedis()
    const client = createClient({ url: redis.url })
    await client.connect()
    open.push(() => client.destroy())
    const [first, second] = [await openServer(), await openServer()]
    const { upstream, body, url } = await openStream(first)
    const there = second.get(url).then(readBody)
    for (let step = 0; step < 5; step++) {
      await client.sendCommand(['CLIENT', 'PAUSE', '300', step % 2 ? 'WRITE' : 'ALL'])
      await speak(upstream, step / 5, (step + 1) / 5)
    }
    expect(await body).toEqual({ text: whole, isBroken: false })
    expect(await there).toEqual({ text: whole, isBroken: false })
    expect(await second.get(url).then(readBody)).toEqual({ text: whole, isBroken: false })
  })
})

/** A way to Redis on which each piece takes so long, in either direction. */
async function startSlowProxy(port: number, delayMs: number) {
  let ms = delayMs
  const sockets = new Set<Socket>()
  const forward = (from: Socket, to: Socket) => {
    sockets.add(from)
    // In order, whatever the delay is meanwhile.
    let sent = Promise.resolve()
    from.on('data', (data) => {
      const due = performance.now() + ms
      sent = sent.then(async () => {
        await new Promise((resolve) => setTimeout(resolve, due - performance.now()))
        to.write(data)
      })
    })
    from.on('error', () => to.destroy())
    from.on('close', () => to.destroy())
  }
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    forward(near, far)
    forward(far, near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address() as { port: number }
  return {
    url: `redis://127.0.0.1:${address.port}`,
    delay: (byMs: number) => void (ms = byMs),
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
