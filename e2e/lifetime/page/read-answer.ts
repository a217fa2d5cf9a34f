import type { Seen } from './seen.ts'

/** Reads an answer to its end, however it ends, and how late its events come. */
export async function readAnswer(
  answer: Promise<Response>,
): Promise<Pick<Seen, 'text' | 'isEnded' | 'error' | 'maxLagMs'>> {
  let text = ''
  let unread = ''
  let maxLagMs = 0
  try {
    const { body, headers } = await answer
    /** What the worker says first, so that a browser does not give up, is none of the upstream's. */
    let own = Number(headers.get('X-Streamkeeper-Heartbeat') ?? 0)
    const readingAt = Date.now()
    const reader = body?.getReader()
    const decoder = new TextDecoder()
    while (reader) {
      const { done, value } = await reader.read()
      if (done) break
      const piece = decoder.decode(value.subarray(own), { stream: true })
      own -= Math.min(own, value.length)
      text += piece
      const events = (unread + piece).split('\n\n')
      unread = events.pop() ?? ''
      for (const event of events) {
        const sentAt = Number(/"sent_at":(\d+)/.exec(event)?.[1])
        // What a page missed while it was reloaded comes at once, and late.
        if (sentAt >= readingAt) maxLagMs = Math.max(maxLagMs, Date.now() - sentAt)
      }
    }
    return { text, isEnded: true, maxLagMs }
  } catch (error) {
    return { text, isEnded: false, error: String(error), maxLagMs }
  }
}
