import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, get, request as send, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { hasRedis, startRedis } from '../../server/testing/start-redis.ts'
import { median, percentile } from '../statistics.ts'
import { inTurn } from '../turns.ts'
import { delaysIn, serveProvider } from './provider.ts'

/** `direct`: the answer is passed on and not kept. `resumable-stream`: what the AI SDK's documentation recommends. */
export const WAYS = ['direct', 'sqlite', 'redis', 'resumable-stream'] as const
export type Way = (typeof WAYS)[number]

export interface Figures {
  /** From the request to the first byte, one request at a time, ms. */
  firstByteMs: number
  /** One long answer, as fast as it goes, and what it costs the server. */
  megabytesPerSecond: number
  cpuMsPerMegabyte: number
  /** The same answer read again, after its end; `NaN`: it cannot be. */
  replayMegabytesPerSecond: number
  /** How much more CPU an answer takes that is four times as long: 4, if the work grows with the length. */
  growth: number
  /** Answers that are open at once, each with two readers. */
  delayMs: { median: number; p99: number }
  bytesPerAnswer: number
  cpuPercent: number
}

export interface Size {
  rounds: number
  requests: number
  megabytes: number
  open: number
  words: number
  everyMs: number
}

/** Measures all ways in turn, round by round, each in a process of its own. */
export async function measureStreams(size: Size): Promise<Partial<Record<Way, Figures[]>>> {
  const provider = await serveProvider()
  await using redis = hasRedis ? await startRedis() : undefined
  const ways = WAYS.filter((way) => redis || way === 'direct' || way === 'sqlite')
  const measured: Partial<Record<Way, Figures[]>> = {}
  try {
    for (let round = 0; round < size.rounds; round++) {
      for (const way of inTurn(ways, round)) {
        const figures = await measureWay(way, provider.url, redis?.url ?? '', size)
        ;(measured[way] ??= []).push(figures)
      }
    }
  } finally {
    provider.close()
  }
  return measured
}

async function measureWay(way: Way, upstream: string, redis: string, size: Size): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'streams-'))
  const env = { ...process.env, WAY: way, UPSTREAM: upstream, REDIS: redis, FILE: join(folder, 'answers.db') }
  const script = join(import.meta.dirname, 'app.ts')
  const child = spawn(process.execPath, ['--expose-gc', script], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const [url] = (await once(createInterface(child.stdout), 'line')) as [string]
    // The first compilation is not measured.
    for (let count = 0; count < 20; count++) await read(await post(`${url}/?words=1`))
    return {
      firstByteMs: await measureFirstByte(url, size),
      ...(await measureBulk(url, size)),
      ...(await measureOpen(url, size)),
    }
  } finally {
    await end(child)
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measureFirstByte(url: string, { requests }: Size): Promise<number> {
  const times: number[] = []
  for (let count = 0; count < requests; count++) {
    const since = performance.now()
    const response = await post(`${url}/?words=1`)
    await once(response, 'readable')
    times.push(performance.now() - since)
    await read(response)
  }
  return median(times)
}

async function measureBulk(url: string, { megabytes }: Size) {
  const quarter = await measureRead(url, () => post(`${url}/?bytes=${(megabytes / 4) * 1e6}`))
  let where: string | undefined
  const whole = await measureRead(url, async () => {
    const response = await post(`${url}/?bytes=${megabytes * 1e6}`)
    where = response.headers['content-location']
    return response
  })
  const replay = where && (await measureRead(url, () => fetchStream(`${url}${where}?live=stream`)))
  return {
    megabytesPerSecond: whole.megabytes / whole.seconds,
    cpuMsPerMegabyte: whole.cpuMs / whole.megabytes,
    replayMegabytesPerSecond:
      replay && replay.megabytes === whole.megabytes ? replay.megabytes / replay.seconds : NaN,
    growth: whole.cpuMs / quarter.cpuMs,
  }
}

async function measureRead(url: string, open: () => Promise<IncomingMessage>) {
  const before = await usage(url)
  const since = performance.now()
  const length = await read(await open())
  const seconds = (performance.now() - since) / 1000
  const { cpuMs } = await usage(url)
  return { megabytes: length / 1e6, seconds, cpuMs: cpuMs - before.cpuMs }
}

/** Many answers at once, each read by who asked and by one more. */
async function measureOpen(url: string, { open, words, everyMs }: Size) {
  const before = await usage(url)
  const delays: number[] = []
  const reading: Promise<unknown>[] = []
  const listen = (response: IncomingMessage) => {
    response.on('data', (data) => delays.push(...delaysIn(String(data))))
    reading.push(once(response, 'end'))
  }
  for (let count = 0; count < open; count++) {
    const response = await post(`${url}/?words=${words}&everyMs=${everyMs}`)
    listen(response)
    const where = response.headers['content-location']
    if (where) listen(await fetchStream(`${url}${where}?live=stream`))
    // All of them begin within one word's time.
    if (count % Math.ceil(open / 20) === 0) await sleep(everyMs / 20)
  }
  delays.length = 0
  const middle = await usage(url)
  const since = performance.now()
  await sleep(everyMs * Math.min(4, words / 2))
  const after = await usage(url)
  const cpuPercent = ((after.cpuMs - middle.cpuMs) / (performance.now() - since)) * 100
  const seen = delays.slice()
  await Promise.all(reading)
  return {
    delayMs: { median: percentile(seen, 50), p99: percentile(seen, 99) },
    bytesPerAnswer: (middle.rss - before.rss) / open,
    cpuPercent,
  }
}

const agent = new Agent({ keepAlive: true, maxSockets: Infinity })

function post(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) =>
    send(url, { method: 'POST', agent }, resolve).on('error', reject).end(),
  )
}

function fetchStream(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => get(url, { agent }, resolve).on('error', reject))
}

async function read(response: IncomingMessage): Promise<number> {
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) length += chunk.length
  return length
}

async function usage(url: string): Promise<{ cpuMs: number; rss: number }> {
  return (await fetch(`${url}/usage`)).json() as Promise<{ cpuMs: number; rss: number }>
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
