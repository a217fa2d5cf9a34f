import type { OutboxCounts } from '../core/messages/message.ts'
import type { RequestStatus, Status } from '../core/messages/status.ts'
import type { Keeper, Snapshot } from './keeper.ts'
import { nextRequests } from './open-requests.ts'

/** The snapshot before anything is known: on a server, and at hydration. */
export const FIRST_SNAPSHOT: Snapshot = {
  state: 'starting',
  requests: [],
  outbox: { queued: 0, needsAuth: 0, dead: 0 },
  unseen: {},
}

export interface StatusStore extends Pick<Keeper, 'on' | 'subscribe' | 'getSnapshot'> {
  /** Changes the snapshot; subscribers are called only if it differs. */
  set: (change: Partial<Snapshot>) => void
  /** Applies a status of the worker or the engine, then passes it on. */
  receive: (status: Status, outbox?: OutboxCounts) => void
}

/** The page's snapshot, its subscribers, and the listeners for statuses. */
export function createStatusStore(): StatusStore {
  let snapshot = FIRST_SNAPSHOT
  const subscribers = new Set<(snapshot: Snapshot) => void>()
  const listeners = new Set<(status: Status) => void>()

  const set = (change: Partial<Snapshot>) => {
    const next = { ...snapshot, ...change }
    if (JSON.stringify(next) === JSON.stringify(snapshot)) return
    snapshot = next
    emit(subscribers, snapshot)
  }

  return {
    getSnapshot: () => snapshot,
    set,
    subscribe: (listener) => {
      // A new function each time, because the same listener may subscribe twice.
      const subscriber = (next: Snapshot) => listener(next)
      subscribers.add(subscriber)
      emit([subscriber], snapshot)
      return () => void subscribers.delete(subscriber)
    },
    on: (name, listener, { signal, requestId } = {}) => {
      const filtered = (status: Status) => {
        if (name !== '*' && name !== status.status) return
        if (requestId && (status as Partial<RequestStatus>).requestId !== requestId) return
        listener(status as Parameters<typeof listener>[0])
      }
      const off = () => {
        listeners.delete(filtered)
        signal?.removeEventListener('abort', off)
      }
      if (!signal?.aborted) listeners.add(filtered)
      signal?.addEventListener('abort', off)
      return off
    },
    receive: (status, outbox = snapshot.outbox) => {
      set({ requests: nextRequests(snapshot.requests, status), outbox })
      emit(listeners, status)
    },
  }
}

/** A listener that throws keeps nothing from the others. */
function emit<News>(listeners: Iterable<(news: News) => void>, news: News): void {
  for (const listener of Array.from(listeners)) {
    try {
      listener(news)
    } catch (error) {
      reportError(error)
    }
  }
}
