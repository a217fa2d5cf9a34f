import type { Clock } from '../clock.ts'
import { deferred } from '../deferred.ts'
import { type Failure, type FailureCode, failureOf } from '../protocol/failure.ts'
import type { Glance } from '../providers/inspection/inspection.ts'
import type { OpenAnswer } from './attempt.ts'
import { createIdleTimers, type IdleClock } from './idle-timers.ts'
import { brokenOff, markNotice } from './notice.ts'
import type { ResponseWriter } from './response-log.ts'
import type { Timeouts } from './timeouts.ts'

/** How a response ended. */
export type RelayEnd = { kind: 'complete' } | { kind: 'failed'; failure: Failure } | { kind: 'cancelled' }

export interface RelayContext {
  clock: Clock
  timeouts: Pick<Timeouts, 'transportIdleMs' | 'outputIdleMs'>
  /** Its reader connects again after every clean end, and never after an error. */
  isEventSource: boolean
  writer: ResponseWriter
  /** Ends the upstream. */
  signal: AbortSignal
  stalled: (clock: IdleClock, silentMs: number) => void
  flowing: (clock: IdleClock, silentMs: number) => void
  /** How it ended, and how many bytes of the upstream's were written. Called once, just before the log is told. */
  ended: (end: RelayEnd, bytes: number) => void
}

/** A refusal is not looked into. */
const UNREAD: Glance = { output: true, working: false, finished: false }

/**
 * Writes a response into its log: the held bytes, then each chunk as it comes, untouched, its verdict at the end. A cut
 * response of a known protocol gets that protocol's own error event and then breaks, so that nobody takes it for a whole
 * one; an EventSource, which knows no whole ones, just ends.
 *
 * Never rejects.
 */
export async function relay(open: OpenAnswer, context: RelayContext): Promise<void> {
  const { held, rest, inspection } = open
  const { writer, signal, isEventSource } = context
  const over = deferred<void>()
  let bytes = 0
  let isOver = false
  /** Why the connection was closed by us. */
  let closedFor: IdleClock | 'finished' | undefined
  const idle = createIdleTimers(context.clock, context.timeouts, look, {
    stalled: context.stalled,
    flowing: context.flowing,
    expired: close,
    // The connection is still open, but nothing more belongs to this response.
    finished: () => close('finished'),
  })

  if (signal.aborted) cancel()
  else signal.addEventListener('abort', cancel, { once: true })
  void copy()
  await over.promise

  async function copy() {
    for (const chunk of held) {
      const room = writer.room()
      if (room) await room
      if (isOver) return
      bytes += chunk.length
      writer.append(chunk)
    }
    held.length = 0
    while (rest) {
      const room = writer.room()
      if (room) await room
      if (isOver) return
      idle.waiting()
      // The platform does not say why a connection broke.
      const chunk = await rest.next().catch(() => undefined)
      if (isOver) return
      if (closedFor) return conclude(closedFor === 'finished' ? 'network_error' : `${closedFor}_idle`)
      if (!chunk) return conclude('network_error')
      if (chunk.done) return conclude()
      idle.arrived()
      bytes += chunk.value.length
      inspection?.feed(chunk.value)
      writer.append(chunk.value)
    }
    if (!isOver) conclude()
  }

  /** Ends the upstream, and the read that waits for it if the upstream does not notice. */
  function close(why?: IdleClock | 'finished') {
    closedFor = why
    open.abort()
    rest?.cancel()
  }

  function look(): Glance {
    const glance = inspection?.look() ?? UNREAD
    // An EventSource that is ended asks again; what belongs to one response, only its page knows.
    return isEventSource ? { ...glance, finished: false } : glance
  }

  /** The connection is over; `code` says why, if it broke. */
  function conclude(code?: FailureCode) {
    const verdict = open.verdict ?? inspection?.conclude(code === undefined) ?? (code ? 'broken' : 'complete')
    if (verdict === 'complete' || verdict === 'empty') return finish({ kind: 'complete' })
    const failure = failureOf(verdict === 'broken' ? (code ?? 'network_error') : verdict)
    const readsOn = inspection?.readsOn() ?? false
    if (isEventSource || (readsOn && code === undefined)) return finish({ kind: 'failed', failure })
    // What the upstream said needs no other words, and a client that reads on by itself would stop at them.
    const notice = verdict === 'error_in_stream' || readsOn ? undefined : inspection?.errorEvent(failure)
    if (notice) writer.append(markNotice(notice))
    finish({ kind: 'failed', failure }, brokenOff(failure))
  }

  /** A response that has said its end is whole, whoever stops it then. */
  function cancel() {
    const isWhole = inspection?.conclude(false) === 'complete'
    close()
    if (isWhole) finish({ kind: 'complete' })
    else finish({ kind: 'cancelled' }, new DOMException('The request was cancelled', 'AbortError'))
  }

  function finish(end: RelayEnd, error?: Error) {
    isOver = true
    idle.stop()
    signal.removeEventListener('abort', cancel)
    context.ended(end, bytes)
    writer.end(error)
    over.resolve()
  }
}
