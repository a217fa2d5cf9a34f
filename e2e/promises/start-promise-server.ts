import { createHash } from 'node:crypto'
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { trackConnections } from '../../demo/server/connections.ts'
import { allowEveryOrigin } from '../../demo/server/cross-origin.ts'
import { endConnection } from '../../demo/server/end-connection.ts'
import { type Exchange, openExchange } from '../../demo/server/exchange.ts'
import { answerWrite } from '../../demo/server/history/answer-write.ts'
import { readBehaviour } from '../../demo/server/history/behaviours.ts'
import type { Answer } from '../../demo/server/history/answer.ts'
import { type History, openHistory } from '../../demo/server/history/open-history.ts'
import { createKeptAnswers } from '../../demo/server/provider/kept-answers.ts'
import { readBody } from '../../demo/server/read-body.ts'
import { sendError, sendJson, sendText } from '../../demo/server/send.ts'
import { answerUpstream, type UpstreamContext } from '../../demo/server/upstream/answer-upstream.ts'
import { createAttemptCounter } from '../../demo/server/upstream/attempt-counter.ts'
import { createUpstreamLog } from '../../demo/server/upstream/upstream-log.ts'
import { watchAttempt } from '../../demo/server/upstream/watch-attempt.ts'
import { wait } from '../../demo/server/wait.ts'
import type { Site } from './build-site.ts'
import { OWN_PIECES, OWN_PIECE_MS, THINK_MS, type SeenElsewhere, type SeenSaves } from './page/upstream.ts'
import { readReport, type Report } from './report.ts'

export interface PromiseServerOptions {
  site: Site
  /** Is given each report that a page posts. */
  onReport: (report: Report) => void | Promise<void>
  /** Default: 0, a free one. */
  port?: number
  /** Default: `127.0.0.1`, which no other machine reaches. */
  host?: string
  /** With it the page is served over https. */
  tls?: { cert: Buffer; key: Buffer } | undefined
}

export interface PromiseServer {
  port: number
  close: () => Promise<void>
}

/** More than any report, or any body that the page sends. */
const MAX_BODY_BYTES = 4 * 2 ** 20

/** How long the server is away when it is started anew, ms. */
const RESTART_MS = 1_000

