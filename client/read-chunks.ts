import { createParser } from 'eventsource-parser'
import { ChatError } from './chat-error.ts'

export interface ChunkSink {
  onChunk: (chunk: unknown) => void
  /** The stream said that it is over; what follows is not read. With an error, when it said that it failed. */
  onEnd: (error?: ChatError) => void
}

export interface ChunkReader {
  /** What came next; nothing more without bytes. */
  feed: (bytes?: Uint8Array) => void
}

/**
 * Reads an answer's chunks: the JSON of each SSE event or line, or the one JSON that it is. What is no JSON is a
 * string.
 */
export function readChunks(contentType: string, sink: ChunkSink): ChunkReader {
  const decoder = new TextDecoder()
  let format: Format | undefined
  let isOver = false

  const guarded: ChunkSink = {
    onChunk: (chunk) => {
      if (!isOver) sink.onChunk(chunk)
    },
    onEnd: (error) => {
      if (isOver) return
      isOver = true
      sink.onEnd(error)
    },
  }

  return {
    feed: (bytes) => {
      const text = decoder.decode(bytes, { stream: bytes !== undefined })
      // Blank text before the answer is a heartbeat, and says nothing about its format.
      if (!format && text.trim()) format = formatOf(contentType, text)(guarded)
      format?.feed(text)
      if (!bytes) format?.end()
    },
  }
}

interface Format {
  feed: (text: string) => void
  end: () => void
}

/** By the content type, or (some servers send SSE as plain text) by the first words. */
function formatOf(contentType: string, start: string): (sink: ChunkSink) => Format {
  if (/ndjson|jsonl|json-seq|stream\+json/.test(contentType)) return readLines
  if (/\bjson\b/.test(contentType)) return readWhole
  if (/event-stream/.test(contentType) || /^\s*(data|event|id|retry)?:/.test(start)) return readEvents
  return readLines
}

/** [spec] https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream */
function readEvents({ onChunk, onEnd }: ChunkSink): Format {
  const parser = createParser({
    onEvent: ({ event, data }) => {
      if (data === '[DONE]') return onEnd()
      const chunk = parse(data)
      const error = errorIn(chunk, event)
      if (error) return onEnd(error)
      if (chunk !== '') onChunk(chunk)
    },
  })
  return {
    feed: (text) => parser.feed(text),
    // [not in spec] Some servers forget the last blank line.
    end: () => parser.feed('\n\n'),
  }
}

function readLines({ onChunk, onEnd }: ChunkSink): Format {
  let rest = ''
  const take = (line: string) => {
    if (!line.trim()) return
    const chunk = parse(line)
    const error = errorIn(chunk)
    if (error) onEnd(error)
    else onChunk(chunk)
  }
  return {
    feed: (text) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      lines.forEach(take)
    },
    end: () => take(rest),
  }
}

function readWhole({ onChunk, onEnd }: ChunkSink): Format {
  let whole = ''
  return {
    feed: (text) => {
      whole += text
    },
    end: () => {
      try {
        onChunk(JSON.parse(whole))
      } catch {
        onEnd(new ChatError('truncated', 'The answer is no whole JSON'))
      }
    },
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** The error that an event reports, in the dialects of OpenAI, Anthropic, Gemini, Ollama, the AI SDK, and our own. */
function errorIn(chunk: unknown, event?: string): ChatError | undefined {
  const fields = fieldsOf(chunk)
  if (event !== 'error' && fields.type !== 'error' && !fields.error) return undefined
  const { type, code } = fieldsOf(fields.error)
  return new ChatError(
    type === 'streamkeeper_error' ? (code as ChatError['code']) : 'error_in_stream',
    messageIn(chunk) ?? 'The upstream reported an error in its answer',
  )
}

/** What an error body says for a person, wherever it says it. */
export function messageIn(body: unknown): string | undefined {
  const { error, message, errorText, detail } = fieldsOf(body)
  const said = [error, fieldsOf(error).message, message, errorText, detail, body]
  return said.find((words): words is string => typeof words === 'string' && words !== '')
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
