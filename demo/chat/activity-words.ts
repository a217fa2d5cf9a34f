import type { Activity } from './activity.ts'
import { tellDuration } from '../page/duration.ts'
import { describeStatus, ENGLISH } from '../../ui/index.ts'

/** An activity in plain words, as the status line shows it and a screen reader hears it. */
export function tellActivity(activity: Activity, now: number): string {
  switch (activity.kind) {
    case 'idle':
      return ''
    case 'sending':
      return 'Sending'
    case 'thinking': {
      const { since, reasoning } = activity
      const waited = now - since < 2_000 ? undefined : ENGLISH.duration(now - since)
      return reasoning ? ENGLISH.thinking(waited) : ENGLISH.waiting(waited)
    }
    case 'retrying':
    case 'held_back':
    case 'offline':
    case 'stalled':
    case 'resuming':
      return describeStatus(activity.status, { now })
    case 'answering':
      return ENGLISH.answering
    case 'done': {
      const attempts = activity.attempts > 1 ? ` · ${activity.attempts} attempts` : ''
      const when = activity.firstWordMs < 100 ? 'at once' : `after ${tellDuration(activity.firstWordMs)}`
      return `First word ${when} · ${tellDuration(activity.durationMs)} in all${attempts}`
    }
    case 'stopped':
      return ENGLISH.stopped
    case 'failed':
      return 'No complete answer'
  }
}
