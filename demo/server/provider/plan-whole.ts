import type { AnswerOptions } from '../step.ts'
import type { Answer } from './answer.ts'
import type { Dialect } from './dialects/dialect.ts'
import type { Move } from './move.ts'
import { SERVER_ERROR } from './plan-stream.ts'

/** Plans an answer in one JSON, with its pauses before it and its cut within its text. */
export function* planWhole(answer: Answer, options: AnswerOptions, dialect: Dialect): Generator<Move> {
  for (const { ms, send = 'nothing', everyMs = 1_000 } of options.pauses ?? []) {
    if (send === 'nothing') {
      yield { do: 'rest', ms }
      continue
    }
    // Blank lines are how DeepSeek keeps a whole answer's connection alive: JSON does not mind them.
    for (let left = ms === 'forever' ? Number.POSITIVE_INFINITY : ms; left > 0; left -= everyMs) {
      yield { do: 'rest', ms: Math.min(everyMs, left) }
      yield { do: 'send', text: '\n', tokens: 0 }
    }
  }

  const tokens = answer.reasoning.length + answer.content.length
  const json = JSON.stringify(dialect.whole(answer))
  const { cut } = options
  if (!cut) {
    yield { do: 'send', text: json, tokens }
    yield { do: 'end' }
  } else if (cut.by === 'error') {
    yield { do: 'send', text: JSON.stringify({ error: cut.error ?? SERVER_ERROR }), tokens: 0 }
    yield { do: 'end' }
  } else {
    yield { do: 'send', text: breakOff(json, answer, cut.afterTokens), tokens: 0 }
    yield { do: cut.by }
  }
}

/** How long the answer's generation takes: the headers come after it. */
export function generationMs(answer: Answer, tokensPerSecond: number): number {
  const tokens = answer.reasoning.length + answer.content.length
  return tokensPerSecond > 0 ? (tokens / tokensPerSecond) * 1000 : 0
}

/** The JSON up to the n-th token of its text; whatever protocol it is, the text is in it as one string. */
function breakOff(json: string, { content }: Answer, afterTokens = content.length): string {
  if (afterTokens === 0) return ''
  const text = JSON.stringify(content.join(''))
  const said = JSON.stringify(content.slice(0, afterTokens).join('')).slice(0, -1)
  return json.slice(0, json.indexOf(text) + said.length)
}
