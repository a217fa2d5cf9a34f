import { type Clock, deadline } from '../clock.ts'
import { join, sizeOf } from '../concat.ts'
import { deferred } from '../deferred.ts'
import { type Failure, type FailureCode, failureOf } from '../messages/failure.ts'
import { createEventReader } from '../providers/inspection/event-reader.ts'
import { createInspection, type Glance } from '../providers/inspection/inspection.ts'
import { skipBlanks } from '../providers/inspection/split.ts'
import { isEventStream, isJson, isJsonLines } from '../providers/media-types.ts'
import { isDone } from '../providers/wire.ts'
import type { OpenResponse } from './attempt.ts'
import { brokenOff, markNotice } from './notice.ts'
import { createIdleTimers, type IdleClock, type IdleTimers } from './idle-timers.ts'
import type { Connection, ReadOn } from './read-on.ts'
import type { ResponseWriter } from './response-log.ts'
import type { Timeouts } from './timeouts.ts'
import { NO_READER } from './chat-request.ts'

/** How a response ended. */
export type RelayEnd = { kind: 'complete' } | { kind: 'failed'; failure: Failure } | { kind: 'cancelled' }

export interface RelayContext {
  clock: Clock
  timeouts: Pick<Timeouts, 'transportIdleMs' | 'outputIdleMs'>
  /** True for a reader that reconnects after every clean end, and never after an error. */
  isEventSource: boolean
  writer: ResponseWriter
  /** Ends the upstream. */
  signal: AbortSignal
  /** Resumes it at its server; absent: a cut stands. */
  readOn?: ReadOn | undefined
  stalled: (clock: IdleClock, silentMs: number) => void
  flowing: (clock: IdleClock, silentMs: number) => void
  /** Called once, just before the log ends, with how it ended and how many bytes of the upstream were written. */
  ended: (end: RelayEnd, bytes: number) => void
}

const LESS_THAN = 60

/** A refusal is not inspected. */
const UNREAD: Glance = { output: true, working: false, finished: false }

/** How a connection ended: by itself, or for a reason. */
type ConnectionEnd = 'closed' | 'finished' | FailureCode

/**
 * Writes a response into its log: the held bytes, then each chunk untouched as it comes, and the verdict at the end. If
 * its server can send it again, connections follow each other until it is complete:
 *
 *     copy a connection ─▶ over? ─▶ whole, or cut for good ─▶ conclude
 *            ▲               └─▶ read on at the server ─┐
 *            └──────────────────────────────────────────┘
 *
 * A cut response of a known protocol gets that protocol's own error event and then breaks, so that it never looks
 * complete; an EventSource, whose responses are never complete, just ends. Never rejects.
 */
