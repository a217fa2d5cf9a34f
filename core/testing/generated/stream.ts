import type { Verdict } from '../../providers/inspection/inspection.ts'

/**
 * A stream as a provider's documentation says that it is sent: written here, event by event, for everybody who has no
 * recordings. Ids and texts are made up; fields, their order and their quirks are the provider's.
 */
export interface GeneratedStream {
  /** Provider, shape, and what is special about it; unique. */
  name: string
  /** The shape, named as recordings name it. */
  api: string
  path: string
  contentType: string
  headers?: Record<string, string>
  /** As they stand on the wire. */
  events: readonly (string | Uint8Array)[]
  /** How it ends. Streams of no known protocol are whole when they end cleanly. */
  verdict: Verdict
  /** Index of the event from which on the verdict holds. */
  end: number
  /** Indexes of events before `end` after which it would be whole as well, where it ends more than once. */
  earlierEnds?: readonly number[]
}

/** Where a shape is asked for, and what its servers call it. */
export type Shape = Pick<GeneratedStream, 'api' | 'path' | 'contentType' | 'headers'>

export const SSE = 'text/event-stream; charset=utf-8'
export const DONE = 'data: [DONE]\n\n'

/** A whole stream. `end` counts from the end when it is negative; default: the last event. */
export function whole(
  shape: Shape,
  name: string,
  events: GeneratedStream['events'],
  end = -1,
): GeneratedStream {
  return { ...shape, name, events, verdict: 'complete', end: end < 0 ? events.length + end : end }
}

/** A stream that ends before its end. */
export function cut(shape: Shape, name: string, events: GeneratedStream['events']): GeneratedStream {
  return { ...shape, name, events, verdict: 'truncated', end: events.length - 1 }
}

/** A stream that reports an error; `end` as in `whole`. */
export function failed(
  shape: Shape,
  name: string,
  events: GeneratedStream['events'],
  end = -1,
): GeneratedStream {
  return { ...whole(shape, name, events, end), verdict: 'error_in_stream' }
}

export function bytesOf({ events }: Pick<GeneratedStream, 'events'>): Uint8Array {
  const encoder = new TextEncoder()
  return Buffer.concat(events.map((event) => (typeof event === 'string' ? encoder.encode(event) : event)))
}

/** The same with the other line ends that server-sent events may have. */
export function withCrlf(stream: GeneratedStream): GeneratedStream {
  return {
    ...stream,
    events: stream.events.map((event) =>
      typeof event === 'string' ? event.replace(/\r?\n/g, '\r\n') : event,
    ),
  }
}

/** Server-sent events of JSON. */
export function sse(...data: object[]): string[] {
  return data.map((each) => `data: ${JSON.stringify(each)}\n\n`)
}

/** Server-sent events that carry their type as name, too. */
export function named(...data: ({ type: string } & Record<string, unknown>)[]): string[] {
  return data.map((each) => `event: ${each.type}\ndata: ${JSON.stringify(each)}\n\n`)
}

/** JSON lines. */
export function lines(...data: object[]): string[] {
  return data.map((each) => `${JSON.stringify(each)}\n`)
}

/** What a model says: scripts of several bytes, and text that looks like the protocols' own marks. */
export const WORDS = [
  'Rate',
  ' limits',
  ' exist',
  '; in German: “Gedrängel” – and 語',
  ' 👩‍💻',
  '\n\n```js\nconst end = "data: [DONE]"\n```\n\n',
  ' a "finish_reason": "stop", a "stop_reason": "end_turn", an {"error": {"message": "none"}}',
  ' and so on.',
]

/** A tool's arguments, in pieces that are no JSON by themselves. */
export const ARGUMENTS = ['{"ci', 'ty":"Bi', 'el/Bienne","days', '":[1,2', ',3]}']
