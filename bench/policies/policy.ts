import type { Clock, Random } from '../../core/clock.ts'
import type { Network } from '../../core/network.ts'
import type { Chat } from './chats.ts'
import type { Meeting } from './meet.ts'

/** The context of a policy for one chat. */
export interface Call {
  chat: Chat
  /** Reaches the provider; everything that a policy sends goes through it. */
  fetch: typeof fetch
  /** Ends everything: nobody looks any more. */
  signal: AbortSignal
  /** The reaction that an attempt with that number will meet when it is sent at that time (of the clock): for an oracle only. */
  foresee: (attempt: number, at: number) => Meeting
  /** The person sees something of the answer: a word, or a thought. */
  heard: (text: string) => void
}

/** Resolves when the person's app takes the answer for whole; rejects when it says that there is none, or only a part. */
export type Ask = (call: Call) => Promise<void>

/** The state that one browser shares with its pages. */
export interface PolicyContext {
  clock: Clock
  random: Random
  network: Network
}

/** A way of asking, with its clocks and retries, as the app of one browser has it. */
export interface Policy {
  name: string
  title: string
  /** Waits by the platform's own timers. */
  usesGlobals: boolean
  /** For one browser: what is shared by its tabs is made here. */
  open: (context: PolicyContext) => Ask
}

export const URL_OF_CHATS = 'https://api.example/v1/chat/completions'

/** The request's body, as an app sends it. */
export function bodyOf({ model }: Chat): string {
  return JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: 'Hi' }] })
}
