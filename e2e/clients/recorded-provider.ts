import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { allowEveryOrigin } from '../../demo/server/cross-origin.ts'
import { readCorpusBytes } from '../../core/testing/corpus.ts'
import { type RecordedStream, requestOf } from '../../core/testing/recorded-streams.ts'

/** A provider at an origin of its own that says what others have said: the query names the recording. */
export interface RecordedProvider extends AsyncDisposable {
  /** Without a slash at its end. */
  url: string
}

export async function startRecordedProvider(recorded: readonly RecordedStream[]): Promise<RecordedProvider> {
  const server = createServer((req, res) => {
    allowEveryOrigin(req, res)
    if (req.method === 'OPTIONS') return void res.writeHead(204).end()
    const file = new URL(req.url ?? '/', 'http://localhost').searchParams.get('recording')
    const stream = recorded.find((each) => each.file === file)
    if (!stream) return void res.writeHead(404).end()
    res.writeHead(200, { 'Content-Type': requestOf(stream).contentType })
    res.end(readCorpusBytes(`streams/${stream.file}`))
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
