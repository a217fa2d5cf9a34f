import { connect, createServer } from 'node:net'

// Listens where it is started, and passes on to another machine: `forward.ts <port> <host>`.
const [port = '', host = ''] = process.argv.slice(2)

/** Without this, what was sent into a cut cable would be waited for for minutes. */
const SILENCE_MS = 2_000

const server = createServer((incoming) => {
  const outgoing = connect({ port: Number(port), host, timeout: SILENCE_MS })
  outgoing.once('timeout', () => outgoing.destroy())
  incoming.pipe(outgoing).pipe(incoming)
  incoming.on('error', () => outgoing.destroy())
  outgoing.on('error', () => incoming.destroy())
  outgoing.on('close', () => incoming.destroy())
})
server.listen(Number(port), '127.0.0.1', () => console.log('Listening'))
