import type { Answer } from '../answer.ts'
import { type Dialect, event } from './dialect.ts'

/** `POST /v1/chat/completions`. */
export const OPENAI_CHAT: Dialect = {
  speak: (answer) => ({
    begin: () => event(chunk(answer, [choice({ role: 'assistant', content: '' })])),
    output: (kind, text) =>
      event(chunk(answer, [choice({ [kind === 'text' ? 'content' : 'reasoning_content']: text })])),
    finish: () => event(chunk(answer, [choice({}, answer.finishReason)])),
    usage: () => (answer.usage === false ? '' : event({ ...chunk(answer, []), usage: answer.usage })),
    done: () => 'data: [DONE]\n\n',
    fail: (error, named) => `${named ? 'event: error\n' : ''}${event({ error })}`,
  }),
  whole: ({ id, created, model, reasoning, content, finishReason, usage }) => {
    const message = {
      role: 'assistant',
      content: content.join(''),
      ...(reasoning.length > 0 ? { reasoning_content: reasoning.join('') } : {}),
      refusal: null,
    }
    return {
      id,
      object: 'chat.completion',
      created,
      model,
      choices: [{ index: 0, message, logprobs: null, finish_reason: finishReason }],
      ...(usage === false ? {} : { usage }),
    }
  },
}

function chunk({ id, created, model }: Answer, choices: unknown[]): Record<string, unknown> {
  return { id, object: 'chat.completion.chunk', created, model, system_fingerprint: null, choices }
}

function choice(delta: Record<string, unknown>, finishReason: string | null = null): unknown {
  return { index: 0, delta, logprobs: null, finish_reason: finishReason }
}
