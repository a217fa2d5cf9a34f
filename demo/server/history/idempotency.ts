import { createHash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import type { Answer } from './answer.ts'

/** The state of a request's key. */
export type Claim =
  /** Not seen before; it is ours now, until `settle` or `release`. */
  | { state: 'fresh' }
  | { state: 'answered'; answer: Answer }
  | { state: 'in_progress' }
  /** The key belongs to another payload. */
  | { state: 'mismatch' }

/**
 * Remembers the answers that were given, by `Idempotency-Key`. The unique index decides who is first.
 *
 * [spec] https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header
 */
export interface Idempotency {
  claim: (key: string, payload: string) => Claim
  settle: (key: string, answer: Answer) => void
  /** Nothing was done: the next request with this key is a first one. */
  release: (key: string) => void
}

/** A little longer than an outbox keeps what it could not send. */
const KEPT_MS = 8 * 24 * 3_600_000

export function createIdempotency(database: DatabaseSync): Idempotency {
  // Requests that were in progress when the server stopped were rolled back.
  database.prepare('DELETE FROM answers WHERE status IS NULL OR created_at < ?').run(Date.now() - KEPT_MS)
  const insert = database.prepare(
    'INSERT OR IGNORE INTO answers (key, fingerprint, created_at) VALUES (?, ?, ?)',
  )
  const select = database.prepare('SELECT fingerprint, status, body FROM answers WHERE key = ?')
  const update = database.prepare('UPDATE answers SET status = ?, body = ? WHERE key = ?')
  const remove = database.prepare('DELETE FROM answers WHERE key = ?')

  return {
    claim: (key, payload) => {
      const fingerprint = createHash('sha256').update(payload).digest('hex')
      if (insert.run(key, fingerprint, Date.now()).changes === 1) return { state: 'fresh' }
      const row = select.get(key)
      if (row?.fingerprint !== fingerprint) return { state: 'mismatch' }
      if (row.status === null) return { state: 'in_progress' }
      return {
        state: 'answered',
        answer: { status: Number(row.status), body: JSON.parse(String(row.body)) as unknown },
      }
    },
    settle: (key, { status, body }) => void update.run(status, JSON.stringify(body ?? null), key),
    release: (key) => void remove.run(key),
  }
}
