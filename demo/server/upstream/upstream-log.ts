import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/** One request that reached the upstream. */
export interface UpstreamAttempt {
  /** The fault's id; else `body:` and a hash of the body; `null` where there is no body. */
  id: string | null
  /** The first is 1; 0 where attempts are not counted (preflights, other paths). */
  attempt: number
  /** Epoch ms. */
  at: number
  method: string
  path: string
  /** Secrets are replaced by `fingerprint(value)`. */
  headers: IncomingHttpHeaders
  bodyBytes: number
  /** The number of its TCP connection. */
  socket: number
  status?: number
  /** Bytes of the response's body, as handed to the connection. */
  sentBytes: number
  /** Outputs sent: deltas with text or reasoning. */
  tokens: number
  /** When the response ended or its connection closed, epoch ms. */
  closedAt?: number
  /** `client`: it left before the response had ended. */
  closedBy?: 'client' | 'server'
}

export interface UpstreamLog {
  add: (attempt: UpstreamAttempt) => void
  /** Oldest first; all of them, or those of some ids. */
  list: (ids?: readonly string[]) => UpstreamAttempt[]
  clear: (ids?: readonly string[]) => void
}

const KEPT = 5_000

/** Remembers the last 5000 attempts. */
export function createUpstreamLog(): UpstreamLog {
  let attempts: UpstreamAttempt[] = []
  const isOf = (ids: readonly string[] | undefined) => (attempt: UpstreamAttempt) =>
    !ids?.length || (attempt.id !== null && ids.includes(attempt.id))

  return {
    add: (attempt) => {
      attempts.push(attempt)
      if (attempts.length > KEPT) attempts.shift()
    },
    list: (ids) => attempts.filter(isOf(ids)),
    clear: (ids) => {
      const mustGo = isOf(ids)
      attempts = attempts.filter((attempt) => !mustGo(attempt))
    },
  }
}

/** Stands for a secret in the log: two of them can be compared, none can be read. */
export function fingerprint(secret: string): string {
  return `sha256:${createHash('sha256').update(secret).digest('hex').slice(0, 12)}`
}

const SECRET = /^(?:authorization|proxy-authorization|cookie|(?:x-)?(?:goog-)?api-key)$/

export function withoutSecrets(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const safe = { ...headers }
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && SECRET.test(name)) safe[name] = fingerprint(String(value))
  }
  return safe
}
