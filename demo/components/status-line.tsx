import { activityOf, type Activity } from '../chat/activity.ts'
import { tellActivity } from '../chat/activity-words.ts'
import { useNow } from '../page/now.ts'

const WAITS = new Set<Activity['kind']>([
  'thinking',
  'retrying',
  'held_back',
  'offline',
  'stalled',
  'resuming',
])

/**
 * The current activity, with a live countdown. It is no live region: what matters in it is announced
 * once, not four times a second.
 */
export function StatusLine({ conversation }: { conversation: string }) {
  const activity = activityOf(conversation).value
  const now = useNow(WAITS.has(activity.kind))
  const words = tellActivity(activity, now)
  return (
    <div class="status-line" data-testid="status-line" data-kind={activity.kind}>
      {words && (
        <span class="status-chip">
          <Sign activity={activity} now={now} />
          <span class="status-words">{words}</span>
        </span>
      )}
    </div>
  )
}

/** A ring that empties while a wait lasts, or a dot that breathes while work is done. */
function Sign({ activity, now }: { activity: Activity; now: number }) {
  switch (activity.kind) {
    case 'retrying':
    case 'held_back': {
      const { at, retryAt } = activity.status
      const whole = retryAt - at
      const left = whole > 0 ? Math.max(0, Math.min(1, (retryAt - now) / whole)) : 0
      return (
        <svg class="ring" viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
          <circle cx="10" cy="10" r="7" pathLength={1} />
          <circle cx="10" cy="10" r="7" pathLength={1} stroke-dasharray={`${left} 1`} />
        </svg>
      )
    }
    case 'sending':
    case 'thinking':
    case 'answering':
    case 'offline':
    case 'stalled':
    case 'resuming':
      return <span class="breathing-dot" aria-hidden="true" />
    case 'idle':
    case 'done':
    case 'stopped':
    case 'failed':
      return null
  }
}
