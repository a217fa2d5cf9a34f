import type { Keeper, Options } from '../client/index.ts'
import type { Plan } from './stream-events.ts'

// These functions travel to the page as text; each must stand alone.

/** One stream, as the page saw it. Times in ms. */
export interface Seen {
  /** From the call of `fetch` to the first byte of the body. */
  ttfbMs: number
  /** From the call of `fetch` to the end of the stream. */
  totalMs: number
  /** From each event's departure at the server to the moment the page had all of it. */
  delaysMs: number[]
  /** When each of them departed, epoch ms of the server's clock. */
  sentAt: number[]
}

/**
 * Reads a stream of each origin, all at once, and that so many times. While bytes come they are only kept, with their time; what they say is read
 * afterwards, so that measuring costs every path the same little.
 *
 * @param clockOffsetMs what the server's clock is ahead of the page's
 * @param origins of the chats; the page's own unless given
 */
export async function readStreams({
  plan,
  times,
  clockOffsetMs,
  origins = [''],
}: {
  plan: Plan
  times: number
  clockOffsetMs: number
  origins?: readonly string[]
}): Promise<Seen[]> {
  const read = async (origin: string, content: string): Promise<Seen> => {
    const body = JSON.stringify({ model: 'bench', stream: true, messages: [{ role: 'user', content }], plan })
    const arrivals: { at: number; bytes: Uint8Array }[] = []
    const startedAt = performance.now()
    const response = await fetch(`${origin}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body,
    })
    if (!response.ok || !response.body) throw new Error(`The upstream answered ${response.status}`)
    const reader = response.body.getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      arrivals.push({ at: performance.now(), bytes: value })
    }
    const endedAt = performance.now()

    const decoder = new TextDecoder()
    const delaysMs: number[] = []
    const sentAt: number[] = []
    let wereSent: number | undefined
    let rest = ''
    for (const { at, bytes } of arrivals) {
      const events = (rest + decoder.decode(bytes, { stream: true })).split('\n\n')
      rest = events.pop() ?? ''
      for (const event of events) {
        const departed = /"sent_at":([\d.]+)(?:,"sent":(\d+))?/.exec(event)
        if (!departed) continue
        sentAt.push(Number(departed[1]))
        delaysMs.push(performance.timeOrigin + at + clockOffsetMs - Number(departed[1]))
        // The last says how many came before it.
        if (departed[2] !== undefined) wereSent = Number(departed[2]) + 1
      }
    }
    if (delaysMs.length !== wereSent) throw new Error(`${delaysMs.length} events came, ${wereSent} were sent`)
    const ttfbMs = (arrivals[0]?.at ?? endedAt) - startedAt
    return { ttfbMs, totalMs: endedAt - startedAt, delaysMs, sentAt }
  }

  const all: Seen[] = []
  for (let time = 0; time < times; time++) {
    const seen = await Promise.all(
      origins.map((origin, index) => read(origin, `Round ${time}, stream ${index}`)),
    )
    all.push(...seen)
  }
  return all
}

/** How long requests take that are no chats, one after the other, ms. */
export async function fetchOthers(times: number): Promise<number[]> {
  const all: number[] = []
  for (let time = 0; time < times; time++) {
    const startedAt = performance.now()
    await (await fetch('/clock', { cache: 'no-store' })).text()
    all.push(performance.now() - startedAt)
  }
  return all
}

/**
 * How far the server's clock is ahead of the page's. Each question brackets it; where 0 lies in all brackets (one
 * machine, one clock) it is 0, else their middle.
 */
export async function measureClockOffset(): Promise<number> {
  let [least, most] = [-Infinity, Infinity]
  for (let ask = 0; ask < 50; ask++) {
    const before = performance.timeOrigin + performance.now()
    const theirs = Number(await (await fetch('/clock', { cache: 'no-store' })).text())
    const after = performance.timeOrigin + performance.now()
    least = Math.max(least, theirs - after)
    most = Math.min(most, theirs - before)
  }
  return least <= 0 && most >= 0 ? 0 : (least + most) / 2
}

/** Registers a worker that is not ours; resolves when it controls the page. */
export async function registerPlain(): Promise<void> {
  await navigator.serviceWorker.register('worker.js')
  while (!navigator.serviceWorker.controller) await new Promise((resolve) => setTimeout(resolve, 10))
}

declare global {
  /** The page's, once ours controls it. */
  var keeper: Keeper
}

/** Registers ours, as an app does; resolves when it controls the page. */
export async function registerKeeper(options: Options): Promise<void> {
  const library = '/dist/index.js'
  const { register } = (await import(library)) as typeof import('../client/index.ts')
  globalThis.keeper = await register('worker.js', options)
  const { state, reason } = keeper
  if (state !== 'controlling') throw new Error(`streamkeeper does not control the page: ${state}, ${reason}`)
}

/** Begins an answer and reads nothing of it; it stays open as long as the page. */
export async function openUnread({ url }: { url: string }): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ model: 'bench', stream: true, messages: [] }),
  })
  // Or it might be collected, and its stream cancelled.
  Object.assign(globalThis, { unread: response.body })
}
