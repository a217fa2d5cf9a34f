import type { Activity } from './activity.ts'
import { tellDuration } from './duration.ts'
import { tellStatus, tellWait } from './recipes/react-status/src/status-words.ts'

/** An activity in plain words, as the status line shows it and a screen reader hears it. */
export function tellActivity(activity: Activity, now: number): string {
  switch (activity.kind) {
    case 'idle':
      return ''
    case 'sending':
      return 'Sending'
    case 'thinking': {
      const word = activity.reasoning ? 'Thinking' : 'Waiting for the first word'
      const waited = now - activity.since
      return waited < 2_000 ? word : `${word} · ${tellWait(waited)}`
    }
    case 'retrying':
    case 'held_back':
    case 'offline':
    case 'stalled':
      return tellStatus(activity.status, now)
    case 'answering':
      return 'Answering'
    case 'done': {
      const attempts = activity.attempts > 1 ? ` · ${activity.attempts} attempts` : ''
      const when = activity.firstWordMs < 100 ? 'at once' : `after ${tellDuration(activity.firstWordMs)}`
      return `First word ${when} · ${tellDuration(activity.durationMs)} in all${attempts}`
    }
    case 'stopped':
      return 'Stopped'
    case 'failed':
      return 'No complete answer'
  }
}
