import { describe, expect, test } from 'vitest'
import { responses } from '../../core/testing/scripted-upstream.ts'
import { createFakeDevice } from '../testing/fake-device.ts'
import type { SaveRecord } from './entry.ts'
import { openMessageCache } from './message-cache.ts'
import { noNetwork } from '../testing/fake-upstream.ts'

/** The headers that Chromium, Firefox and WebKit add to a page's fetch, as far as a worker sees them. */
const ADDED = {
  'user-agent': 'Mozilla/5.0',
  'sec-ch-ua': '"Chromium";v="139"',
  'sec-ch-ua-mobile': '?0',
  'sec-fetch-site': 'same-origin',
  'accept-encoding': 'gzip',
  priority: 'u=3, i',
  dnt: '1',
  'device-memory': '8',
}

/** Something is saved while there is no network; then the worker dies, and its index is lost with its keys. */
async function loseIndex(headers: Record<string, string>, path = '/api/a', authorization = 'sealed') {
  const device = createFakeDevice()
  device.upstream.otherwise = noNetwork
  const context = { authorization: authorization as 'sealed' }
  const first = device.boot(context)
  await first.save(path, 'm1', { headers })
  await first.save(path, 'm2', { headers })
  await device.advance(0)
  const stored = decodeURIComponent([...device.caches.readAll().values()].join('\n'))
  first.kill()
  device.database.loseAll()
  device.upstream.received.length = 0
  return { device, context, stored }
}

describe('S1 a lost index: the second copy is sent, and nobody is asked', () => {
  test.each([
    ['with all that browsers add', ADDED, 'sealed'],
    ['with a header of the app’s that says not who sends it', { 'x-requested-with': 'app' }, 'sealed'],
    ['with a CSRF token, which goes with the cookies', { ...ADDED, 'x-csrf-token': 't' }, 'sealed'],
    ['with secrets that are never stored', { ...ADDED, 'x-csrf-token': 't' }, 'ask-page'],
  ])('%s', async (_name, headers, authorization) => {
    const { device, context } = await loseIndex(headers, '/api/a', authorization)
    device.upstream.otherwise = () => responses(201)
    const next = device.boot(context)
    await device.advance(0)
    expect(device.upstream.bodies()).toEqual(['m1', 'm2'])
    expect(device.questions).toEqual([])
    expect(await next.outbox.list()).toEqual([])
  })

  test('what the browser adds is neither stored nor sent as the app’s', async () => {
    const { stored } = await loseIndex(ADDED)
    expect(stored).toContain('/api/a')
    expect(stored).not.toMatch(/Mozilla|Chromium|gzip|sealed/)
  })

  test.each([[{ authorization: 'Bearer old' }], [{ 'X-Session-Token': 's' }], [{ 'x-goog-api-key': 'k' }]])(
    'one that may have said itself who sends it waits for a page: %j',
    async (headers) => {
      const { device } = await loseIndex(headers)
      device.upstream.otherwise = () => responses(201)
      const next = device.boot()
      await device.advance(1_000)
      expect(device.upstream.received).toEqual([])
      expect(await next.outbox.list()).toMatchObject([{ state: 'needs_auth' }, { state: 'queued' }])
    },
  )

  test('one that is refused without what it had lost is no dead letter: it waits for a page', async () => {
    const { device } = await loseIndex({ 'x-csrf-token': 't' })
    device.upstream.otherwise = ({ headers }) => responses(headers.has('x-csrf-token') ? 201 : 400)
    const next = device.boot()
    await device.advance(1_000)
    expect(await next.outbox.list()).toMatchObject([{ state: 'needs_auth' }, { state: 'queued' }])
    await device.advance(1)
    device.askAuth = async () => ({ 'x-csrf-token': 'fresh' })
    void next.outbox.drain('woken')
    await device.advance(0)
    expect(await next.outbox.list()).toEqual([])
  })

  test('an entry that 0.1 stored, whose sealed headers were the browser’s alone, is sent', async () => {
    const { device } = await loseIndex({ authorization: 'Bearer old' })
    const messageCache = openMessageCache(
      'https://app.example/',
      'https://app.example',
      device.caches.of(() => false),
    )
    for (const id of await messageCache.ids()) {
      const [record, body] = [await messageCache.record(id), await messageCache.body(id)]
      if (record && body) await messageCache.put(asOf01(record), await new Response(body).arrayBuffer())
    }
    device.upstream.otherwise = () => responses(201)
    device.boot()
    await device.advance(0)
    expect(device.upstream.bodies()).toEqual(['m1', 'm2'])
  })
})

/** 0.1 took the browser's headers for secrets, and noted that cookies alone say whose it is. */
function asOf01({ hasIdentity: _hasIdentity, ...record }: SaveRecord): SaveRecord {
  return { ...record, hasSecrets: true, needsCookies: true }
}

test.each([0, 1, 2, 5, 20])(
  'S3 clear() while a new worker puts back what its index has lost deletes all of it: %s turns later',
  async (turns) => {
    const { device, context } = await loseIndex({})
    const next = device.boot(context)
    for (let round = 0; round < turns; round++) await new Promise((resolve) => setImmediate(resolve))
    const clearing = next.outbox.clear()
    await device.advance(10)
    await clearing
    expect(await next.outbox.list()).toEqual([])
    expect(device.caches.readAll().size).toBe(0)
  },
)
