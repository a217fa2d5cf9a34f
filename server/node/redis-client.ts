import { Buffer } from 'node:buffer'
import { type Clock, pause } from '../../core/clock.ts'

type Argument = string | Buffer

/** A client of the package `redis`, version 5 or later. */
interface NodeRedis {
  sendCommand: (args: Argument[], options?: object) => Promise<unknown>
  withTypeMapping: unknown
  duplicate: () => NodeRedisSubscriber
}

/** A `createCluster` of the same package: it takes the key that decides where a command goes. */
interface NodeRedisCluster {
  sendCommand: (
    key: Argument | undefined,
    isReadonly: boolean,
    args: Argument[],
    options?: object,
  ) => Promise<unknown>
  withTypeMapping: unknown
  duplicate: () => NodeRedisSubscriber
  masters: unknown
}

interface NodeRedisSubscriber {
  connect: () => Promise<unknown>
  on: (event: 'error' | 'ready', listener: () => void) => unknown
  subscribe: (channel: string, listener: (message: string, channel: string) => void) => Promise<unknown>
  unsubscribe: (channel: string) => Promise<unknown>
  destroy: () => void
}

/** A client of the package `ioredis`, version 5 or later. */
interface Ioredis {
  callBuffer: (command: string, args: Argument[]) => Promise<unknown>
  pipeline: () => IoredisPipeline
  options: { enableAutoPipelining?: boolean | undefined }
  duplicate: () => IoredisSubscriber
}

interface IoredisPipeline {
  callBuffer: (command: string, args: Argument[]) => IoredisPipeline
  exec: () => Promise<[error: Error | null, reply: unknown][] | null>
}

interface IoredisSubscriber {
  on: ((event: 'error' | 'ready', listener: () => void) => unknown) &
    ((event: 'message', listener: (channel: string, message: string) => void) => unknown)
  subscribe: (channel: string) => Promise<unknown>
  unsubscribe: (channel: string) => Promise<unknown>
  disconnect: () => void
}

/** The app's own Redis client. */
export type RedisClient = NodeRedis | NodeRedisCluster | Ioredis

/** The little that the store needs of a client, whichever package it is from. Replies are buffers. */
export interface Redis {
  command: (args: Argument[]) => Promise<unknown>
  /** `begun` is called once every further message will be received, and again after the connection was down. */
  subscribe: (channel: string, received: (message: string) => void, begun: () => void) => void
  unsubscribe: (channel: string) => void
  /** Closes the connection that listens. */
  close: () => void
}

/** In `redis`, the type of a reply that may be binary is 36. */
const AS_BUFFERS = { typeMapping: { 36: Buffer } }

/** A subscription that failed with its connection is tried again after this long, ms. */
const RETRY_MS = 500

export function connectRedis(client: RedisClient, clock: Clock): Redis {
  if (typeof (client as Ioredis | undefined)?.callBuffer === 'function') {
    return ofIoredis(client as Ioredis, clock)
  }
  if (typeof (client as NodeRedis | undefined)?.sendCommand !== 'function') throw wrongClient('it is neither')
  // Version 4 gives text for bytes, whatever it is asked for.
  if (!('withTypeMapping' in client)) throw wrongClient('it is older')
  return ofNodeRedis(client as NodeRedis | NodeRedisCluster, clock)
}

export function wrongClient(why: string): TypeError {
  return new TypeError(`Wrong Redis client: takes one of the packages redis or ioredis, 5 or later; ${why}`)
}

function ofNodeRedis(client: NodeRedis | NodeRedisCluster, clock: Clock): Redis {
  return {
    command: (args) =>
      'masters' in client
        ? client.sendCommand(keyIn(args), false, args, AS_BUFFERS)
        : client.sendCommand(args, AS_BUFFERS),
    ...listen(clock, async (received, connectedAgain) => {
      const duplicate = client.duplicate()
      duplicate.on('error', ignore)
      await duplicate.connect()
      duplicate.on('ready', connectedAgain)
      return {
        // Subscribing the same listener twice counts once.
        subscribe: (channel) => duplicate.subscribe(channel, received),
        unsubscribe: (channel) => duplicate.unsubscribe(channel),
        close: () => duplicate.destroy(),
      }
    }),
  }
}

