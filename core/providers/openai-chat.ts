import {
  addOutput,
  addUsage,
  asArray,
  asText,
  finishIn,
  get,
  hasContent,
  type Seen,
  type StreamEvent,
  type Wire,
  wordsIn,
} from './wire.ts'

/** Top-level fields that are not output, whatever is in them. */
const PREAMBLE = new Set([
  'choices',
  'id',
  'object',
  'created',
  'model',
  'provider',
  'system_fingerprint',
  'service_tier',
  'usage',
  'obfuscation',
  'prompt_filter_results',
  'prompt_annotations',
  'x_groq',
  'error',
])

/**
 * OpenAI chat completions, spoken by many (Mistral, Groq, DeepSeek, OpenRouter, vLLM …): a `finish_reason`,
 * then `data: [DONE]`. Real servers leave out one or the other; either is an end.
 * [spec] https://platform.openai.com/docs/api-reference/chat-streaming
 */
export const openaiChat: Wire = {
  name: 'openai-chat',
  requests: [
    { path: /\/chat\/completions$/, mediaType: 'text/event-stream', streamsByDefault: false },
    { path: /\/completions$/, mediaType: 'text/event-stream' },
  ],

  recognises: isChunk,

  read: (event, seen, { choices: wanted = 1 }) => {
    const { data } = event
    const choices = asArray(get(data, 'choices'))
    for (const choice of choices) {
      const delta = get(choice, 'delta') ?? get(choice, 'message')
      const speaks = saysSomething(delta) || hasContent(get(choice, 'text'))
      if (speaks) {
        addOutput(seen)
        seen.working = isWorking(delta)
      }
      const said = get(choice, 'finishReason')
      const reason = said !== 'null' && said // KoboldCpp used to write it as a text.
      const index = get(choice, 'index') ?? 0
      if (wanted > 1) {
        const ends = (seen.choices ??= new Map<unknown, boolean>())
        ends.set(index, ends.get(index) || Boolean(reason))
        seen.finished = ends.size >= wanted && [...ends.values()].every(Boolean)
      } else if (reason) seen.finished = true
      if (reason) {
        seen.reason = true
        // Some servers put a reason on every chunk: one that comes with content may not be the last.
        // And whoever runs the tools that were called may go on in the same stream; some servers call that `stop`.
        seen.final =
          seen.finished && !speaks && !seen.working && !/^(tool_calls|function_call)$/.test(asText(reason))
        if (!speaks) seen.working = !seen.final
      }
      countTokens(seen, get(choice, 'usage'))
    }
    countTokens(seen, get(data, 'usage'))
    if (!isChunk(event)) return false
    // Progress reports and the like: not text, but not nothing either.
    if (Object.entries(data ?? {}).some(([name, value]) => !PREAMBLE.has(name) && hasContent(value)))
      seen.outputs++
    return true
  },

  skim: (head, tail, seen, asked) => {
    const choice = { delta: { content: '…' }, finishReason: finishIn(head, tail) }
    openaiChat.read({ text: '', data: { choices: [choice] } }, seen, asked)
    return true
  },

  needsAll: (seen, { choices = 1 }) => choices > 1 && !seen.ended,

  words: ({ data }) => {
    const choice = get(data, 'choices', '0')
    // Of several choices, each in events of its own, a person reads the first.
    if (get(choice, 'index')) return ''
    return wordsIn(
      get(choice, 'delta', 'content') ?? get(choice, 'message', 'content') ?? get(choice, 'text'),
    )
  },

  errorEvent: ({ code, message }) => ({ data: { error: { message, type: 'streamkeeper_error', code } } }),
}

function isChunk({ data }: StreamEvent): boolean {
  const choices = get(data, 'choices')
  if (!Array.isArray(choices)) return false
  if (choices.length === 0) return Object.keys(Object(data) as object).every((field) => PREAMBLE.has(field))
  return choices.some(
    (choice) =>
      typeof get(choice, 'delta') === 'object' ||
      typeof get(choice, 'message') === 'object' ||
      get(choice, 'finishReason') !== undefined ||
      (typeof get(choice, 'text') === 'string' && typeof get(choice, 'index') === 'number'),
  )
}

function countTokens(seen: Seen, usage: unknown): void {
  addUsage(seen, get(usage, 'promptTokens'), get(usage, 'completionTokens'))
}

/** True if any field of a delta has content; a role alone does not count. */
function saysSomething(delta: unknown): boolean {
  if (typeof delta !== 'object' || delta === null) return false
  return Object.entries(delta).some(([name, value]) => name !== 'role' && hasContent(value))
}

/** True for a tool call that is being written, or reasoning: what comes next may take minutes. */
function isWorking(delta: unknown): boolean {
  if (hasContent(get(delta, 'content'))) return false
  return ['tool_calls', 'function_call', 'reasoning', 'reasoning_content', 'reasoning_details'].some(
    (field) => hasContent(get(delta, field)),
  )
}
