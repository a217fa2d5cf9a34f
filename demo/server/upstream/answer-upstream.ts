import { createHash } from 'node:crypto'
import type { Connections } from '../connections.ts'
import { allowEveryOrigin } from '../cross-origin.ts'
import type { Exchange } from '../exchange.ts'
import { answerChat, answerKept } from '../provider/answer-chat.ts'
import { readChatRequest } from '../provider/chat-request.ts'
import type { KeptAnswers } from '../provider/kept-answers.ts'
import { MODELS } from '../provider/models.ts'
import { type Protocol, PROTOCOLS } from '../provider/protocols.ts'
import { readBody } from '../read-body.ts'
import { sendError, sendJson, sendText } from '../send.ts'
import type { AttemptCounter } from './attempt-counter.ts'
import type { PassThrough } from './pass-through.ts'
import { type UpstreamAttempt, type UpstreamLog } from './upstream-log.ts'
import { watchAttempt } from './watch-attempt.ts'

export interface UpstreamContext {
  log: UpstreamLog
  attempts: AttemptCounter
  connections: Connections
  tokensPerSecond: () => number
  kept: KeptAnswers
  /** Present when a real upstream stands behind `/v1`. */
  passThrough: PassThrough | undefined
}

/** More than any chat; a keeper refuses to hold more than half of it. */
const MAX_BODY_BYTES = 64 * 2 ** 20

/** Answers `/v1/…`: by the demo's provider, or by a real one. */
export async function answerUpstream(exchange: Exchange, context: UpstreamContext): Promise<void> {
  const { req, res, url } = exchange
  const { connections, passThrough } = context
  const attempt = watchAttempt(exchange, connections)
  context.log.add(attempt)
  allowEveryOrigin(req, res)
  if (req.method === 'OPTIONS') return sendText(res, 204, '')

  const bytes = await readBody(req, MAX_BODY_BYTES)
  if (!bytes)
    return sendError(res, 413, 'request_too_large', 'The body is over 64 MB', { Connection: 'close' })
  attempt.bodyBytes = bytes.length
  if (passThrough) return passThrough(exchange, bytes, attempt)

  const asked = `${req.method} ${url.pathname}`
  if (asked === 'GET /v1/models') return sendJson(res, 200, { object: 'list', data: MODELS })
  const { kept } = context
  if (req.method === 'GET' && kept.at(url.pathname))
    return answerKept({ exchange, connections, attempt, kept })
  const protocol = PROTOCOLS[asked]
  if (protocol) return answerProvider({ exchange, bytes, attempt, protocol }, context)
  return sendError(res, 404, 'unknown_url', `Unknown request URL: ${asked}`)
}

interface Asked {
  exchange: Exchange
  bytes: Buffer
  attempt: UpstreamAttempt
  protocol: Protocol
}

async function answerProvider(
  { exchange, bytes, attempt, protocol }: Asked,
  { attempts, connections, tokensPerSecond, kept }: UpstreamContext,
): Promise<void> {
  const request = readChatRequest(bytes, exchange.url, protocol)
  const id = typeof request === 'string' ? undefined : request.fault?.id
  attempt.id = id ?? attempt.id ?? `body:${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`
  attempt.attempt = attempts.next(attempt.id)
  if (typeof request === 'string') return sendError(exchange.res, 400, 'invalid_request', request)
  const { dialect } = protocol
  await answerChat({ exchange, connections, attempt, request, dialect, tokensPerSecond, kept })
}
