import type { Scripted } from '../../core/testing/scripted-upstream.ts'
import type { Chat, Session } from './chats.ts'
import { networkOf } from './network-of.ts'
import type { Policy } from './policy.ts'
import { LAST_WORD } from './provider.ts'
import { createVirtualClock } from './virtual-clock.ts'
import { useVirtualGlobals } from './virtual-globals.ts'

export const SESSION: Session = { id: 0, hint: 'header', quotaSpent: false, limits: [], offline: [] }

/** A plain model's, saved at once. */
export function createChat(given: Partial<Chat> = {}): Chat {
  return { id: 0, session: SESSION, at: 0, model: 'gpt-4o', streamMs: 3_000, saveMs: 0, ...given }
}

export interface Played {
  /** When each request was sent, ms. */
  sentAt: number[]
  /** `open`: it waits for ever. */
  end: 'whole' | 'cut' | 'told' | 'open'
  /** ms; absent while it is open. */
  endedAt?: number
}

/** Lets one policy have one chat with an upstream that does as it is told; the last of the script repeats. No jitter. */
export async function play(
  policy: Policy,
  script: readonly Scripted[],
  chat: Chat = createChat(),
): Promise<Played> {
  const clock = createVirtualClock()
  const beganAt = clock.now()
  const random = () => 0
  using _ = policy.usesGlobals ? useVirtualGlobals(clock, random) : undefined
  const played: Played = { sentAt: [], end: 'open' }
  let last = ''
  const end = (how: Played['end']) => {
    played.end = how
    played.endedAt = clock.now() - beganAt
  }
  policy
    .open({ clock, random, network: networkOf(chat.session, clock, beganAt) })({
      chat,
      signal: new AbortController().signal,
      heard: (text) => (last = text),
      foresee: () => {
        throw new Error('A script has no future')
      },
      fetch: async (_input, init) => {
        const respond = script[Math.min(played.sentAt.length, script.length - 1)]
        played.sentAt.push(clock.now() - beganAt)
        if (!respond) throw new TypeError('Failed to fetch')
        return respond(clock, init?.signal ?? new AbortController().signal)
      },
    })
    .then(
      () => end(last === LAST_WORD ? 'whole' : 'cut'),
      () => end('told'),
    )
  await clock.run()
  return played
}
