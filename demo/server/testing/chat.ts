import type { RunningServer } from '../start-server.ts'
import type { Fault } from '../step.ts'
import type { UpstreamAttempt } from '../upstream/upstream-log.ts'

let count = 0

/** A fault with an id of its own. */
export function fault(steps: Fault['steps'], more: Omit<Fault, 'steps'> = {}): Fault & { id: string } {
  return { id: `test-${++count}`, steps, ...more }
}

/** Sends a streamed chat request; `body` says what differs. */
export function chat(
  server: RunningServer,
  body: Record<string, unknown>,
  init: RequestInit = {},
): Promise<Response> {
  return fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      model: 'demo-small',
      stream: true,
      messages: [{ role: 'user', content: 'Hello' }],
      ...body,
    }),
    ...init,
  })
}

/** The upstream's log of one fault. */
export async function logOf(server: RunningServer, id: string): Promise<UpstreamAttempt[]> {
  const response = await fetch(`${server.url}/__upstream/log?id=${encodeURIComponent(id)}`)
  return (await response.json()) as UpstreamAttempt[]
}

export interface Chunk {
  choices: { delta: { content?: string; reasoning_content?: string }; finish_reason: string | null }[]
  usage?: { completion_tokens: number }
  error?: { code: string }
}

/** The data of a stream's events, without `[DONE]`. */
export function chunksOf(stream: string): Chunk[] {
  return stream
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice('data: '.length)) as Chunk)
}

export function textOf(stream: string): string {
  return chunksOf(stream)
    .map(({ choices }) => choices?.[0]?.delta.content ?? '')
    .join('')
}

/** Reads as much of a response as comes before it breaks or ends. */
export async function readToBreak(response: Response): Promise<{ text: string; broke: boolean }> {
  let text = ''
  const decoder = new TextDecoder()
  try {
    for await (const bytes of response.body ?? []) text += decoder.decode(bytes, { stream: true })
    return { text, broke: false }
  } catch {
    return { text, broke: true } // A client's view of a reset.
  }
}

/** Reads until the text has come, then leaves the rest unread. */
export async function readUntil(response: Response, text: string): Promise<void> {
  const reader = response.body!.getReader()
  const decoder = new TextDecoder()
  for (let seen = ''; !seen.includes(text);) {
    const { done, value } = await reader.read()
    if (done) throw new Error(`The stream ended before ${text}`)
    seen += decoder.decode(value, { stream: true })
  }
  reader.releaseLock()
}
