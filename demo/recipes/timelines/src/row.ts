import type { FailureCode, RequestStatus, Usage } from 'streamkeeper'
import { type EndStatus, isEnd, type Timeline } from './timelines.ts'

/** The activity of a request at a time. */
type Doing =
  /** Before anything was told to this page. */
  | { kind: 'unseen' }
  /** Sent, and waiting for the first output. The first is 1; 0 where it is not known. */
  | { kind: 'attempt'; attempt: number }
  /** Between two attempts; `hinted`: for as long as the service asked; `until` is `Infinity` where nobody knows. */
  | { kind: 'wait'; why: Why; hinted: boolean; until: number }
  /** Another request or tab met a limit. */
  | { kind: 'held'; until: number }
  | { kind: 'answering' }
  /** Begun, then silent. */
  | { kind: 'stalled' }
  /** Its connection broke, and the rest is asked of the server. */
  | { kind: 'resuming' }

export type Why = 'busy' | 'overloaded' | 'offline' | 'no_connection' | 'interrupted' | 'timeout' | 'server'

/** Epoch ms. What is not over ends now; `until` of a wait says when it will. */
export type Segment = Doing & { from: number; to: number }

export interface Mark {
  kind: 'headers' | 'first_output' | 'detached' | 'attached'
  at: number
}

export type End =
  | { kind: 'complete'; bytes: number; usage?: Usage }
  | { kind: 'failed'; code: FailureCode; httpStatus?: number }
  | { kind: 'stopped'; by: 'page' | 'grace' }

/** One request as it is drawn: segments without gaps, from its start to its end or to now. */
export interface Row {
  key: string
  requestId: string
  /** Origin and path; empty when this page came too late to be told. */
  url: string
  model?: string
  /** True if the request is this page's. */
  own: boolean
  startedAt: number
  endedAt: number
  segments: readonly Segment[]
  marks: readonly Mark[]
  /** None while it is open. */
  end?: End
}

/**
 * The content of a timeline at that moment (`now`, epoch ms).
 *
 * No status says that a wait is over: the attempt after it begins when the wait was to end.
 */
export function toRow({ key, requestId, statuses }: Timeline, now: number): Row {
  const started = statuses.find(({ status }) => status === 'request_started')
  const startedAt = started?.at ?? Math.min(...statuses.map(startToldBy))
  const segments: Segment[] = []
  const marks: Mark[] = []
  const row: Row = { key, requestId, url: '', own: false, startedAt, endedAt: startedAt, segments, marks }
  let current = { kind: 'unseen' } as Doing
  let from = startedAt
  /** The one under way, or the one that comes next. */
  let attempt = 0

  const close = (at: number) => {
    const to = Math.max(from, at)
    const isNothing = to === from && /unseen|held|stalled|resuming/.test(current.kind)
    if (!isNothing) segments.push({ ...current, from, to })
    from = to
  }
  const begin = (next: Doing, at: number) => {
    close(at)
    current = next
  }
  const endWait = (at: number, isSure: boolean) => {
    if (current.kind !== 'wait' && current.kind !== 'held') return
    if (isSure || current.until < at) begin({ kind: 'attempt', attempt }, Math.min(current.until, at))
  }
  const answer = (at: number) => {
    if (!/answering|stalled|resuming/.test(current.kind)) begin({ kind: 'answering' }, at)
  }

  for (const status of statuses) {
    const { at } = status
    row.own = status.own
    switch (status.status) {
      case 'request_started':
        row.url = status.url
        if (status.model !== undefined) row.model = status.model
        if (current.kind === 'unseen') begin({ kind: 'attempt', attempt: (attempt = 1) }, at)
        break
      case 'rate_limit_wait':
        // It is told before an attempt: the one supposed to run has not begun.
        if (current.kind === 'attempt' || current.kind === 'held')
          current = { kind: 'held', until: status.retryAt }
        else if (current.kind === 'wait' || current.kind === 'unseen')
          begin({ kind: 'held', until: status.retryAt }, at)
        break
      case 'rate_limit_retry':
      case 'network_retry':
      case 'timeout_retry':
      case 'server_retry':
        endWait(at, true)
        if (current.kind === 'attempt') current = { kind: 'attempt', attempt: status.attempt - 1 }
        attempt = status.attempt
        begin({ kind: 'wait', ...reasonOf(status), until: status.retryAt }, at)
        break
      case 'network_wait':
        endWait(at, true)
        begin({ kind: 'wait', why: 'offline', hinted: false, until: Infinity }, at)
        break
      case 'first_output':
        endWait(at, true)
        if (current.kind === 'attempt') current = { kind: 'attempt', attempt: status.attempt }
        attempt = status.attempt
        marks.push({ kind: 'headers', at: at - status.ttftMs + status.ttfbMs }, { kind: 'first_output', at })
        answer(at)
        break
      case 'stream_stalled':
        answer(at - status.silentMs)
        if (current.kind !== 'stalled') begin({ kind: 'stalled' }, at - status.silentMs)
        break
      case 'stream_flowing':
        answer(at - status.silentMs)
        if (current.kind !== 'stalled') begin({ kind: 'stalled' }, at - status.silentMs)
        begin({ kind: 'answering' }, at)
        break
      case 'stream_resuming':
        answer(at)
        if (current.kind !== 'resuming') begin({ kind: 'resuming' }, at)
        break
      case 'stream_resumed':
        answer(at - status.gapMs)
        if (current.kind !== 'resuming') begin({ kind: 'resuming' }, at - status.gapMs)
        begin({ kind: 'answering' }, at)
        break
      case 'stream_detached':
      case 'stream_attached':
        marks.push({ kind: status.status === 'stream_detached' ? 'detached' : 'attached', at })
        break
      case 'request_finished':
        endWait(at, true)
        answer(at - status.durationMs + status.ttftMs)
        break
      case 'request_failed':
        // It may end in a wait: then there was no attempt after it.
        if (status.attempts >= attempt) endWait(at, true)
        break
      case 'request_cancelled':
        endWait(at, false)
        break
    }
    if (isEnd(status)) {
      close(at)
      return { ...row, endedAt: from, end: endOf(status) }
    }
  }
  endWait(now, false)
  close(now)
  return { ...row, endedAt: from }
}

function startToldBy(status: RequestStatus): number {
  if (status.status === 'first_output') return status.at - status.ttftMs
  if (status.status === 'request_finished') return status.at - status.durationMs
  return status.at
}

function reasonOf(status: Extract<RequestStatus, { attempt: number; budgetLeftMs: number }>): {
  why: Why
  hinted: boolean
} {
  switch (status.status) {
    case 'rate_limit_retry':
      return { why: status.reason === 'overloaded' ? 'overloaded' : 'busy', hinted: status.hinted }
    case 'network_retry':
      return { why: status.phase === 'worker_lost' ? 'interrupted' : 'no_connection', hinted: false }
    case 'timeout_retry':
      return { why: 'timeout', hinted: false }
    case 'server_retry':
      return { why: 'server', hinted: false }
  }
}

function endOf(status: EndStatus): End {
  switch (status.status) {
    case 'request_finished':
      return {
        kind: 'complete',
        bytes: status.bytes,
        ...(status.usage === undefined ? {} : { usage: status.usage }),
      }
    case 'request_failed':
      return {
        kind: 'failed',
        code: status.code,
        ...(status.httpStatus === undefined ? {} : { httpStatus: status.httpStatus }),
      }
    case 'request_cancelled':
      return { kind: 'stopped', by: status.by }
  }
}
