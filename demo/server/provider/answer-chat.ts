import type { Connections } from '../connections.ts'
import { endConnection } from '../end-connection.ts'
import type { Exchange } from '../exchange.ts'
import { LOGIN_PAGE } from '../login-page.ts'
import { sendJson, sendText } from '../send.ts'
import type { AnswerOptions, Step, StatusOptions } from '../step.ts'
import type { UpstreamAttempt } from '../upstream/upstream-log.ts'
import { wait } from '../wait.ts'
import { composeAnswer } from './answer.ts'
import type { ChatRequest } from './chat-request.ts'
import type { Dialect } from './dialects/dialect.ts'
import { errorBody } from './error-body.ts'
import { planStream } from './plan-stream.ts'
import { generationMs, planWhole } from './plan-whole.ts'
import { playMoves } from './play-moves.ts'
import { sayRetryHint } from './retry-hint.ts'

export interface Turn {
  exchange: Exchange
  connections: Connections
  attempt: UpstreamAttempt
  request: ChatRequest
  dialect: Dialect
  /** The pace of answers that do not say another. */
  tokensPerSecond: number
}

/** Answers one attempt of a chat request, as well or as badly as it asks. Rejects when the client leaves. */
export async function answerChat(turn: Turn): Promise<void> {
  const { request, attempt, exchange } = turn
  const { fault } = request
  const step = stepOf(turn)
  switch (step.kind) {
    case 'answer':
      return answer(turn, { ...fault?.answer, ...step })
    case 'status':
      return answerStatus(exchange, attempt, step)
    case 'html':
      await wait(step.headersAfterMs ?? 0, exchange.over)
      return sendText(exchange.res, step.status ?? 200, step.html ?? LOGIN_PAGE, {
        'Content-Type': 'text/html; charset=utf-8',
      })
    case 'reset':
      await wait(step.afterMs ?? 0, exchange.over)
      return endConnection(exchange, turn.connections, 'reset')
    case 'hang':
      return wait('forever', exchange.over)
  }
}

function stepOf({ request: { fault }, attempt: { attempt } }: Turn): Step {
  if (!fault) return { kind: 'answer' }
  const { steps, repeat } = fault
  return steps[attempt - 1] ?? (repeat ? steps.at(-1) : undefined) ?? { kind: 'answer' }
}

async function answer(turn: Turn, options: AnswerOptions): Promise<void> {
  const { exchange, request, dialect, tokensPerSecond: usualPace } = turn
  const { res, over } = exchange
  const { chunking = 'event', tokensPerSecond = usualPace } = options
  const said = composeAnswer(request, options, Date.now())
  await wait(options.headersAfterMs ?? (request.stream ? 0 : generationMs(said, tokensPerSecond)), over)

  res.writeHead(200, {
    'Content-Type': request.stream ? 'text/event-stream; charset=utf-8' : 'application/json',
    'Cache-Control': 'no-cache',
    'X-Request-Id': said.id.replace('chatcmpl-', 'req_'),
    ...options.headers,
  })
  res.flushHeaders()
  const moves = request.stream
    ? planStream(said, options, { dialect, includeUsage: request.includeUsage })
    : planWhole(said, options, dialect)
  await playMoves(moves, { ...turn, chunking, tokensPerSecond })
}

async function answerStatus(
  { res, over }: Exchange,
  attempt: UpstreamAttempt,
  { status, headers, body, hint, headersAfterMs = 0 }: StatusOptions,
): Promise<void> {
  await wait(headersAfterMs, over)
  const said = hint ? sayRetryHint(hint.form, hint.ms, Date.now()) : { headers: {} }
  const content = body ?? said.body ?? errorBody(status)
  const all = { 'X-Request-Id': `req_${attempt.socket}_${attempt.at}`, ...said.headers, ...headers }
  if (typeof content !== 'string') sendJson(res, status, content, all)
  else sendText(res, status, content, { 'Content-Type': 'text/plain; charset=utf-8', ...all })
}
