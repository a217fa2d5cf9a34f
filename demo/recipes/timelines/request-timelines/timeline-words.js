/** A request's whole story in one line, for whoever cannot see it drawn. */
export function tellRow(row) {
  const segments = row.segments.map((segment) => tellSegment(segment, isOpen(row, segment)))
  const whose = row.own ? '' : ', another tab'
  return `${tellName(row)}${whose}. ${[...segments, ...(row.end ? [tellEnd(row.end)] : [])].join('. ')}.`
}

/** Its model, or where it went. */
export function tellName({ model, url }) {
  return model || url.replace(/^\w+:\/\/[^/]*/, '') || 'A request'
}

/** What was done, and for how long; of what is still done, only what. */
export function tellSegment(segment, isOpen = false) {
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
  }
}

const WHY = {
  busy: 'Busy',
  overloaded: 'Overloaded',
  offline: 'Offline',
  no_connection: 'No connection',
  interrupted: 'Interrupted',
  timeout: 'No answer in time',
  server: 'The service stumbled',
}

export function tellEnd(end) {
  switch (end.kind) {
    case 'complete':
      return 'Complete'
    case 'failed': {
      const why = FAILURES[end.code]
      return end.httpStatus === undefined ? `Failed: ${why}` : `Failed: ${why} (${end.httpStatus})`
    }
    case 'stopped':
      return end.by === 'page' ? 'Stopped' : 'Stopped: nobody came back for it'
  }
}

const FAILURES = {
  headers_timeout: 'no answer in time',
  first_output_timeout: 'no answer in time',
  total_timeout: 'no answer in time',
  transport_idle: 'silent for too long',
  output_idle: 'silent for too long',
  rate_limited: 'too many requests',
  quota_exhausted: 'the quota is used up',
  overloaded: 'overloaded',
  upstream_error: 'refused',
  network_error: 'the connection was lost',
  truncated: 'cut off',
  error_in_stream: 'an error in the answer',
  retry_budget_exhausted: 'too many retries',
  worker_lost: 'the browser stopped the worker',
  storage_unavailable: 'not stored',
  unsure: 'nobody knows whether it arrived',
}

export function tellMark({ kind }) {
  return MARKS[kind]
}

const MARKS = {
  headers: 'Headers',
  first_output: 'First word',
  detached: 'Its page has gone; the worker reads on',
  attached: 'A page reads it again',
}

/** How it ended, or what is being done; and for how long, or how long it will still wait. */
export function tellFate(row) {
  const took = tellMs(row.endedAt - row.startedAt)
  const last = row.segments.at(-1)
  if (row.end) return `${tellEnd(row.end)} · ${took}`
  if (!last) return took
  const leftMs = 'until' in last && last.until < Infinity ? last.until - row.endedAt : 0
  const doing = last.kind === 'wait' ? WHY[last.why] : tellSegment(last, true).replace(/,.*/, '')
  return leftMs > 0 ? `${doing} · ${tellMs(leftMs)} more` : `${doing} · ${took}`
}

/** Its story line by line: when, counted from its start, and what. */
export function tellStory(row) {
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
export function tellSize(end) {
  if (end.kind !== 'complete') return ''
  const { inputTokens, outputTokens } = end.usage ?? {}
  return [
    end.bytes < 1_000 ? `${end.bytes} B` : `${(end.bytes / 1_000).toFixed(1)} kB`,
    ...(inputTokens === undefined ? [] : [`${inputTokens} tokens in`]),
    ...(outputTokens === undefined ? [] : [`${outputTokens} tokens out`]),
  ].join(' · ')
}

/** `0.4 s`, `12 s`, `2 min 5 s`. */
export function tellMs(ms) {
  if (ms < 9_950) return `${(Math.max(0, ms) / 1_000).toFixed(1)} s`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 90) return `${seconds} s`
  return seconds % 60 ? `${Math.floor(seconds / 60)} min ${seconds % 60} s` : `${seconds / 60} min`
}

function isOpen(row, segment) {
  return row.end === undefined && segment === row.segments.at(-1)
}
