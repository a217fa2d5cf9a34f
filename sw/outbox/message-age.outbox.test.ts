import { describe, expect, test } from 'vitest'
import { createFakeDevice } from '../testing/fake-device.ts'
import { created, noNetwork } from '../testing/fake-upstream.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** Of which nobody needs to say whose it is. */
const TOKEN = { headers: { authorization: 'Bearer t' } }

function offline() {
  const device = createFakeDevice()
  device.upstream.otherwise = noNetwork
  const online = async (worker: ReturnType<typeof device.boot>) => {
    device.upstream.otherwise = created
    device.upstream.received.length = 0
    void worker.outbox.drain('woken')
    await device.advance(1_000)
    return device.upstream.bodies()
  }
  return { device, online }
}

describe('C5 a jump of the clock makes no message too old', () => {
  test('saved by a clock that was years behind, and tried after it was set right', async () => {
    const { device, online } = offline()
    const first = device.boot()
    await first.save('/api/a', 'm1', TOKEN)
    await device.advance(1_000)
    first.kill()
    device.clock.jump(400 * DAY)
    const second = device.boot()
    await device.advance(20 * HOUR)
    expect(await second.outbox.list()).toMatchObject([{ state: 'waiting' }])
    expect(await online(second)).toEqual(['m1'])
  })

  test('a clock that is far ahead for a moment', async () => {
    const { device, online } = offline()
    const worker = device.boot()
    await worker.save('/api/a', 'm1', TOKEN)
    await worker.save('/api/b', 'm2', TOKEN)
    device.clock.jump(30 * DAY)
    void worker.outbox.drain('flush')
    await device.advance(2_000)
    device.clock.jump(-30 * DAY)
    await device.advance(HOUR)
    expect(await worker.outbox.isEmpty()).toBe(false)
    expect(await online(worker)).toEqual(['m1', 'm2'])
    expect(device.emitted()).not.toContain('save_dead')
  })

  test('what it says is forgotten once it does not say so any more', async () => {
    const { device } = offline()
    const first = device.boot()
    await first.save('/api/a', 'm1', TOKEN)
    first.kill()
    device.clock.jump(8 * DAY)
    const second = device.boot()
    await device.advance(1_000)
    device.clock.jump(-8 * DAY)
    await device.advance(2 * DAY)
    device.clock.jump(8 * DAY)
    await device.advance(20 * HOUR)
    expect(await second.outbox.list()).toMatchObject([{ state: 'waiting' }])
  })
})

test('a message is too old when a worker has known it for that long, whatever the clock says', async () => {
  const { device } = offline()
  const worker = device.boot()
  await worker.save('/api/a', 'm1', TOKEN)
  device.clock.jump(-2 * DAY)
  void worker.outbox.drain('flush')
  await device.advance(7 * DAY + HOUR)
  expect(await worker.outbox.list()).toMatchObject([{ state: 'dead', code: 'network_error' }])
})

test('a message that a later worker finds too old is tried for another day', async () => {
  const { device } = offline()
  const first = device.boot()
  await first.save('/api/a', 'm1', TOKEN)
  first.kill()
  await device.advance(8 * DAY)
  const second = device.boot()
  await device.advance(20 * HOUR)
  expect(await second.outbox.list()).toMatchObject([{ state: 'waiting' }])
  await device.advance(5 * HOUR)
  expect(await second.outbox.list()).toMatchObject([{ state: 'dead' }])
})

test('waiting for a conversation takes no longer when the clock is set back', async () => {
  const { device } = offline()
  const worker = device.boot()
  await worker.save('/api/a', 'm1', TOKEN)
  let isOver = false
  void worker.outbox.settled('/api/a', 3_000, new AbortController().signal).then(() => (isOver = true))
  await device.advance(1_000)
  device.clock.jump(-HOUR)
  await device.advance(2_100)
  expect(isOver).toBe(true)
})
