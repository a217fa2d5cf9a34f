import { concat } from '../../concat.ts'
import { announcesAiSdkUi, aiSdkUi, isAiSdkUiStart } from '../ai-sdk-ui.ts'
import { errorIn, isOnlyError } from '../error-in.ts'
import { createOwnWire, type OwnProtocol, ownErrorIn } from '../own-wire.ts'
import { isEventStream, isHtml, isJson, isJsonLines } from '../media-types.ts'
import { opensWholeJson, wholeJson } from '../whole-json.ts'
import {
  addOutput,
  end,
  type ErrorWords,
  isDone,
  nothingSeen,
  type Seen,
  type StreamEvent,
  type Wire,
} from '../wire.ts'
import { expectedWire, recognise } from '../wires.ts'
import { rememberEnding } from './ending.ts'
import { createEventReader, parseJson } from './event-reader.ts'
import { type Format, formatOf, MAX_START } from './format.ts'
import { endsWhole, skimmedEvent, untypedEvent } from './skim.ts'
import { isBlankByte, skipBlanks, splitEvents, splitLines, splitValues, type Splitter } from './split.ts'
import { errorOfStrayLine, isHalfField } from './stray-line.ts'
import { afterLastBlankLine, afterLastLine, createUnread, HEAD } from './unread.ts'

/** What is known of the request when its response is inspected. */
export interface InspectionRequest extends OwnProtocol {
  /** Its URL's path: it chooses the error event of a response that has said nothing. */
  path: string
  /** How many choices were asked for (`n`). Default 1. */
  choices?: number
}

/**
 * How far a response has come before its first output.
 * - `empty`: nothing but what is known to be empty
 * - `unfinished`: an event has begun that may be output
 * - `output`: it speaks, or is of a kind that is not looked into
 * - `error`, `page`: it failed, or is a page of HTML
 * - `over`: it said that it is over, and nothing else
 */
export type Stage = 'empty' | 'unfinished' | 'output' | 'error' | 'page' | 'over'

/** What has come since the last look. */
export interface Glance {
  /** There was output; an event that is not finished counts. */
  output: boolean
  /** Inside a tool call, a reasoning part or a server-side tool. */
  working: boolean
  /** The response has finished, and nothing but bookkeeping can follow. */
  finished: boolean
}

/**
 * What the end of a connection means. `empty`: it ended well and had said nothing. `broken`: it broke off, and the wire
 * does not say that it was whole.
 */
export type Verdict = 'complete' | 'empty' | 'truncated' | 'error_in_stream' | 'broken'

/** Looks at a response's bytes beside the path they take to the page. It never changes or holds them, and never throws. */
export interface Inspection {
  feed: (bytes: Uint8Array) => void
  stage: () => Stage
  /** From now on what comes is output: it was held for long enough. */
  release: () => void
  /** Reads the newest bytes, as many as it takes to answer. */
  look: () => Glance
  /** True if it has said that it is whole, or has failed: no other bytes belong to it. May be asked at any time. */
  hasEnded: () => boolean
  /** True if its last event, as far as it has passed, lacks the blank line that ends it. */
  isInEvent: () => boolean
  /** Judges the end of the connection. `clean`: it was closed, not broken. Called once. */
  conclude: (clean: boolean) => Verdict
  /** Everything read so far. Usage and error details are complete after `conclude`. */
  readonly seen: Readonly<Seen>
  /** The name of the wire that was recognised. */
  wire: () => string | undefined
  /** The wire's own error event for a response that must be broken off; `undefined` where it has none. */
  errorEvent: (failure: ErrorWords) => Uint8Array | undefined
  /** `true` if the body is one whole JSON value: an error in that form can be passed on as it came. */
  isOneValue: () => boolean
  /** `true` if the client reads on by itself after a cut, which is then passed on as it came. */
  readsOn: () => boolean
}

/** A longer event is not read whole, bytes. */
const MAX_EVENT = 256 * 1024

