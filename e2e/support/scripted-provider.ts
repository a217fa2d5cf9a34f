import { createHash } from 'node:crypto'
import { EventEmitter, on } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { trackConnections } from '../../demo/server/connections.ts'
import { allowEveryOrigin } from '../../demo/server/cross-origin.ts'
import { endConnection } from '../../demo/server/end-connection.ts'
import { openExchange } from '../../demo/server/exchange.ts'
import { sendText } from '../../demo/server/send.ts'

/** A provider of any protocol, at an origin of its own: a spec says each of its bytes, and when and how it ends. */
export interface ScriptedProvider {
  /** Without a slash at its end. */
  url: string
  /** The next request that nobody has answered yet; waits for one. Preflights are answered and left out. */
  asked: () => Promise<ScriptedAnswer>
  /** Requests so far, or those of one method; preflights left out. */
  requests: (method?: string) => number
  close: () => Promise<void>
}

export interface ScriptedAnswer {
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  /** Its body, once it has arrived completely. */
  body: Promise<Received>
  /** Sends the headers, by default of a 200, and nothing else. */
  begin: (headers: Record<string, string>, status?: number) => void
  /** Sends these bytes and no others. */
  say: (content: string | Uint8Array) => void
  end: (how: Ending) => Promise<void>
  /** Resolves when the response is over, whoever ended it. */
  closed: Promise<void>
}

export interface Received {
  bytes: number
  /** SHA-256 in hex. */
  digest: string
}

/** `end`: cleanly, as far as HTTP knows; `reset`: the connection breaks in mid-response. */
export type Ending = 'end' | 'reset'

export async function startScriptedProvider(): Promise<ScriptedProvider> {
  const server = createServer()
  const connections = trackConnections(server)
  const asking = new EventEmitter<{ asked: [ScriptedAnswer] }>()
  const asked = on(asking, 'asked') as AsyncIterator<[ScriptedAnswer]>
  const requests: string[] = []

  server.on('request', (req, res) => {
    const exchange = openExchange(req, res)
    if (!exchange) return void res.destroy()
    allowEveryOrigin(req, res)
    if (req.method === 'OPTIONS') return sendText(res, 204, '')
    requests.push(req.method ?? 'GET')
    asking.emit('asked', {
      method: req.method ?? 'GET',
      path: exchange.url.pathname,
      query: exchange.url.searchParams,
      headers: req.headers,
      body: receive(req),
      begin: (headers, status = 200) => {
        res.writeHead(status, {
          'Access-Control-Expose-Headers': '*',
          'Cache-Control': 'no-cache',
          ...headers,
        })
        res.flushHeaders()
      },
      closed: new Promise((resolve) => exchange.over.addEventListener('abort', () => resolve())),
      say: (content) => void res.write(content),
      end: async (how) => {
        if (how === 'end') res.end()
        else await endConnection(exchange, connections, how)
      },
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: async () => {
      const { value } = await asked.next()
      return value[0]
    },
    requests: (method) => requests.filter((each) => each === (method ?? each)).length,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      connections.drop()
      await closed
    },
  }
}

async function receive(req: IncomingMessage): Promise<Received> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of req as AsyncIterable<Buffer>) {
    bytes += chunk.length
    hash.update(chunk)
  }
  return { bytes, digest: hash.digest('hex') }
}
