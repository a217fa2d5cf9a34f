import { describe, expect, test } from 'vitest'
import { responses, saysNothing, type Scripted } from '../../core/testing/scripted-upstream.ts'
import { createFakeDevice, type FakeDevice } from '../testing/fake-device.ts'
import { after, created, noNetwork, type Received } from '../testing/fake-upstream.ts'

const settings = { whenUnsure: 'hold' } as const

/** The server's reaction to the message; by default it can be reached all the time. */
function serve(device: FakeDevice, response: (received: Received) => Scripted, isUp = () => true) {
  device.upstream.otherwise = (received) => {
    if (received.method === 'HEAD') return isUp() ? responses(405) : noNetwork()
    return response(received)
  }
}

const sent = (device: FakeDevice) => device.upstream.received.filter(({ method }) => method === 'POST')

test.each([
  ['the connection breaks', noNetwork],
  ['nothing comes back', saysNothing],
  ['a gateway gives up', () => responses(504)],
  ['the server breaks down', () => responses(500)],
])('%s: it is held for a person, and goes again only then', async (_name, fate) => {
  const device = createFakeDevice()
  serve(device, fate)
  const worker = device.boot()
  await worker.save('/api/a', 'm1', { settings })
  await device.advance(600_000)
  expect(sent(device)).toHaveLength(1)
  expect(device.emitted()).toEqual(['save_queued', 'save_dead'])
  const [entry] = await worker.outbox.list()
  expect(entry).toMatchObject({ state: 'dead', code: 'unsure' })
  serve(device, created)
  await worker.outbox.retry(entry?.id ?? '')
  await device.advance(0)
  expect(sent(device)).toHaveLength(2)
  const keys = sent(device).map(({ headers }) => headers.get('idempotency-key'))
  expect(keys[0]).toBe(keys[1])
  expect(await worker.outbox.list()).toEqual([])
})

/** A response as `fetch` gives it after a redirect. */
const redirected =
  (response: Response, url: string): Scripted =>
  () =>
    Promise.resolve(Object.defineProperties(response, { url: { value: url }, redirected: { value: true } }))

describe('a redirect that may have come after the message was taken leaves it to the user', () => {
  const list = () => Response.json([{ id: 1 }])

  test.each([
    ['a GET is answered alike: POST, then GET', () => list(), 'https://app.example/api/a/1', list],
    ['the GET that is to tell fails', () => list(), 'https://app.example/api/a/1', () => undefined],
    ['it led to another origin', () => list(), 'https://other.example/api/a', list],
    [
      'what was made is not to be seen yet',
      () => Response.json({}, { status: 404 }),
      'https://app.example/1',
      list,
    ],
    ['the GET is too many', () => Response.json({}, { status: 429 }), 'https://app.example/1', list],
  ])('%s', async (_name, response, url, get) => {
    const device = createFakeDevice()
    serve(device, ({ method }) => {
      if (method === 'POST') return redirected(response(), url)
      const shown = get()
      return shown ? () => Promise.resolve(shown) : noNetwork()
    })
    const worker = device.boot()
    await worker.save('/api/a', 'm1', { settings })
    await device.advance(600_000)
    expect(sent(device)).toHaveLength(1)
    expect(await worker.outbox.list()).toMatchObject([{ state: 'dead', code: 'unsure' }])
  })

  test.each([
    ['a page of another type: a log-in', 200, 'text/html'],
    ['an edge’s page', 404, 'text/html'],
  ])('%s is not the API’s: it is sent again', async (_name, status, type) => {
    const device = createFakeDevice()
    const page = () => new Response('<h1>Log in', { status, headers: { 'content-type': type } })
    const fates = [redirected(page(), 'https://app.example/login')]
    serve(device, ({ method }) =>
      method === 'POST' ? (fates.shift() ?? created()) : () => Promise.resolve(page()),
    )
    const worker = device.boot()
    await worker.save('/api/a', 'm1', { settings })
    await device.advance(60_000)
    expect(sent(device)).toHaveLength(2)
    expect(await worker.outbox.list()).toEqual([])
  })

  test('one that kept the method and the body has sent it', async () => {
    const device = createFakeDevice()
    serve(device, ({ method }) =>
      method === 'POST' ? redirected(list(), 'https://app.example/v2/a') : responses(405),
    )
    const worker = device.boot()
    await worker.save('/api/a', 'm1', { settings })
    await device.advance(600_000)
    expect(sent(device)).toHaveLength(1)
    expect(await worker.outbox.list()).toEqual([])
  })
})

test('a worker that dies while it sends leaves it to a person', async () => {
  const device = createFakeDevice()
  serve(device, () => after(60_000, created()))
  const first = device.boot()
  await first.save('/api/a', 'm1', { settings })
  await device.advance(1_000)
  first.kill()
  const second = device.boot()
  await device.advance(600_000)
  expect(sent(device)).toHaveLength(1)
  expect(await second.outbox.list()).toMatchObject([{ state: 'dead', code: 'unsure' }])
})

