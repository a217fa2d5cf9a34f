import type { Connections } from '../connections.ts'
import type { Exchange } from '../exchange.ts'
import { noteStatus } from '../note-status.ts'
import { type UpstreamAttempt, withoutSecrets } from './upstream-log.ts'

/** Begins the log's line of a request, and completes it when the response is over. */
export function watchAttempt({ req, res, url }: Exchange, connections: Connections): UpstreamAttempt {
  const attempt: UpstreamAttempt = {
    id: url.searchParams.get('fault_id'),
    attempt: 0,
    at: Date.now(),
    method: req.method ?? 'GET',
    path: url.pathname,
    headers: withoutSecrets(req.headers),
    bodyBytes: 0,
    socket: connections.number(req.socket),
    sentBytes: 0,
    tokens: 0,
  }
  noteStatus(attempt, res)
  res.once('close', () => {
    if (attempt.sentBytes === 0 && res.writableFinished) {
      attempt.sentBytes = Number(res.getHeader('content-length') ?? 0)
    }
    attempt.closedAt = Date.now()
    attempt.closedBy = res.writableFinished || connections.isEndedByUs(req.socket) ? 'server' : 'client'
  })
  return attempt
}
