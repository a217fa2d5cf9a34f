import { createParser } from 'eventsource-parser'

/** One server-sent event: its type (absent means `message`) and its data. */
export interface ServerSentEvent {
  event?: string | undefined
  data: string
}

/** The longest event we look into; a longer one passes unread. Characters. */
const MAX_EVENT_LENGTH = 4 * 1024 * 1024

/**
 * An error that is no event: some servers write it between events as they would anywhere else (`error: {…}`, or bare
 * JSON), where a conforming reader takes no notice of it.
 */
const STRAY_ERROR = /[\r\n](error:|\s*\{?\s*"error"\s*:)/

/** A stray error is recognised by so much of it, wherever the bytes are cut. Characters. */
const STRAY_LENGTH = 32

export interface EventReader {
  feed: (bytes: Uint8Array) => void
  /** Reads what is left as if its line had ended: some servers forget the last blank line. */
  end: () => void
}

/** The one doorway to eventsource-parser: bytes in, whole events out, whatever the chunking. */
export function readEvents(onEvent: (event: ServerSentEvent) => void, onStrayError: () => void): EventReader {
  let unreadable = false
  let before = '\n'
  // The parser takes the one byte order mark that may stand there.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const parser = createParser({
    maxBufferSize: MAX_EVENT_LENGTH,
    onEvent,
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') unreadable = true
    },
  })
  return {
    feed: (bytes) => {
      if (unreadable) return
      const text = decoder.decode(bytes, { stream: true })
      parser.feed(text)
      before += text
      if (STRAY_ERROR.test(before)) onStrayError()
      before = before.slice(-STRAY_LENGTH)
    },
    end: () => {
      if (!unreadable) parser.feed(`${decoder.decode()}\n\n`)
    },
  }
}
