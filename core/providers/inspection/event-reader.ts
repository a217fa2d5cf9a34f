import { createParser } from 'eventsource-parser'
import type { StreamEvent } from '../wire.ts'

export interface EventReader {
  feed: (text: string) => void
}

export interface EventListeners {
  onEvent: (event: StreamEvent) => void
  /**
   * Called with a line that is no field of the format: plain text, or an error written as it would be anywhere else.
   */
  onStrayLine?: (line: string) => void
  onId?: () => void
}

/** The only use of eventsource-parser: text in, whole events out. */
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
      // The parser creates an Error for each stray line; a stack trace would make that ten times as expensive.
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

/** The JSON value of a text; `undefined` if it is not JSON. */
export function parseJson(text: string): unknown {
  // An exception costs a hundred times as much as this check, and many lines may be plain text.
  if (!/^\s*[[{"\d\-tfn]/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined // Plain text, or an end marker.
  }
}
