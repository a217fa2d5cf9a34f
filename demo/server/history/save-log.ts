import type { Exchange } from '../exchange.ts'
import { noteStatus } from '../note-status.ts'

/** One write that reached the history, whatever became of it. */
export interface SaveAttempt {
  /** Epoch ms. */
  at: number
  method: string
  path: string
  session: string | null
  /** The `Idempotency-Key`. */
  key: string | null
  /** True if they were present; their values are never stored. */
  authorization: boolean
  cookie: boolean
  /** The user of the cookie `who`, as tests' pages set it; `null`: none. */
  who: string | null
  bodyBytes: number
  /** The message's own id, where the body has one. */
  message: string | null
  /** It has taken effect now, whatever its client heard of that. */
  isSaved: boolean
  status?: number
  /** The answer is that of an earlier request with the same key. */
  replayed: boolean
}

export interface SaveLog {
  add: (exchange: Exchange, session: string | null, key: string | null) => SaveAttempt
  /** Oldest first. */
  list: (session: string | null) => SaveAttempt[]
  clear: (session: string | null) => void
}

const KEPT = 5_000

/** Remembers the last 5000 writes. */
export function createSaveLog(): SaveLog {
  let attempts: SaveAttempt[] = []
  return {
    add: ({ req, res, url }, session, key) => {
      const attempt: SaveAttempt = {
        at: Date.now(),
        method: req.method ?? 'POST',
        path: url.pathname,
        session,
        key,
        authorization: req.headers.authorization !== undefined,
        cookie: req.headers.cookie !== undefined,
        who: /\bwho=(\w+)/.exec(req.headers.cookie ?? '')?.[1] ?? null,
        bodyBytes: 0,
        message: null,
        isSaved: false,
        replayed: false,
      }
      noteStatus(attempt, res)
      attempts.push(attempt)
      if (attempts.length > KEPT) attempts.shift()
      return attempt
    },
    list: (session) => attempts.filter((attempt) => session === null || attempt.session === session),
    clear: (session) => {
      attempts = attempts.filter((attempt) => session !== null && attempt.session !== session)
    },
  }
}