export async function relay(open: OpenResponse, context: RelayContext): Promise<void> {
  const { held, inspection, splice } = open
  const { writer, signal, isEventSource, readOn } = context
  const label = open.response.headers.get('content-type') ?? ''
  const isNoPage = isEventStream(label) || isJson(label) || isJsonLines(label)
  const over = deferred<void>()
  let bytes = 0
  let isOver = false
  let connection: Connection | undefined = open.rest ? { rest: open.rest, abort: open.abort } : undefined
  let idle: IdleTimers | undefined
  let disarm = () => {}
  /** The number of bytes of an unfinished event at the last look. */
  let bytesBegun = 0
  /**
   * The bytes of an unfinished event before a clean end that nothing has followed yet: perhaps the server left out the
   * blank line, perhaps the connection was cut just there.
   */
  let lastWords: Uint8Array | undefined

  if (signal.aborted) cancel()
  else signal.addEventListener('abort', cancel)
  void copyAll()
  await over.promise

  async function copyAll() {
    for (const chunk of held) {
      const room = writer.room()
      if (room) await room
      if (isOver) return
      bytes += chunk.length
      writer.append(chunk)
    }
    held.length = 0
    let end: ConnectionEnd = open.brokenBy ?? (connection ? await copy(connection) : 'closed')
    while (!isOver && readOn && mayReadOn(end)) {
      const next = await readOn.connect()
      if (next === 'closed') end = next
      if (!next || next === 'closed') break
      connection = next
      if (isOver) return close()
      const before = end
      end = await copy(next)
      // A server that marks its ends, and has sent less than we had, has not marked this one.
      if (end === 'closed' && splice?.hasCaughtUp() === false)
        end = splice.saysEnd && before === 'closed' ? 'network_error' : before
    }
    if (isOver) return
    if (lastWords) {
      close()
      end = 'closed'
    }
    conclude(end)
  }

  /** Copies one connection, and returns how it ended. */
  async function copy({ rest, abort, limitMs }: Connection): Promise<ConnectionEnd> {
    let stopped: ConnectionEnd | undefined
    // Without a comparison byte by byte, an HTML page could be taken for the rest.
    const isProven = splice?.isExact && (inspection?.seen.outputs || inspection?.wire())
    let mayBePage = rest !== open.rest && isNoPage && !isProven
    const stop = (why: ConnectionEnd) => {
      stopped = why
      abort()
      rest.cancel()
    }
    disarm = limitMs === undefined ? disarm : deadline(context.clock, limitMs, () => stop('output_idle'))
    const timers = (idle = createIdleTimers(context.clock, context.timeouts, look, {
      stalled: context.stalled,
      flowing: context.flowing,
      expired: (name) => stop(`${name}_idle`),
      // The connection is still open, but nothing more belongs to this response.
      finished: () => stop('finished'),
    }))
    try {
      for (;;) {
        const room = writer.room()
        if (room) await room
        if (isOver) return 'finished'
        timers.waiting()
        // The platform does not say why a connection broke.
        const chunk = await rest.next().catch(() => undefined)
        if (isOver || stopped) return stopped ?? 'finished'
        if (!chunk) return 'network_error'
        if (chunk.done) return 'closed'
        timers.arrived()
        if (mayBePage) {
          const [first] = skipBlanks(chunk.value)
          if (first === LESS_THAN) return 'truncated'
          mayBePage = first === undefined
        }
        const size = splice?.size()
        const accepted = splice ? splice.take(chunk.value) : [chunk.value]
        if (!accepted) return 'truncated' // Another response: this one has no rest.
        if (splice?.size() !== size) progressed()
        // In one write: a log that keeps nothing drops unread chunks at the next one.
        pass(join(accepted))
      }
    } finally {
      timers.stop()
      disarm()
    }
  }

  function progressed() {
    readOn?.progressed()
    disarm()
    lastWords = undefined
  }

  function pass(part: Uint8Array) {
    bytes += part.length
    inspection?.feed(part)
    writer.append(part)
  }

  /** True if its server may have more of it. */
  function mayReadOn(end: ConnectionEnd): boolean {
    if (!splice || !inspection || end === 'finished' || end === 'output_idle' || end === 'truncated')
      return false
    if (inspection.hasEnded()) return false
    if (end !== 'closed') return true
    if (splice.isClosed()) return false
    // Some servers leave out the last blank line: such an end counts if it comes a second time, or nothing more
    // follows.
    const last = join(splice.unfinished())
    const isKnown = inspection.wire() !== undefined || splice.saysEnd || inspection.seen.outputs === 0
    if (isKnown && !isEnd(last)) return true
    // An unknown protocol that has had output and is closed counts as complete, as always, but not mid-event.
    const mayBeCut = !lastWords && (isKnown || last.length > 0 || inspection.isInEvent())
    lastWords ??= last
    return mayBeCut
  }

  /** True if an event that lacks only its last blank line says that the response is over. */
  function isEnd(event: Uint8Array): boolean {
    let isWhole = false
    const reader = createEventReader({
      onEvent: ({ text, data }) => (isWhole = data !== undefined || isDone(text)),
    })
    reader.feed(`${new TextDecoder().decode(event)}\n\n`)
    if (!isWhole) return false
    const last = createInspection(open.response.headers, { path: '' })
    last.feed(event)
    last.conclude(true)
    return last.seen.ended || last.seen.finished || last.seen.error !== undefined
  }

  function close() {
    connection?.abort()
    connection?.rest.cancel()
  }

  function look(): Glance {
    const glance = { ...(inspection?.look() ?? UNREAD) }
    // Bytes that wait for the end of their event are progress, too.
    const length = sizeOf(splice?.unfinished() ?? [])
    glance.output ||= length > bytesBegun
    bytesBegun = length
    // An EventSource that is ended reconnects; only its page knows what belongs to one response.
    return isEventSource ? { ...glance, finished: false } : glance
  }

  /** Judges the response; `end` says how its last connection ended. */
  function conclude(end: ConnectionEnd) {
    const isClean = end === 'closed'
    if (!isClean) close()
    // An event that will never be finished is passed on unchanged.
    const last = join(splice?.unfinished() ?? [])
    pass(last.length > 0 ? last : (lastWords ?? last))
    const verdict = open.verdict ?? inspection?.conclude(isClean) ?? (isClean ? 'complete' : 'broken')
    if (verdict === 'complete' || verdict === 'empty') return finish({ kind: 'complete' })
    const cause = end === 'closed' || end === 'finished' ? 'network_error' : end
    const failure = failureOf(verdict === 'broken' ? cause : verdict)
    const readsOn = inspection?.readsOn() ?? false
    if (isEventSource || (readsOn && isClean)) return finish({ kind: 'failed', failure })
    // An error that the upstream reported needs no second one, and a client that resumes by itself would stop at it.
    const notice = verdict === 'error_in_stream' || readsOn ? undefined : inspection?.errorEvent(failure)
    if (notice) writer.append(markNotice(notice))
    finish({ kind: 'failed', failure }, brokenOff(failure))
  }

  /** A response that has reported its end is complete, even if it is stopped after that. */
  function cancel() {
    const isWhole = inspection?.conclude(false) === 'complete'
    close()
    if (!isWhole && signal.reason !== NO_READER) readOn?.stop()
    if (isWhole) finish({ kind: 'complete' })
    else finish({ kind: 'cancelled' }, new DOMException('The request was cancelled', 'AbortError'))
  }

  function finish(end: RelayEnd, error?: Error) {
    isOver = true
    idle?.stop()
    signal.removeEventListener('abort', cancel)
    context.ended(end, bytes)
    writer.end(error)
    over.resolve()
  }
}
