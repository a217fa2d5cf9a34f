import { isEventStream, isHtml, isJson, isJsonLines } from '../media-types.ts'
import type { OwnProtocol } from '../own-wire.ts'
import { opensWholeJson } from '../whole-json.ts'
import { type ErrorWords, nothingSeen, type Seen } from '../wire.ts'
import { expectedWire } from '../wires.ts'
import { rememberEnding } from './ending.ts'
import { frameErrorEvent } from './error-event.ts'
import { type Format, formatOf, MAX_START } from './format.ts'
import { readLast } from './last-events.ts'
import { createResponseReader } from './response-reader.ts'
import { isBlankByte, NEWLINE, RETURN, skipBlanks, splitLines, type Splitter } from './split.ts'
import { isHalfValue, splitValues } from './split-values.ts'
import { afterLastBlankLine, afterLastLine, createUnread, HEAD } from './unread.ts'

/** The facts about a request that the inspection of its response needs. */
export interface InspectionRequest extends OwnProtocol {
  /** Its URL's path, which chooses the error event of a response without output. */
  path: string
  /** How many choices were asked for (`n`). Default 1. */
  choices?: number
}

/**
 * How far a response has come before its first output.
 * - `empty`: nothing but what is known to be empty
 * - `unfinished`: an event has begun that may be output
 * - `output`: there is output, or the format is not inspected
 * - `error`, `page`: it failed, or is a page of HTML
 * - `over`: it said that it is over, and nothing else
 */
export type Stage = 'empty' | 'unfinished' | 'output' | 'error' | 'page' | 'over'

/** A summary of what has come since the last look. */
export interface Glance {
  /** True if there was output; an unfinished event counts. */
  output: boolean
  /** Inside a tool call, a reasoning part or a server-side tool. */
  working: boolean
  /** The response has finished, and nothing but bookkeeping can follow. */
  finished: boolean
}

/**
 * The meaning of a connection's end. `empty`: it ended properly, without output. `broken`: it broke off, and the wire
 * does not say that the response was complete.
 */
export type Verdict = 'complete' | 'empty' | 'truncated' | 'error_in_stream' | 'broken'

/** Inspects a response's bytes next to their path to the page. It never changes or holds them, and never throws. */
export interface Inspection {
  feed: (bytes: Uint8Array) => void
  stage: () => Stage
  /** From now on all bytes count as output: they were held for long enough. */
  release: () => void
  /** Reads as many of the newest bytes as the result takes. */
  look: () => Glance
  /** True if it has reported its end or a failure: no other bytes belong to it. May be called at any time. */
  hasEnded: () => boolean
  /** True if the last event so far lacks the blank line that ends it. */
  isInEvent: () => boolean
  /** Judges the end of the connection. `clean`: it was closed, not broken. Called once. */
  conclude: (clean: boolean) => Verdict
  /** Everything read so far. Usage and error details are complete after `conclude`. */
  readonly seen: Readonly<Seen>
  /** The name of the wire that was recognised. */
  wire: () => string | undefined
  /** The wire's own error event for a response that must be broken off; `undefined` if it has none. */
  errorEvent: (failure: ErrorWords) => Uint8Array | undefined
  /** `true` if the body is one whole JSON value: an error in that form can be passed on as it came. */
  isOneValue: () => boolean
  /** `true` if the client resumes by itself after a cut, which is then passed on unchanged. */
  readsOn: () => boolean
}

/** The most unread bytes that are kept: if the last events tell how a response ended, and if they may not. */
const MAX_UNREAD = 256 * 1024
const MAX_UNREAD_OF_ALL = 4 * 1024 * 1024

/**
 * The end of a response is looked for in this many bytes first, and in eight times as many each time it is not there.
 */
const TAIL = 16 * 1024
const LOOK = 4 * 1024
const GROWTH = 8

/**
 * Until the first output every event is read as it comes. After it, bytes are only remembered, and read when there is a
 * question: the newest first, and all of them only if these do not settle it.
 *
 *     feed ─▶ format? ─▶ events, one by one ─▶ output ─▶ unread ─┬─ look(): the newest
 *                          └─▶ error, page, over                  └─ conclude(): the last events, or all
 */
