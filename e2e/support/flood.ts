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
  /** True if the response was broken off. */
  isBroken: () => boolean
  close: () => Promise<void>
}

/**
 * Answers every chat with so many bytes.
 *
 * @param cutAfter ends it after so many, and gives what follows a byte at another URL, as fast; default: it is not cut
 */
export async function startFlood(bytes: number, cutAfter?: number): Promise<Flood> {
  const server = createServer()
  const connections = trackConnections(server)
  let socket: Socket | undefined
  let isBroken = false

  server.on('request', (req, res) => {
    allowEveryOrigin(req, res)
    req.resume()
    if (req.method === 'OPTIONS') return sendText(res, 204, '')
    socket = req.socket
    const isCut = cutAfter !== undefined && req.method === 'POST'
    if (isCut) res.setHeader('Access-Control-Expose-Headers', '*')
    res.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      ...(isCut ? { 'Content-Location': '/rest', 'Stream-Next-Offset': '0'.repeat(16) } : {}),
    })
    const offset = Number(new URL(req.url ?? '/', 'http://a').searchParams.get('offset'))
    const pieces = part(longAnswer(bytes), offset, isCut ? cutAfter : Infinity)
    // Writes on only when the socket has room.
    pipeline(Readable.from(pieces), res).catch(() => (isBroken = true))
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

/** The bytes from one on, up to another. */
function* part(pieces: Iterable<string>, from: number, to: number): Generator<string> {
  let at = 0
  for (const piece of pieces) {
    if (at >= to) return
    const slice = piece.slice(Math.max(0, from - at), to - at)
    at += piece.length
    if (slice) yield slice
  }
}
