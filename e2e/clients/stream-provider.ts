import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { allowEveryOrigin } from '../../demo/server/cross-origin.ts'

/** A whole stream, recorded or generated. */
export interface ServedStream {
  /** Fit for a URL, a header and a model's name. */
  id: string
  name: string
  api: string
  path: string
  contentType: string
  headers?: Record<string, string>
  bytes: Uint8Array
}

/** A provider at an origin of its own that says what others say: the query names the stream. */
export interface StreamProvider extends AsyncDisposable {
  /** Without a slash at its end. */
  url: string
}

export async function startStreamProvider(streams: readonly ServedStream[]): Promise<StreamProvider> {
  const server = createServer((req, res) => {
    allowEveryOrigin(req, res)
    if (req.method === 'OPTIONS') return void res.writeHead(204).end()
    const id = new URL(req.url ?? '/', 'http://localhost').searchParams.get('stream')
    const stream = streams.find((each) => each.id === id)
    if (!stream) return void res.writeHead(404).end()
    res.writeHead(200, { ...stream.headers, 'Content-Type': stream.contentType })
    res.end(stream.bytes)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
