import { at, count, each, eventOf, says, type Wire } from './wire.ts'

/**
 * OpenAI chat completions and its many speakers: `finish_reason`, then `data: [DONE]`. Real servers leave out the
 * one or the other; either is an end.
 * [spec] https://platform.openai.com/docs/api-reference/chat-streaming
 */
export const openaiChat: Wire = {
  name: 'openai-chat',
  path: /\/completions$/,

  recognises: ({ data: text }, data) => text === '[DONE]' || Array.isArray(at(data, 'choices')),

  read: ({ event, data: text }, data, seen) => {
    if (text === '[DONE]') {
      seen.ended = true
      return
    }
    const error = at(data, 'error')
    if (error || event === 'error') seen.error = error ?? data
    for (const choice of each(at(data, 'choices'))) {
      if (hasOutput(at(choice, 'delta')) || at(choice, 'text')) seen.outputs++
      const reason = at(choice, 'finish_reason')
      if (reason === 'error') seen.error ??= data
      // With `n` above 1 there are several, each with an end of its own.
      const choices = (seen.choices ??= new Map<unknown, boolean>())
      const index = at(choice, 'index') ?? 0
      choices.set(index, choices.get(index) || Boolean(reason))
      seen.finished = [...choices.values()].every(Boolean)
    }
    count(seen, at(data, 'usage', 'prompt_tokens'), at(data, 'usage', 'completion_tokens'))
  },

  errorEvent: ({ code, message }) => eventOf({ error: { message, type: 'streamkeeper_error', code } }),
}

/** Any field of a delta that says something; `role` alone says nothing. */
function hasOutput(delta: unknown): boolean {
  return Object.entries(delta ?? {}).some(([name, value]) => name !== 'role' && says(value))
}