/** Serves the promise page, its workers, and an upstream and an API that misbehave as the page asks. */
export async function startPromiseServer(options: PromiseServerOptions): Promise<PromiseServer> {
  const { site, onReport, host = '127.0.0.1', tls } = options
  const create = () => (tls ? createHttpsServer(tls) : createHttpServer())
  const server = create()
  server.keepAliveTimeout = 75_000
  const connections = trackConnections(server)
  const stopping = new AbortController()
  const history = openHistory(':memory:', connections, stopping.signal)
  const upstream: UpstreamContext = {
    log: createUpstreamLog(),
    attempts: createAttemptCounter(),
    connections,
    tokensPerSecond: () => 100,
    kept: createKeptAnswers(),
    passThrough: undefined,
  }
  const elsewhere = startElsewhere(create())
  /** Of the bytes that were sent, by the request's own name. */
  const digests = new Map<string, string>()
  /** By session: whose cookie came with each write. */
  const senders = new Map<string, string[]>()
  /** When the server was first asked for a chat while it is started anew, by the chat's own name. */
  const restarts = new Map<string, number>()
  /** How often a new version of the workers was deployed. */
  let deployed = 0

  const answer = async (exchange: Exchange): Promise<void> => {
    const { req, res, url } = exchange
    const { pathname, searchParams } = url
    const [, first = '', second = '', third = ''] = pathname.split('/')
    const digest = searchParams.get('digest')
    if (digest) digestBody(res, (hex) => digests.set(digest, hex))

    switch (first) {
      case '__promises':
        return answerPage(exchange, second)
      case 'v1':
        return answerUpstream(exchange, upstream)
      case 'hasty':
        url.pathname = pathname.slice('/hasty'.length)
        return answerUpstream(exchange, upstream)
      case 'restarting':
        url.pathname = pathname.slice('/restarting'.length)
        if (Date.now() - restartedAt(searchParams.get('id') ?? '') < RESTART_MS)
          return endConnection(exchange, connections, 'reset')
        return answerUpstream(exchange, upstream)
      case 'own':
        return sayOwnProtocol(exchange)
      case 'thinking':
        return think(exchange)
      case 'echo':
        return echo(exchange)
      case 'chats':
        // This server gives nothing again: only a worker can.
        return sendText(res, 204, '')
      case 'api': {
        const who = /\bwho=(\w+)/.exec(req.headers.cookie ?? '')?.[1] ?? ''
        senders.set(third, [...(senders.get(third) ?? []), who])
        const perform = (body: unknown) => saveAgain(history, third, body)
        return answerWrite(exchange, { session: third, perform }, history)
      }
    }
    const worker = second === 'sw.js' ? site.workers.get(first) : undefined
    if (worker !== undefined)
      return sendText(res, 200, `${worker}\n// Version ${deployed}.\n`, {
        'Content-Type': 'text/javascript; charset=utf-8',
      })
    return answerFile(exchange, site)
  }

  const restartedAt = (id: string) => {
    const at = restarts.get(id) ?? Date.now()
    restarts.set(id, at)
    return at
  }

  /** Calls from the page to its own server; pages of other sites are refused. */
  const answerPage = async (exchange: Exchange, what: string): Promise<void> => {
    const { req, res, url } = exchange
    if (!isOwnPage(req)) return sendError(res, 403, 'foreign_origin', 'Only the promise page may ask this')
    const id = url.searchParams.get('id') ?? ''
    switch (`${req.method} ${what}`) {
      case 'GET log': {
        const attempts = upstream.log.list([id]).filter(({ method }) => method !== 'OPTIONS')
        return sendJson(res, 200, attempts)
      }
      case 'GET digest':
        return sendJson(res, 200, digests.get(id) ?? null)
      case 'GET saves': {
        const seen: SeenSaves = {
          writes: history.saves.list(id),
          senders: senders.get(id) ?? [],
          messages: history.messages.list(id).map((message) => message.id),
        }
        return sendJson(res, 200, seen)
      }
      case 'GET elsewhere':
        return sendJson(res, 200, { port: elsewhere.port(), seen: elsewhere.seen(id) })
      case 'PUT behaviour': {
        const behaviour = readBehaviour(await readJson(exchange))
        if (typeof behaviour === 'string') return sendError(res, 400, 'invalid_behaviour', behaviour)
        const { session, ...rest } = behaviour
        history.behaviours.set(session, rest)
        return sendJson(res, 200, rest)
      }
      case 'POST deploy':
        deployed++
        return sendText(res, 204, '')
      case 'POST report':
        await onReport(readReport(await readJson(exchange)))
        return sendText(res, 204, '')
      default:
        return sendError(res, 404, 'not_found', `There is no ${req.method} ${url.pathname}`)
    }
  }

  /** A stream of a protocol that nobody knows; it ends without any mark of an end. */
  const sayOwnProtocol = async (exchange: Exchange): Promise<void> => {
    const { res, over } = exchange
    const attempt = watchAttempt(exchange, connections)
    attempt.id = exchange.url.searchParams.get('id')
    upstream.log.add(attempt)
    await readBody(exchange.req, MAX_BODY_BYTES)
    res.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' })
    for (const piece of OWN_PIECES) {
      res.write(piece)
      await wait(OWN_PIECE_MS, over)
    }
    res.end()
  }

  server.on('request', (req, res) => {
    const exchange = openExchange(req, res)
    if (!exchange) return sendError(res, 400, 'bad_url', 'The request has no valid URL')
    answer(exchange).catch((error: unknown) => {
      if (exchange.over.aborted || !req.complete || stopping.signal.aborted) return
      console.error(error)
      if (res.headersSent) res.destroy()
      else sendError(res, 500, 'internal_error', 'The server failed')
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, host, resolve)
  })
  await elsewhere.listen(host)

  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      stopping.abort()
      const ended = new Promise((resolve) => server.close(resolve))
      connections.drop()
      await elsewhere.close()
      await ended
      history.database.close()
    },
  }
}