/** So many unread bytes are kept where the last events tell how a response ended, and where they may not. */
const MAX_UNREAD = 256 * 1024
const MAX_UNREAD_OF_ALL = 4 * 1024 * 1024

/** The end of a response is looked for in so many bytes first, and in eight times as many each time it is not there. */
const TAIL = 16 * 1024
const LOOK = 4 * 1024
const GROWTH = 8

const NEWLINE = 10
const RETURN = 13

/**
 * Until the first output every event is read as it comes. After it bytes are only remembered, and read when there is a
 * question: the newest first, and all of them only where these leave it open.
 *
 *     feed ─▶ format? ─▶ events, one by one ─▶ output ─▶ unread ─┬─ look(): the newest
 *                          └─▶ error, page, over                  └─ conclude(): the last events, or all
 */
export function createInspection(
  headers: Headers,
  { path, choices = 1, ends, errors }: InspectionRequest,
): Inspection {
  const label = headers.get('content-type')?.toLowerCase().trim() ?? ''
  const asked = { choices }
  const own: OwnProtocol = { ends, errors }
  const unread = createUnread()
  const seen = nothingSeen()
  const ending = rememberEnding()
  let wire: Wire | undefined = ends === undefined ? undefined : createOwnWire(own)
  let format: Format | undefined
  /** Where the events of the first phase end; each later reading begins with one of its own. */
  let splitter: Splitter | undefined
  /** Before the first output. */
  let isEager = true
  /** Nothing but blanks has come. */
  let isBlank = true
  /** JSON values: each has a line of its own. */
  let areLines = isJsonLines(label)
  let valuesRead = 0
  /** Unread bytes in which the end of a JSON value has not been looked for. */
  let unscanned = 0
  /** The unfinished event is worth waiting for. Set once enough of it has arrived to decide. */
  let isWorthWaiting: boolean | undefined
  /** Its beginning, as far as that has been judged, and how many bytes that were. */
  let beginning = ''
  let beginningBytes = 0
  /** Bytes since the last look; before them, those of the event that it saw only the beginning of; and what it saw. */
  let fresh = 0
  let begun = 0
  let glimpsed = { working: false, finished: false }
  const decoder = new TextDecoder()
  /** The state that the reader of server-sent events fills in, and the text it reads. */
  let target = seen
  let targetText = ''
  /** The event that is read was not finished. */
  let isHalf = false
  const reader = createEventReader({
    onEvent: (event) => take(event, target),
    onStrayLine: takeStrayLine,
    onId,
  })

  return {
    feed,
    stage,
    release: () => {
      if (!isEager) return
      isEager = false
      seen.outputs++
      fresh = unread.size()
    },
    look,
    hasEnded: () => {
      settle(false)
      return seen.error !== undefined || seen.ended || seen.finished || isOneValue()
    },
    isInEvent: () => isEventStream(label) && !ending.isBlankLine(),
    conclude,
    seen,
    wire: () => wire?.name,
    errorEvent,
    isOneValue,
    readsOn: () => wire?.readsOn?.(headers, seen) ?? false,
  }

  function feed(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    ending.feed(chunk)
    if (!isEager) {
      if (valuesRead === 1 && unread.size() === 0 && chunk[0] === NEWLINE) areLines = true
      fresh += chunk.length
      if (format === 'bytes') return
      unscanned += chunk.length
      unread.push(chunk)
      return keepWithinLimits()
    }
    const bytes = isBlank ? skipBlanks(chunk) : chunk
    if (bytes.length === 0) return
    isBlank = false
    if (format !== undefined) return readAsItComes(bytes)
    unread.push(bytes)
    format = findFormat(false)
    if (format !== undefined) readAsItComes(unread.take(unread.size()))
  }

  function findFormat(isAll: boolean): Format | undefined {
    const detected = formatOf(decoder.decode(unread.first(MAX_START)), label, isAll)
    // The lines of an own protocol are looked into.
    return detected === 'bytes' && (ends !== undefined || errors !== undefined) ? 'lines' : detected
  }

  /** Reads event by event, and stops at the first that says something. */
  function readAsItComes(bytes: Uint8Array): void {
    unread.push(bytes)
    if (format === 'bytes') return becomeOutput()
    if (format === undefined || format === 'page') return
    splitter ??= format === 'values' && !areLines ? splitValues() : splitParts()
    let at = 0
    while (isEager) {
      const next = splitter.next(bytes, at)
      if (next < 0) break
      readEvent(unread.take(unread.size() - (bytes.length - next)), seen)
      at = next
      if (seen.outputs > 0 || seen.error !== undefined || seen.ended || seen.final) isEager = false
      isWorthWaiting = undefined
      beginning = ''
      beginningBytes = 0
      if (valuesRead === 1 && !areLines && (bytes[next] === NEWLINE || bytes[next] === RETURN)) {
        areLines = true
        splitter = splitLines()
      }
    }
    if (isEager && splitter.isInvalid()) return becomeOutput()
    if (isEager) return
    unscanned = fresh = unread.size()
    glimpsed = { working: seen.working, finished: seen.final }
  }

  /** Words, or bytes of any other kind. */
  function becomeOutput(): void {
    format = 'bytes'
    isEager = false
    seen.outputs++
    fresh = unread.size()
    unread.trim(0, lastBorder()) // Nothing will ask for them.
  }

  function stage(): Stage {
    if (format === 'page') return 'page'
    if (seen.outputs > 0) return 'output'
    if (seen.error !== undefined) return 'error'
    if (seen.ended || seen.final) return 'over'
    if (isBlank) return 'empty'
    // The beginning of a page is of no use before it can be told from words.
    if (format === undefined)
      return isHtml(label) && beginsPage(decoder.decode(unread.first(3))) ? 'empty' : 'unfinished'
    if (!splitter?.isInside() || wire !== undefined) return 'empty'
    return isWorthIt() ? 'empty' : 'unfinished'
  }

  /** An error, or a provider's whole response, is of no use before it is finished. */
  function isWorthIt(): boolean {
    if (isWorthWaiting !== undefined) return isWorthWaiting
    // Each byte is decoded once, however small the pieces are in which it comes.
    beginning += decoder.decode(unread.last(unread.size() - beginningBytes).subarray(0, HEAD))
    beginningBytes = unread.size()
    const isIt = looksLikeError(beginning) || (format === 'values' && opensWholeJson(beginning))
    if (unread.size() >= HEAD) isWorthWaiting = isIt
    return isIt
  }

  /** Reads one event, or one value, whole or by its ends. */
  function readEvent(bytes: Uint8Array, into: Seen): void {
    if (bytes.length > MAX_EVENT) return skim(bytes.subarray(0, HEAD), bytes.subarray(-HEAD), into)
    const text = decoder.decode(bytes)
    if (format === 'sse') {
      target = into
      targetText = text
      // Given by itself, the beginning of a stray line is skipped without a word.
      return reader.feed(isHalf ? `${text}\n\n` : text)
    }
    const data = parseJson(text)
    // Words that are put in brackets like a value.
    if (format === 'values' && !areLines && data === undefined) return becomeOutput()
    if (format === 'values') valuesRead++
    if (text.trim() !== '') take({ text: text.trim(), data }, into)
  }

  /** Reads what is left as an event, though its end has not come. */
  function readRest(bytes: Uint8Array, into: Seen): void {
    isHalf = true
    readEvent(bytes, into)
    isHalf = false
  }

  function onId(): void {
    target.hasIds = true
  }

  function takeStrayLine(line: string): void {
    const trimmed = line.trim()
    if (trimmed === '' || target.ended || (isHalf && isHalfField(trimmed))) return
    const error = errorOfStrayLine(trimmed, targetText)
    if (error !== undefined && wire) target.error ??= error
    else if (!wire) target.outputs++
  }

  function take(event: StreamEvent, into: Seen): void {
    if (wire === wholeJson && valuesRead > 1) takeBackWhole()
    if (into.ended) {
      // Events after the end marker are not part of the response, unless another one begins.
      if (!wire?.begins?.(event)) return
      into.finished = into.final = into.ended = into.reason = false
    }
    // A whole response is the only value; in a row of them it is some message.
    wire ??= recognise(event, format === 'values' && (areLines || valuesRead > 1) ? 'lines' : format)
    if (!wire && into === seen && announcesAiSdkUi(headers) && isAiSdkUiStart(event)) wire = aiSdkUi
    const ownError = ownErrorIn(own, event)
    // Of a protocol that is not known, only what it begins with can be called an error.
    const isJudged = wire !== undefined || (isEager && into.outputs === 0)
    const detected = isJudged ? (wire?.errorIn ?? errorIn)(event) : undefined
    const error = ownError ?? (wire || isOnlyError(event) ? detected : undefined)
    if (error !== undefined) {
      into.error ??= error
      return
    }
    if (wire) {
      if (!wire.read(event, into, asked)) into.outputs++
    } else if (isDone(event.text)) end(into)
    // Half a JSON value says nothing to anyone.
    else if (isHalf && isHalfValue(encode(event.text))) return
    else if (event.text.trim() !== '' || event.name !== undefined) into.outputs++
  }

  /** There is a second value: the first was not all, and nobody knows what ends it. */
  function takeBackWhole(): void {
    wire = undefined
    seen.finished = seen.final = seen.ended = glimpsed.finished = false
  }

  function skim(head: Uint8Array, tail: Uint8Array, into: Seen): void {
    const start = decoder.decode(head)
    const event = skimmedEvent(start)
    wire ??= recognise(event, format) ?? recognise(untypedEvent(start), format)
    if (isHalf && wire && !endsWhole(decoder.decode(tail))) {
      addOutput(into)
      return
    }
    const before = into.spoken
    const isRead = wire?.skim
      ? wire.skim(start, decoder.decode(tail), into, asked)
      : wire?.read(event, into, asked)
    if (into.spoken === before && !into.ended && !into.finished) into.outputs++
    if (!isRead) into.undecided = true
  }

  function keepWithinLimits(): void {
    const needsAll = wire?.needsAll?.(seen, asked) ?? false
    if (unread.size() <= (needsAll ? MAX_UNREAD_OF_ALL : MAX_UNREAD)) return
    if (format === 'values' && !areLines) scanValues()
    else if (needsAll) readOn()
    // One event may be longer than what is kept.
    if (unread.size() > MAX_UNREAD) unread.trim(MAX_UNREAD / 2, lastBorder())
    fresh = Math.min(fresh, unread.size())
  }

  /** Where an event ends last within a chunk; within one JSON value nothing does. */
  function lastBorder(): (chunk: Uint8Array) => number {
    if (format === 'sse') return afterLastBlankLine
    return format === 'values' && !areLines ? () => -1 : afterLastLine
  }

  /** Reads all that is unread, up to an event that is not finished. Returns whether there is one. */
  function readOn(): boolean {
    const { rest, isUnfinished } = readEvents(unread.take(unread.size()), splitParts(), seen)
    unread.push(rest)
    return isUnfinished
  }

  /** Finds events that can be told apart without knowing what came before. */
  function splitParts(): Splitter {
    return format === 'sse' ? splitEvents() : splitLines()
  }

  /** Looks for the ends of JSON values that may be longer than what is kept of them. */
  function scanValues(): void {
    if (!splitter) return
    const bytes = unread.last(unscanned)
    unscanned = 0
    for (let at = 0; ;) {
      const next = splitter.next(bytes, at)
      if (next < 0) return
      const [hadGap, head] = [unread.hasGap(), unread.head()]
      const value = unread.take(unread.size() - (bytes.length - next))
      if (hadGap) skim(head, value.subarray(-HEAD), seen)
      else readEvent(value, seen)
      if (format !== 'values') return
      at = next
    }
  }

  function readEvents(
    bytes: Uint8Array,
    by: Splitter,
    into: Seen,
  ): { rest: Uint8Array; isUnfinished: boolean } {
    let at = 0
    for (;;) {
      const next = by.next(bytes, at)
      if (next < 0) return { rest: bytes.subarray(at), isUnfinished: by.isInside() }
      readEvent(bytes.subarray(at, next), into)
      at = next
    }
  }

  /**
   * Reads the last bytes by themselves; `undefined` where no event begins within them.
   *
   * @param isBorder the first of them is known to begin an event
   */
  function readLast(
    count: number,
    { isEnd = false, isBorder = false } = {},
  ): { last: Seen; isUnfinished: boolean; begunSize: number } | undefined {
    if (format === undefined || format === 'bytes' || format === 'page') return undefined
    const isAll = count >= unread.size()
    const bytes = unread.last(count)
    const last: Seen = { ...nothingSeen(), working: glimpsed.working }
    let from = 0
    const head = isAll ? unread.head() : undefined
    if (head ? head.length > 0 : !isBorder) {
      const border = splitParts().next(bytes, 0)
      if (border < 0 && !isAll) return undefined
      if (border < 0 && !isEnd) return { last, isUnfinished: true, begunSize: bytes.length }
      from = border < 0 ? bytes.length : border
      const cut = bytes.subarray(0, from)
      if (head && head.length < HEAD) readRest(concat([head, cut]), last)
      else if (head) skim(head, cut.subarray(-HEAD), last)
    }
    const { rest, isUnfinished } = readEvents(bytes.subarray(from), splitParts(), last)
    if (isEnd && isUnfinished) readRest(rest, last)
    // Of comments and blanks only a line that is not finished is read again.
    const begunAt = isUnfinished ? 0 : rest.lastIndexOf(NEWLINE) + 1
    return { last, isUnfinished, begunSize: rest.length - begunAt }
  }

  function look(): Glance {
    let output = fresh > 0 && (format === 'bytes' || (format === 'values' && !areLines))
    // Another value may follow a whole one.
    if (output && glimpsed.finished) glimpsed.finished = isAllBlank(unread.last(fresh))
    const isRead = format === 'sse' || format === 'lines' || (format === 'values' && areLines)
    // Bytes that an earlier look has read do not count again.
    const due = Math.min(fresh + begun, unread.size())
    for (let size = LOOK; isRead && fresh > 0; size *= GROWTH) {
      const isAll = size >= due
      const found = readLast(Math.min(size, due), { isBorder: isAll })
      if (!found) continue
      const { last, isUnfinished, begunSize } = found
      // A response that has reported an error has ended, too.
      if (isConclusive(last)) glimpsed.finished = last.error !== undefined || isFinal(last)
      glimpsed.working = last.working
      output = last.outputs > 0 || isUnfinished
      begun = begunSize
      if (output || isAll) break
    }
    fresh = 0
    return { output, ...glimpsed }
  }

  function isOneValue(): boolean {
    return format === 'values' && valuesRead === 1 && !isJsonLines(label) && splitter?.isInside() === false
  }

  function isFinal(last: Seen): boolean {
    return last.final && (last.ended || !(wire?.needsAll?.(last, asked) ?? false))
  }

  function conclude(clean: boolean): Verdict {
    format ??= findFormat(true)
    settle(clean)
    if (seen.error !== undefined) return 'error_in_stream' // Its end marker may still have come.
    if (seen.ended || seen.finished) return seen.outputs > 0 || seen.reason ? 'complete' : 'empty'
    if (!clean) return 'broken'
    if (format === 'values' ? isCutValue() : wire && !seen.undecided) return 'truncated'
    return seen.outputs > 0 || (format === 'bytes' && !isBlank) || format === 'page' ? 'complete' : 'empty'
  }

  /** Brings `seen` to the end: by the last events where they tell, else by all. Where no wire is known, only all tell. */
  function settle(clean: boolean): void {
    if (format === undefined || format === 'bytes' || format === 'page') return
    if (format === 'values' && !areLines) return scanValues()
    for (let size = TAIL; unread.hasGap() || size < unread.size(); size *= wire ? GROWTH : Infinity) {
      const isAll = size >= unread.size()
      const found = readLast(size, { isEnd: clean })
      if (found && (isAll || isDecisive(found.last))) return merge(found.last)
    }
    if (readOn() && clean) readRest(unread.last(unread.size()), seen)
  }

  function isDecisive(last: Seen): boolean {
    // A response that nothing has recognised by now is not judged.
    if (!wire) return last.outputs > 0
    return !wire.needsAll?.(last, asked) && isConclusive(last)
  }

  function merge(last: Seen): void {
    const { outputs, usage, error, reason } = seen
    Object.assign(seen, isConclusive(last) || last.undecided ? last : {}, {
      outputs: outputs + last.outputs,
      reason: reason || last.reason,
      hasIds: seen.hasIds || last.hasIds,
      ...(error === undefined && last.error === undefined ? {} : { error: error ?? last.error }),
      ...(usage || last.usage ? { usage: { ...usage, ...last.usage } } : {}),
    })
  }

  /** A JSON value has begun and is not closed, and there is evidence that it is JSON. */
  function isCutValue(): boolean {
    if (seen.undecided) return false
    if (!areLines) {
      const isSure = wire !== undefined || valuesRead > 0 || isJson(label)
      return splitter?.isInside() === true && (isSure || opensWholeJson(decoder.decode(unread.first(HEAD))))
    }
    if (wire) return true
    const bytes = unread.last(unread.size())
    return isHalfValue(bytes.subarray(bytes.lastIndexOf(NEWLINE) + 1))
  }

  function errorEvent(failure: ErrorWords): Uint8Array | undefined {
    const framing = format ?? (isEventStream(label) ? 'sse' : isJsonLines(label) ? 'lines' : undefined)
    const isFramed = framing === 'sse' || framing === 'lines' || (framing === 'values' && areLines)
    const speaker = wire ?? (seen.outputs === 0 ? expectedWire(path, label) : undefined)
    const event = isFramed ? speaker?.errorEvent?.(failure) : undefined
    if (!event) return undefined
    // An event that was cut off must end before ours begins.
    if ('line' in event) return encode(`${ending.isLine() ? '' : '\n'}${event.line}\n`)
    const data = JSON.stringify(event.data)
    if (framing !== 'sse') return encode(`${ending.isLine() ? '' : '\n'}${data}\n`)
    const name = event.name === undefined ? '' : `event: ${event.name}\n`
    return encode(`${ending.isBlankLine() ? '' : '\n\n'}${name}data: ${data}\n\n`)
  }
}

/** True if a body that is labelled as a page has begun like one. */
function beginsPage(start: string): boolean {
  return /^<(!d|!-|\?x|ht|he|bo|ti|me)/i.test(start)
}

/** True if the last events say how far the response is. */
function isConclusive(last: Seen): boolean {
  return last.spoken > 0 || last.finished || last.ended || last.error !== undefined
}

function looksLikeError(head: string): boolean {
  return /"error"\s{0,9}:\s{0,9}([^\s"nf]|"[^"])|^event: ?error|"object"\s{0,9}:\s{0,9}"error"|"base_resp"|"type"\s{0,9}:\s{0,9}"error/m.test(
    head.slice(0, 512),
  )
}

function isAllBlank(bytes: Uint8Array): boolean {
  return bytes.every(isBlankByte)
}

/** JSON whose last value is not closed. */
function isHalfValue(bytes: Uint8Array): boolean {
  const values = splitValues()
  for (let at = 0; at >= 0;) at = values.next(bytes, at)
  return values.isInside() && !values.isInvalid()
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
