import { describe, expect, test } from 'vitest'
import { saysNothing } from '../../core/testing/scripted-upstream.ts'
import { createFakeDevice } from '../testing/fake-device.ts'
import { noNetwork } from '../testing/fake-upstream.ts'

const QUOTA = new DOMException('Quota exceeded', 'QuotaExceededError')

/** A save whose response comes in its own time. */
function track(saving: Promise<Response>) {
  const seen: { response?: Response; isFailed?: boolean } = {}
  void saving.then(
    (response) => (seen.response = response),
    () => (seen.isFailed = true),
  )
  return seen
}

/** Ada's worker; the cache refuses what is put there, after so long. */
async function refuseLate(ms: number) {
  const device = createFakeDevice()
  await device.principal.set('ada')
  const worker = device.boot()
  await device.advance(0)
  device.caches.delay = (operation) => (operation === 'put' ? ms : 0)
  device.caches.fault = (operation) => (operation === 'put' ? QUOTA : undefined)
  const signIn = async (name: string) => {
    await device.principal.set(name)
    await worker.outbox.stopOthers()
  }
  return { device, worker, signIn }
}

describe('a save whose storage refuses late', () => {
  test('does not go out with the cookies of who has signed in meanwhile', async () => {
    const { device, worker, signIn } = await refuseLate(1_000)
    const save = track(worker.save('/api/a', 'hers'))
    await device.advance(500)
    await signIn('grace')
    await device.advance(60_000)
    expect(device.upstream.received).toEqual([])
    expect(save.response?.type).toBe('error')
    expect(device.emitted()).toEqual(['storage_degraded'])
  })

  test('goes out where it is still its sender who is signed in', async () => {
    const { device, worker } = await refuseLate(1_000)
    const save = track(worker.save('/api/a', 'hers'))
    await device.advance(1_000)
    expect([save.response?.status, device.upstream.bodies()]).toEqual([201, ['hers']])
  })

  test('is ended when somebody else signs in', async () => {
    const { device, worker, signIn } = await refuseLate(0)
    device.upstream.otherwise = saysNothing
    const save = track(worker.save('/api/a', 'hers'))
    await device.advance(10)
    expect(device.upstream.open()).toBe(1)
    await signIn('grace')
    expect(device.upstream.open()).toBe(0)
    await device.advance(0)
    expect(save.isFailed).toBe(true)
  })

  test.each([
    ['before its storage refused', 500],
    ['when it was under way', 2_000],
  ])('is ended by a clear() that was asked for %s', async (_name, ms) => {
    const { device, worker } = await refuseLate(1_000)
    device.upstream.otherwise = saysNothing
    const save = track(worker.save('/api/a', 'hers'))
    await device.advance(ms)
    const clearing = worker.outbox.clear()
    await device.advance(1_000)
    await clearing
    expect([device.upstream.open(), save.isFailed]).toEqual([0, true])
  })

  test('is left alone by a clear() before it', async () => {
    const { device, worker } = await refuseLate(1_000)
    device.upstream.otherwise = saysNothing
    const clearing = worker.outbox.clear()
    track(worker.save('/api/a', 'hers'))
    await device.advance(2_000)
    await clearing
    expect(device.upstream.open()).toBe(1)
  })
})

describe('the last saves of a worker that retires', () => {
  test('go to the network as they are when nothing waits', async () => {
    const device = createFakeDevice()
    const worker = device.boot()
    const save = track(worker.saveLast('/api/a', 'm1'))
    await device.advance(0)
    expect([save.response?.status, device.upstream.bodies()]).toEqual([201, ['m1']])
    expect(device.upstream.received[0]?.headers.has('idempotency-key')).toBe(false)
    expect(device.upstream.received[0]?.init).toMatchObject({ referrer: 'about:client', referrerPolicy: '' })
    expect(device.emitted()).toEqual([])
  })

  test('wait behind what waits', async () => {
    const device = createFakeDevice()
    device.upstream.otherwise = noNetwork
    const worker = device.boot()
    await worker.save('/api/a', 'm1')
    const save = track(worker.saveLast('/api/a', 'm2'))
    await device.advance(0)
    expect(save.response?.status).toBe(202)
    expect(await worker.outbox.list()).toHaveLength(2)
  })

  test.each([
    ['nothing waits', false],
    ['something waits', true],
  ])('are not those of who has signed in meanwhile: %s', async (_name, waits) => {
    const device = createFakeDevice()
    device.upstream.otherwise = noNetwork
    await device.principal.set('ada')
    const first = device.boot()
    if (waits) await first.save('/api/a', 'm1')
    await device.advance(0)
    first.kill()
    device.upstream.received.length = 0
    device.caches.delay = () => 1_000
    const worker = device.boot()
    const save = track(worker.saveLast('/api/a', 'hers'))
    await device.advance(500)
    await device.principal.set('grace')
    await device.advance(60_000)
    expect(device.upstream.received).toEqual([])
    expect(save.response?.type).toBe('error')
    expect((await device.entries()).map(({ principal }) => principal)).toEqual(waits ? ['ada'] : [])
  })

  test('are ended when somebody else signs in', async () => {
    const { device, worker, signIn } = await refuseLate(0)
    device.upstream.otherwise = saysNothing
    const save = track(worker.saveLast('/api/a', 'hers'))
    await device.advance(10)
    await signIn('grace')
    await device.advance(0)
    expect([device.upstream.open(), save.isFailed]).toEqual([0, true])
  })
})
