import type { Clock } from '../core/clock.ts'
import { isEventStream } from '../core/providers/media-types.ts'
import { HARMLESS } from './head.ts'
import { createLiveBody } from './live-body.ts'
import { formatOffset } from './protocol/offset.ts'
import type { StreamReader } from './read-stream.ts'
import type { StreamHead } from './stream-info.ts'

/** The heartbeat of a silent event stream, if one was requested: a comment, none of the log's bytes. */
export const HEARTBEAT = ': streamkeeper\n\n'

export interface LiveOptions {
  /** Where the stream can be read again. */
  url: string
  id: string
  /** Sends `HEARTBEAT` after this long without bytes, between events only, ms; 0: never. */
  heartbeatMs: number
  headers?: Record<string, string>
  clock: Clock
}

/**
 * The raw bytes of a stream from the reader's position on, as they come, to the end of the connection.
 *
 * An error is reported by the protocol's own error event, if it has one, and then by a connection that breaks: it never
 * looks like a clean end.
 */
export function streamResponse(
  reader: StreamReader,
  head: StreamHead,
  { url, id, heartbeatMs, headers = {}, clock }: LiveOptions,
): Response {
  const type = head.headers['content-type'] ?? ''
  return new Response(liveBody(reader, isEventStream(type) ? heartbeatMs : 0, clock), {
    status: head.status,
    headers: {
      ...head.headers,
      ...liveHeaders(url, id, reader.position()),
      ...headers,
    },
  })
}

/** How often a request asks for heartbeats, by its query: `heartbeat=<seconds>`, 1 to 60; 0: not at all. ms */
export function heartbeatOf({ url }: Request): number {
  const seconds = Number(new URL(url).searchParams.get('heartbeat'))
  return seconds >= 1 && seconds <= 60 ? seconds * 1000 : 0
}

/** Headers with the location of a stream. The worker and other readers need them to resume. */
export function liveHeaders(url: string, id: string, position: number): Record<string, string> {
  return {
    'content-location': url,
    'stream-next-offset': formatOffset(position),
    'x-streamkeeper-id': id,
    'cache-control': 'no-store',
    'access-control-expose-headers': EXPOSED_HEADERS,
    // nginx would hold the bytes back otherwise.
    'x-accel-buffering': 'no',
    ...HARMLESS,
  }
}

export const EXPOSED_HEADERS = [
  'Content-Location',
  'ETag',
  'Location',
  'Producer-Epoch',
  'Producer-Expected-Seq',
  'Producer-Received-Seq',
  'Producer-Seq',
  'Stream-Closed',
  'Stream-Content-Type',
  'Stream-Cursor',
  'Stream-Error',
  'Stream-Expires-At',
  'Stream-Next-Offset',
  'Stream-SSE-Data-Encoding',
  'Stream-TTL',
  'Stream-Up-To-Date',
  'X-Streamkeeper-Id',
].join(', ')

function liveBody(reader: StreamReader, heartbeatMs: number, clock: Clock): ReadableStream<Uint8Array> {
  let failure: TypeError | undefined
  let isBetweenEvents = reader.position() === 0

  const pull = async (
    controller: ReadableStreamDefaultController<Uint8Array>,
    isOpen: () => boolean,
  ): Promise<void> => {
    if (failure) throw failure
    const step = await reader.next(heartbeatMs || Infinity)
    if (!isOpen()) return
    switch (step.kind) {
      case 'bytes':
        isBetweenEvents = endsEvent(step.bytes)
        return controller.enqueue(step.bytes)
      case 'idle':
        if (isBetweenEvents) return controller.enqueue(encode(HEARTBEAT))
        return pull(controller, isOpen)
      case 'gone':
        throw new TypeError('The response is no longer there')
      case 'end':
        reader.close()
        if (step.end.kind === 'complete') return controller.close()
        failure = new TypeError(step.end.message)
        if (step.end.notice === undefined) throw failure
        return controller.enqueue(encode(step.end.notice))
    }
  }

  return createLiveBody(reader, clock, pull)
}

/** True if an event ends here. Only chunks that end with a whole blank line count. */
function endsEvent(bytes: Uint8Array): boolean {
  const end = String.fromCharCode(...bytes.subarray(-4))
  return end.endsWith('\n\n') || end.endsWith('\r\n\r\n')
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
