import type { Clock } from '../core/clock.ts'

/** What makes two requests the same to the brake. */
export interface Posted {
  clientId: string
  url: string
  /** A digest of what it authenticates with: a new key deserves a new try. */
  credential: string
  body: ArrayBuffer | null
}

export interface Brake {
  /** When this may be sent again, epoch ms; `undefined`: now. */
  heldUntil: (posted: Posted) => Promise<number | undefined>
  failed: (posted: Posted) => Promise<void>
}

const FAILURES = 3
const WITHIN_MS = 60_000

/** Some clients post for ever what fails again and again: after three failures in a minute they are told to wait. */
export function createBrake(clock: Clock): Brake {
  const failures = new Map<string, number[]>()

  const forget = () => {
    for (const [key, times] of failures) {
      const recent = times.filter((at) => at > clock.now() - WITHIN_MS)
      if (recent.length > 0) failures.set(key, recent)
      else failures.delete(key)
    }
  }

  return {
    heldUntil: async (posted) => {
      forget()
      if (failures.size === 0) return undefined // Most of the time: no body is digested for nothing.
      const at = failures.get(await keyOf(posted))?.at(-FAILURES)
      return at === undefined ? undefined : at + WITHIN_MS
    },
    failed: async (posted) => {
      const at = clock.now()
      const key = await keyOf(posted)
      forget()
      failures.set(key, [...(failures.get(key) ?? []), at])
    },
  }
}

async function keyOf({ clientId, url, credential, body }: Posted): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', body ?? new ArrayBuffer())
  return `${clientId} ${url} ${credential} ${String(new Uint32Array(digest))}`
}
