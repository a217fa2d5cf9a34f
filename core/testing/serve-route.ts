import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { countConnections, type CountingServer } from './count-connections.ts'

export type RouteHandler = (request: Request) => Promise<Response>

/** Serves a route handler over HTTP as Next.js and Hono do; `request.signal` says that the client has left. */
export function serveRoute(handle: RouteHandler): Promise<CountingServer> {
  return countConnections((incoming, outgoing) => void reply(handle, incoming, outgoing))
}

async function reply(handle: RouteHandler, incoming: IncomingMessage, outgoing: ServerResponse) {
  const gone = new AbortController()
  outgoing.on('close', () => gone.abort())
  try {
    const response = await handle(toRequest(incoming, gone.signal))
    outgoing.statusCode = response.status
    for (const [name, value] of response.headers) outgoing.setHeader(name, value)
    if (!response.body) return outgoing.end()
    outgoing.flushHeaders()
    await pipeline(Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]), outgoing)
  } catch {
    outgoing.destroy() // The client has left, or the response broke off: it must not look complete.
  }
}

function toRequest(incoming: IncomingMessage, signal: AbortSignal): Request {
  const { host, ...headers } = incoming.headersDistinct
  return new Request(new URL(incoming.url ?? '/', `http://${host?.[0] ?? 'localhost'}`), {
    method: incoming.method ?? 'GET',
    headers: [
      ...(host ?? []).map((value): [string, string] => ['host', value]),
      ...Object.entries(headers).flatMap(([name, values]) =>
        (values ?? []).map((value): [string, string] => [name, value]),
      ),
    ],
    body: Readable.toWeb(incoming) as ReadableStream<Uint8Array>,
    duplex: 'half',
    signal,
  } as RequestInit)
}
