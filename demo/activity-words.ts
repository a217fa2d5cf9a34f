import type { Activity } from './activity.ts'
import { tellDuration, tellWait } from './duration.ts'

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
    case 'retrying': {
      const left = activity.retryAt - now
      const when = left > 0 ? `trying again in ${tellWait(left)}` : 'trying again now'
      return `${REASONS[activity.why]} — ${when} · attempt ${activity.attempt}`
    }
    case 'held_back': {
      const left = activity.retryAt - now
      return left > 0
        ? `A limit was met — your turn in ${tellWait(left)}`
        : 'A limit was met — your turn is next'
    }
    case 'answering':
      return 'Answering'
    case 'stalled':
      return `The answer has paused · ${tellWait(now - activity.since)} without a word`
    case 'done': {
      const attempts = activity.attempts > 1 ? ` · ${activity.attempts} attempts` : ''
      return `First word after ${tellDuration(activity.firstWordMs)} · ${tellDuration(activity.durationMs)} in all${attempts}`
    }
    case 'stopped':
      return 'Stopped'
    case 'failed':
      return 'No complete answer'
  }
}

const REASONS = {
  busy: 'Busy',
  overloaded: 'Overloaded',
  network: 'No connection',
  timeout: 'No answer yet',
  server: 'The service stumbled',
}
