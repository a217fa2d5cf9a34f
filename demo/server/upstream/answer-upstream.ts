import { createHash } from 'node:crypto'
import type { Connections } from '../connections.ts'
import { allowEveryOrigin } from '../cross-origin.ts'
import type { Exchange } from '../exchange.ts'
import { answerChat } from '../provider/answer-chat.ts'
import { readChatRequest } from '../provider/chat-request.ts'
import { MODELS } from '../provider/models.ts'
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
  tokensPerSecond: number
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

  switch (`${req.method} ${url.pathname}`) {
    case 'GET /v1/models':
      return sendJson(res, 200, { object: 'list', data: MODELS })
    case 'POST /v1/chat/completions':
      return answerProvider(exchange, bytes, attempt, context)
    default:
      return sendError(res, 404, 'unknown_url', `Unknown request URL: ${req.method} ${url.pathname}`)
  }
}

async function answerProvider(
  exchange: Exchange,
  bytes: Buffer,
  attempt: UpstreamAttempt,
  { attempts, connections, tokensPerSecond }: UpstreamContext,
): Promise<void> {
  const request = readChatRequest(bytes)
  const id = typeof request === 'string' ? undefined : request.fault?.id
  attempt.id = id ?? attempt.id ?? `body:${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`
  attempt.attempt = attempts.next(attempt.id)
  if (typeof request === 'string') return sendError(exchange.res, 400, 'invalid_request', request)
  await answerChat({ exchange, connections, attempt, request, tokensPerSecond })
}
