import type { DBSchema } from 'idb'
import { type Clock, type Random, waitAtMost } from '../../core/clock.ts'
import { createLimits, type KnownLimits, type Limits } from '../../core/retry/limits.ts'
import { openLazily } from './database.ts'

interface Schema extends DBSchema {
  known: { key: 'limits'; value: KnownLimits }
}

export interface KeptLimits {
  limits: Limits
  /** Resolves when they are known, or loading takes too long; never rejects. */
  ready: () => Promise<void>
}

/** The longest that a chat waits for storage, ms. */
const LOAD_MS = 100

/**
 * The limits that all pages of a scope share, kept in IndexedDB: a worker that is started again must not send earlier
 * than the one before it was told.
 */
export function openLimits(scope: string, clock: Clock, random: Random): KeptLimits {
  const database = openLazily<Schema>(`streamkeeper limits ${scope}`, (upgraded) => {
    upgraded.createObjectStore('known')
  })
  let unsaved: KnownLimits | undefined
  let isSaving = false

  const save = async () => {
    if (isSaving) return
    isSaving = true
    while (unsaved) {
      const known = unsaved
      unsaved = undefined
      // If refused, the next start knows less, and nothing else is lost.
      await database()
        .then((opened) => opened.put('known', known, 'limits'))
        .catch(() => {})
    }
    isSaving = false
  }

  const limits = createLimits({
    clock,
    random,
    changed: (known) => {
      unsaved = known
      void save()
    },
  })
  const restored = database()
    .then((opened) => opened.get('known', 'limits'))
    .then((known) => known && limits.restore(known))
    .catch(() => {}) // Not readable: start without any.
  return {
    limits,
    ready: () => waitAtMost(clock, LOAD_MS, restored),
  }
}
