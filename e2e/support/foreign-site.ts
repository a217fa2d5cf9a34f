import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sendText } from '../../demo/server/send.ts'

/** Somebody else's pages, all of them empty. */
export interface ForeignSite {
  /** Another site than the app's, which is at `127.0.0.1`. */
  otherSite: string
  /** The app's site, and another origin. */
  otherOrigin: string
  close: () => Promise<void>
}

const PAGE = '<!doctype html><title>Foreign</title><link rel="icon" href="data:," /><body></body>'

export async function startForeignSite(): Promise<ForeignSite> {
  const server = createServer((_req, res) => sendText(res, 200, PAGE, { 'Content-Type': 'text/html' }))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    otherSite: `http://localhost:${port}/`,
    otherOrigin: `http://127.0.0.1:${port}/`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
