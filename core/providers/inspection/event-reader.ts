import { createParser } from 'eventsource-parser'
import type { StreamEvent } from '../wire.ts'

export interface EventReader {
  feed: (text: string) => void
}

export interface EventListeners {
  onEvent: (event: StreamEvent) => void
  /** A line that is no field of the format: words, or an error that was written as it would be anywhere else. */
  onStrayLine?: (line: string) => void
  onId?: () => void
}

/** The one doorway to eventsource-parser: text in, whole events out. */
export function createEventReader({ onEvent, onStrayLine, onId }: EventListeners): EventReader {
  const parser = createParser({
    onEvent: ({ id, event, data }) => onEvent({ id, name: event, text: data, data: parseJson(data) }),
    onId,
    onError: ({ type, line = '' }) => {
      if (type === 'unknown-field') onStrayLine?.(line)
    },
  })
  return {
    feed: (text) => {
      // The parser makes an Error of each stray line; with its stack trace that costs ten times as much.
      const traces = Error as { stackTraceLimit?: number | undefined }
      const limit = traces.stackTraceLimit
      traces.stackTraceLimit = 0
      try {
        parser.feed(text)
      } finally {
        traces.stackTraceLimit = limit
      }
    },
  }
}

/** The JSON value of a text; `undefined` when it is none. */
export function parseJson(text: string): unknown {
  // An exception costs a hundred times what this does, and many lines may be words.
  if (!/^\s*[[{"\d\-tfn]/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined // Words, or an end marker.
  }
}
