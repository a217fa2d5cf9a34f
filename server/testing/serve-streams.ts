import { once } from 'node:events'
import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'

export interface Served {
  url: string
  close: () => Promise<void>
}

/** Serves a handler of Requests on a free port of this machine. */
export async function serveStreams(
  handle: (request: Request) => Response | Promise<Response>,
  port = 0,
): Promise<Served> {
  const server = createServer(getRequestListener(handle))
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
