import { describeFailure, ENGLISH } from 'streamkeeper/ui'
import type { End, Mark, Row, Segment } from './row.ts'

/** A request's whole story in one line, for whoever cannot see it drawn. */
export function tellRow(row: Row): string {
  const segments = row.segments.map((segment) => tellSegment(segment, isOpen(row, segment)))
  const whose = row.own ? '' : ', another tab'
  return `${tellName(row)}${whose}. ${[...segments, ...(row.end ? [tellEnd(row.end)] : [])].join('. ')}.`
}

/** Its model, or where it went. */
export function tellName({ model, url }: Row): string {
  return model || url.replace(/^\w+:\/\/[^/]*/, '') || 'A request'
}

/** The activity and its duration; for a current activity, no duration. */
export function tellSegment(segment: Segment, isOpen = false): string {
  const ms = segment.to - segment.from
  switch (segment.kind) {
    case 'unseen':
      return isOpen ? 'Under way' : `Not seen by this page: ${tellMs(ms)}`
    case 'attempt': {
      const name = segment.attempt ? `Attempt ${segment.attempt}` : 'An attempt'
      return isOpen ? `${name}, waiting for the first word` : `${name}: ${tellMs(ms)}`
    }
    case 'wait': {
      const why = segment.hinted ? `${WHY[segment.why]}, as the service asked` : WHY[segment.why]
      if (isOpen) return `${why}, waiting`
      return ms < 50 ? why : `${why}, waited ${tellMs(ms)}`
    }
    case 'held':
      return isOpen ? 'Held back by a limit' : `Held back by a limit: ${tellMs(ms)}`
    case 'answering':
      return isOpen ? 'Answering' : `Answering: ${tellMs(ms)}`
    case 'stalled':
      return isOpen ? 'Silent' : `Silent: ${tellMs(ms)}`
    case 'resuming':
      return isOpen ? 'Reading on after a cut' : `Read on after a cut of ${tellMs(ms)}`
  }
}

const WHY = {
  busy: ENGLISH.rateLimited,
  overloaded: ENGLISH.overloaded,
  offline: 'Offline',
  no_connection: ENGLISH.networkError,
  interrupted: ENGLISH.workerLost,
  timeout: ENGLISH.timeout,
  server: ENGLISH.serverError,
}

export function tellEnd(end: End): string {
  switch (end.kind) {
    case 'complete':
      return 'Complete'
    case 'failed': {
      const { title } = describeFailure({ code: end.code })
      return end.httpStatus === undefined ? `Failed: ${title}` : `Failed: ${title} (${end.httpStatus})`
    }
    case 'stopped':
      return end.by === 'page' ? 'Stopped' : 'Stopped: nobody came back for it'
  }
}

export function tellMark({ kind }: Mark): string {
  return MARKS[kind]
}

const MARKS = {
  headers: 'Headers',
  first_output: 'First word',
  detached: 'Its page has gone; the worker reads on',
  attached: 'A page reads it again',
}

/** How it ended, or what is being done; and for how long, or how long it will still wait. */
export function tellFate(row: Row): string {
  const took = tellMs(row.endedAt - row.startedAt)
  const last = row.segments.at(-1)
  if (row.end) return `${tellEnd(row.end)} · ${took}`
  if (!last) return took
  const leftMs = 'until' in last && last.until < Infinity ? last.until - row.endedAt : 0
  const doing = last.kind === 'wait' ? WHY[last.why] : tellSegment(last, true).replace(/,.*/, '')
  return leftMs > 0 ? `${doing} · ${tellMs(leftMs)} more` : `${doing} · ${took}`
}

/** Its story line by line: when, counted from its start, and what. */
export function tellStory(row: Row): { afterMs: number; words: string }[] {
  const lines = [
    ...row.marks.map((each) => ({ at: each.at, words: tellMark(each) })),
    ...row.segments.map((each) => ({ at: each.from, words: tellSegment(each, isOpen(row, each)) })),
    ...(row.end
      ? [{ at: row.endedAt, words: [tellEnd(row.end), tellSize(row.end)].filter(Boolean).join(' · ') }]
      : []),
  ]
  return lines.sort((a, b) => a.at - b.at).map(({ at, words }) => ({ afterMs: at - row.startedAt, words }))
}

/** How much there was of an answer: its bytes, and what its provider counted. */
export function tellSize(end: End): string {
  if (end.kind !== 'complete') return ''
  const { inputTokens, outputTokens } = end.usage ?? {}
  return [
    end.bytes < 1_000 ? `${end.bytes} B` : `${(end.bytes / 1_000).toFixed(1)} kB`,
    ...(inputTokens === undefined ? [] : [`${inputTokens} tokens in`]),
    ...(outputTokens === undefined ? [] : [`${outputTokens} tokens out`]),
  ].join(' · ')
}

/** `0.4 s`, `12 s`, `2 min 5 s`. */
export function tellMs(ms: number): string {
  if (ms < 9_950) return `${(Math.max(0, ms) / 1_000).toFixed(1)} s`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 90) return `${seconds} s`
  return seconds % 60 ? `${Math.floor(seconds / 60)} min ${seconds % 60} s` : `${seconds / 60} min`
}

function isOpen(row: Row, segment: Segment): boolean {
  return row.end === undefined && segment === row.segments.at(-1)
}
