import { signal, type Signal } from '@preact/signals'
import type { Status } from '../client/index.ts'

/** What is being done for a conversation right now, or how the last of it ended. Times are epoch ms. */
export type Activity =
  | { kind: 'idle' }
  | { kind: 'sending'; since: number }
  | { kind: 'thinking'; since: number; reasoning: boolean }
  | {
      kind: 'retrying'
      why: 'busy' | 'overloaded' | 'network' | 'timeout' | 'server'
      since: number
      retryAt: number
      attempt: number
    }
  | { kind: 'held_back'; since: number; retryAt: number }
  | { kind: 'answering' }
  | { kind: 'stalled'; since: number }
  | { kind: 'done'; firstWordMs: number; durationMs: number; attempts: number }
  | { kind: 'stopped' }
  | { kind: 'failed' }

const activities = new Map<string, Signal<Activity>>()

export function activityOf(conversation: string): Signal<Activity> {
  let activity = activities.get(conversation)
  if (!activity) activities.set(conversation, (activity = signal<Activity>({ kind: 'idle' })))
  return activity
}

/** What a status changes about an activity; statuses that change nothing give back the same. */
export function nextActivity(activity: Activity, status: Status): Activity {
  switch (status.status) {
    case 'request_started':
      return { kind: 'thinking', since: status.at, reasoning: status.reasoning }
    case 'rate_limit_retry':
      return retrying(status, status.reason === 'overloaded' ? 'overloaded' : 'busy')
    case 'network_retry':
      return retrying(status, 'network')
    case 'timeout_retry':
      return retrying(status, 'timeout')
    case 'server_retry':
      return retrying(status, 'server')
    case 'rate_limit_wait':
      return { kind: 'held_back', since: status.at, retryAt: status.retryAt }
    case 'stream_stalled':
      return { kind: 'stalled', since: status.at - status.silentMs }
    case 'stream_flowing':
      return { kind: 'answering' }
    default:
      return activity
  }
}

function retrying(
  { at, retryAt, attempt }: { at: number; retryAt: number; attempt: number },
  why: (Activity & { kind: 'retrying' })['why'],
): Activity {
  return { kind: 'retrying', why, since: at, retryAt, attempt }
}
