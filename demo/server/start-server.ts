import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { trackConnections } from './connections.ts'
import { type Exchange, openExchange } from './exchange.ts'
import { answerHistory } from './history/answer-history.ts'
import { openHistory } from './history/open-history.ts'
import type { SaveAttempt } from './history/save-log.ts'
import { createKeptAnswers } from './provider/kept-answers.ts'
import { sendError } from './send.ts'
import { serveSite } from './site.ts'
import { isKeptAnswer, openStreams } from './streams/open-streams.ts'
import { answerUpstream, type UpstreamContext } from './upstream/answer-upstream.ts'
import { createAttemptCounter } from './upstream/attempt-counter.ts'
import { answerLog } from './upstream/log-api.ts'
import { createPassThrough } from './upstream/pass-through.ts'
import { createUpstreamLog } from './upstream/upstream-log.ts'
import { wait } from './wait.ts'

export interface ServerOptions {
  /** Default: 0, a free one. A busy one rejects with `EADDRINUSE`. */
  port?: number
  /** Default: `127.0.0.1`, which no other machine reaches. */
  host?: string
  /** Path of the history's SQLite file. Default: in memory, gone with the server. */
  database?: string
  /** Where answers are kept for other devices: an SQLite file, or the URL of a Redis. Default: they are not. */
  answers?: string | undefined
  /** Folder of the built site. Default: `demo/dist` in `root`. */
  site?: string
  /** The repository. Default: the one this file is in. */
  root?: string
  /** How long the site's pages take, ms; looked up for each of them. Default: no time. */
  pagesAfterMs?: () => number
  /** A real provider to stand behind `/v1`, e.g. `https://api.openai.com/v1`. Default: the demo's own. */
  upstreamUrl?: string | undefined
  /** How long a real provider may take to its headers. Default: 620 000. */
  upstreamHeadersMs?: number
  /** The pace of answers that ask for no other, looked up for each token; 0 is as fast as possible. Default: 35. */
  tokensPerSecond?: () => number
}

export interface RunningServer {
  /** Without a slash at its end. */
  url: string
  port: number
  /** The writes that reached its history, the oldest first; also when it is closed. */
  saves: () => SaveAttempt[]
  /** Destroys every open connection and goes on listening. */
  dropConnections: () => void
  /** Destroys every open connection and stops; the port is free afterwards. */
  close: () => Promise<void>
}

/** Starts the demo: its site, its provider, its history, all on one port. */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const root = options.root ?? resolve(dirname(fileURLToPath(import.meta.url)), '../..')
  const site = resolve(options.site ?? `${root}/demo/dist`)
  const server = createServer()
  // Node's own 5 s would cut connections that a keeper expects to use again.
  server.keepAliveTimeout = 75_000
  const connections = trackConnections(server)
  const passThrough =
    options.upstreamUrl === undefined
      ? undefined
      : createPassThrough({
          upstreamUrl: options.upstreamUrl,
          headersMs: options.upstreamHeadersMs ?? 620_000,
          connections,
        })
  const stopping = new AbortController()
  const history = openHistory(options.database ?? ':memory:', connections, stopping.signal)
  const upstream: UpstreamContext = {
    log: createUpstreamLog(),
    attempts: createAttemptCounter(),
    connections,
    tokensPerSecond: options.tokensPerSecond ?? (() => 35),
    kept: createKeptAnswers(),
    passThrough,
  }
  const chatUrl = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/chat/completions`
  const kept = options.answers === undefined ? undefined : await openStreams(options.answers, chatUrl)
  const keepsAnswers = kept !== undefined
  const config = passThrough
    ? { provider: 'upstream' as const, upstreamOrigin: passThrough.origin, keepsAnswers }
    : { provider: 'demo' as const, keepsAnswers }

  const route = async (exchange: Exchange) => {
    const { pathname } = exchange.url
    if (pathname.startsWith('/v1/')) return answerUpstream(exchange, upstream)
    if (pathname.startsWith('/__upstream/')) return answerLog(exchange, { ...upstream, config })
    if (kept && isKeptAnswer(pathname)) return kept.handle(exchange.req, exchange.res)
    if (pathname.startsWith('/api/')) return answerHistory(exchange, history)
    const afterMs = /(\/|\.html)$/.test(pathname) ? (options.pagesAfterMs?.() ?? 0) : 0
    if (afterMs > 0) await wait(afterMs, exchange.over)
    return serveSite(exchange, site)
  }

  server.on('request', (req, res) => {
    const exchange = openExchange(req, res)
    if (!exchange) return sendError(res, 400, 'bad_url', 'The request has no valid URL')
    route(exchange).catch((error: unknown) => {
      // The client left while we waited, or before its body was whole; or we are closing.
      if (exchange.over.aborted || !req.complete || stopping.signal.aborted) return
      console.error(error)
      if (res.headersSent) res.destroy()
      else sendError(res, 500, 'internal_error', 'The demo server failed')
    })
  })

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      history.database.close()
      kept?.close()
      reject(error)
    })
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve)
  })
  const close = async () => {
    stopping.abort()
    const ended = new Promise((resolve) => server.close(resolve))
    connections.drop()
    passThrough?.close()
    await ended
    kept?.close()
    history.database.close()
  }
  let closed: Promise<void> | undefined
  const { address, family, port } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    port,
    saves: () => history.saves.list(null),
    dropConnections: connections.drop,
    close: () => (closed ??= close()),
  }
}
