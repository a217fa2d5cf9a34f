import type { Page } from './page.ts'

/** A reader of a long answer that goes as far and as fast as a spec says. It keeps no text, only a hash of it. */
export interface PacedReader {
  now: () => Promise<Read>
  /** An expression for its page: the number of bytes that it has read. */
  bytesThere: string
  /** Lets it read on: until it has so many bytes at least, by default to the end. */
  readOn: (upTo?: number) => Promise<void>
}

/** The part that it has read so far. */
export interface Read {
  /** `failed`: fetch or reader rejected. */
  state: 'reading' | 'whole' | 'failed'
  bytes: number
  /** FNV-1a, 32 bits. */
  hash: number
  error?: string
}

export interface Pace {
  /** It asks for nothing more once it has so many bytes; default: no bound. */
  upTo?: number
  /** It rests so long after each chunk; default 0. */
  restMs?: number
}

const TO_THE_END = Number.MAX_SAFE_INTEGER

/** Sends a chat, and reads its answer at that pace. */
export function chatAt(page: Page, url: string, pace: Pace): Promise<PacedReader> {
  const body = JSON.stringify({ model: 'demo-small', stream: true, messages: [] })
  const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body }
  return read(page, url, init, pace)
}

/** Reads an answer again at that pace. */
export function attachAt(page: Page, requestId: string, pace: Pace): Promise<PacedReader> {
  return read(page, `/__streamkeeper/streams/${requestId}`, {}, pace)
}

async function read(
  page: Page,
  url: string,
  init: RequestInit,
  { upTo = TO_THE_END, restMs = 0 }: Pace,
): Promise<PacedReader> {
  const name = crypto.randomUUID()
  await page.evaluate(startReading, { name, url, init, upTo, restMs })
  return {
    now: () => page.evaluate((name) => window.paced?.[name]?.read as Read, name),
    bytesThere: `window.paced['${name}'].read.bytes`,
    readOn: (upTo = TO_THE_END) =>
      page.evaluate(({ name, upTo }) => window.paced?.[name]?.readOn(upTo), { name, upTo }),
  }
}

/** A reader's hash after these bytes of a response. */
export function hashOf(pieces: Iterable<string>, bytes = Infinity): number {
  let hash = 0x811c9dc5
  let left = bytes
  for (const piece of pieces) {
    const part = Buffer.from(piece).subarray(0, left)
    for (const byte of part) hash = Math.imul(hash ^ byte, 0x01000193)
    left -= part.length
    if (left <= 0) break
  }
  return hash
}

declare global {
  interface Window {
    paced?: Record<string, { read: Read; readOn: (upTo: number) => void }>
  }
}

interface Start extends Required<Pace> {
  name: string
  url: string
  init: RequestInit
}

// Runs in the page; it must stand alone.
function startReading({ name, url, init, upTo, restMs }: Start): void {
  const read: Read = { state: 'reading', bytes: 0, hash: 0x811c9dc5 }
  let bound = upTo
  let wake = () => {}
  const readOn = (upTo: number) => {
    bound = upTo
    wake()
  }
  const run = async () => {
    const { ok, status, body } = await fetch(url, init)
    if (!ok || !body) throw new Error(`Answered with ${status}`)
    const reader = body.getReader()
    for (;;) {
      while (read.bytes >= bound) await new Promise<void>((resolve) => (wake = resolve))
      const { done, value } = await reader.read()
      if (done) return
      let { hash } = read
      for (const byte of value) hash = Math.imul(hash ^ byte, 0x01000193)
      Object.assign(read, { hash, bytes: read.bytes + value.length })
      if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs))
    }
  }
  ;(window.paced ??= {})[name] = { read, readOn }
  run().then(
    () => (read.state = 'whole'),
    (error: unknown) => Object.assign(read, { state: 'failed', error: String(error) }),
  )
}
