import { errorIn, mayBeOfAll } from '../core/providers/error-in.ts'
import { createEventReader, parseJson } from '../core/providers/inspection/event-reader.ts'
import { formatOf } from '../core/providers/inspection/format.ts'
import { splitLines, type Splitter } from '../core/providers/inspection/split.ts'
import { splitValues } from '../core/providers/inspection/split-values.ts'
import { createUnread } from '../core/providers/inspection/unread.ts'
import { isDone, type StreamEvent } from '../core/providers/wire.ts'
import { ChatError } from './chat-error.ts'

export interface ChunkSink {
  onChunk: (chunk: unknown) => void
  /** Called when the stream reports its end, or an error; nothing after that is read. */
  onEnd: (error?: ChatError) => void
}

export interface ChunkReader {
  /** Takes the next bytes; without any, the end. */
  feed: (bytes?: Uint8Array) => void
}

/**
 * Reads a response's chunks: the JSON of each server-sent event, each value of a JSON body, or else each line. A chunk
 * that is not JSON is a string.
 */
export function readChunks(contentType: string, sink: ChunkSink): ChunkReader {
  const unread = createUnread()
  let read: ((bytes?: Uint8Array) => void) | undefined
  let isOver = false

  return {
    feed: (bytes) => {
      if (isOver) return
      if (read) return read(bytes)
      if (bytes) unread.push(bytes)
      // Blank text before the first content is a heartbeat, and says nothing about the format.
      const start = new TextDecoder().decode(unread.first(1024)).trimStart()
      const format = formatOf(start, contentType.toLowerCase(), bytes === undefined || unread.size() > 1024)
      if (format === undefined) return
      read =
        format === 'sse' ? readEvents(take) : format === 'values' ? readValues(take, end) : readLines(take)
      read(unread.take(unread.size()))
      if (!bytes) read()
    },
  }

  function take(event: StreamEvent): void {
    if (isOver) return
    if (isDone(event.text)) return end()
    const error = errorIn(event)
    if (error !== undefined && mayBeOfAll(event)) return end(toChatError(event, error))
    const chunk = event.data ?? event.text
    if (chunk !== '') sink.onChunk(chunk)
  }

  function end(error?: ChatError): void {
    if (isOver) return
    isOver = true
    sink.onEnd(error)
  }
}

type Take = (event: StreamEvent) => void

function readEvents(take: Take) {
  const decoder = new TextDecoder()
  /** True once an event was JSON: then a last event that is not JSON was cut. */
  let areJson = false
  let isEnd = false
  const reader = createEventReader({
    onEvent: (event) => {
      const isJson = event.data !== undefined || isDone(event.text)
      // Some servers leave out the last blank line, so the last event is read without it.
      if (isEnd && areJson && !isJson) return
      areJson ||= isJson
      take(event)
    },
  })
  return (bytes?: Uint8Array) => {
    reader.feed(decoder.decode(bytes, { stream: bytes !== undefined }))
    isEnd = bytes === undefined
    // As if its line and its event had ended.
    if (isEnd) reader.feed('\n\n')
  }
}

function readLines(take: Take) {
  return readParts(splitLines(), take, (rest) => take(sseEvent(rest)))
}

function readValues(take: Take, end: (error: ChatError) => void) {
  return readParts(splitValues(), take, (rest) => {
    if (parseJson(rest) === undefined) end(new ChatError('truncated', 'The response is not complete JSON'))
    else take(sseEvent(rest))
  })
}

/** Takes each part when it ends, and the remainder at the end. */
function readParts(splitter: Splitter, take: Take, takeRest: (rest: string) => void) {
  const unread = createUnread()
  const decoder = new TextDecoder()
  return (bytes?: Uint8Array) => {
    if (!bytes) {
      const rest = decoder.decode(unread.take(unread.size())).trim()
      if (rest !== '') takeRest(rest)
      return
    }
    unread.push(bytes)
    for (let at = splitter.next(bytes, 0); at >= 0; at = splitter.next(bytes, at)) {
      take(sseEvent(decoder.decode(unread.take(unread.size() - (bytes.length - at))).trim()))
    }
  }
}

function sseEvent(text: string): StreamEvent {
  return { text, data: parseJson(text) }
}

function toChatError(event: StreamEvent, error: unknown): ChatError {
  const { type, code } = fieldsOf(error)
  return new ChatError(
    type === 'streamkeeper_error' ? (code as ChatError['code']) : 'error_in_stream',
    messageIn(event.data) ?? messageIn(error) ?? 'The upstream reported an error in its response',
  )
}

/** The message for a person in an error body, wherever it is. */
export function messageIn(body: unknown): string | undefined {
  const { error, message, errorText, detail } = fieldsOf(body)
  const said = [error, fieldsOf(error).message, message, errorText, detail, body]
  return said.find((words): words is string => typeof words === 'string' && words !== '')
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
