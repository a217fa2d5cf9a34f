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
import type { KeptAnswers } from './kept-answers.ts'
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
  tokensPerSecond: () => number
  kept: KeptAnswers
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
  const { exchange, request, dialect } = turn
  const { res, over } = exchange
  const { chunking = 'event', tokensPerSecond: itsOwn } = options
  const tokensPerSecond = itsOwn === undefined ? turn.tokensPerSecond : () => itsOwn
  const said = composeAnswer(request, options, Date.now())
  await wait(options.headersAfterMs ?? (request.stream ? 0 : generationMs(said, tokensPerSecond())), over)

  const wording = { dialect, includeUsage: request.includeUsage }
  const contentType = request.stream ? 'text/event-stream; charset=utf-8' : 'application/json'
  const { cut: _cut, pauses: _pauses, ...good } = options
  const plan = () => planStream(said, good, wording)
  const isKept = options.kept && request.stream
  res.writeHead(200, {
    'Content-Type': contentType,
    'Cache-Control': 'no-cache',
    'X-Request-Id': said.id.replace('chatcmpl-', 'req_'),
    ...(isKept ? whereItLies(turn.kept.keep({ plan, contentType, tokensPerSecond }), 0) : {}),
    ...options.headers,
  })
  res.flushHeaders()
  const moves = request.stream ? planStream(said, options, wording) : planWhole(said, options, dialect)
  await playMoves(moves, { ...turn, chunking, tokensPerSecond })
}

/** Gives a kept answer again, from the byte that `?offset=` says. */
export async function answerKept(turn: Omit<Turn, 'request' | 'dialect' | 'tokensPerSecond'>): Promise<void> {
  const { exchange, kept } = turn
  const { pathname, searchParams } = exchange.url
  const answer = kept.at(pathname)
  if (!answer) return sendJson(exchange.res, 404, errorBody(404))
  const { plan, contentType, tokensPerSecond } = answer
  const skip = Number(searchParams.get('offset') ?? 0)
  exchange.res.writeHead(200, {
    'Content-Type': contentType,
    'Cache-Control': 'no-cache',
    ...whereItLies(pathname, skip),
  })
  exchange.res.flushHeaders()
  await playMoves(plan(), { ...turn, chunking: 'event', tokensPerSecond, skip })
}

function whereItLies(path: string, offset: number): Record<string, string> {
  return {
    'Content-Location': path,
    'Stream-Next-Offset': String(offset).padStart(16, '0'),
    'Access-Control-Expose-Headers': 'X-Request-Id, Content-Location, Stream-Next-Offset',
  }
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
