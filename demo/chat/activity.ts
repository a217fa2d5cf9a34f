import { signal, type Signal } from '@preact/signals'
import type { Status } from '../../client/index.ts'

/** The current activity of a conversation, or how the last one ended. Times are epoch ms. */
export type Activity =
  | { kind: 'idle' }
  | { kind: 'sending'; since: number }
  | { kind: 'thinking'; since: number; reasoning: boolean }
  | { kind: 'retrying' | 'held_back'; status: Wait }
  | { kind: 'offline'; status: Offline }
  | { kind: 'answering' }
  | { kind: 'stalled'; status: Stall }
  | { kind: 'resuming'; status: Resuming }
  | { kind: 'done'; firstWordMs: number; durationMs: number; attempts: number }
  | { kind: 'stopped' }
  | { kind: 'failed' }

/** Says when it goes on. */
type Wait = Extract<Status, { retryAfterMs: number }>
type Offline = Extract<Status, { status: 'network_wait' }>
type Resuming = Extract<Status, { status: 'stream_resuming' }>
/** Says for how long nothing has come. */
type Stall = Extract<Status, { silentMs: number }>

const activities = new Map<string, Signal<Activity>>()

export function activityOf(conversation: string): Signal<Activity> {
  let activity = activities.get(conversation)
  if (!activity) activities.set(conversation, (activity = signal<Activity>({ kind: 'idle' })))
  return activity
}

/** Applies a status to an activity; a status that changes nothing returns the same object. */
export function nextActivity(activity: Activity, status: Status): Activity {
  switch (status.status) {
    case 'request_started':
      return { kind: 'thinking', since: status.at, reasoning: status.reasoning }
    case 'rate_limit_retry':
    case 'network_retry':
    case 'timeout_retry':
    case 'server_retry':
      return { kind: 'retrying', status }
    case 'rate_limit_wait':
      return { kind: 'held_back', status }
    case 'network_wait':
      return { kind: 'offline', status }
    case 'stream_stalled':
      return { kind: 'stalled', status }
    case 'stream_resuming':
      return { kind: 'resuming', status }
    case 'stream_flowing':
    case 'stream_resumed':
      return { kind: 'answering' }
    default:
      return activity
  }
}
