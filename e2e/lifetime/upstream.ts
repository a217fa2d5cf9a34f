import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Scenario } from './scenarios.ts'

/** The upstream's record of one row. */
export interface Sent {
  /** Requests that reached it. */
  requests: number
  /** The body of the last one's answer, so far. */
  text: string
  /** True if that was everything: if the worker goes first, no more is sent than arrived. */
  isWhole: boolean
  /** When the page that asked has closed, epoch ms. */
  closedAt?: number
}

/** Between two events, ms. */
const EVENT_MS = 500

/** Answers an OpenAI chat request as its scenario says, and notes in `sent` what it says. */
export async function answerChat(
  { silenceMs, durationMs, stream, model }: Scenario,
  res: ServerResponse,
  sent: Sent,
): Promise<void> {
  sent.requests++
  sent.text = ''
  sent.isWhole = false
  const gone = new AbortController()
  res.once('close', () => gone.abort())
  const rest = (ms: number) => sleep(Math.max(0, ms), undefined, { signal: gone.signal })
  const say = (text: string) => {
    sent.text += text
    res.write(text)
  }

  try {
    await rest(silenceMs)
    const type = stream ? 'text/event-stream' : 'application/json'
    res.writeHead(200, { 'Content-Type': `${type}; charset=utf-8`, 'Cache-Control': 'no-cache' })
    if (stream) {
      const startedAt = performance.now()
      say(event(model, { role: 'assistant', content: '' }))
      for (let told = 0; told * EVENT_MS < durationMs; told++) {
        say(event(model, { content: `${told} ` }))
        await rest(startedAt + (told + 1) * EVENT_MS - performance.now())
      }
      say(`${event(model, {}, 'stop')}data: [DONE]\n\n`)
    } else {
      say(whole(model))
    }
    sent.isWhole = true
    res.end()
  } catch (error) {
    if (!gone.signal.aborted) throw error
  }
}

const CREATED = 1_790_000_000

/** One event; `sent_at` is when it left, epoch ms. */
function event(model: string, delta: object, finishReason: string | null = null): string {
  const chunk = {
    id: 'chatcmpl-lifetime',
    object: 'chat.completion.chunk',
    created: CREATED,
    model,
    choices: [{ index: 0, delta, finish_reason: finishReason }],
    sent_at: Date.now(),
  }
  return `data: ${JSON.stringify(chunk)}\n\n`
}

function whole(model: string): string {
  const message = { role: 'assistant', content: 'At last. '.repeat(100) }
  return JSON.stringify({
    id: 'chatcmpl-lifetime',
    object: 'chat.completion',
    created: CREATED,
    model,
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    sent_at: Date.now(),
  })
}
