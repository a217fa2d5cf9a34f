import { Buffer } from 'node:buffer'
import { type Clock, systemClock } from '../../core/clock.ts'
import { checkOptions, text, wholeNumber } from '../check-options.ts'
import { encodeName } from '../encode-name.ts'
import { inTime } from '../in-time.ts'
import { OPEN_MS } from '../limits.ts'
import { createListeners } from '../stores/listeners.ts'
import type { StoredStream, StreamStore } from '../stores/store.ts'
import { connectRedis, type RedisClient, wrongClient } from './redis-client.ts'

export interface RedisStore extends StreamStore {
  /** Closes the connection that listens for changes. The client is the app's own. */
  close: () => void
}

export interface RedisStoreOptions {
  /** The prefix of all keys. Default `'streamkeeper:'`. */
  prefix?: string
  /** A command that has no reply in this time has failed, ms. Default 5 000. */
  commandMs?: number
}

/** The most bytes in an entry of the log. */
const ENTRY_BYTES = 16 * 1024

/** How many ids a list keeps. */
const MAX_LISTED = 200

/** A key is remembered for this much longer than its stream, ms. */
const KEY_MS = 86_400_000

/**
 * A stream is a hash (its record) and a Redis Stream (its log), whose entry ids are the positions after their last bytes:
 * Redis itself refuses entries out of order. A script sees both at the same moment.
 */
const CREATE = `
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'version', 1, 'length', 0, 'info', ARGV[1], 'ttl', ARGV[2], 'lists', ARGV[3])
redis.call('PEXPIRE', KEYS[1], math.max(ARGV[2], ${OPEN_MS}))
return 1`

const WRITE = `
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then return 0 end
local bytes = ARGV[2]
for at = 1, #bytes, ${ENTRY_BYTES} do
  local part = string.sub(bytes, at, at + ${ENTRY_BYTES} - 1)
  local upto = redis.call('HINCRBY', KEYS[1], 'length', #part)
  redis.call('XADD', KEYS[2], string.format('%.0f-0', upto), 'b', part)
end
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'info', ARGV[3]) end
redis.call('HSET', KEYS[1], 'version', ARGV[6])
local ttl = redis.call('HGET', KEYS[1], 'ttl')
if ARGV[5] == '' then ttl = math.max(ttl, ${OPEN_MS}) end
redis.call('PEXPIRE', KEYS[1], ttl)
redis.call('PEXPIRE', KEYS[2], ttl)
redis.call('PUBLISH', ARGV[4], ARGV[6])
return 1`

const LOST = 'LOST bytes are missing'

const READ = `
local found = redis.call('HMGET', KEYS[1], 'version', 'length', 'info')
if not found[1] then return false end
local at, room, length = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(found[2])
local parts = {}
while room > 0 and at < length do
  local page = redis.call('XRANGE', KEYS[2], string.format('%.0f', at + 1), '+', 'COUNT', 16)
  if #page == 0 then return redis.error_reply('${LOST}') end
  for _, entry in ipairs(page) do
    local bytes = entry[2][2]
    local start = tonumber(string.match(entry[1], '^%d+')) - #bytes
    if start > at then return redis.error_reply('${LOST}') end
    local part = string.sub(bytes, at - start + 1, at - start + room)
    parts[#parts + 1] = part
    at = at + #part
    room = room - #part
    if room == 0 then break end
  end
end
return { found[1], found[2], found[3], table.concat(parts) }`

/** Turns the record into a mark of its removal: Redis allows all of this even when it is full. */
const REMOVE = `
redis.call('DEL', KEYS[2])
local lists = redis.call('HGET', KEYS[1], 'lists')
if not lists then return false end
redis.call('HDEL', KEYS[1], 'info', 'lists')
redis.call('RENAME', KEYS[1], KEYS[3])
redis.call('PEXPIRE', KEYS[3], ${OPEN_MS})
return lists`

const CLAIM = `
local id = redis.call('GET', KEYS[1])
if id and id ~= ARGV[2] then return id end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
return ARGV[1]`

/** Later than every version. */
const REMOVED = Number.MAX_SAFE_INTEGER

/**
 * Keeps streams in Redis 7 or Valkey, for any number of server processes. Uses the app's own client, which must be
 * connected: of the package `redis` or `ioredis`, also for a cluster. A second connection, a duplicate of it, listens
 * for changes.
 *
 * What Redis loses is lost: with `appendonly yes` that is at most a second when its machine dies. `maxmemory-policy`
 * should be `noeviction` or a `volatile-` one; a stream of which Redis has dropped a part fails, and is never returned.
 *
 * @throws {TypeError} if the client is none of these, and naming a wrong or unknown option.
 */
