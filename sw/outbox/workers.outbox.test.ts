import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { responses, saysNothing, type Scripted } from '../../core/testing/scripted-upstream.ts'
import { createFakeDevice, type FakeDevice } from '../testing/fake-device.ts'
import { after, created, noNetwork } from '../testing/fake-upstream.ts'
import { openMessageCache } from './message-cache.ts'

describe('two workers over the same stores and lock, the old and the new', () => {
  test('send each message once, whoever took it', async () => {
    const device = createFakeDevice()
    device.upstream.otherwise = () => after(100, created())
    const old = device.boot()
    const fresh = device.boot()
    await device.advance(0)
    const saves = Array.from({ length: 24 }, (_, n) => (n % 2 ? old : fresh).save(`/api/${n % 3}`, `m${n}`))
    await device.advance(10)
    void old.outbox.drain('flush')
    void fresh.outbox.drain('woken')
    await device.advance(60_000)
    expect((await Promise.all(saves)).map(({ status }) => status)).toEqual(Array(24).fill(202))
    expect(device.upstream.received).toHaveLength(24)
    expect(new Set(device.upstream.bodies()).size).toBe(24)
  })

  test('the new one waits for what the old one is sending', async () => {
    const device = createFakeDevice()
    device.upstream.otherwise = () => after(20_000, created())
    const old = device.boot()
    await old.save('/api/a', 'm1')
    await device.advance(1_000)
    const fresh = device.boot()
    void fresh.outbox.drain('flush')
    await device.advance(15_000)
    expect(device.upstream.bodies()).toEqual(['m1'])
    await device.advance(60_000)
    expect(device.upstream.bodies()).toEqual(['m1'])
  })

  test('the new one, which knows a message from before, does not send it before its time', async () => {
    const device = createFakeDevice()
    device.upstream.script = { '/api/a': [after(2_000, responses(503, { 'retry-after': '60' }))] }
    device.upstream.otherwise = created
    const old = device.boot()
    await old.save('/api/a', 'm1')
    await device.advance(1_000)
    const fresh = device.boot()
    await device.advance(4_000)
    await fresh.save('/api/b', 'm2')
    await device.advance(30_000)
    expect(device.upstream.bodies()).toEqual(['m1', 'm2'])
    await device.advance(60_000)
    expect(device.upstream.bodies()).toEqual(['m1', 'm2', 'm1'])
  })

  test('what one has stored goes before what the other stores later, though it has not read that', async () => {
    const device = createFakeDevice()
    device.upstream.otherwise = noNetwork
    const old = device.boot()
    const fresh = device.boot()
    await device.advance(0)
    await old.save('/api/a', 'm1')
    await device.advance(10)
    await fresh.save('/api/a', 'm2')
    await device.advance(0)
    expect(device.upstream.bodies()).toEqual(['m1'])
    device.upstream.otherwise = created
    device.upstream.received.length = 0
    void fresh.outbox.drain('flush')
    await device.advance(0)
    expect(device.upstream.bodies()).toEqual(['m1', 'm2'])
  })

  test('the new one goes on at once where the old one dies in mid-send', async () => {
    const device = createFakeDevice()
    device.upstream.otherwise = saysNothing
    const old = device.boot()
    await old.save('/api/a', 'm1')
    await device.advance(1_000)
    expect(await old.outbox.list()).toMatchObject([{ state: 'sending' }])
    device.boot()
    await device.advance(1_000)
    device.upstream.otherwise = created
    old.kill()
    await device.advance(0)
    expect(device.upstream.received.map(({ at, body }) => `${at} ${body}`)).toEqual(['0 m1', '2000 m1'])
    const keys = device.upstream.received.map(({ headers }) => headers.get('idempotency-key'))
    expect(keys[0]).toBe(keys[1])
    expect(await device.entries()).toEqual([])
  })
})

