import { aiSdkUi, announcesAiSdkUi, isAiSdkUiStart } from '../ai-sdk-ui.ts'
import { errorIn, isOfAll } from '../error-in.ts'
import { createOwnWire, type OwnProtocol, ownErrorIn } from '../own-wire.ts'
import { wholeJson } from '../whole-json.ts'
import { addOutput, type Asked, end, isDone, type Seen, type StreamEvent, type Wire } from '../wire.ts'
import { recognise } from '../wires.ts'
import { createEventReader, parseJson } from './event-reader.ts'
import type { Format } from './format.ts'
import { endsWhole, skimmedEvent, untypedEvent } from './skim.ts'
import { splitEvents, splitLines, type Splitter } from './split.ts'
import { isHalfValue } from './split-values.ts'
import { errorOfStrayLine, isHalfField } from './stray-line.ts'
import { HEAD } from './unread.ts'

/** Reads the events of a response: recognises its wire by them, and records what they say. */
export interface ResponseReader {
  /** How the body is framed; `undefined` before enough of it has come. */
  format: Format | undefined
  /** True if each JSON value has a line of its own. */
  areLines: boolean
  /** The wire that was recognised. */
  wire: Wire | undefined
  /** JSON values that were read whole. */
  valuesRead: number
  /**
   * Reads one event, or one value, whole or by its ends. Returns `false` for something among JSON values that is not
   * one.
   */
  read: (bytes: Uint8Array, into: Seen) => boolean
  /** Reads what is left as an event, though its end has not come. */
  readRest: (bytes: Uint8Array, into: Seen) => void
  /** Reads an event by its ends. */
  skim: (head: Uint8Array, tail: Uint8Array, into: Seen) => void
  /** Reads the events up to one that is not finished, and returns that one. */
  readEvents: (bytes: Uint8Array, into: Seen) => { rest: Uint8Array; isUnfinished: boolean }
  /** True for JSON values without lines between them: only a reader of all of them knows where one ends. */
  isRowOfValues: () => boolean
  /** True for events that can be told apart without knowing what came before. */
  hasParts: (format?: Format) => boolean
  /** Tells such events apart. */
  splitParts: () => Splitter
}

