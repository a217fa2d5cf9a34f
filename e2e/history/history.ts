/** An observation of one participant, and its time (epoch ms); all of them run on one machine. */
export type HistoryEvent = { at: number } & (
  | { by: 'page'; do: 'save'; message: string; conversation: string; who: string | null }
  /** The app was answered 202; `entryId` is what the worker calls it. */
  | { by: 'page'; do: 'accepted'; message: string; entryId: string }
  | { by: 'page'; do: 'discarded'; message: string }
  /** A person sends a dead letter again: it may come out of its order. */
  | { by: 'page'; do: 'retried'; message: string }
  /** `setPrincipal()` was called; and has resolved. */
  | { by: 'page'; do: 'signing in'; who: string | null }
  | { by: 'page'; do: 'signed in'; who: string | null }
  /** A page's list at the end. */
  | { by: 'page'; do: 'left'; message: string; state: string }
  | { by: 'worker'; do: 'told'; status: string; entryId: string }
  /** `as`: whose cookie came with it; absent where the server does not tell people apart. */
  | {
      by: 'server'
      do: 'received'
      message: string
      as?: string | null
      key: string | null
      isSaved: boolean
    }
  | { by: 'test'; do: 'killed' }
  | { by: 'test'; do: 'damaged'; how: string }
)

/** Writes down what happens: one JSON a line. */
export function toLines(events: readonly HistoryEvent[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('')
}

export function fromLines(text: string): HistoryEvent[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as HistoryEvent)
}