test('an index that was lost leaves a message to the user', async () => {
  const device = createFakeDevice()
  serve(device, created, () => false)
  const first = device.boot()
  await first.save('/api/a', 'm1', { settings })
  await device.advance(1_000)
  first.kill()
  device.database.loseAll()
  serve(device, created)
  const second = device.boot()
  await device.advance(600_000)
  expect(sent(device)).toEqual([])
  expect(await second.outbox.list()).toMatchObject([{ state: 'dead', code: 'unsure' }])
})

test.each([500, 504, 408])('a %d leaves a message that has lost its secrets to the user', async (status) => {
  const device = createFakeDevice()
  serve(device, created, () => false)
  const first = device.boot()
  await first.save('/api/a', 'm1', { settings, headers: { authorization: 'Bearer old' } })
  await device.advance(1_000)
  first.kill()
  await device.database.remove('streamkeeper https://app.example/', 'keys', 'seal')
  device.askAuth = async () => ({ authorization: 'Bearer new' })
  serve(device, () => responses(status))
  const second = device.boot()
  for (let n = 0; n < 3; n++) {
    await device.advance(600_000)
    void second.outbox.drain('woken')
  }
  await device.advance(0)
  expect(sent(device)).toHaveLength(1)
  expect(await second.outbox.list()).toMatchObject([{ state: 'dead', code: 'unsure' }])
})

test('a server that cannot be reached is asked for nothing: it waits, and is sent when it can', async () => {
  const device = createFakeDevice()
  let isUp = false
  serve(device, created, () => isUp)
  const worker = device.boot()
  await worker.save('/api/a', 'm1', { settings, headers: { authorization: 'Bearer old' } })
  await device.advance(60_000)
  expect(sent(device)).toEqual([])
  expect(await worker.outbox.list()).toMatchObject([{ state: 'waiting', attempts: 0 }])
  // The question has nothing of the message in it.
  const [question] = device.upstream.received
  expect([question?.body, question?.headers.has('authorization'), question?.init.credentials]).toEqual([
    '',
    false,
    'omit',
  ])
  isUp = true
  await device.advance(300_000)
  expect(sent(device)).toHaveLength(1)
  expect(await worker.outbox.list()).toEqual([])
})

test('what the server surely refused is sent again', async () => {
  const device = createFakeDevice()
  const fates = [responses(503), responses(429), responses(409)]
  serve(device, () => fates.shift() ?? created())
  const worker = device.boot()
  await worker.save('/api/a', 'm1', { settings })
  await device.advance(60_000)
  expect(sent(device)).toHaveLength(4)
  expect(device.emitted().at(-1)).toBe('save_sent')
})

describe('the question whether the server can be reached', () => {
  async function askAndHang() {
    const device = createFakeDevice()
    device.upstream.otherwise = ({ method }) => (method === 'HEAD' ? saysNothing() : created())
    await device.principal.set('ada')
    const worker = device.boot()
    for (const name of ['a', 'b', 'c', 'd']) await worker.save(`/api/${name}`, name, { settings })
    await worker.save('/api/e', 'e')
    await device.advance(10)
    expect([device.upstream.open(), device.upstream.bodies()]).toEqual([4, ['', '', '', '']])
    return { device, worker }
  }

  test('ends when its message is discarded, and its connection is free for others', async () => {
    const { device, worker } = await askAndHang()
    const [first] = await worker.outbox.list()
    const discarding = worker.outbox.discard(first?.id ?? '')
    await device.advance(10)
    expect(await discarding).toBe(true)
    expect([device.upstream.open(), sent(device).map(({ body }) => body)]).toEqual([3, ['e']])
  })

  test('ends when somebody else signs in, and is asked again when its sender is back', async () => {
    const { device, worker } = await askAndHang()
    await device.principal.set('grace')
    await worker.outbox.stopOthers()
    expect(device.upstream.open()).toBe(0)
    await device.advance(10)
    expect((await device.entries()).map(({ state }) => state)).toEqual(Array(5).fill('queued'))
    device.upstream.otherwise = created
    await device.principal.set('ada')
    void worker.outbox.drain('woken')
    await device.advance(10)
    expect(
      sent(device)
        .map(({ body }) => body)
        .toSorted(),
    ).toEqual(['a', 'b', 'c', 'd', 'e'])
  })
})

test('retry() leaves what is being sent as it is: after a death it is still known not to be known', async () => {
  const device = createFakeDevice()
  serve(device, saysNothing)
  const worker = device.boot()
  await worker.save('/api/a', 'm1', { settings })
  await device.advance(10)
  const [entry] = await worker.outbox.list()
  expect(await worker.outbox.retry(entry?.id ?? '')).toBe(true)
  expect(await worker.outbox.list()).toMatchObject([{ state: 'sending' }])
  worker.kill()
  serve(device, created)
  const next = device.boot()
  await device.advance(1_000)
  expect(sent(device)).toHaveLength(1)
  expect(await next.outbox.list()).toMatchObject([{ state: 'dead', code: 'unsure' }])
})
