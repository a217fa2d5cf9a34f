import type { Connections } from '../connections.ts'
import { allowLocalOrigin } from '../cross-origin.ts'
import type { Exchange } from '../exchange.ts'
import { sendError, sendJson, sendText } from '../send.ts'
import type { AttemptCounter } from './attempt-counter.ts'
import type { UpstreamLog } from './upstream-log.ts'

export interface LogSources {
  log: UpstreamLog
  attempts: AttemptCounter
  connections: Connections
  /** The page's information about the provider behind `/v1`. */
  config: { provider: 'demo' | 'upstream'; upstreamOrigin?: string; keepsAnswers: boolean }
}

/** Answers `/__upstream/…`: what the upstream saw, for tests and for the page's own view of it. */
export function answerLog({ req, res, url }: Exchange, sources: LogSources): void {
  if (!allowLocalOrigin(req, res)) {
    return sendError(res, 403, 'foreign_origin', 'Only pages of this machine may read the log')
  }
  const ids = url.searchParams.getAll('id')
  switch (`${req.method} ${url.pathname}`) {
    case 'GET /__upstream/log':
      return sendJson(res, 200, sources.log.list(ids))
    case 'DELETE /__upstream/log':
      sources.log.clear(ids)
      sources.attempts.reset(ids)
      return sendText(res, 204, '')
    case 'GET /__upstream/sockets': {
      const { opened, open, list } = sources.connections
      const used = new Set(sources.log.list(ids).map(({ socket }) => socket))
      const sockets = list().filter(({ socket }) => ids.length === 0 || used.has(socket))
      return sendJson(res, 200, { opened: opened(), open: open(), sockets })
    }
    case 'GET /__upstream/config':
      return sendJson(res, 200, sources.config)
    default:
      if (req.method === 'OPTIONS') return sendText(res, 204, '')
      return sendError(res, 404, 'not_found', `There is no ${req.method} ${url.pathname}`)
  }
}