/** Saves what was saved already once more: nothing but its key tells this API that a message is the same. */
function saveAgain({ messages }: History, session: string, body: unknown): Answer {
  const answer = messages.save(session, body)
  const { id } = body as { id?: unknown }
  return answer.status === 409
    ? messages.save(session, { ...(body as object), id: `${String(id)}-again` })
    : answer
}

/** Another origin, that only notes what is asked of it; a request's first folder is the name of its test. */
function startElsewhere(server: ReturnType<typeof createHttpServer>) {
  const requests: (SeenElsewhere & { id: string | undefined })[] = []
  server.on('request', (req, res) => {
    allowEveryOrigin(req, res)
    const { method = 'GET', headers, url = '/' } = req
    const [, id] = url.split('/')
    if (method !== 'OPTIONS')
      requests.push({
        id,
        hasCredentials: headers.authorization !== undefined || headers.cookie !== undefined,
      })
    sendText(res, method === 'OPTIONS' ? 204 : 404, '')
  })
  return {
    listen: (host: string) => new Promise<void>((resolve) => void server.listen(0, host, resolve)),
    port: () => (server.address() as AddressInfo).port,
    seen: (id: string): SeenElsewhere[] => requests.filter((request) => request.id === id),
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

/** Browsers say it in `Sec-Fetch-Site`, on https and loopback at least. */
function isOwnPage({ headers }: IncomingMessage): boolean {
  const { origin, host, 'sec-fetch-site': site } = headers
  return site ? site === 'same-origin' : !origin || URL.parse(origin)?.host === host
}

function answerFile({ res, url: { pathname } }: Exchange, { files }: Site): void {
  const name = pathname === '/' ? '/index.html' : /^\/\w+\/$/.test(pathname) ? '/app.html' : pathname
  const file = files.get(name)
  if (file === undefined) return sendText(res, 404, 'Not found\n')
  const types = { html: 'text/html', css: 'text/css', js: 'text/javascript' }
  const type = types[name.split('.').at(-1) as keyof typeof types]
  sendText(res, 200, file, { 'Content-Type': `${type}; charset=utf-8`, 'X-Content-Type-Options': 'nosniff' })
}

/** Gives its headers at once, and its first byte later. */
async function think({ res, over }: Exchange): Promise<void> {
  res.writeHead(200, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' })
  res.flushHeaders()
  await wait(THINK_MS, over)
  res.end('.')
}

/** Says what came: the headers that an app could have set, and the digest of the body. */
async function echo({ req, res }: Exchange): Promise<void> {
  const bytes = (await readBody(req, MAX_BODY_BYTES)) ?? Buffer.alloc(0)
  const { method, headers } = req
  const { host: _host, connection: _connection, referer: _referer, ...rest } = headers
  sendJson(res, 200, { method, headers: rest, digest: createHash('sha256').update(bytes).digest('hex') })
}

/** Tells the digest of a response's body as soon as it has ended. */
function digestBody(res: ServerResponse, told: (hex: string) => void): void {
  const hash = createHash('sha256')
  const write = res.write.bind(res) as (chunk: string | Uint8Array) => boolean
  res.write = (chunk: string | Uint8Array) => {
    hash.update(chunk)
    return write(chunk)
  }
  res.once('finish', () => told(hash.digest('hex')))
}

async function readJson({ req }: Exchange): Promise<unknown> {
  const bytes = await readBody(req, MAX_BODY_BYTES)
  return JSON.parse(bytes?.toString() ?? 'null')
}
