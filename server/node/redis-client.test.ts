import { expect, test } from 'vitest'
import { createFakeClock } from '../../core/testing/fake-clock.ts'
import { connectRedis } from './redis-client.ts'

/** A client of the package `redis`, whose connection that listens may be down; the channels that Redis knows it by. */
function fakeClient() {
  const fault = { isConnecting: false, isBroken: false }
  const channels = new Map<string, (message: string, channel: string) => void>()
  const settled = async (task: () => unknown) => {
    await Promise.resolve()
    if (fault.isBroken) throw new Error('Disconnected')
    task()
  }
  const client = {
    sendCommand: async () => null,
    duplicate: () => ({
      connect: async () => {
        if (fault.isConnecting) throw new Error('Refused')
      },
      on: () => {},
      subscribe: (channel: string, listener: (message: string, channel: string) => void) =>
        settled(() => channels.set(channel, listener)),
      unsubscribe: (channel: string) => settled(() => channels.delete(channel)),
      destroy: () => {},
    }),
  }
  const clock = createFakeClock()
  return { redis: connectRedis(client, clock), clock, fault, channels }
}

test('who subscribes while the connection breaks hears what comes after', async () => {
  const { redis, clock, fault, channels } = fakeClient()
  const received: string[] = []
  fault.isBroken = true
  redis.subscribe(
    'a',
    (message) => received.push(message),
    () => {},
  )
  await clock.advance(1_200)
  fault.isBroken = false
  await clock.advance(1_000)
  channels.get('a')?.('1', 'a')
  expect(received).toEqual(['1'])
})

test('who subscribes is told when that has begun, also where it was listened to still', async () => {
  const { redis, clock, fault, channels } = fakeClient()
  const begun: number[] = []
  fault.isBroken = true
  redis.subscribe(
    'a',
    () => {},
    () => begun.push(channels.size),
  )
  await clock.advance(1_200)
  expect(begun).toEqual([])
  fault.isBroken = false
  await clock.advance(1_000)
  expect(begun).toEqual([1])
  redis.unsubscribe('a')
  redis.subscribe(
    'a',
    () => {},
    () => begun.push(channels.size),
  )
  await clock.advance(1_000)
  expect(begun).toEqual([1, 1])
})

test('who leaves while the connection breaks has left after', async () => {
  const { redis, clock, fault, channels } = fakeClient()
  redis.subscribe(
    'a',
    () => {},
    () => {},
  )
  await clock.advance(0)
  fault.isBroken = true
  redis.unsubscribe('a')
  await clock.advance(1_200)
  fault.isBroken = false
  await clock.advance(1_000)
  expect([...channels]).toEqual([])
})

test('who leaves and comes back, again and again, hears what comes last', async () => {
  const { redis, clock, fault, channels } = fakeClient()
  const received: string[] = []
  for (let round = 0; round < 20; round++) {
    fault.isBroken = round % 3 === 1
    redis.subscribe(
      'a',
      (message) => received.push(`${round} ${message}`),
      () => {},
    )
    if (round % 2) await clock.advance(round * 50)
    if (round < 19) redis.unsubscribe('a')
  }
  await clock.advance(1_000)
  channels.get('a')?.('1', 'a')
  expect(received).toEqual(['19 1'])
})

test('a first connection that fails is made again', async () => {
  const { redis, clock, fault, channels } = fakeClient()
  fault.isConnecting = true
  redis.subscribe(
    'a',
    () => {},
    () => {},
  )
  await clock.advance(1_200)
  fault.isConnecting = false
  await clock.advance(1_000)
  expect([...channels.keys()]).toEqual(['a'])
})

test('nothing is tried again once it is closed', async () => {
  const { redis, clock, fault, channels } = fakeClient()
  fault.isBroken = true
  redis.subscribe(
    'a',
    () => {},
    () => {},
  )
  await clock.advance(100)
  redis.close()
  fault.isBroken = false
  await clock.advance(10_000)
  expect([...channels]).toEqual([])
})
