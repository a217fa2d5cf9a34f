import { setTimeout as sleep } from 'node:timers/promises'
import { TLSSocket } from 'node:tls'
import type { Connections } from './connections.ts'
import type { Exchange } from './exchange.ts'

/**
 * A reset makes the other side's kernel throw away what its program has not read yet. So long we give it to
 * read what was sent before.
 */
const READ_MS = 30

/** Ends a connection in the middle of a response: `close` by a FIN, `reset` by a RST. */
export async function endConnection(
  { res }: Exchange,
  connections: Connections,
  how: 'close' | 'reset',
): Promise<void> {
  const { socket } = res
  if (!socket) return
  if (res.headersSent) {
    await new Promise<void>((resolve) => void socket.write('', () => resolve()))
    if (how === 'reset') await sleep(READ_MS)
  }
  if (socket.destroyed) return
  connections.endedByUs(socket)
  // Over TLS there is no reset: a connection that is gone without a word is the nearest to it.
  if (how === 'reset' && socket instanceof TLSSocket) socket.destroy()
  else if (how === 'reset') socket.resetAndDestroy()
  else socket.destroySoon()
}