function ofIoredis(client: Ioredis, clock: Clock): Redis {
  return {
    command: async ([name, ...args]) => {
      if (!client.options.enableAutoPipelining) return client.callBuffer(String(name), args)
      // With auto-pipelining, `callBuffer` works only in a pipeline.
      const [[error, reply] = []] = (await client.pipeline().callBuffer(String(name), args).exec()) ?? []
      if (error) throw error
      return reply
    },
    ...listen(clock, async (received, connectedAgain) => {
      const duplicate = client.duplicate()
      duplicate.on('error', ignore)
      duplicate.on('message', (channel, message) => received(message, channel))
      duplicate.on('ready', connectedAgain)
      return {
        subscribe: (channel) => duplicate.subscribe(channel),
        unsubscribe: (channel) => duplicate.unsubscribe(channel),
        close: () => duplicate.disconnect(),
      }
    }),
  }
}

/** The connection that listens. */
interface Subscriber {
  subscribe: (channel: string) => Promise<unknown>
  unsubscribe: (channel: string) => Promise<unknown>
  close: () => void
}

/** @param connect `connectedAgain` is called when the connection is there again after a break */
function listen(
  clock: Clock,
  connect: (
    received: (message: string, channel: string) => void,
    connectedAgain: () => void,
  ) => Promise<Subscriber>,
): Omit<Redis, 'command'> {
  let subscriber: Promise<Subscriber> | undefined
  let isClosed = false
  const wanted = new Map<string, { received: (message: string) => void; begun: () => void }>()
  /** The channels that the client listens to. */
  const subscribed = new Set<string>()
  const settling = new Set<string>()
  return {
    subscribe: (channel, received, begun) => {
      wanted.set(channel, { received, begun })
      void settle(channel)
    },
    unsubscribe: (channel) => {
      wanted.delete(channel)
      void settle(channel)
    },
    close: () => {
      isClosed = true
      subscriber?.then(({ close }) => close()).catch(ignore)
    },
  }

  /**
   * Subscribes or unsubscribes until the client listens to a channel if that is wanted, and only then: an operation
   * that is under way when the connection breaks is not done. One after the other, because a client may lose a listener
   * that comes while its channel is being left.
   */
  async function settle(channel: string): Promise<void> {
    if (settling.has(channel)) return
    settling.add(channel)
    while (!isClosed && wanted.has(channel) !== subscribed.has(channel)) {
      try {
        const { subscribe, unsubscribe } = await connected()
        if (subscribed.has(channel)) {
          await unsubscribe(channel)
          subscribed.delete(channel)
        } else {
          await subscribe(channel)
          subscribed.add(channel)
        }
      } catch {
        // Until then readers poll.
        await pause(clock, RETRY_MS)
      }
    }
    settling.delete(channel)
    if (subscribed.has(channel)) wanted.get(channel)?.begun()
  }

  /** Messages that were sent while the connection was down are lost: each subscription begins again. */
  function connectedAgain(): void {
    for (const channel of wanted.keys()) {
      if (subscribed.delete(channel)) void settle(channel)
    }
  }

  function connected(): Promise<Subscriber> {
    subscriber ??= connect(
      (message, channel) => wanted.get(channel)?.received(message),
      connectedAgain,
    ).catch((error: unknown) => {
      subscriber = undefined
      throw error
    })
    return subscriber
  }
}

/** The key of a command by which a cluster finds its node; any node can publish. */
function keyIn([name, first, , key]: Argument[]): Argument | undefined {
  if (name === 'PUBLISH') return undefined
  return name === 'EVAL' || name === 'EVAL_RO' ? key : first
}

/** The client reconnects by itself, and until then readers poll. */
function ignore(): void {}
