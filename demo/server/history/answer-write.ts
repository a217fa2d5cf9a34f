import { isRecord } from '../is-record.ts'
import { endConnection } from '../end-connection.ts'
import type { Exchange } from '../exchange.ts'
import { LOGIN_PAGE } from '../login-page.ts'
import { readBody } from '../read-body.ts'
import { sendError, sendJson, sendText } from '../send.ts'
import { wait } from '../wait.ts'
import type { Answer } from './answer.ts'
import type { Behaviour } from './behaviours.ts'
import { inTransaction } from './open-database.ts'
import type { History } from './open-history.ts'

export interface Write {
  /** The session whose behaviour applies; `null` if the path does not name it. */
  session: string | null
  perform: (body: unknown) => Answer
}

const MAX_BODY_BYTES = 2 ** 20

/**
 * Answers one write: log, limit, misbehaviour, key, deed, in this order. A client that has left does not stop
 * it: like most servers, this one notices only when it answers.
 */
export async function answerWrite(exchange: Exchange, write: Write, history: History): Promise<void> {
  const { req, res, url } = exchange
  const key = req.headers['idempotency-key']?.toString() ?? null
  const attempt = history.saves.add(exchange, write.session, key)
  const bytes = await readBody(req, MAX_BODY_BYTES)
  if (!bytes)
    return sendError(res, 413, 'request_too_large', 'The body is over 1 MB', { Connection: 'close' })
  attempt.bodyBytes = bytes.length
  const body = parse(bytes)
  attempt.message = isRecord(body) && typeof body.id === 'string' ? body.id : null

  const behaviour = history.behaviours.take(write.session ?? undefined, req.headers.authorization)
  if (await misbehave(exchange, behaviour, history)) return

  const { idempotency } = history
  if (key !== null) {
    const claim = idempotency.claim(key, `${req.method} ${url.pathname}\n${bytes.toString()}`)
    switch (claim.state) {
      case 'answered':
        attempt.replayed = true
        return sendAnswer(exchange, claim.answer, { 'Idempotency-Replayed': 'true' })
      case 'in_progress':
        return sendError(res, 409, 'in_progress', 'A request with this Idempotency-Key is being processed')
      case 'mismatch':
        return sendError(res, 422, 'key_reused', 'This Idempotency-Key was used with another payload')
      case 'fresh':
        break
    }
  }

  let answer: Answer
  try {
    if (behaviour.mode === 'slow') await wait(behaviour.delayMs ?? 5_000, history.stopping)
    answer = inTransaction(history.database, () => {
      const done = write.perform(body)
      if (key !== null && done.status < 300) idempotency.settle(key, done)
      return done
    })
  } catch (error) {
    if (key !== null && !history.stopping.aborted) idempotency.release(key)
    throw error
  }
  attempt.isSaved = answer.status < 300
  if (key !== null && answer.status >= 300) idempotency.release(key)
  if (behaviour.mode === 'lost') return endConnection(exchange, history.connections, 'reset')
  sendAnswer(exchange, answer)
}

/** Returns whether it has dealt with the request: then nothing is saved. */
async function misbehave(exchange: Exchange, behaviour: Behaviour, history: History): Promise<boolean> {
  const { res } = exchange
  const { mode, status, headers = {}, delayMs = 0 } = behaviour
  if (mode === 'ok' || mode === 'slow' || mode === 'lost') return false
  await wait(delayMs, history.stopping)
  switch (mode) {
    case 'fail':
      sendError(res, status ?? 503, 'unavailable', 'The history is out of order', headers)
      return true
    case 'auth':
      sendError(res, 401, 'unauthorized', 'Sign in first', { 'WWW-Authenticate': 'Bearer', ...headers })
      return true
    case 'reject':
      sendError(res, status ?? 400, 'rejected', 'The history does not take this message', headers)
      return true
    case 'html':
      sendText(res, status ?? 200, LOGIN_PAGE, { 'Content-Type': 'text/html; charset=utf-8', ...headers })
      return true
    case 'redirect':
      sendText(res, status ?? 302, '', { Location: '/api/login', ...headers })
      return true
    case 'reset':
      await endConnection(exchange, history.connections, 'reset')
      return true
  }
}

function sendAnswer({ res }: Exchange, { status, body }: Answer, headers: Record<string, string> = {}): void {
  if (body === null) sendText(res, status, '', headers)
  else sendJson(res, status, body, headers)
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString()) as unknown
  } catch {
    return undefined // Each write says what it expects.
  }
}
