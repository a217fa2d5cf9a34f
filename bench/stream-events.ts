import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { now } from './now.ts'

/** What the upstream is to stream. */
export interface Plan {
  events: number
  /** Between two events; 0: as fast as the connection takes them. */
  everyMs: number
}

export function isPlan(value: unknown): value is Plan {
  return typeof value === 'object' && value !== null && 'events' in value && 'everyMs' in value
}

/** A burst is written in pieces of about 16 KB, as a fast upstream's bytes come. */
const BURST_EVENTS = 80

/** Streams an OpenAI chat answer whose every event says when it was sent. */
export async function streamEvents({ events, everyMs }: Plan, res: ServerResponse): Promise<void> {
  res.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-cache' })
  const gone = new AbortController()
  res.once('close', () => gone.abort())
  const startedAt = performance.now()
  for (let sent = 0; sent < events && !res.destroyed;) {
    const count = everyMs > 0 ? 1 : Math.min(BURST_EVENTS, events - sent)
    const sentAt = now()
    let text = ''
    for (let each = 0; each < count; each++) text += event(` word${sent + each}`, null, sentAt)
    sent += count
    if (!res.write(text)) await once(res, 'drain', { signal: gone.signal })
    if (everyMs > 0) await sleep(Math.max(0, startedAt + sent * everyMs - performance.now()))
  }
  res.end(`${event('', 'stop', now())}data: [DONE]\n\n`)
}

function event(content: string, finishReason: string | null, sentAt: number): string {
  const chunk = {
    id: 'chatcmpl-bench',
    object: 'chat.completion.chunk',
    created: 1_790_000_000,
    model: 'bench',
    choices: [{ index: 0, delta: content ? { content } : {}, finish_reason: finishReason }],
    sent_at: sentAt,
  }
  return `data: ${JSON.stringify(chunk)}\n\n`
}
