import type { Move } from './move.ts'

/** An answer that goes on by itself, and is given again from any byte on. */
interface KeptAnswer {
  /** Its moves without what went wrong on the way. */
  plan: () => Iterable<Move>
  contentType: string
  tokensPerSecond: () => number
}

export interface KeptAnswers {
  /** Keeps it, and returns the path where it is given again. */
  keep: (answer: KeptAnswer) => string
  /** The response at a path. */
  at: (path: string) => KeptAnswer | undefined
}

const FOLDER = '/v1/kept/'

/** The oldest goes first. */
const MAX_KEPT = 100

export function createKeptAnswers(): KeptAnswers {
  const kept = new Map<string, KeptAnswer>()
  return {
    keep: (answer) => {
      const path = `${FOLDER}${crypto.randomUUID()}`
      kept.set(path, answer)
      if (kept.size > MAX_KEPT) for (const oldest of Array.from(kept.keys()).slice(0, 1)) kept.delete(oldest)
      return path
    },
    at: (path) => kept.get(path),
  }
}
