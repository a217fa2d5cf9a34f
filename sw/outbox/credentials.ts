import type { Clock } from '../../core/clock.ts'
import type { AuthQuestion } from '../page/ask-auth.ts'
import type { Principal } from '../page/principal.ts'
import { type Entry, ownerOf } from './entry.ts'
import type { Triggers } from './transitions.ts'

export type ProvidedHeaders = Record<string, string>

/** Headers that pages provide for messages whose own credentials are lost, refused or too old. Kept in memory only. */
export interface Credentials {
  /** The headers provided for its origin since this message came. */
  provided: (entry: Entry) => Promise<ProvidedHeaders | null>
  /**
   * Asks a page, once for all messages to an origin that ask at about the same time.
   *
   * @param refused headers that were provided before and did not help
   */
  ask: (entry: Entry, refused: ProvidedHeaders | null) => Promise<ProvidedHeaders | null>
  forget: () => void
}

export interface CredentialsContext {
  clock: Clock
  askAuth: (question: AuthQuestion) => Promise<ProvidedHeaders | null>
  triggers: Triggers
  principal: Pick<Principal, 'current' | 'changes'>
}

/** A reply counts for all messages that ask within this time; no reply, too, unless a page has come since. ms */
const FRESH_MS = 30_000

export function createCredentials({ clock, askAuth, triggers, principal }: CredentialsContext): Credentials {
  /** By user and origin. */
  const asked = new Map<string, { at: number; reply: Promise<ProvidedHeaders | null> }>()

  return {
    provided: async (entry) => {
      const last = asked.get(keyOf(entry))
      return last && last.at > entry.createdAt ? last.reply : null
    },
    ask: async (entry, refused) => {
      const { id, url, conversation } = entry
      const key = keyOf(entry)
      const last = asked.get(key)
      if (last && Math.abs(clock.now() - last.at) < FRESH_MS) {
        const reply = await last.reply
        if (reply && reply !== refused) return reply
        // Another message that waited for it may have asked again meanwhile.
        const newer = asked.get(key)
        if (newer && newer !== last) return newer.reply
        if (last.at >= triggers.wokenAt) return null
      }
      const changes = principal.changes()
      if (principal.current() !== ownerOf(entry)) return null
      const reply = askAuth({ origin: new URL(url).origin, url, entryId: id, conversation }).then(
        (headers) => {
          if (principal.changes() === changes) return headers
          // Another user has signed in since, and may be the one who replied.
          if (asked.get(key)?.reply === reply) asked.delete(key)
          return null
        },
      )
      asked.set(key, { at: clock.now(), reply })
      return reply
    },
    forget: () => asked.clear(),
  }
}

function keyOf(entry: Entry): string {
  return JSON.stringify([ownerOf(entry), new URL(entry.url).origin])
}
