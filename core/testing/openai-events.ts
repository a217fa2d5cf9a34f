/** The pieces of an OpenAI chat completion stream, as its servers send them. */

export const DONE = 'data: [DONE]\n\n'
export const FINISH = event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
export const ROLE = event({ choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] })
export const KEEP_ALIVE = ': keep-alive\n\n'

export function say(content: string): string {
  return event({ choices: [{ index: 0, delta: { content } }] })
}

export function think(content: string): string {
  return event({ choices: [{ index: 0, delta: { reasoning_content: content } }] })
}

export function usage(prompt: number, completion: number): string {
  return event({ choices: [], usage: { prompt_tokens: prompt, completion_tokens: completion } })
}

export function errorEvent(error: Record<string, unknown>): string {
  return event({ error })
}

export function event(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`
}

/** A short answer, whole. */
export const WHOLE = ROLE + say('Hello') + FINISH + DONE