/** Words by which a foreign event shows that it is not about the end. */
const SAYS_NO_END = /(?<![a-z])(ping|keep.?alive|heart.?beat|error(?!": ?null))/i

/** A longer event is not read whole, bytes. */
const MAX_EVENT = 256 * 1024

/**
 * @param seen the findings about the whole response; parts of it may be read into others
 * @param isEager called before an error is judged: `true` before the first output
 * @param takenBack called if a second value follows a whole one: the first was not everything, and it is unknown what
 *   ends it
 */
export function createResponseReader(
  headers: Headers,
  request: OwnProtocol & Asked,
  seen: Seen,
  isEager: () => boolean,
  takenBack: () => void,
): ResponseReader {
  /** True while an unfinished event is read. */
  let isHalf = false
  const decoder = new TextDecoder()
  /** The state that the reader of server-sent events fills in, and the text it reads. */
  let target = seen
  let targetText = ''
  const events = createEventReader({
    onEvent: (event) => take(event, target),
    onStrayLine: takeStrayLine,
    onId: () => (target.hasIds = true),
  })
  const reader: ResponseReader = {
    format: undefined,
    areLines: false,
    wire: request.ends === undefined ? undefined : createOwnWire(request),
    valuesRead: 0,
    read,
    readRest,
    skim,
    readEvents,
    isRowOfValues: () => reader.format === 'values' && !reader.areLines,
    hasParts: (format = reader.format) =>
      format === 'sse' || format === 'lines' || (format === 'values' && reader.areLines),
    splitParts,
  }
  return reader

  function read(bytes: Uint8Array, into: Seen): boolean {
    if (bytes.length > MAX_EVENT) {
      skim(bytes.subarray(0, HEAD), bytes.subarray(-HEAD), into)
      return true
    }
    const text = decoder.decode(bytes)
    if (reader.format === 'sse') {
      target = into
      targetText = text
      // Given by itself, the beginning of a stray line is skipped without a word.
      events.feed(isHalf ? `${text}\n\n` : text)
      return true
    }
    const data = parseJson(text)
    // Plain text in brackets, like a value.
    if (reader.isRowOfValues() && data === undefined) return false
    if (reader.format === 'values') reader.valuesRead++
    if (text.trim() !== '') take({ text: text.trim(), data }, into)
    return true
  }

  function readRest(bytes: Uint8Array, into: Seen): void {
    isHalf = true
    into.foreign = false
    read(bytes, into)
    isHalf = false
  }

  function take(event: StreamEvent, into: Seen): void {
    if (reader.wire === wholeJson && reader.valuesRead > 1) {
      reader.wire = undefined
      seen.finished = seen.final = seen.ended = false
      takenBack()
    }
    if (into.ended) {
      // Events after the end marker are not part of the response, unless another one begins.
      if (!reader.wire?.begins?.(event)) return
      into.finished = into.final = into.ended = into.reason = false
    }
    // A whole response is the only value; one of several is some message.
    const isOneOfMany = reader.format === 'values' && (reader.areLines || reader.valuesRead > 1)
    const wire = (reader.wire ??=
      recognise(event, isOneOfMany ? 'lines' : reader.format) ??
      (into === seen && announcesAiSdkUi(headers) && isAiSdkUiStart(event) ? aiSdkUi : undefined))
    const ownError = ownErrorIn(request, event)
    // In an unknown protocol, only what it begins with can be called an error.
    const isJudged = wire !== undefined || (isEager() && into.outputs === 0)
    const detected = isJudged ? (wire?.errorIn ?? errorIn)(event) : undefined
    const error = ownError ?? (detected !== undefined && isOfAll(event, wire) ? detected : undefined)
    if (error !== undefined) {
      into.error ??= error
      return
    }
    if (wire?.read(event, into, request)) into.foreign = false
    else if (isDone(event.text)) end(into)
    // Half a JSON value is of no use to anyone, nor is a name alone that has no blank line.
    else if (isHalf && isHalfValue(new TextEncoder().encode(event.text))) return
    else if (event.text.trim() !== '' || (event.name !== undefined && !isHalf)) {
      into.outputs++
      if (
        wire &&
        !SAYS_NO_END.test(`${event.name} ${event.text.slice(0, 99)}`) &&
        (event.data !== undefined || event.text[0] !== '{')
      )
        into.foreign = true
    }
  }

  function takeStrayLine(line: string): void {
    const trimmed = line.trim()
    if (trimmed === '' || target.ended || (isHalf && isHalfField(trimmed))) return
    const error = errorOfStrayLine(trimmed, targetText)
    if (error !== undefined && reader.wire) target.error ??= error
    else if (!reader.wire) target.outputs++
  }

  function skim(head: Uint8Array, tail: Uint8Array, into: Seen): void {
    const { format } = reader
    const start = decoder.decode(head)
    const event = skimmedEvent(start)
    const wire = (reader.wire ??= recognise(event, format) ?? recognise(untypedEvent(start), format))
    if (isHalf && wire && !endsWhole(decoder.decode(tail))) {
      addOutput(into)
      return
    }
    const before = into.spoken
    const isRead = wire?.skim
      ? wire.skim(start, decoder.decode(tail), into, request)
      : wire?.read(event, into, request)
    if (into.spoken === before && !into.ended && !into.finished) into.outputs++
    if (!isRead) into.undecided = true
    into.foreign = false
  }

  function splitParts(): Splitter {
    return reader.format === 'sse' ? splitEvents() : splitLines()
  }

  function readEvents(bytes: Uint8Array, into: Seen): { rest: Uint8Array; isUnfinished: boolean } {
    const splitter = splitParts()
    let at = 0
    for (;;) {
      const next = splitter.next(bytes, at)
      if (next < 0) return { rest: bytes.subarray(at), isUnfinished: splitter.isInside() }
      read(bytes.subarray(at, next), into)
      at = next
    }
  }
}
