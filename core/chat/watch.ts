import type { Failure } from '../protocol/failure.ts'
import { readEvents, type ServerSentEvent } from './sse.ts'
import { anthropic } from './wire/anthropic.ts'
import { cohere } from './wire/cohere.ts'
import { gemini } from './wire/gemini.ts'
import { scanJson } from './wire/json.ts'
import { ollama } from './wire/ollama.ts'
import { openaiChat } from './wire/openai-chat.ts'
import { openaiResponses } from './wire/openai-responses.ts'
import { uiMessage } from './wire/ui-message.ts'
import { at, says, type Seen, type Wire } from './wire/wire.ts'

/** Looks at an answer's bytes beside the path they take to the page. It never changes or holds them. */
export interface StreamWatch {
  feed: (bytes: Uint8Array) => void
  /** The upstream closed; what is left unread is read now. */
  end: () => void
  readonly seen: Readonly<Seen>
  /** What a clean close means now. An unknown protocol has no end of its own: its close is accepted. */
  verdict: () => Verdict
  /** The protocol's own error event, for an answer that we must break; `undefined` where it has none. */
  errorEvent: (failure: Failure) => Uint8Array | undefined
}

export type Verdict = 'complete' | 'truncated' | 'error_in_stream'

/** The protocols over server-sent events that tell where their answers end. */
const WIRES: readonly Wire[] = [openaiChat, openaiResponses, anthropic, gemini, uiMessage, cohere]

/**
 * Chooses how to look at an answer: by its content type, then by its events; by what was asked for where nothing has
 * been said yet.
 *
 * @param contentType the answer's `Content-Type`, empty when it has none
 * @param path the request's path
 * @param streams whether a stream was asked for
 */
export function watchStream(contentType: string, path: string, streams: boolean | undefined): StreamWatch {
  if (contentType.startsWith('text/event-stream')) return watchEvents(path)
  if (/^application\/(x-)?(ndjson|jsonl)/.test(contentType)) return watchLines(path)
  if (/^application\/([\w.-]+\+)?json\b/.test(contentType)) return watchJson(streams === true)
  return watchBytes()
}

function watchEvents(path: string): StreamWatch {
  const seen: Seen = { outputs: 0, finished: false, ended: false }
  const reading = readWires(WIRES, path, seen)
  const reader = readEvents(reading.read, () => {
    if (!seen.ended) seen.error ??= { message: 'An error between events' }
  })
  const lastBytes = rememberEnd()
  return {
    seen,
    feed: (bytes) => {
      lastBytes.feed(bytes)
      reader.feed(bytes)
    },
    end: reader.end,
    verdict: reading.verdict,
    // A half event must end before ours begins.
    errorEvent: (failure) => reading.errorEvent(failure, lastBytes.isBlankLine() ? '' : '\n\n'),
  }
}

/** A JSON value a line. */
function watchLines(path: string): StreamWatch {
  const seen: Seen = { outputs: 0, finished: false, ended: false }
  const reading = readWires([ollama], path, seen)
  const decoder = new TextDecoder()
  const lastBytes = rememberEnd()
  let rest = ''
  const take = (line: string) => {
    if (line.trim()) reading.read({ data: line })
  }
  return {
    seen,
    feed: (bytes) => {
      lastBytes.feed(bytes)
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      lines.forEach(take)
    },
    end: () => take(rest + decoder.decode()),
    verdict: reading.verdict,
    errorEvent: (failure) => reading.errorEvent(failure, lastBytes.isLine() ? '' : '\n'),
  }
}

/** Reads events by the first of the wires that recognises one; until then by the one that the path lets expect. */
function readWires(wires: readonly Wire[], path: string, seen: Seen) {
  const expected = wires.find((candidate) => candidate.path?.test(path))
  let wire: Wire | undefined
  let unknownEvents = 0
  return {
    read: (event: ServerSentEvent) => {
      if (seen.ended) return // Whatever follows the end marker is no part of the answer.
      const data = wire || unknownEvents < MAX_UNKNOWN_EVENTS ? parse(event.data) : undefined
      wire ??= wires.find((candidate) => candidate.recognises(event, data))
      const reader = wire ?? expected
      if (reader) reader.read(event, data, seen)
      else if (seen.outputs === 0 && isError(event, data))
        seen.error ??= at(data, 'error') ?? data ?? event.data
      else seen.outputs++
      if (!wire) unknownEvents++
    },
    verdict: (): Verdict => {
      if (seen.error !== undefined) return 'error_in_stream' // Its end marker may still have come.
      return seen.ended || seen.finished || !(wire ?? expected) ? 'complete' : 'truncated'
    },
    errorEvent: (failure: Failure, before: string) => {
      const speaker = wire ?? expected
      return speaker && new TextEncoder().encode(before + speaker.errorEvent(failure))
    },
  }
}

/** In a protocol that we do not know, what comes first and calls itself an error. */
function isError({ event }: ServerSentEvent, data: unknown): boolean {
  return event === 'error' || at(data, 'type') === 'error' || says(at(data, 'error'))
}

/** Remembers how what has passed ended. */
function rememberEnd() {
  let last = NEWLINE
  let beforeLast = NEWLINE
  return {
    feed: (bytes: Uint8Array) => {
      for (const byte of bytes.subarray(-4)) {
        if (byte === RETURN) continue
        beforeLast = last
        last = byte
      }
    },
    isLine: () => last === NEWLINE,
    isBlankLine: () => last === NEWLINE && beforeLast === NEWLINE,
  }
}

/** After so many events without a sign of a known protocol it is an unknown one, and no longer parsed. */
const MAX_UNKNOWN_EVENTS = 8

const NEWLINE = 10
const RETURN = 13
const SPACE = 32

/**
 * A whole JSON answer says something when its value is whole: half a JSON text is of no use to anyone. Where a stream
 * was asked for (Gemini without `alt=sse`) it is a list that grows.
 */
function watchJson(grows: boolean): StreamWatch {
  const seen: Seen = { outputs: 0, finished: false, ended: false }
  const scan = scanJson()
  return {
    seen,
    feed: (bytes) => {
      if (grows && bytes.some((byte) => byte > SPACE)) seen.outputs++
      if (!scan.feed(bytes)) return
      seen.outputs ||= 1
      seen.finished = true
    },
    end: () => {
      if (!scan.isWhole()) return
      seen.outputs ||= 1
      seen.finished = true
    },
    verdict: () => (seen.finished ? 'complete' : 'truncated'),
    errorEvent: () => undefined,
  }
}

function watchBytes(): StreamWatch {
  const seen: Seen = { outputs: 0, finished: false, ended: false }
  return {
    seen,
    feed: (bytes) => {
      if (bytes.length > 0) seen.outputs++
    },
    end: () => {},
    verdict: () => 'complete',
    errorEvent: () => undefined,
  }
}

function parse(text: string): unknown {
  if (text === '[DONE]') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined // Not JSON: the protocol decides what its text means.
  }
}
