import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { allowLocalOrigin } from '../../demo/server/cross-origin.ts'
import { readBody } from '../../demo/server/read-body.ts'

/** One message as it came. */
export interface CookieSave {
  /** The user of its cookie. */
  as: string | undefined
  text: string
  key: string | undefined
}

/** An API at another port of the app's host, which knows people by the cookie `session`, as the page sets it. */
export interface CookieApi {
  url: string
  received: CookieSave[]
  /** Lets every preflight wait so long, ms: the message itself goes out after it, with the cookie of that moment. */
  preflightsAfter: (ms: () => number) => void
  preflights: () => number
  close: () => Promise<void>
}

export async function startCookieApi(): Promise<CookieApi> {
  let preflightMs = () => 0
  let preflights = 0
  const received: CookieSave[] = []
  const server = createServer((req, res) => {
    const answer = async () => {
      allowLocalOrigin(req, res)
      if (req.method === 'OPTIONS') {
        preflights++
        await delay(preflightMs())
        res.writeHead(204, { 'Access-Control-Max-Age': '0' }).end()
        return
      }
      const { cookie = '', 'idempotency-key': key } = req.headers
      const text = String(await readBody(req, 1_000))
      received.push({ as: /session=([^;]*)/.exec(cookie)?.[1], text, key: key?.toString() })
      res.writeHead(201, { 'Content-Type': 'application/json' }).end('{}')
    }
    answer().catch(() => res.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    preflightsAfter: (ms) => (preflightMs = ms),
    preflights: () => preflights,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
