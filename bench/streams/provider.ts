import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { DONE, FINISH, ROLE, say } from '../../core/testing/openai-events.ts'

/** One word: when it was said, so that whoever reads it knows how late it is. */
export function timedWord(): string {
  return say(`<${(performance.timeOrigin + performance.now()).toFixed(1)}>`)
}

/** The delays of all words in a piece of a stream, ms. */
export function delaysIn(text: string): number[] {
  const now = performance.timeOrigin + performance.now()
  return Array.from(text.matchAll(/<([\d.]+)>/g), ([, said]) => now - Number(said))
}

/** Serves answers of `words` words, one every `everyMs`, or of `bytes` bytes as fast as they are taken. */
export async function serveProvider(): Promise<{ url: string; close: () => void }> {
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://a')
    const [words, everyMs, bytes] = ['words', 'everyMs', 'bytes'].map((name) =>
      Number(searchParams.get(name)),
    )
    void (async () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(ROLE)
      for (let word = 0; word < (words ?? 0) && !response.destroyed; word++) {
        response.write(timedWord())
        if (everyMs) await sleep(everyMs)
      }
      const piece = say('x'.repeat(4_000))
      for (let sent = 0; sent < (bytes ?? 0) && !response.destroyed; sent += piece.length) {
        if (!response.write(piece)) await once(response, 'drain')
      }
      response.end(FINISH + DONE)
    })()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
