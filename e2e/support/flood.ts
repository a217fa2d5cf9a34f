import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { trackConnections } from '../../demo/server/connections.ts'
import { allowEveryOrigin } from '../../demo/server/cross-origin.ts'
import { sendText } from '../../demo/server/send.ts'
import { longAnswer } from './long-answer.ts'

/** A provider that has very much to say, and says it as fast as it is taken. */
export interface Flood {
  /** Of its chat endpoint. */
  url: string
  /** Bytes that have left this process: the browser has them, or the kernel between. */
  taken: () => number
  /** Whether somebody broke the answer off. */
  isBroken: () => boolean
  close: () => Promise<void>
}

/** Answers every chat with so many bytes. */
export async function startFlood(bytes: number): Promise<Flood> {
  const server = createServer()
  const connections = trackConnections(server)
  let socket: Socket | undefined
  let isBroken = false

  server.on('request', (req, res) => {
    allowEveryOrigin(req, res)
    req.resume()
    if (req.method === 'OPTIONS') return sendText(res, 204, '')
    socket = req.socket
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
    // Writes on only when the socket has room.
    pipeline(Readable.from(longAnswer(bytes)), res).catch(() => (isBroken = true))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/chat/completions`,
    taken: () => (socket ? socket.bytesWritten - socket.writableLength : 0),
    isBroken: () => isBroken,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      connections.drop()
      await closed
    },
  }
}
