import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasRedis, startRedis, type RedisServer } from '../start-redis.ts'
import { killOnce } from './kill-round.ts'
import { type Provider, startProvider } from './processes.ts'

// A handful here, with a clock that runs ten times as fast; `npm run test:server-kills` has a hundred, in real time.

const KILLS = Number(process.env.KILLS ?? 4)
const SPEED = Number(process.env.SPEED ?? 10)
const AT_ONCE = 10
const WORDS = 400
/** The provider may be so many words ahead of the reader when the server is killed, and never at its end. */
const AHEAD = 40
/** A lease and what comes on top of it, with the time that a busy machine takes to ask. */
const NOTICED_MS = 20_000 / SPEED + (SPEED > 1 ? 10_000 : 0)

const folder = mkdtempSync(join(tmpdir(), 'kills-'))
let provider: Provider
beforeAll(
  async () => void (provider = await startProvider(WORDS, 5, (response) => killedAt(response) + AHEAD)),
)
afterAll(() => {
  provider.close()
  rmSync(folder, { recursive: true })
})

/** How many words of a response are read before its server is killed, by the number in its name. */
function killedAt(response: string): number {
  return Math.floor(((Number(/\d+$/.exec(response)) + 0.5) / KILLS) * (WORDS - AHEAD))
}

/** Kills servers at moments spread over the whole response, several at once. */
async function killAll(name: string, store: (nth: number) => string) {
  const rounds = Array.from({ length: KILLS }, (_, nth) => nth)
  const results: Awaited<ReturnType<typeof killOnce>>[] = []
  await Promise.all(
    Array.from({ length: Math.min(AT_ONCE, KILLS) }, async () => {
      for (let nth = rounds.shift(); nth !== undefined; nth = rounds.shift()) {
        const response = `${name}-${nth}`
        const settings = {
          store: store(nth),
          provider,
          words: WORDS,
          speed: SPEED,
          killAfter: killedAt(response),
        }
        results.push(await killOnce(response, settings))
      }
    }),
  )
  const noticed = results.map(({ noticedMs }) => noticedMs)
  const lost = results.map(({ lostBytes }) => lostBytes)
  console.log(
    `${name}: ${results.length} kills, noticed after at most ${Math.round(Math.max(...noticed))} ms,` +
      ` at most ${Math.max(...lost)} bytes lost`,
  )
  expect(results).toHaveLength(KILLS)
  expect(Math.max(...noticed)).toBeLessThan(NOTICED_MS)
}

const TIMEOUT = 60_000 + KILLS * 20_000

test(
  'kill -9 mid-stream on SQLite: never a clean end, never a second run, told in time',
  { timeout: TIMEOUT },
  () => killAll('sqlite', (nth) => join(folder, `${nth}.db`)),
)

describe.runIf(hasRedis)('with Redis', () => {
  let redis: RedisServer
  beforeAll(async () => void (redis = await startRedis()))
  afterAll(() => redis[Symbol.asyncDispose]())

  test(
    'kill -9 mid-stream on Redis: never a clean end, never a second run, told in time',
    { timeout: TIMEOUT },
    () => killAll('redis', () => redis.url),
  )
})
