import type { Clock } from '../../core/clock.ts'
import { KEEP_ALIVE_MS, SSE_MS } from '../limits.ts'
import { createLiveBody } from '../live-body.ts'
import type { StreamReader } from '../read-stream.ts'
import { nextCursor } from './cursor.ts'
import { formatOffset } from './offset.ts'

/** One event has at most so many bytes: a message of megabytes is more than some clients take. */
const MAX_EVENT = 64 * 1024

/**
 * A stream as server-sent events: `data` with bytes, `control` with where they end. Text goes as text, all else in base64.
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

  async function pull(
    controller: ReadableStreamDefaultController<Uint8Array>,
    isOpen: () => boolean,
  ): Promise<void> {
    const step = await reader.next(isFirst ? 0 : KEEP_ALIVE_MS)
    isFirst = false
    if (!isOpen()) return
    if (step.kind === 'gone') throw new TypeError('The stream is not there any more')
    const { info, length } = step.state
    const isAll = reader.position() >= length
    let text = ''
    let isClosed = isAll && info.end?.kind === 'complete'
    if (step.kind === 'bytes') text += dataEvents(step.bytes, isText)
    if (step.kind === 'end' && step.end.kind === 'error') {
      if (step.end.notice === undefined) throw new TypeError(step.end.message)
      text += dataEvents(new TextEncoder().encode(step.end.notice), isText)
      isClosed = true
    }
    const control = {
      streamNextOffset: formatOffset(reader.position()),
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

function dataEvents(bytes: Uint8Array, isText: boolean): string {
  let events = ''
  for (let at = 0; at < bytes.length; at += MAX_EVENT) {
    const part = bytes.subarray(at, at + MAX_EVENT)
    const payload = isText ? new TextDecoder().decode(part) : base64(part)
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
