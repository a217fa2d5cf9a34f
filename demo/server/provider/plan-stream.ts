import type { AnswerOptions, Cut, Pause } from '../step.ts'
import type { Answer } from './answer.ts'
import { type Dialect, outputsOf, type Speech } from './dialects/dialect.ts'
import type { Move } from './move.ts'

export interface Wording {
  dialect: Dialect
  includeUsage: boolean
}

/** Plans a streamed answer: its beginning, outputs and end markers, with its pauses and its cut. */
export function* planStream(answer: Answer, options: AnswerOptions, wording: Wording): Generator<Move> {
  const { cut, endMarkers = 'both' } = options
  const outputs = outputsOf(answer)
  const pauses = (options.pauses ?? []).toSorted((a, b) => (a.afterTokens ?? 0) - (b.afterTokens ?? 0))
  const cutAfter = cut?.afterTokens ?? outputs.length
  const speech = wording.dialect.speak(answer)
  let hasBegun = false
  const begin = function* (): Generator<Move> {
    if (!hasBegun) yield send(speech.begin())
    hasBegun = true
  }

  for (let spoken = 0; ; spoken++) {
    for (const pause of pauses.filter(({ afterTokens = 0 }) => afterTokens === spoken)) {
      if (pause.send === 'empty' || pause.send === 'reasoning') yield* begin()
      yield* planPause(speech, pause)
    }
    if (cut && spoken >= Math.min(cutAfter, outputs.length)) return yield* planCut(speech, cut)
    const output = outputs[spoken]
    if (!output) break
    yield* begin()
    yield { do: 'pace' }
    yield { do: 'send', text: speech.output(output.kind, output.text), tokens: 1 }
  }

  if (endMarkers === 'both' || endMarkers === 'finish_reason') yield send(speech.finish())
  if (wording.includeUsage) yield send(speech.usage())
  if (endMarkers === 'both' || endMarkers === 'done') yield send(speech.done())
  yield { do: 'end' }
}

function* planPause(speech: Speech, { ms, send: what = 'nothing', everyMs = 1_000 }: Pause): Generator<Move> {
  if (what === 'nothing') return yield { do: 'rest', ms }
  let left = ms === 'forever' ? Number.POSITIVE_INFINITY : ms
  for (let beat = 0; left > 0; beat++) {
    const restMs = Math.min(everyMs, left)
    yield { do: 'rest', ms: restMs }
    left -= restMs
    if (what === 'comments') yield send(': keep-alive\n\n')
    if (what === 'empty') yield send(speech.output('text', ''))
    if (what === 'reasoning') {
      const text = MUSINGS[beat % MUSINGS.length] ?? ''
      yield { do: 'send', text: speech.output('reasoning', text), tokens: 1 }
    }
  }
}

const MUSINGS = 'Let me think about this once more, from the other side. '.split(/(?<= )/)

function* planCut(speech: Speech, { by, error = SERVER_ERROR, named = false }: Cut): Generator<Move> {
  if (by === 'error') {
    yield send(speech.fail(error, named))
    yield { do: 'end' }
  } else {
    yield { do: by }
  }
}

/** The event that OpenAI sends in a stream that fails. */
export const SERVER_ERROR = {
  message: 'The server had an error while processing your request. Sorry about that!',
  type: 'server_error',
  param: null,
  code: 'server_error',
}

function send(text: string): Move {
  return { do: 'send', text, tokens: 0 }
}