export function createInspection(headers: Headers, request: InspectionRequest): Inspection {
  const label = headers.get('content-type')?.toLowerCase().trim() ?? ''
  const unread = createUnread()
  const seen = nothingSeen()
  const ending = rememberEnding()
  const reader = createResponseReader(
    headers,
    request,
    seen,
    () => isEager,
    () => (glimpsed.finished = false),
  )
  reader.areLines = isJsonLines(label)
  /** Finds the ends of events in the first phase; each later reading uses a splitter of its own. */
  let splitter: Splitter | undefined
  /** True before the first output. */
  let isEager = true
  /** True while nothing but blanks has come. */
  let isBlank = true
  /** Unread bytes that were not searched for the end of a JSON value. */
  let unscanned = 0
  /** True if the unfinished event is worth waiting for; set once enough of it has arrived to decide. */
  let isWorthWaiting: boolean | undefined
  /** Its beginning, as far as it has been judged, and the number of bytes that were. */
  let beginning = ''
  let beginningBytes = 0
  /** Bytes since the last look; bytes before them of an event that was unfinished then; and what that look found. */
  let fresh = 0
  let begun = 0
  let glimpsed = { working: false, finished: false }
  const decoder = new TextDecoder()
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
    wire: () => reader.wire?.name,
    errorEvent,
    isOneValue,
    readsOn: () => reader.wire?.readsOn?.(headers, seen) ?? false,
  }

  function feed(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    ending.feed(chunk)
    if (!isEager) {
      if (reader.valuesRead === 1 && unread.size() === 0 && chunk[0] === NEWLINE) reader.areLines = true
      fresh += chunk.length
      if (reader.format === 'bytes') return
      unscanned += chunk.length
      unread.push(chunk)
      return keepWithinLimits()
    }
    const bytes = isBlank ? skipBlanks(chunk) : chunk
    if (bytes.length === 0) return
    isBlank = false
    if (reader.format !== undefined) return readAsItComes(bytes)
    unread.push(bytes)
    reader.format = findFormat(false)
    if (reader.format !== undefined) readAsItComes(unread.take(unread.size()))
  }

  function findFormat(isAll: boolean): Format | undefined {
    const detected = formatOf(decoder.decode(unread.first(MAX_START)), label, isAll)
    // The lines of an app's own protocol are inspected.
    return detected === 'bytes' && (request.ends !== undefined || request.errors !== undefined)
      ? 'lines'
      : detected
  }

  /** Reads event by event, and stops at the first with output, an error or an end. */
  function readAsItComes(bytes: Uint8Array): void {
    unread.push(bytes)
    if (reader.format === 'bytes') return becomeOutput()
    if (reader.format === undefined || reader.format === 'page') return
    splitter ??= reader.isRowOfValues() ? splitValues() : reader.splitParts()
    let at = 0
    while (isEager) {
      const next = splitter.next(bytes, at)
      if (next < 0) break
      if (!reader.read(unread.take(unread.size() - (bytes.length - next)), seen)) becomeOutput()
      at = next
      if (seen.outputs > 0 || seen.error !== undefined || seen.ended || seen.final) isEager = false
      isWorthWaiting = undefined
      beginning = ''
      beginningBytes = 0
      if (
        reader.valuesRead === 1 &&
        !reader.areLines &&
        (bytes[next] === NEWLINE || bytes[next] === RETURN)
      ) {
        reader.areLines = true
        splitter = splitLines()
      }
    }
    if (isEager && splitter.isInvalid?.()) return becomeOutput()
    if (isEager) return
    unscanned = fresh = unread.size()
    glimpsed = { working: seen.working, finished: seen.final }
  }

  /** Treats the body as plain text, or bytes of any other kind. */
  function becomeOutput(): void {
    reader.format = 'bytes'
    isEager = false
    seen.outputs++
    fresh = unread.size()
    unread.trim(0, lastBorder()) // They will not be needed.
  }

  function stage(): Stage {
    if (reader.format === 'page') return 'page'
    if (seen.outputs > 0) return 'output'
    if (seen.error !== undefined) return 'error'
    if (seen.ended || seen.final) return 'over'
    if (isBlank) return 'empty'
    // The beginning of a page is of no use before it can be told from plain text.
    if (reader.format === undefined)
      return isHtml(label) && beginsPage(decoder.decode(unread.first(3))) ? 'empty' : 'unfinished'
    if (!splitter?.isInside() || reader.wire !== undefined) return 'empty'
    return isWorthIt() ? 'empty' : 'unfinished'
  }

  /** An error, or a provider's whole response, is of no use before it is finished. */
  function isWorthIt(): boolean {
    if (isWorthWaiting !== undefined) return isWorthWaiting
    // Each byte is decoded once, however small the pieces are.
    beginning += decoder.decode(unread.last(unread.size() - beginningBytes).subarray(0, HEAD))
    beginningBytes = unread.size()
    const isIt = looksLikeError(beginning) || (reader.format === 'values' && opensWholeJson(beginning))
    if (unread.size() >= HEAD) isWorthWaiting = isIt
    return isIt
  }

  function keepWithinLimits(): void {
    if (unread.size() <= MAX_UNREAD) return
    const isNeeded = needsAll(seen)
    if (isNeeded && unread.size() <= MAX_UNREAD_OF_ALL) return
    if (reader.isRowOfValues()) scanValues()
    else if (isNeeded) readOn()
    // One event may be longer than what is kept.
    if (unread.size() > MAX_UNREAD) unread.trim(MAX_UNREAD / 2, lastBorder())
    fresh = Math.min(fresh, unread.size())
  }

  /** Finds the last end of an event within a chunk; within one JSON value there is none. */
  function lastBorder(): (chunk: Uint8Array) => number {
    if (reader.format === 'sse') return afterLastBlankLine
    return reader.isRowOfValues() ? () => -1 : afterLastLine
  }

  /** Reads everything unread, up to an unfinished event. Returns whether there is one. */
  function readOn(): boolean {
    const { rest, isUnfinished } = reader.readEvents(unread.take(unread.size()), seen)
    unread.push(rest)
    return isUnfinished
  }

  /** Looks for the ends of JSON values that may be longer than what is kept of them. */
  function scanValues(): void {
    if (!splitter) return
    const bytes = unread.last(unscanned)
    unscanned = 0
    for (let at = 0; ;) {
      const next = splitter.next(bytes, at)
      if (next < 0) return
      const head = unread.hasGap() ? unread.head() : undefined
      const value = unread.take(unread.size() - (bytes.length - next))
      if (head) reader.skim(head, value.subarray(-HEAD), seen)
      else if (!reader.read(value, seen)) return becomeOutput()
      at = next
    }
  }

  function look(): Glance {
    let output = fresh > 0 && (reader.format === 'bytes' || reader.isRowOfValues())
    // Another value may follow a whole one.
    if (output && glimpsed.finished) glimpsed.finished = isAllBlank(unread.last(fresh))
    const isRead = reader.hasParts()
    // Bytes that an earlier look has read do not count again.
    const due = Math.min(fresh + begun, unread.size())
    for (let size = LOOK; isRead && fresh > 0; size *= GROWTH) {
      const isAll = size >= due
      const found = readLast(reader, unread, Math.min(size, due), glimpsed.working, false, isAll)
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
    return (
      reader.format === 'values' &&
      reader.valuesRead === 1 &&
      !isJsonLines(label) &&
      splitter?.isInside() === false
    )
  }

  /** True if the last events alone cannot tell how it ended. */
  function needsAll(last: Seen): boolean {
    return reader.wire?.needsAll?.(last, request) ?? false
  }

  function isFinal(last: Seen): boolean {
    return last.final && (last.ended || !needsAll(last))
  }

  function conclude(clean: boolean): Verdict {
    reader.format ??= findFormat(true)
    settle(clean)
    // The end marker may still follow an error. An unknown protocol that goes on after its "error" has made a remark.
    const isRemark = clean && !reader.wire && !request.errors && seen.outputs > 1
    if (seen.error !== undefined && !isRemark) return 'error_in_stream'
    if (seen.ended || seen.finished) return seen.outputs > 0 || seen.reason ? 'complete' : 'empty'
    if (!clean) return 'broken'
    if (!seen.undecided && (reader.format === 'values' ? isCutValue() : reader.wire && !seen.foreign))
      return 'truncated'
    return seen.outputs > 0 || (reader.format === 'bytes' && !isBlank) || reader.format === 'page'
      ? 'complete'
      : 'empty'
  }

  /**
   * Completes `seen`: from the last events if they settle it, otherwise from all. If no wire is known, only all of them
   * do.
   */
  function settle(clean: boolean): void {
    if (reader.isRowOfValues()) return scanValues()
    if (!reader.hasParts()) return
    for (let size = TAIL; unread.hasGap() || size < unread.size(); size *= reader.wire ? GROWTH : Infinity) {
      const isAll = size >= unread.size()
      const found = readLast(reader, unread, size, glimpsed.working, clean)
      if (found && (isAll || isDecisive(found.last))) return merge(found.last)
    }
    if (readOn() && clean) reader.readRest(unread.last(unread.size()), seen)
  }

  function isDecisive(last: Seen): boolean {
    // A response that is not recognised by now is not judged.
    if (!reader.wire) return last.outputs > 0
    return !needsAll(last) && isConclusive(last)
  }

  function merge(last: Seen): void {
    const { outputs, usage, error, reason, foreign } = seen
    Object.assign(seen, (isConclusive(last) || last.undecided) && last, {
      outputs: outputs + last.outputs,
      reason: reason || last.reason,
      hasIds: seen.hasIds || last.hasIds,
      error: error ?? last.error,
      foreign: last.foreign ?? foreign,
      ...(usage || last.usage ? { usage: { ...usage, ...last.usage } } : {}),
    })
  }

  /** True if a JSON value has begun and is not closed, and there is evidence that it is JSON. */
  function isCutValue(): boolean {
    if (!reader.areLines) {
      const isSure = reader.wire !== undefined || reader.valuesRead > 0 || isJson(label)
      return splitter?.isInside() === true && (isSure || opensWholeJson(decoder.decode(unread.first(HEAD))))
    }
    if (reader.wire) return !seen.foreign
    const bytes = unread.last(unread.size())
    return isHalfValue(bytes.subarray(bytes.lastIndexOf(NEWLINE) + 1))
  }

  function errorEvent(failure: ErrorWords): Uint8Array | undefined {
    const labelled = isEventStream(label) ? 'sse' : isJsonLines(label) ? 'lines' : undefined
    const framing = reader.format ?? labelled
    const speaker = reader.wire ?? (seen.outputs === 0 ? expectedWire(request.path, label) : undefined)
    const event = reader.hasParts(framing) ? speaker?.errorEvent?.(failure) : undefined
    return event && frameErrorEvent(event, framing === 'sse', ending)
  }
}

/** True if a body that is labelled as a page has begun like one. */
function beginsPage(start: string): boolean {
  return /^<(!d|!-|\?x|ht|he|bo|ti|me)/i.test(start)
}

/** True if the last events show how far the response has come. */
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
