import { createHash } from 'node:crypto'
import type { AnswerOptions } from '../step.ts'
import type { ChatRequest } from './chat-request.ts'
import { sampleAnswer, sampleReasoning } from './sample-answers.ts'
import { tokenize, tokensOf } from './tokens.ts'

/** The content of a response, before its form is decided. */
export interface Answer {
  id: string
  /** Epoch seconds. */
  created: number
  model: string
  reasoning: string[]
  content: string[]
  finishReason: string
  usage: Readonly<Record<string, unknown>> | false
}

/** Decides what to say. `now` is in epoch ms; equal requests get equal text. */
export function composeAnswer(request: ChatRequest, options: AnswerOptions, now: number): Answer {
  const { model, prompt } = request
  const thinks = options.reasoning ?? (isReasoningModel(model) ? sampleReasoning(prompt) : false)
  const reasoning = thinks === false ? [] : tokenize(thinks)
  const content = tokensOf(options.text ?? sampleAnswer(prompt), options.tokens)
  return {
    id: `chatcmpl-${createHash('sha256').update(`${now} ${model} ${prompt}`).digest('hex').slice(0, 24)}`,
    created: Math.floor(now / 1000),
    model,
    reasoning,
    content,
    finishReason: options.finishReason ?? 'stop',
    usage: options.usage ?? countUsage(request, reasoning.length, content.length),
  }
}

export function isReasoningModel(model: string): boolean {
  return /(?:^|\/)o\d|reason|think/i.test(model)
}

function countUsage(request: ChatRequest, reasoning: number, content: number): Record<string, unknown> {
  const promptTokens = Math.ceil(request.promptLength / 4) + 4
  return {
    prompt_tokens: promptTokens,
    completion_tokens: reasoning + content,
    total_tokens: promptTokens + reasoning + content,
    ...(reasoning > 0 ? { completion_tokens_details: { reasoning_tokens: reasoning } } : {}),
  }
}