test('what the old one sends while the new one puts it back is no dead letter, though the index refuses a removal', async () => {
  const device = createFakeDevice()
  device.upstream.otherwise = () => after(500, created())
  const old = device.boot()
  await old.save('/api/a', 'm1')
  await device.advance(0)
  const [entry] = await device.entries()
  await device.database.remove('streamkeeper https://app.example/', 'entries', entry?.id ?? '')
  const messageCache = openMessageCache(
    'https://app.example/',
    'https://app.example',
    device.caches.of(() => false),
  )
  const fresh = device.boot({
    messageCache: {
      ...messageCache,
      record: async (id) => {
        const found = await messageCache.record(id)
        await new Promise<void>((resolve) => device.clock.timer(1_000, resolve))
        return found
      },
    },
  })
  await device.advance(800)
  expect(device.emitted()).toEqual(['save_queued', 'save_sent'])
  const allow = refuseRemovals()
  await device.advance(2_000)
  allow()
  await device.advance(200_000)
  expect(await fresh.outbox.list()).toEqual([])
  expect(device.emitted()).not.toContain('save_dead')
  expect(device.upstream.bodies()).toEqual(['m1'])
})

test.each([{}, { whenUnsure: 'hold' as const }])(
  'what the new one has sent is neither sent again by the one that stored it nor a dead letter, though the index refuses to let go of it: %j',
  async (settings) => {
    const device = createFakeDevice()
    device.upstream.otherwise = created
    const posts = () =>
      device.upstream.received.filter(({ method }) => method === 'POST').map(({ body }) => body)
    const old = device.boot()
    const fresh = device.boot()
    await device.advance(10)
    // The new one has the lock, and reads the index after the old one has stored something.
    device.caches.delay = (operation) => (operation === 'keys' ? 500 : 0)
    void fresh.outbox.drain('woken')
    await device.advance(10)
    const allow = refuseRemovals()
    await old.save('/api/a', 'm1', { settings })
    void old.outbox.drain('woken')
    await device.advance(500)
    expect(posts()).toEqual(['m1'])
    await device.advance(2_000)
    allow()
    await device.advance(200_000)
    for (const { outbox } of [old, fresh]) void outbox.drain('flush')
    await device.advance(200_000)
    expect(posts()).toEqual(['m1'])
    expect(await old.outbox.list()).toEqual([])
    expect(device.emitted().filter((name) => name.startsWith('save'))).toEqual(['save_queued', 'save_sent'])
  },
)

/** The index refuses whatever removes a row, until the function that is returned is called. */
function refuseRemovals(): () => void {
  const { prototype } = IDBObjectStore
  const remove = Object.getOwnPropertyDescriptor(prototype, 'delete') ?? {}
  Object.defineProperty(prototype, 'delete', {
    ...remove,
    value: function (this: IDBObjectStore, key: string) {
      const asked: unknown = Reflect.apply(remove.value, this, [key])
      this.transaction.abort()
      return asked
    },
  })
  return () => void Object.defineProperty(prototype, 'delete', remove)
}

test('a clock set back over a restart changes no order', async () => {
  const device = createFakeDevice()
  device.upstream.otherwise = noNetwork
  const first = device.boot()
  await first.save('/api/a', 'm1')
  await first.save('/api/a', 'm2')
  await device.advance(1_000)
  first.kill()
  const { now, monotonic, timer } = device.clock
  const second = device.boot({ clock: { now: () => now() - 86_400_000, monotonic, timer } })
  await second.save('/api/a', 'm3')
  await device.advance(1_000)
  device.upstream.otherwise = created
  device.upstream.received.length = 0
  void second.outbox.drain('flush')
  await device.advance(1_000)
  expect(device.upstream.bodies()).toEqual(['m1', 'm2', 'm3'])
})

test.each([
  ['a network that fails', () => after(5, noNetwork()), 'woken'],
  ['a server that is busy', () => after(5, responses(503)), 'flush'],
] as const)('a clock set back after a trigger hurries nothing: %s', async (_name, response, why) => {
  const device = createFakeDevice()
  device.upstream.otherwise = response
  let backMs = 0
  const { now, monotonic, timer } = device.clock
  const worker = device.boot({ clock: { now: () => now() - backMs, monotonic, timer } })
  await device.advance(3_600_000)
  void worker.outbox.drain(why)
  await device.advance(1_000)
  backMs = 3_600_000
  await worker.save('/api/a', 'm1')
  await device.advance(10_000)
  expect(device.upstream.bodies().length).toBeLessThan(8)
})

type Step =
  | { do: 'save'; path: string; bodyMs: number; body: string }
  | { do: 'wait'; ms: number }
  | { do: 'turns'; turns: number }
  | { do: 'kill' | 'second worker' | 'lose the index' | 'drain' | 'flush' }

