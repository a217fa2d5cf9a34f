import type { DBSchema } from 'idb'
import { type Clock, waitAtMost } from '../core/clock.ts'
import { openLazily } from './database.ts'

/** Who is signed in: what belongs to another is neither listed, told nor given back. */
export interface Principal {
  /** `null`: nobody, or the app does not say. */
  current: () => string | null
  set: (id: string | null) => Promise<void>
  /** Resolves when it is known, or storage took too long; never rejects. */
  known: () => Promise<void>
}

interface Schema extends DBSchema {
  principal: { key: 'current'; value: string | null }
}

/** No chat waits longer for storage, ms. */
const LOAD_MS = 100

/** One for the scope, as cookies are; kept in IndexedDB, for a worker does not live as long as a session. */
export function keepPrincipal(scope: string, clock: Clock, initial: string | null): Principal {
  const database = openLazily<Schema>(`streamkeeper principal ${scope}`, (upgraded) => {
    upgraded.createObjectStore('principal')
  })
  let current = initial
  let isSet = false
  /** Another version of this worker may be at work, and pages tell only one. */
  const others = new BroadcastChannel(`streamkeeper principal ${scope}`)
  others.addEventListener('message', ({ data }: MessageEvent<string | null>) => {
    isSet = true
    current = data
  })
  const loaded = database()
    .then((opened) => opened.get('principal', 'current'))
    .then((kept) => {
      if (!isSet && kept !== undefined) current = kept
    })
    .catch(() => {}) // Not readable: as on the first day.

  return {
    current: () => current,
    set: async (id) => {
      isSet = true
      current = id
      others.postMessage(id)
      // Refused: then the next start knows nobody, and shows nothing of anybody.
      await database()
        .then((opened) => opened.put('principal', id, 'current'))
        .catch(() => {})
    },
    known: () => waitAtMost(clock, LOAD_MS, loaded),
  }
}
