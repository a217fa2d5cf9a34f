import type { Clock } from '../clock.ts'
import { deferred } from '../deferred.ts'
import { type Failure, type FailureCode, failureOf } from '../protocol/failure.ts'
import type { Glance } from '../providers/inspection/inspection.ts'
import type { OpenAnswer } from './attempt.ts'
import type { ByteSource } from './byte-source.ts'
import type { Chunk } from './chunks.ts'
import { createIdleTimers, type IdleClock } from './idle-timers.ts'
import type { Timeouts } from './timeouts.ts'

/** How a flowing answer ended. */
export type FlowEnd = { kind: 'complete' } | { kind: 'failed'; failure: Failure } | { kind: 'cancelled' }

export interface FlowContext {
  clock: Clock
  timeouts: Pick<Timeouts, 'transportIdleMs' | 'outputIdleMs'>
  /** Its reader connects again after every clean end, and never after an error. */
  isEventSource: boolean
  stalled: (clock: IdleClock, silentMs: number) => void
  flowing: (clock: IdleClock, silentMs: number) => void
}

export interface Flow extends ByteSource {
  /** Bytes handed on so far, ours not counted. */
  bytes: () => number
  /** Resolves once, when the last byte is out or nobody wants more. */
  ended: Promise<FlowEnd>
}

/**
 * An answer on its way to the page: the held bytes, then each chunk as it comes, untouched, its verdict at the end.
 * A cut answer of a known protocol gets that protocol's own error event and then breaks, so that nobody takes it for
 * a whole one; an EventSource, which knows no whole ones, just ends.
 */
/** A refusal is not looked into. */
const UNREAD: Glance = { output: true, working: false, finished: false }

export function createFlow(answer: OpenAnswer, context: FlowContext): Flow {
  const { held, rest, inspection } = answer
  let bytes = 0
  let broken: Failure | undefined
  let expired: IdleClock | undefined
  let cancelled = false
  let isFinished = false
  const ended = deferred<FlowEnd>()

  const look = () => {
    const glance = inspection?.look() ?? UNREAD
    // An EventSource that is ended asks again; what belongs to one answer, only its page knows.
    return context.isEventSource ? { ...glance, finished: false } : glance
  }
  const idle = createIdleTimers(context.clock, context.timeouts, look, {
    stalled: context.stalled,
    flowing: context.flowing,
    expired: (name) => {
      expired = name
      stop()
    },
    // The connection is open still, but nothing more belongs to this answer.
    finished: () => {
      isFinished = true
      stop()
    },
  })

  /** Ends the upstream, and the read that waits for it, should the upstream not notice. */
  const stop = () => {
    answer.abort()
    rest?.cancel()
  }

  const end = (result: FlowEnd) => {
    idle.stop()
    ended.resolve(result)
  }

  /** The connection is over; `code` says why, where it broke. */
  const conclude = (code?: FailureCode): Uint8Array | null => {
    const verdict =
      answer.verdict ?? inspection?.conclude(code === undefined) ?? (code ? 'broken' : 'complete')
    if (verdict === 'complete' || verdict === 'empty') {
      end({ kind: 'complete' })
      return null
    }
    broken = failureOf(verdict === 'broken' ? (code ?? 'network_error') : verdict)
    const readsOn = inspection?.readsOn() ?? false
    // What the upstream told needs no other words, and a client that reads on by itself would stop at them.
    const notice = verdict === 'error_in_stream' || readsOn ? undefined : inspection?.errorEvent(broken)
    end({ kind: 'failed', failure: broken })
    if (context.isEventSource || (readsOn && code === undefined)) return null
    if (notice) return notice
    throw new TypeError(broken.message)
  }

  const interrupt = () => {
    if (cancelled) throw new DOMException('The request was cancelled', 'AbortError')
    return conclude(expired && !isFinished ? `${expired}_idle` : 'network_error')
  }

  return {
    bytes: () => bytes,
    ended: ended.promise,
    read: async () => {
      if (broken) throw new TypeError(broken.message)
      const first = held.shift()
      if (first) {
        bytes += first.length
        return first
      }
      if (!rest) return conclude()
      idle.waiting()
      let chunk: Chunk
      try {
        chunk = await rest.next()
      } catch {
        return interrupt() // The platform does not say more.
      }
      if (cancelled || isFinished || expired) return interrupt()
      if (chunk.done) return conclude()
      idle.arrived()
      bytes += chunk.value.length
      inspection?.feed(chunk.value)
      return chunk.value
    },
    cancel: () => {
      cancelled = true
      end(inspection?.conclude(false) === 'complete' ? { kind: 'complete' } : { kind: 'cancelled' })
      stop()
    },
  }
}
