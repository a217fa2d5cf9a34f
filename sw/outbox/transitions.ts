import type { Entry, Progress, State } from './entry.ts'

/**
 * One transition of a saved message; `undefined` if it is not possible, because another worker was faster.
 *
 *     storing ─ storage refuses ─▶ (straight to the network)
 *        │ both copies, 202     ┌──────── its time, the network, flush() ─────────┐
 *        │                      ▼                                                 │
 *        └──▶ queued ──────▶ sending ──┬─ no response; 408 409 425 429 5xx; ───▶ waiting
 *               ▲               ▲      │  a page that is not the API's
 *               │               │      │
 *               │               └──────┼─ 401; secrets lost; whose? ─────────▶ needs_auth
 *               │       new headers    │                                          │
 *               │                      ├─ the API's 2xx, duplicateStatus ─────▶ (sent: removed)
 *               │                      │                                          │ too old
 *               │                      └─ other 4xx, too old, unsure ─────────▶ dead
 *               └─────────────────────────────── retry() ─────────────────────────┘
 *
 * `storing` is known only to the worker that stores it: in the index it is `queued` from the start.
 * A worker that finds `sending` did not see the outcome: it is sent again, or with `whenUnsure: 'hold'` is dead.
 */
export function move(entry: Entry, state: State, progress: Partial<Progress> = {}): Entry | undefined {
  return entry.state === 'dead' && state !== 'queued' ? undefined : { ...entry, ...progress, state }
}

/** The latest events that make waiting entries due. Each one includes those above it. */
export interface Triggers {
  /** The network may be back; epoch ms. */
  onlineAt: number
  /** A page came, perhaps with new credentials; epoch ms. */
  wokenAt: number
  /** A flush was requested; epoch ms. */
  flushedAt: number
}

/** After the clock was set back, a trigger in the future would make every entry due again and again. */
export function limitTriggers(triggers: Triggers, now: number): void {
  for (const name of ['onlineAt', 'wokenAt', 'flushedAt'] as const) {
    triggers[name] = Math.min(triggers[name], now)
  }
}

/** True if an entry may be tried now. */
export function isDue({ state, code, triedAt, retryAt }: Entry, now: number, triggers: Triggers): boolean {
  const { onlineAt, wokenAt, flushedAt } = triggers
  const waitsForPage = state === 'needs_auth'
  const triggeredAt = waitsForPage ? wokenAt : code === 'network_error' ? onlineAt : flushedAt
  // A try in the future: the clock was set back, and `retryAt` may be days away.
  if (triedAt < triggeredAt || triedAt > now) return true
  return !waitsForPage && retryAt <= now
}

/** True if those behind it must wait. What storage has lost cannot come back: there is nothing to wait for. */
export function isHolding({ state, afterDead, code }: Entry): boolean {
  return state === 'dead' && afterDead === 'hold' && code !== 'storage_unavailable'
}
