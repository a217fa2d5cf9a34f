import { describe, expect, test } from 'vitest'
import { createFakeClock } from '../../core/testing/fake-clock.ts'
import { connectRedis, type RedisClient } from './redis-client.ts'

type Heard = (message: string, channel: string) => void

/** A client of either package, whose connection that listens may be down; the channels that Redis knows it by. */
function fakeClient(kind: string) {
  const fault = { isConnecting: false, isBroken: false }
  const channels = new Map<string, Heard>()
  const listeners = new Map<string, (...args: string[]) => void>()
  const settled = async (task: () => unknown) => {
    await Promise.resolve()
    if (fault.isBroken || fault.isConnecting) throw new Error('Disconnected')
    task()
  }
  const ofIoredis: Heard = (message, channel) => listeners.get('message')?.(channel, message)
  const commands = {
    redis: { sendCommand: async () => null, withTypeMapping: () => {} },
    ioredis: { callBuffer: async () => null },
  }[kind]
  const client = {
    ...commands,
    duplicate: () => ({
      connect: async () => {
        if (fault.isConnecting) throw new Error('Refused')
      },
      on: (event: string, listener: () => void) => listeners.set(event, listener),
      subscribe: (channel: string, listener = ofIoredis) => settled(() => channels.set(channel, listener)),
      unsubscribe: (channel: string) => settled(() => channels.delete(channel)),
      destroy: () => {},
      disconnect: () => {},
    }),
  }
  const clock = createFakeClock()
  const redis = connectRedis(client as unknown as RedisClient, clock)
  return { redis, clock, fault, channels, connectedAgain: () => listeners.get('ready')?.() }
}

describe.each(['redis', 'ioredis'])('a client of the package %s', (kind) => {
  test('who subscribes while the connection breaks hears what comes after', async () => {
    const { redis, clock, fault, channels } = fakeClient(kind)
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
    const { redis, clock, fault, channels } = fakeClient(kind)
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
    const { redis, clock, fault, channels } = fakeClient(kind)
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
    const { redis, clock, fault, channels } = fakeClient(kind)
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
    const { redis, clock, fault, channels } = fakeClient(kind)
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
    const { redis, clock, fault, channels } = fakeClient(kind)
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

  test('who subscribes is told when it begins again, as the connection was down', async () => {
    const { redis, clock, connectedAgain, channels } = fakeClient(kind)
    const calls: string[] = []
    for (const channel of ['a', 'b'])
      redis.subscribe(
        channel,
        (message) => calls.push(message),
        () => calls.push(`begun ${channel}`),
      )
    await clock.advance(10)
    redis.unsubscribe('b')
    await clock.advance(10)
    connectedAgain()
    await clock.advance(10)
    expect(calls).toEqual(['begun a', 'begun b', 'begun a'])
    channels.get('a')?.('1', 'a')
    expect(calls.slice(3)).toEqual(['1'])
  })
})
