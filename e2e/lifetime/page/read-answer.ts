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
    /** The worker's own first byte, which keeps a browser from giving up, is not the upstream's. */
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
        // Text that a page missed during a reload arrives immediately, and late.
        if (sentAt >= readingAt) maxLagMs = Math.max(maxLagMs, Date.now() - sentAt)
      }
    }
    return { text, isEnded: true, maxLagMs }
  } catch (error) {
    return { text, isEnded: false, error: String(error), maxLagMs }
  }
}