export function redisStore(
  client: RedisClient,
  options: RedisStoreOptions = {},
  clock: Clock = systemClock,
): RedisStore {
  checkOptions(options, { prefix: text, commandMs: wholeNumber })
  const { prefix = 'streamkeeper:', commandMs = 5_000 } = options
  const redis = connectRedis(client, clock)
  const listeners = createListeners({
    first: (id) => {
      const received = (message: string) => listeners.call(id, Number(message))
      redis.subscribe(channel(id), received, () => void look(id).catch(() => {})) // Readers poll, too.
    },
    last: (id) => redis.unsubscribe(channel(id)),
  })

  return {
    create: async ({ id, owner, conversation, key, info, ttlMs }) => {
      const lists = [list(owner), ...(conversation === undefined ? [] : [list(owner, conversation)])]
      const isNew = await command('EVAL', CREATE, '1', record(id), info, String(ttlMs), JSON.stringify(lists))
      if (Number(isNew) === 0) throw new Error('Cannot create stream: its id is taken')
      // The stream exists before its key names it: whoever finds the key finds the stream, or knows that it is gone.
      const holder = key === undefined ? id : await claim(owner, key, id, ttlMs)
      if (holder !== id) await command('DEL', record(id))
      else await Promise.all(lists.map((name) => enlist(name, id, ttlMs)))
      return holder
    },
    write: async (
      id,
      version,
      { bytes = new Uint8Array(), info = '', nextVersion = version + 1, isEnd = false },
    ) => {
      const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
      const args = [String(version), data, info, channel(id), isEnd ? 'end' : '', String(nextVersion)]
      return Number(await command('EVAL', WRITE, '2', record(id), log(id), ...args)) === 1
    },
    read,
    watch: listeners.add,
    list: async (owner, conversation) => {
      const ids = await command('LRANGE', list(owner, conversation), '0', '-1')
      return (ids as Buffer[]).map(String)
    },
    delete: async (id) => {
      const args = [record(id), log(id), deleted(id)]
      const lists = (await command('EVAL', REMOVE, '3', ...args)) as Buffer | null
      for (const name of lists ? (JSON.parse(lists.toString()) as string[]) : [])
        await command('LREM', name, '0', id)
      await command('PUBLISH', channel(id), String(REMOVED))
    },
    wasDeleted: async (id) => Number(await command('EXISTS', deleted(id))) === 1,
    close: redis.close,
  }

  /** Gives a key to a stream, unless an existing one has it; returns the id of the one that has it. */
  async function claim(owner: string, key: string, id: string, ttlMs: number): Promise<string> {
    const name = `${prefix}key:${encodeName(owner)}:${encodeName(key)}`
    const give = async (formerId: string) =>
      String(await command('EVAL', CLAIM, '1', name, id, formerId, String(ttlMs + KEY_MS)))
    for (let formerId = ''; ;) {
      const holder = await give(formerId)
      if (holder === id || Number(await command('EXISTS', record(holder))) === 1) return holder
      formerId = holder
    }
  }

  async function enlist(name: string, id: string, ttlMs: number): Promise<void> {
    await command('LPUSH', name, id)
    await command('LTRIM', name, '0', String(MAX_LISTED - 1))
    await command('PEXPIRE', name, String(ttlMs + KEY_MS))
  }

  function command(...args: (string | Buffer)[]): Promise<unknown> {
    return inTime(clock, commandMs, redis.command(args), 'Cannot reach Redis: no reply in time')
  }

  /** Both keys of a stream lie in the same slot of a cluster. */
  function record(id: string): string {
    return `${prefix}{${id}}:record`
  }

  function log(id: string): string {
    return `${prefix}{${id}}:log`
  }

  /** The mark of a removal, for a producer that may not know of it yet. */
  function deleted(id: string): string {
    return `${prefix}{${id}}:deleted`
  }

  async function read(id: string, from: number, maxBytes: number): Promise<StoredStream | undefined> {
    const args = [String(from), String(maxBytes)]
    const reply = await command('EVAL_RO', READ, '2', record(id), log(id), ...args).catch(failedRead)
    if (!Array.isArray(reply)) return undefined
    const [version, length, info, bytes] = reply as Buffer[]
    // Text has lost what is no text, and `new Uint8Array` takes it for a length.
    if (!bytes || !ArrayBuffer.isView(bytes)) throw wrongClient('its replies are no buffers')
    return {
      version: Number(version),
      length: Number(length),
      info: String(info),
      bytes: new Uint8Array(bytes),
    }
  }

  /** Catches up once a subscription has begun: writes before that were not announced here. */
  async function look(id: string): Promise<void> {
    const stored = await read(id, 0, 0)
    listeners.call(id, stored?.version ?? REMOVED)
  }

  function channel(id: string): string {
    return `${prefix}{${id}}:changed`
  }

  function list(owner: string, conversation?: string): string {
    const of = conversation === undefined ? '' : `:${encodeName(conversation)}`
    return `${prefix}streams:${encodeName(owner)}${of}`
  }
}

function failedRead(error: unknown): never {
  if (!(error instanceof Error && error.message.includes(LOST))) throw error
  throw Object.assign(new Error('Cannot read stream: bytes are missing'), { name: 'DataLostError' })
}
