import type { Message } from './messages.ts'

// These functions travel to the page as text; each must stand alone.

/**
 * Saves messages; resolves with how long each took to its Response, ms.
 *
 * @param everyMs one in each span of so long, somewhere in it, so that nothing else keeps step; whatever becomes of those
 *   before. 0: eight at a time, as fast as they are answered
 */
export async function save({
  messages,
  everyMs,
}: {
  messages: Message[]
  everyMs: number
}): Promise<number[]> {
  const tookMs: number[] = []
  const post = async ({ url, body }: Message) => {
    const startedAt = performance.now()
    const headers = { 'Content-Type': 'application/json' }
    const response = await fetch(url, { method: 'POST', headers, body })
    tookMs.push(performance.now() - startedAt)
    if (!response.ok) throw new Error(`The response to a save is ${response.status}`)
    await response.text()
  }
  if (everyMs === 0) {
    const next = messages.values()
    const lane = async () => {
      for (const message of next) await post(message)
    }
    // More at a time would wait for each other for longer than a worker waits for its storage.
    await Promise.all(Array.from({ length: 8 }, lane))
    return tookMs
  }
  const posting: Promise<void>[] = []
  const startedAt = performance.now()
  for (const [index, message] of messages.entries()) {
    const somewhere = (index * 0.618) % 1
    const waitMs = startedAt + (index + somewhere) * everyMs - performance.now()
    await new Promise((resolve) => setTimeout(resolve, waitMs))
    posting.push(post(message))
  }
  await Promise.all(posting)
  return tookMs
}

/** Has workbox's worker queue messages. */
export async function queueInWorkbox(messages: Message[]): Promise<void> {
  const { port1, port2 } = new MessageChannel()
  const queued = new Promise((resolve) => port1.addEventListener('message', resolve, { once: true }))
  port1.start()
  navigator.serviceWorker.controller?.postMessage({ queue: messages }, [port2])
  await queued
}

/** The activity during the measurement. */
export type Watch = 'flush' | 'replay' | { nothingForMs: number }

/** A page's measurements during an activity. Times in ms. */
export interface Watched {
  totalMs: number
  /** Between one animation frame and the next. */
  framesMs: number[]
}

/** Has what is queued sent, with `keeper.outbox.flush()` or workbox's `replayRequests()`, or does nothing. */
export async function watch(what: Watch): Promise<Watched> {
  const replay = () => {
    const { port1, port2 } = new MessageChannel()
    const replayed = new Promise((resolve) => port1.addEventListener('message', resolve, { once: true }))
    port1.start()
    navigator.serviceWorker.controller?.postMessage('replay', [port2])
    return replayed
  }

  const framesMs: number[] = []
  let frame = 0
  let before: number | undefined
  const tick = () => {
    // Not the time the frame has by the clock of frames, which is even: the time at which the page had its turn.
    const at = performance.now()
    if (before !== undefined) framesMs.push(at - before)
    before = at
    frame = requestAnimationFrame(tick)
  }
  frame = requestAnimationFrame(tick)
  const startedAt = performance.now()
  if (what === 'flush') await keeper.outbox.flush()
  else if (what === 'replay') await replay()
  else await new Promise((resolve) => setTimeout(resolve, what.nothingForMs))
  const totalMs = performance.now() - startedAt
  cancelAnimationFrame(frame)
  return { totalMs, framesMs }
}
