import type { Answer } from '../answer.ts'
import { type Dialect, namedEvent } from './dialect.ts'

/** `POST /v1/responses`. It has one end marker, `response.completed`, and no `[DONE]`. */
export const OPENAI_RESPONSES: Dialect = {
  speak: (answer) => {
    let sequence = 0
    let kind: 'reasoning' | 'text' | undefined
    let item = -1
    const say = (type: string, fields: Record<string, unknown>) =>
      namedEvent({ type, sequence_number: sequence++, ...fields })
    const close = () => {
      if (kind === undefined) return ''
      const where = { item_id: itemId(answer, kind), output_index: item }
      const text = textOf(answer, kind)
      const done =
        kind === 'text'
          ? say('response.output_text.done', { ...where, content_index: 0, text, logprobs: [] }) +
            say('response.content_part.done', { ...where, content_index: 0, part: textPart(text) })
          : say('response.reasoning_summary_text.done', { ...where, summary_index: 0, text })
      return done + say('response.output_item.done', { output_index: item, item: itemOf(answer, kind, text) })
    }
    const open = (next: 'reasoning' | 'text') => {
      if (kind === next) return ''
      const closed = close()
      kind = next
      item++
      const added = say('response.output_item.added', { output_index: item, item: itemOf(answer, kind) })
      const where = { item_id: itemId(answer, kind), output_index: item }
      const part =
        kind === 'text'
          ? say('response.content_part.added', { ...where, content_index: 0, part: textPart('') })
          : ''
      return closed + added + part
    }
    return {
      begin: () => say('response.created', { response: response(answer, 'in_progress', []) }),
      output: (next, delta) => {
        const opened = open(next)
        const where = { item_id: itemId(answer, next), output_index: item }
        return (
          opened +
          (next === 'text'
            ? say('response.output_text.delta', { ...where, content_index: 0, delta, logprobs: [] })
            : say('response.reasoning_summary_text.delta', { ...where, summary_index: 0, delta }))
        )
      },
      finish: () => close() + say('response.completed', { response: OPENAI_RESPONSES.whole(answer) }),
      usage: () => '',
      done: () => '',
      fail: (error) => say('error', { ...error, type: 'error' }),
    }
  },
  whole: (answer) => {
    const kinds = answer.reasoning.length > 0 ? (['reasoning', 'text'] as const) : (['text'] as const)
    return response(
      answer,
      'completed',
      kinds.map((kind) => itemOf(answer, kind, textOf(answer, kind))),
    )
  },
}

function response(answer: Answer, status: string, output: unknown[]): Record<string, unknown> {
  const { created, model, usage } = answer
  const counted = usage === false || status !== 'completed' ? null : usage
  return {
    id: answer.id.replace('chatcmpl-', 'resp_'),
    object: 'response',
    created_at: created,
    status,
    error: null,
    incomplete_details: null,
    model,
    output,
    usage: counted && {
      input_tokens: counted.prompt_tokens,
      output_tokens: counted.completion_tokens,
      total_tokens: counted.total_tokens,
    },
  }
}

function itemOf(answer: Answer, kind: 'reasoning' | 'text', text?: string): Record<string, unknown> {
  const id = itemId(answer, kind)
  if (kind === 'reasoning') {
    return { id, type: 'reasoning', summary: text === undefined ? [] : [{ type: 'summary_text', text }] }
  }
  return {
    id,
    type: 'message',
    role: 'assistant',
    status: text === undefined ? 'in_progress' : 'completed',
    content: text === undefined ? [] : [textPart(text)],
  }
}

function itemId(answer: Answer, kind: 'reasoning' | 'text'): string {
  return answer.id.replace('chatcmpl-', kind === 'text' ? 'msg_' : 'rs_')
}

function textOf(answer: Answer, kind: 'reasoning' | 'text'): string {
  return (kind === 'text' ? answer.content : answer.reasoning).join('')
}

function textPart(text: string): Record<string, unknown> {
  return { type: 'output_text', text, annotations: [], logprobs: [] }
}
