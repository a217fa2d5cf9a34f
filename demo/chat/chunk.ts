/** The content that one chunk of a response adds, from any OpenAI-compatible service. */
export interface Delta {
  content: string
  reasoning: string
  finish: 'stop' | 'length' | 'content_filter' | null
}

export function readChunk(chunk: unknown): Delta {
  const choice = first(field(chunk, 'choices'))
  const delta = field(choice, 'delta')
  const finish = field(choice, 'finish_reason')
  return {
    content: text(field(delta, 'content')),
    // DeepSeek and vLLM say `reasoning_content`, OpenRouter and Ollama say `reasoning`.
    reasoning: text(field(delta, 'reasoning_content')) || text(field(delta, 'reasoning')),
    finish:
      typeof finish !== 'string'
        ? null
        : finish === 'length' || finish === 'content_filter'
          ? finish
          : 'stop',
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function first(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : undefined
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
