import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { now } from './now.ts'

/** The stream that the upstream sends. */
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

/** The shared state of all streams of a server. */
export interface Flowing {
  /** The number of streams that have sent their first event and have not ended. */
  count: number
  /** The number of streams that have ever begun: each has a place of its own between the events of the others. */
  begun: number
  /** Ends all that flow, as if they had no more to say. */
  finish: AbortController
}

/**
 * Streams an OpenAI chat answer whose every event says when it was sent, and the last one how many these were. Events
 * that come at a pace come at fixed times, other ones for each stream: however the streams began, they are spread alike.
 */
export async function streamEvents(
  { events, everyMs }: Plan,
  res: ServerResponse,
  flowing: Flowing,
): Promise<void> {
  res.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-cache' })
  const gone = new AbortController()
  res.once('close', () => gone.abort())
  const { signal: finished } = flowing.finish
  const placeMs = ((flowing.begun++ * GOLDEN) % 1) * everyMs
  let nextAt = placeMs + Math.ceil((performance.now() - placeMs) / everyMs) * everyMs
  let sent = 0
  flowing.count++
  try {
    while (sent < events && !res.destroyed && !finished.aborted) {
      const count = everyMs > 0 ? 1 : Math.min(BURST_EVENTS, events - sent)
      const sentAt = now()
      let text = ''
      for (let each = 0; each < count; each++) text += event(` word${sent + each}`, null, sentAt)
      sent += count
      if (!res.write(text)) await once(res, 'drain', { signal: gone.signal })
      if (everyMs > 0) await sleep(Math.max(0, nextAt - performance.now()))
      nextAt += everyMs
    }
  } finally {
    flowing.count--
  }
  res.end(`${event('', 'stop', now(), { sent })}data: [DONE]\n\n`)
}

/** Multiples of it, their whole part left out, lie evenly however many there are. */
const GOLDEN = (Math.sqrt(5) - 1) / 2

function event(
  content: string,
  finishReason: string | null,
  sentAt: number,
  more: { sent?: number } = {},
): string {
  const chunk = {
    id: 'chatcmpl-bench',
    object: 'chat.completion.chunk',
    created: 1_790_000_000,
    model: 'bench',
    choices: [{ index: 0, delta: content ? { content } : {}, finish_reason: finishReason }],
    sent_at: sentAt,
    ...more,
  }
  return `data: ${JSON.stringify(chunk)}\n\n`
}
