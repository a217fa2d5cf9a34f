import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Deferred, deferred } from '../../core/deferred.ts'
import type { Seen } from './page/seen.ts'
import type { Scenario } from './scenarios.ts'
import { readSite } from './site.ts'
import { answerChat, type Sent } from './upstream.ts'

/** The page, our built worker, and the upstream, at one origin. */
export interface LifetimeServer {
  port: number
  /** The known facts of each row, by name. */
  row: (name: string) => Row
  close: () => Promise<void>
}

export interface Row {
  /** The upstream's requests and responses. */
  sent: Sent
  /** Resolves at its first request. */
  begun: Deferred<void>
  /** Resolves when its page has closed. */
  closed: Deferred<void>
  /** Resolves with what the page saw. */
  seen: Deferred<Seen>
}

export async function startLifetimeServer(): Promise<LifetimeServer> {
  const site = await readSite()
  const rows = new Map<string, Row>()
  const row = (name: string) => {
    const found = rows.get(name) ?? {
      sent: { requests: 0, text: '', isWhole: false },
      begun: deferred(),
      closed: deferred(),
      seen: deferred(),
    }
    rows.set(name, found)
    return found
  }

  const answer = async (req: IncomingMessage, res: ServerResponse) => {
    const { pathname, searchParams } = new URL(req.url ?? '/', 'http://lifetime.invalid')
    if (pathname === '/v1/chat/completions') {
      const { lifetime } = (await readJson(req)) as { lifetime: { row: string; scenario: Scenario } }
      const { sent, begun } = row(lifetime.row)
      begun.resolve()
      return answerChat(lifetime.scenario, res, sent)
    }
    if (pathname === '/seen') {
      row(searchParams.get('row') ?? '').seen.resolve((await readJson(req)) as Seen)
      return void res.writeHead(204).end()
    }
    if (pathname === '/closed') {
      const { sent, closed } = row(searchParams.get('row') ?? '')
      if (req.method === 'POST') {
        sent.closedAt = Date.now()
        closed.resolve()
      }
      await closed.promise
      return void res.writeHead(204).end()
    }
    const file = site.get(pathname)
    if (file === undefined) return void res.writeHead(404).end()
    const type = pathname.endsWith('.html') ? 'text/html' : 'text/javascript'
    res.writeHead(200, { 'Content-Type': `${type}; charset=utf-8`, 'Cache-Control': 'no-cache' }).end(file)
  }

  const server = createServer((req, res) => {
    answer(req, res).catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`)
      res.destroy()
    })
  })
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening))
  return {
    port: (server.address() as AddressInfo).port,
    row,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

async function readJson(req: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = []
  for await (const part of req as AsyncIterable<Buffer>) parts.push(part)
  return JSON.parse(Buffer.concat(parts).toString())
}
