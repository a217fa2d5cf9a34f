import type { Seen } from './page/seen.ts'
import type { Scenario } from './scenarios.ts'
import type { Sent } from './upstream.ts'

/** A stream whose event comes later than this was not in step, ms. */
const MAX_LAG_MS = 2_000

/** The faults of a row; empty if it is correct. Without `seen` its page reported nothing. */
export function judge(scenario: Scenario, sent: Sent, seen: Seen | undefined): string[] {
  if (!seen) return ['the page told nothing']
  const { hideAtMs, reloadAtMs, closeAtMs, isControl, requests = 1 } = scenario
  const isWhole = sent.isWhole && seen.isEnded && seen.text === sent.text
  if (isControl) return isWhole ? ['not cut: nothing is proved by the other rows'] : []

  const problems: string[] = []
  if (closeAtMs !== undefined) {
    if (!sent.text.startsWith(withoutNotice(seen))) problems.push('other bytes than were sent')
    if (sent.requests !== 1) problems.push(`${sent.requests} requests`)
    if (!seen.later?.verdict) problems.push('the answer’s end was not told')
    if (isWhole !== (seen.later?.verdict === 'complete'))
      problems.push(`told as ${seen.later?.verdict}: ${isWhole ? 'whole' : howCut(sent, seen)}`)
    return problems
  }
  if (!isWhole) problems.push(howCut(sent, seen))
  if (sent.requests !== requests) problems.push(`${sent.requests} requests`)
  if (seen.end !== 'request_finished') problems.push(`the end told: ${seen.end ?? 'none'}`)
  if (seen.maxLagMs > MAX_LAG_MS) problems.push('out of step')
  if (hideAtMs === undefined && reloadAtMs === undefined) {
    if (seen.hiddenAtMs !== undefined) problems.push('the page was hidden')
  } else if (seen.hiddenAtMs === undefined || seen.wasShownAgain) {
    problems.push('the page was not hidden to its end')
  }
  return problems
}

/** Our own error event, which tells a reader that its stream was cut. */
const NOTICE = /data: \{"error":\{[^\n]*"streamkeeper_error"[^\n]*\n\n$/

/** The upstream's bytes alone: a stream that broke may end with one event of ours. */
function withoutNotice({ text, isEnded }: Seen): string {
  return isEnded ? text : text.replace(NOTICE, '')
}

/** Where an answer differs from what was sent. */
export function howCut(sent: Sent, seen: Seen): string {
  const { isEnded, error, durationMs } = seen
  const text = withoutNotice(seen)
  const at = `at ${(durationMs / 1_000).toFixed(0)} s`
  if (!sent.text.startsWith(text)) return 'other bytes than were sent'
  const how = isEnded ? 'with a clean end' : `by ${error}`
  return `cut ${at} ${how}, after ${text.length} of ${sent.text.length} characters sent`
}
