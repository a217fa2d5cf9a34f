import { once } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Connections } from '../connections.ts'
import { endConnection } from '../end-connection.ts'
import type { Exchange } from '../exchange.ts'
import type { Chunking } from '../step.ts'
import type { UpstreamAttempt } from '../upstream/upstream-log.ts'
import { wait } from '../wait.ts'
import { createChunker } from './chunker.ts'
import type { Move } from './move.ts'

export interface Play {
  exchange: Exchange
  connections: Connections
  attempt: UpstreamAttempt
  chunking: Chunking
  /** Looked up for each token; 0 is as fast as possible. */
  tokensPerSecond: () => number
  /** The number of bytes at the start to leave out, without delay. Default: 0. */
  skip?: number
}

/** Plays an answer's moves on its response, whose headers are sent. Rejects when the client leaves. */
export async function playMoves(moves: Iterable<Move>, play: Play): Promise<void> {
  const { exchange, attempt, tokensPerSecond } = play
  const { res, over } = exchange
  const chunker = createChunker(play.chunking)
  let dueAt = performance.now()
  let { skip = 0 } = play

  const write = async (pieces: Buffer[]) => {
    for (const whole of pieces) {
      const piece = whole.subarray(skip)
      skip -= whole.length - piece.length
      if (piece.length === 0) continue
      over.throwIfAborted()
      attempt.sentBytes += piece.length
      if (!res.write(piece)) await once(res, 'drain', { signal: over })
      // Node joins what is written in one turn; a piece of its own needs a turn of its own.
      await nextTurn()
    }
  }

  for (const move of moves) {
    over.throwIfAborted()
    switch (move.do) {
      case 'send':
        attempt.tokens += move.tokens
        await write(chunker.push(Buffer.from(move.text)))
        break
      case 'pace':
        if (skip > 0) {
          dueAt = performance.now()
          break
        }
        await wait(dueAt - performance.now(), over)
        dueAt += spacingMs(tokensPerSecond())
        break
      case 'rest':
        await write(chunker.rest())
        await wait(move.ms, over)
        dueAt = performance.now()
        break
      case 'end':
        await write(chunker.end())
        res.end()
        return
      case 'close':
      case 'reset':
        await write(chunker.end())
        await endConnection(exchange, play.connections, move.do)
        return
    }
  }
}

function spacingMs(tokensPerSecond: number): number {
  return tokensPerSecond > 0 ? 1000 / tokensPerSecond : 0
}
