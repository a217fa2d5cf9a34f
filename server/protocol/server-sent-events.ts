import type { Clock } from '../../core/clock.ts'
import { concat } from '../../core/concat.ts'
import { KEEP_ALIVE_MS, SSE_MS } from '../limits.ts'
import { createLiveBody } from '../live-body.ts'
import type { StreamReader } from '../read-stream.ts'
import { nextCursor } from './cursor.ts'
import { formatOffset } from './offset.ts'

/** The most bytes in one event: some clients do not take a message of megabytes. */
const MAX_EVENT = 64 * 1024

/**
 * A stream as server-sent events: `data` with bytes, `control` with where they end. Text is sent as text, all else in
 * base64.
 *
 * // [spec] Durable Streams, section 5.7
 */
export function serverSentEvents(
  reader: StreamReader,
  contentType: string,
  { clock, cursor }: { clock: Clock; cursor: string | null },
): Response {
  const isText = /^(text\/|application\/json)/i.test(contentType)
  const endAt = clock.monotonic() + SSE_MS
  let isFirst = true
  /** The beginning of a character whose rest has not come. */
  let held = new Uint8Array()

  async function pull(
    controller: ReadableStreamDefaultController<Uint8Array>,
    isOpen: () => boolean,
  ): Promise<void> {
    const step = await reader.next(isFirst ? 0 : KEEP_ALIVE_MS)
    isFirst = false
    if (!isOpen()) return
    if (step.kind === 'gone') throw new TypeError('The stream is not there any more')
    const { info, length } = step.state
    let isAll = reader.position() >= length
    let text = ''
    let isClosed = isAll && info.end?.kind === 'complete'
    const bytes = step.kind === 'bytes' ? concat([held, step.bytes]) : held
    const whole = isText && !isClosed ? wholeCharacters(bytes) : bytes.length
    held = bytes.slice(whole)
    isAll &&= held.length === 0
    text += dataEvents(bytes.subarray(0, whole), isText)
    if (step.kind === 'end' && step.end.kind === 'error') {
      if (step.end.notice === undefined) throw new TypeError(step.end.message)
      text += dataEvents(new TextEncoder().encode(step.end.notice), isText)
      isClosed = true
    }
    const control = {
      streamNextOffset: formatOffset(reader.position() - held.length),
      ...(isClosed
        ? { streamClosed: true }
        : {
            streamCursor: nextCursor(cursor, clock.now(), Math.random),
            ...(isAll && !info.end ? { upToDate: true } : {}),
          }),
      ...(step.kind === 'end' && step.end.kind === 'error' ? { streamError: step.end.code } : {}),
    }
    text += `event: control\ndata:${JSON.stringify(control)}\n\n`
    controller.enqueue(new TextEncoder().encode(text))
    if (isClosed || clock.monotonic() >= endAt) {
      reader.close()
      controller.close()
    }
  }

  const body = createLiveBody(reader, clock, pull)
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-store',
      'x-accel-buffering': 'no',
      ...(isText ? {} : { 'stream-sse-data-encoding': 'base64' }),
    },
  })
}

/** A byte order mark is text like any other here. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

function dataEvents(bytes: Uint8Array, isText: boolean): string {
  let events = ''
  for (let at = 0, end = 0; at < bytes.length; at = end) {
    end = Math.min(at + MAX_EVENT, bytes.length)
    if (isText && end < bytes.length) end = at + wholeCharacters(bytes.subarray(at, end))
    const part = bytes.subarray(at, end)
    const payload = isText ? decoder.decode(part) : base64(part)
    // A line break within text would end the event, and let text pass for an event of ours.
    events += `event: data\n${payload
      .split(/\r\n|\r|\n/)
      .map((line) => `data:${line}\n`)
      .join('')}\n`
  }
  return events
}

function base64(bytes: Uint8Array): string {
  let binary = ''
  for (let at = 0; at < bytes.length; at += 8192)
    binary += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(binary)
}

/** How many of these bytes of UTF-8 come before an unfinished character. */
function wholeCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= 3; back++) {
    const byte = bytes.at(-back)
    if (byte === undefined || byte < 0x80) break
    if (byte < 0xc0) continue
    const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
    return size > back ? bytes.length - back : bytes.length
  }
  return bytes.length
}
