import type { Failure } from '../protocol/failure.ts'
import { readEvents } from './sse.ts'
import { scanJson } from './wire/json.ts'
import { openaiChat } from './wire/openai-chat.ts'
import type { Seen, Wire } from './wire/wire.ts'

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

/** The protocols that tell where their answers end. */
const WIRES: readonly Wire[] = [openaiChat]

/**
 * Chooses how to look at an answer: by its content type, then by its first event; by what was asked for where
 * nothing has been said yet.
 *
 * @param contentType the answer's `Content-Type`, empty when it has none
 * @param path the request's path
 * @param streams whether a stream was asked for
 */
export function watchStream(contentType: string, path: string, streams: boolean | undefined): StreamWatch {
  if (contentType.startsWith('text/event-stream')) return watchEvents(path)
  if (streams !== true && /^application\/([\w.-]+\+)?json\b/.test(contentType)) return watchJson()
  return watchBytes()
}

function watchEvents(path: string): StreamWatch {
  const seen: Seen = { outputs: 0, finished: false, ended: false }
  let wire: Wire | undefined = /\/(chat\/)?completions$/.test(path) ? openaiChat : undefined
  let unknownEvents = 0
  let last = NEWLINE
  let beforeLast = NEWLINE

  const reader = readEvents((event) => {
    if (seen.ended) return // Whatever follows the end marker is no part of the answer.
    const data = wire || unknownEvents < MAX_UNKNOWN_EVENTS ? parse(event.data) : undefined
    wire ??= WIRES.find((candidate) => candidate.recognises(event, data))
    if (wire) return wire.read(event, data, seen)
    unknownEvents++
    seen.outputs++
  })

  return {
    seen,
    feed: (bytes) => {
      for (const byte of bytes.subarray(-4)) {
        if (byte === RETURN) continue
        beforeLast = last
        last = byte
      }
      reader.feed(bytes)
    },
    end: reader.end,
    verdict: () => {
      if (seen.error !== undefined) return 'error_in_stream' // Its end marker may still have come.
      return seen.ended || seen.finished || !wire ? 'complete' : 'truncated'
    },
    errorEvent: (failure) => {
      if (!wire) return undefined
      const midEvent = last !== NEWLINE || beforeLast !== NEWLINE
      // A half event must end before ours begins.
      return new TextEncoder().encode((midEvent ? '\n\n' : '') + wire.errorEvent(failure))
    },
  }
}

/** After so many events without a sign of a known protocol it is an unknown one, and no longer parsed. */
const MAX_UNKNOWN_EVENTS = 8

const NEWLINE = 10
const RETURN = 13

/** A whole JSON answer says something when its value is whole: half a JSON text is of no use to anyone. */
function watchJson(): StreamWatch {
  const seen: Seen = { outputs: 0, finished: false, ended: false }
  const scan = scanJson()
  return {
    seen,
    feed: (bytes) => {
      if (!scan.feed(bytes)) return
      seen.outputs = 1
      seen.finished = true
    },
    end: () => {
      if (!scan.isWhole()) return
      seen.outputs = 1
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
