import type { AnswerOptions, Cut, Pause } from '../step.ts'
import type { Answer } from './answer.ts'
import type { Move } from './move.ts'

/** Plans a streamed answer: role, deltas, finish reason, usage, `[DONE]`, with its pauses and its cut. */
export function* planStream(answer: Answer, options: AnswerOptions, includeUsage: boolean): Generator<Move> {
  const { cut, endMarkers = 'both' } = options
  const deltas = [
    ...answer.reasoning.map((text) => ({ reasoning_content: text })),
    ...answer.content.map((text) => ({ content: text })),
  ]
  const pauses = (options.pauses ?? []).toSorted((a, b) => (a.afterTokens ?? 0) - (b.afterTokens ?? 0))
  const cutAfter = cut?.afterTokens ?? deltas.length
  let roleIsSaid = false

  for (let spoken = 0; ; spoken++) {
    for (const pause of pauses.filter(({ afterTokens = 0 }) => afterTokens === spoken)) {
      if (pause.send === 'empty' || pause.send === 'reasoning') {
        if (!roleIsSaid) yield sayRole(answer)
        roleIsSaid = true
      }
      yield* planPause(answer, pause)
    }
    if (cut && spoken >= Math.min(cutAfter, deltas.length)) return yield* planCut(cut)
    const delta = deltas[spoken]
    if (!delta) break
    if (!roleIsSaid) yield sayRole(answer)
    roleIsSaid = true
    yield { do: 'pace' }
    yield { do: 'send', text: event(chunk(answer, [choice(delta)])), tokens: 1 }
  }

  if (endMarkers === 'both' || endMarkers === 'finish_reason') {
    yield send(event(chunk(answer, [choice({}, answer.finishReason)])))
  }
  if (includeUsage && answer.usage !== false) {
    yield send(event({ ...chunk(answer, []), usage: answer.usage }))
  }
  if (endMarkers === 'both' || endMarkers === 'done') yield send('data: [DONE]\n\n')
  yield { do: 'end' }
}

function* planPause(answer: Answer, { ms, send: what = 'nothing', everyMs = 1_000 }: Pause): Generator<Move> {
  if (what === 'nothing') return yield { do: 'rest', ms }
  let left = ms === 'forever' ? Number.POSITIVE_INFINITY : ms
  for (let beat = 0; left > 0; beat++) {
    const restMs = Math.min(everyMs, left)
    yield { do: 'rest', ms: restMs }
    left -= restMs
    if (what === 'comments') yield send(': keep-alive\n\n')
    if (what === 'empty') yield send(event(chunk(answer, [choice({ content: '' })])))
    if (what === 'reasoning') {
      const text = MUSINGS[beat % MUSINGS.length]
      yield { do: 'send', text: event(chunk(answer, [choice({ reasoning_content: text })])), tokens: 1 }
    }
  }
}

const MUSINGS = 'Let me think about this once more, from the other side. '.split(/(?<= )/)

function* planCut({ by, error = SERVER_ERROR, named }: Cut): Generator<Move> {
  if (by === 'error') {
    yield send(`${named ? 'event: error\n' : ''}${event({ error })}`)
    yield { do: 'end' }
  } else {
    yield { do: by }
  }
}

/** What OpenAI puts into a stream that fails. */
export const SERVER_ERROR = {
  message: 'The server had an error while processing your request. Sorry about that!',
  type: 'server_error',
  param: null,
  code: 'server_error',
}

function sayRole(answer: Answer): Move {
  return send(event(chunk(answer, [choice({ role: 'assistant', content: '' })])))
}

function chunk({ id, created, model }: Answer, choices: unknown[]): Record<string, unknown> {
  return { id, object: 'chat.completion.chunk', created, model, system_fingerprint: null, choices }
}

function choice(delta: Record<string, unknown>, finishReason: string | null = null): unknown {
  return { index: 0, delta, logprobs: null, finish_reason: finishReason }
}

function event(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`
}

function send(text: string): Move {
  return { do: 'send', text, tokens: 0 }
}
