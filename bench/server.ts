import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { resolve, sep } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { allowEveryOrigin } from '../demo/server/cross-origin.ts'
import { now } from './now.ts'
import type { Path } from './paths.ts'
import { readText } from './read-text.ts'
import { type Flowing, isPlan, streamEvents } from './stream-events.ts'

export interface BenchServer {
  url: string
  /** The same server under many names, six for each: a browser has six connections to an origin. */
  origin: (stream: number) => string
  /** Resolves once so many streams flow. */
  flowing: (count: number) => Promise<void>
  /** Ends all that flow, as if they had no more to say. */
  finish: () => void
  close: () => Promise<void>
}

/** A browser's connections to one origin, and origins enough for a hundred streams at once. */
const CONNECTIONS = 6
const ORIGINS = 17

const DIST = resolve(import.meta.dirname, '../dist')

/** Answers some requests; `false`: not this one. */
export type Answer = (req: IncomingMessage, res: ServerResponse) => Promise<boolean>

/**
 * A page and a worker per path, our built package below `/dist/`, and an upstream that streams as it is asked.
 *
 * @param first is asked before all else
 */
export async function startBenchServer(
  paths: readonly Path[],
  first: Answer = async () => false,
): Promise<BenchServer> {
  const flowing: Flowing = { count: 0, begun: 0, finish: new AbortController() }
  const listener = (req: IncomingMessage, res: ServerResponse) => {
    // Isolated pages have a clock of 5 µs instead of 100.
    res.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
    res.setHeader('Cross-Origin-Embedder-Policy', 'require-corp')
    allowEveryOrigin(req, res)
    if (req.method === 'OPTIONS') return void res.writeHead(204, { 'Access-Control-Max-Age': '600' }).end()
    const answered = first(req, res).then((isAnswered) =>
      isAnswered ? undefined : answer(paths, flowing, req, res),
    )
    answered.catch((error: unknown) => {
      if (!res.headersSent) res.writeHead(500)
      res.end(String(error))
    })
  }
  const servers = Array.from({ length: ORIGINS }, () => createServer(listener))
  for (const server of servers) {
    server.keepAliveTimeout = 75_000
    await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening))
  }
  const urls = servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const [url = ''] = urls
  return {
    url,
    origin: (stream) => urls[Math.floor(stream / CONNECTIONS)] ?? url,
    flowing: async (count) => {
      while (flowing.count < count) await sleep(10)
    },
    finish: () => {
      flowing.finish.abort()
      flowing.finish = new AbortController()
    },
    close: async () => {
      await Promise.all(
        servers.map((server) => {
          server.closeAllConnections()
          return new Promise((closed) => server.close(closed))
        }),
      )
    },
  }
}

async function answer(
  paths: readonly Path[],
  flowing: Flowing,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const { pathname } = new URL(req.url ?? '/', 'http://bench.invalid')
  if (pathname === '/clock') return send(res, 'application/json', String(now()))
  if (pathname === '/v1/chat/completions') {
    const { plan } = JSON.parse(await readText(req)) as { plan?: unknown }
    if (!isPlan(plan)) throw new TypeError('The body has no plan')
    return streamEvents(plan, res, flowing)
  }
  if (pathname.startsWith('/dist/')) {
    const file = resolve(DIST, `.${pathname.slice('/dist'.length)}`)
    if (!file.startsWith(DIST + sep)) throw new RangeError(`${pathname} is outside of dist`)
    return send(res, 'text/javascript', await readFile(file, 'utf8'))
  }
  const [, name, file] = pathname.split('/')
  const path = paths.find((each) => each.name === name)
  if (path && file === '')
    return send(res, 'text/html', '<!doctype html><title>bench</title><link rel="icon" href="data:,">')
  if (path?.worker && file === 'worker.js') {
    const { worker } = path
    const source =
      'source' in worker ? worker.source : await readFile(resolve(DIST, 'streamkeeper-sw.js'), 'utf8')
    return send(res, 'text/javascript', source)
  }
  res.writeHead(404).end()
}

function send(res: ServerResponse, type: string, body: string): void {
  res.writeHead(200, { 'Content-Type': `${type}; charset=utf-8`, 'Cache-Control': 'no-store' }).end(body)
}
