import type { Clock } from '../clock.ts'
import { deferred } from '../deferred.ts'
import { type Failure, type FailureCode, failureOf } from '../protocol/failure.ts'
import type { OpenAnswer } from './attempt.ts'
import type { ByteSource } from './byte-source.ts'
import { createIdleTimers, type Glance, type IdleClock } from './idle-timers.ts'
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
export function createFlow(answer: OpenAnswer, context: FlowContext): Flow {
  const { held, watch } = answer
  let { reader } = answer
  let bytes = 0
  let broken: Failure | undefined
  let expired: IdleClock | undefined
  let cancelled = false
  let isFinished = false
  let unwatched: Uint8Array | undefined
  const ended = deferred<FlowEnd>()

  let outputsSeen = watch.seen.outputs

  const glance = (): Glance => {
    look()
    const { outputs, ended: isEnded, error } = watch.seen
    const output = outputs > outputsSeen
    outputsSeen = outputs
    return { output, working: false, finished: isEnded && error === undefined }
  }

  const idle = createIdleTimers(context.clock, context.timeouts, glance, {
    stalled: context.stalled,
    flowing: context.flowing,
    expired: (name) => {
      expired = name
      answer.abort()
    },
    // The connection is open still, but nothing more belongs to this answer.
    finished: () => {
      isFinished = true
      end({ kind: 'complete' })
      answer.abort()
    },
  })

  const end = (result: FlowEnd) => {
    idle.stop()
    ended.resolve(result)
  }

  /** A silence or a reset after the end marker takes nothing away; an error that the upstream told does. */
  const breakOff = (code: FailureCode): Uint8Array | null => {
    const isTold = watch.seen.error !== undefined
    if (watch.seen.ended && !isTold) {
      end({ kind: 'complete' })
      return null
    }
    broken = failureOf(isTold ? 'error_in_stream' : code)
    const notice = isTold ? undefined : watch.errorEvent(broken)
    end({ kind: 'failed', failure: broken })
    if (context.isEventSource) return null
    if (notice) return notice
    throw new TypeError(broken.message)
  }

  /** Looks at the chunk that went out last: after it was handed on, not before. */
  const look = () => {
    if (!unwatched) return
    watch.feed(unwatched)
    unwatched = undefined
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
      look()
      if (reader) {
        idle.waiting()
        let chunk: ReadableStreamReadResult<Uint8Array>
        try {
          chunk = await reader.read()
        } catch {
          if (isFinished) return null
          if (cancelled) throw new DOMException('The request was cancelled', 'AbortError')
          return breakOff(expired ? `${expired}_idle` : 'network_error') // The platform does not say more.
        }
        if (!chunk.done) {
          idle.arrived()
          bytes += chunk.value.length
          unwatched = chunk.value
          return chunk.value
        }
        watch.end()
      }
      const verdict = watch.verdict()
      if (verdict !== 'complete') return breakOff(verdict)
      end({ kind: 'complete' })
      return null
    },
    cancel: () => {
      cancelled = true
      look()
      end(watch.seen.ended ? { kind: 'complete' } : { kind: 'cancelled' })
      answer.abort()
    },
  }
}