const responsesOf: Record<string, () => Scripted> = {
  created,
  noNetwork,
  slow: () => after(700, created()),
  busy: () => responses(503, { 'retry-after': '2' }),
  error: () => responses(500),
  silent: saysNothing,
  lost: () => after(300, noNetwork()),
}

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('save' as const),
      path: fc.constantFrom('/api/a', '/api/b', '/api/c'),
      bodyMs: fc.constantFrom(0, 0, 0, 500),
      body: fc.constant(''),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 9_000 }) }),
  },
  // Ends in the middle of what the stores are doing.
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('turns' as const), turns: fc.integer({ min: 0, max: 40 }) }),
  },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom('kill', 'kill', 'second worker', 'lose the index', 'drain', 'flush')
      .map((what) => ({ do: what }) as Step),
  },
)

test('random accepts, failures, deaths and losses: nothing is lost, and order is kept per conversation', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 25 }),
      fc.array(fc.constantFrom(...Object.keys(responsesOf)), { maxLength: 25 }),
      async (steps, script) => {
        const device = createFakeDevice()
        const backlog = [...script]
        device.upstream.otherwise = () => responsesOf[backlog.shift() ?? 'created']?.() ?? created()
        const accepted: { path: string; body: string }[] = []
        let workers = [device.boot()]
        for (const [n, each] of steps.entries()) {
          await play(device, workers, each, `m${n}`, accepted)
          if (each.do === 'kill' || each.do === 'lose the index') workers = [device.boot()]
          // Pages turn to the new worker when the old one has answered.
          if (each.do === 'second worker' && workers.length < 2) {
            await device.advance(2_000)
            workers.push(device.boot())
          }
        }
        backlog.length = 0
        await device.advance(60_000)
        for (const worker of workers) void worker.outbox.drain('flush')
        await device.advance(120_000)

        // A worker that died before it answered may leave an index without a body; nothing else is left.
        const left = await device.entries()
        expect(left.filter(({ state, code }) => state !== 'dead' || code !== 'storage_unavailable')).toEqual(
          [],
        )
        expect(left.length).toBeLessThanOrEqual(
          accepted.filter(({ path }) => path.endsWith('pending')).length,
        )
        expect(device.caches.readAll().size).toBe(0)
        const all = device.upstream.received
        const firsts = all.filter(({ body }, at) => all.findIndex((other) => other.body === body) === at)
        // A save that got 202 is there; one that did not may be there.
        for (const path of ['/api/a', '/api/b', '/api/c']) {
          const arrived = firsts.filter((each) => each.path === path).map(({ body }) => body)
          const promised = accepted.filter((each) => each.path === path).map(({ body }) => body)
          expect(arrived.filter((body) => promised.includes(body))).toEqual(promised)
          // Repeats, too, come only before those behind them.
          const order = all.filter((each) => each.path === path).map(({ body }) => arrived.indexOf(body))
          expect(order).toEqual(order.toSorted((a, b) => a - b))
        }
        // Each message has one key, whatever became of its worker.
        const keys = new Set(all.map(({ body, headers }) => `${body} ${headers.get('idempotency-key')}`))
        expect(keys.size).toBe(firsts.length)
      },
    ),
    { numRuns: Number(process.env.RUNS ?? 60) },
  )
}, 120_000)

async function play(
  device: FakeDevice,
  workers: ReturnType<FakeDevice['boot']>[],
  step: Step,
  body: string,
  accepted: { path: string; body: string }[],
): Promise<void> {
  // Pages talk to the newest worker.
  const worker = workers.at(-1)
  switch (step.do) {
    case 'save': {
      const { path, bodyMs } = step
      const place = { path, body }
      accepted.push(place)
      const forget = () => accepted.splice(accepted.indexOf(place), 1)
      place.path = `${path} pending`
      void worker?.save(path, body, { bodyMs }).then(({ status }) => {
        place.path = status === 202 ? path : `${path} straight`
      }, forget)
      return
    }
    case 'wait':
      return device.advance(step.ms)
    case 'turns':
      for (let admission = 0; admission < step.turns; admission++)
        await new Promise((resolve) => setImmediate(resolve))
      return
    case 'drain':
      return void worker?.outbox.drain('woken')
    case 'flush':
      return void worker?.outbox.drain('flush')
    case 'kill':
    case 'lose the index':
      for (const each of workers) each.kill()
      if (step.do === 'lose the index') {
        await device.advance(0)
        device.database.loseAll()
      }
      return
    case 'second worker':
  }
}
