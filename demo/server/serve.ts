import { resolve } from 'node:path'
import { type ServerOptions, startServer } from './start-server.ts'

const PORT = 8787
const { PORT: port, UPSTREAM_URL, DATABASE, REDIS_URL } = process.env

const options: ServerOptions = {
  database: DATABASE || resolve(import.meta.dirname, 'history.sqlite'),
  upstreamUrl: UPSTREAM_URL || undefined,
  answers: REDIS_URL || resolve(import.meta.dirname, 'answers.sqlite'),
}
const server = port
  ? await startServer({ ...options, port: Number(port) })
  : await startServer({ ...options, port: PORT }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error
      return startServer({ ...options, port: 0 })
    })
console.log(`${server.url}/`)

const stop = () => void server.close()
process.once('SIGINT', stop)
process.once('SIGTERM', stop)
