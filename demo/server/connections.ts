import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'

/** One TCP connection, as the upstream's log shows it. */
export interface ConnectionRecord {
  /** A stable number, from 1. */
  socket: number
  /** Epoch ms. */
  openedAt: number
  /** Epoch ms. */
  closedAt?: number
  /** HTTP requests it carried. */
  requests: number
}

/** Knows every TCP connection of a server: its number, and who ended it. */
export interface Connections {
  number: (socket: Socket) => number
  /** To be said before we end a connection, so that the log does not blame the client. */
  endedByUs: (socket: Socket) => void
  isEndedByUs: (socket: Socket) => boolean
  /** The last 1000, oldest first. */
  list: () => ConnectionRecord[]
  opened: () => number
  open: () => number
  /** Destroys every open connection, as if the machine had vanished. */
  drop: () => void
}

const KEPT = 1_000

export function trackConnections(server: Server): Connections {
  const records = new WeakMap<Socket, ConnectionRecord>()
  const open = new Set<Socket>()
  const ended = new WeakSet<Socket>()
  const recent: ConnectionRecord[] = []
  let count = 0

  // Over TLS a request's socket is the secure one, not the one that was connected.
  server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
    const record: ConnectionRecord = { socket: ++count, openedAt: Date.now(), requests: 0 }
    records.set(socket, record)
    open.add(socket)
    recent.push(record)
    if (recent.length > KEPT) recent.shift()
    socket.once('close', () => {
      open.delete(socket)
      record.closedAt = Date.now()
    })
  })
  server.on('request', ({ socket }) => {
    const record = records.get(socket)
    if (record) record.requests++
  })

  return {
    number: (socket) => records.get(socket)?.socket ?? 0,
    endedByUs: (socket) => void ended.add(socket),
    isEndedByUs: (socket) => ended.has(socket),
    list: () => [...recent],
    opened: () => count,
    open: () => open.size,
    drop: () => {
      for (const socket of open) {
        ended.add(socket)
        socket.destroy()
      }
    },
  }
}
